/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The order of the uplinks for what the site itself opens.
 */

#include "daemon/outbound.h"

size_t outbound_order(const struct site *site, const struct uplink_view *uplinks,
                      uplink_set drained, unsigned family, unsigned *order)
{
	const uplink_set ranks[] = { ~drained, drained };
	size_t count = 0;
	for (size_t rank = 0; rank < 2 && site->outbound == OUTBOUND_FAILOVER; rank++) {
		for (size_t i = 0; i < site->uplink_count; i++) {
			unsigned number = uplinks[i].uplink->number;
			if (uplinks[i].family[family].open &&
			    (ranks[rank] & UPLINK_BIT(number)) != 0) {
				order[count++] = number;
			}
		}
	}
	return count;
}
