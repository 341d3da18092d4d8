/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Growing of plain arrays: a pointer and a count, nothing else to remember.
 */

#pragma once

#include <stddef.h>

/*!
 * \brief Make room for one more item behind count items.
 *
 * The capacity is the next power of two of the count, so it need not be stored: memory is
 * allocated only when the count is 0 or a power of two. Arrays grown by this function must be
 * grown by it alone, and shrink only by freeing.
 *
 * \param items  Items so far, or NULL if count is 0.
 * \param count  Number of items so far.
 * \param size   Size of an item in bytes.
 * \return The array with room for count + 1 items, or NULL (items stay valid).
 */
void *array_grow(void *items, size_t count, size_t size);
