/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief What is missing and what is too much: the difference of two sorted arrays.
 */

#pragma once

#include <stddef.h>

/*! Called for each item of one side; a result other than 0 ends the walk and is returned. */
typedef int (*diff_call)(const void *item, void *context);

/*!
 * \brief Walk two arrays, both sorted by compare.
 *
 * \param wanted   Items that should be.
 * \param actual   Items that are.
 * \param size     Size of an item of either, in bytes.
 * \param missing  Called for each wanted item that is not actual; may be NULL.
 * \param surplus  Called for each actual item that is not wanted; may be NULL.
 * \return 0, or what a call returned.
 */
int diff_run(const void *wanted, size_t wanted_count, const void *actual, size_t actual_count,
             size_t size, int (*compare)(const void *, const void *), diff_call missing,
             diff_call surplus, void *context);
