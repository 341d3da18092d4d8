/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief What a zone is made of, for the files that add to it and print it.
 */

#pragma once

#include <libknot/libknot.h>
#include <stddef.h>

/*! A record, or a comment if record is NULL. */
struct item {
	knot_rrset_t *record; // With exactly one rdata.
	char *comment;
};

struct zone {
	knot_dname_t apex[KNOT_DNAME_MAXLEN];
	struct item *items;
	size_t count;
	int error; // The first one.
};
