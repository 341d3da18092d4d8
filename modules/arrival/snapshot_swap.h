/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The one way in which a background thread hands something immutable to the query path.
 *
 * Apart from snapshot.c as the signer publishes in the same way.
 */

#pragma once

/*!
 * \brief Put something in a place that hooks of knotd read, and wait until nobody reads what was there.
 * \param place  Read by __atomic_load_n() in read-side sections, which knotd's queries are.
 * \return What was there: the caller's to free.
 */
void *snapshot_swap(void **place, void *next);

/*! \brief The same for plain memory, which is freed. */
void snapshot_replace(void **place, void *next);

/*! \brief Wait until no query that has started before is still running. */
void snapshot_wait(void);
