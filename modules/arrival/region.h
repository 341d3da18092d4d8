/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Memory that is taken in small pieces and given back as a whole.
 *
 * What is large comes from the system itself and goes back there: a zone that is signed again would
 * otherwise leave holes as large as what was signed before, and knotd's memory would not shrink again.
 */

#pragma once

#include <stddef.h>

/*! A region; zeroed memory is an empty one. */
struct region {
	struct region_part *parts; /*!< The one that is being filled first. */
};

/*! \brief Octets that a piece takes in a region. */
static inline size_t region_round(size_t size)
{
	return (size + 7) & ~(size_t)7;
}

/*! \brief Prepare for pieces of so many rounded octets in all, so that nothing is left over. \return 0 or -ENOMEM. */
int region_expect(struct region *region, size_t size);

/*! \brief Take a piece, aligned to eight octets. \return NULL if memory ran out. */
void *region_alloc(struct region *region, size_t size);

/*! \brief The same, zeroed, for an array. */
void *region_calloc(struct region *region, size_t count, size_t size);

/*! \brief Give everything back. */
void region_free(struct region *region);

/*! \brief Bytes of memory held. */
size_t region_memory(const struct region *region);
