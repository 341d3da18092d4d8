/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief A small zone of libknot's RRsets, as knotd would have loaded it, signed or not.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <libknot/libknot.h>

#define FAKE_ZONE "example.com."

#define FAKE_RRSETS_MAX 64

/*! The zone: RRsets in the order of its text. */
struct fake_zone {
	bool is_signed;
	knot_dname_storage_t name;
	knot_rrset_t rrsets[FAKE_RRSETS_MAX];
	knot_rrset_t signatures[FAKE_RRSETS_MAX]; /*!< Over each; nothing behind them is true. */
	size_t count;
};

/*! \brief Make the zone; it lives as long as the process. */
struct fake_zone *fake_zone_new(bool is_signed);

/*! \brief Find an RRset. \param owner  Lower case. \return NULL if there is none. */
const knot_rrset_t *fake_zone_find(const struct fake_zone *zone, const knot_dname_t *owner,
                                   uint16_t type);

/*! \brief The first RRset at a name, or NULL. */
const knot_rrset_t *fake_zone_first(const struct fake_zone *zone, const knot_dname_t *owner);

/*! \brief Signatures over an RRset of the zone: an empty one if it is not signed. */
knot_rrset_t fake_zone_signatures(const struct fake_zone *zone, const knot_rrset_t *rrset);

/*! \brief Write an RRSIG's rdata that holds now and always. \return Its size. */
uint16_t fake_zone_rrsig(const struct fake_zone *zone, uint16_t covered, uint8_t *rdata);
#define FAKE_RRSIG_MAX 128
