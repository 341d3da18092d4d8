/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief What a zone is made of, for the files that add to it and print it.
 */

#pragma once

#include <libknot/libknot.h>
#include <stddef.h>
#include <stdint.h>

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

/*! \brief Add a record in wire form; its owner is in lower case. Errors stick, see zone_text(). */
void zone_add_rdata(struct zone *zone, const knot_dname_t *owner, uint16_t type, uint32_t ttl,
                    const uint8_t *rdata, size_t size);
