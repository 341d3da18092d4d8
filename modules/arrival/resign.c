/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * TSIG of a response off and on again: libknot only, no knotd.
 */

#include "arrival/resign.h"

#include <string.h>

#include <libknot/errcode.h>
#include <libknot/packet/wire.h>
#include <libknot/tsig-op.h>

void resign_remember(struct resign_mac *mac, const knot_pkt_t *query)
{
	size_t size = knot_tsig_rdata_mac_length(query->tsig_rr);
	mac->size = size <= sizeof(mac->bytes) ? size : 0;
	if (mac->size > 0) {
		memcpy(mac->bytes, knot_tsig_rdata_mac(query->tsig_rr), mac->size);
	}
}

void resign_strip(knot_pkt_t *pkt, const knot_tsig_key_t *key)
{
	// The TSIG record is always the last one, and nothing else is in it than in any of its key.
	pkt->size -= knot_tsig_wire_size(key);
	knot_wire_set_arcount(pkt->wire, (uint16_t)(knot_wire_get_arcount(pkt->wire) - 1));
}

bool resign(knot_pkt_t *pkt, const knot_tsig_key_t *key, const struct resign_mac *mac)
{
	uint8_t digest[RESIGN_MAC_MAX];
	size_t digest_size = sizeof(digest);
	return knot_tsig_sign(pkt->wire, &pkt->size, pkt->max_size, mac->bytes, mac->size, digest,
	                      &digest_size, key, KNOT_RCODE_NOERROR, 0) == KNOT_EOK;
}
