/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Signing a response by TSIG again that was changed after knotd had signed it (RFC 8945).
 *
 * Rare: knotd leaves out the hooks before signing only if a response outgrows its packet.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libknot/packet/pkt.h>
#include <libknot/tsig.h>

/*! The largest MAC is that of HMAC-SHA512. */
#define RESIGN_MAC_MAX 64

/*! A query's MAC, which knotd overwrites by the response's. */
struct resign_mac {
	uint8_t bytes[RESIGN_MAC_MAX];
	size_t size;
};

/*! \brief Remember the MAC of a query that is signed. */
void resign_remember(struct resign_mac *mac, const knot_pkt_t *query);

/*! \brief Take the signature off a finished response. */
void resign_strip(knot_pkt_t *pkt, const knot_tsig_key_t *key);

/*! \brief Sign a response. \return Whether it was signed. */
bool resign(knot_pkt_t *pkt, const knot_tsig_key_t *key, const struct resign_mac *mac);
