/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Owners of HTTPS and SVCB records that no table lists: queries tell of them, one at a time.
 *
 * A record «_8443._https.www.example.com HTTPS 1 www.example.com. ipv4hint=...» has hints of a host, but
 * its name is known to the zone alone.
 */

#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libknot/dname.h>

/*! A zone's owners beside its hosts are few. */
#define OWNERS_MAX 64

/*! Where any number of queries leave a name and one thread takes it; zeroed memory is empty. */
struct owner_box {
	atomic_int state;
	knot_dname_storage_t owner;
};

/*! \brief Leave a name, lower case, if there is none. \return Whether it was left. */
bool owner_box_put(struct owner_box *box, const knot_dname_t *owner);

/*! \brief Whether there is a name. */
bool owner_box_full(const struct owner_box *box);

/*! \brief Drop the name; for the thread that takes names. */
void owner_box_empty(struct owner_box *box);

/*! The names that were taken; zeroed memory is an empty list. */
struct owners {
	knot_dname_t *list[OWNERS_MAX];
	size_t count;
};

/*!
 * \brief Take the name from the box, if there is one, unless the list has it or is full.
 * \return Whether the list has grown.
 */
bool owners_take(struct owners *owners, struct owner_box *box);

/*! \brief Remove the name at a place; the last one comes there. */
void owners_remove(struct owners *owners, size_t at);

/*! \brief Free the names. */
void owners_deinit(struct owners *owners);
