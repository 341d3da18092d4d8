/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Connections of the site's own that are bound to a dead uplink while another one works.
 */

#include "daemon/stranded.h"

#include <string.h>

#include "base/log.h"
#include "daemon/kernel.h"

/*! Whether an uplink is dead in a family in which another one works. */
static bool is_stranding(const struct plan *plan, size_t uplink, unsigned family)
{
	if (plan == NULL || uplink >= plan->uplink_count ||
	    plan->uplinks[uplink].family[family].open) {
		return false;
	}
	for (size_t i = 0; i < plan->uplink_count; i++) {
		if (plan->uplinks[i].family[family].open) {
			return true;
		}
	}
	return false;
}

static bool is_own(const struct connection *connection, void *context)
{
	const uint8_t *family = context;
	return !connection->translated && connection->destination.family == *family;
}

static int end_connections(const struct site *site, const struct uplink *uplink, unsigned family)
{
	const struct conntrack_filter filter = {
		.mark = site_mark(site, uplink->number),
		.mask = site->fwmark_mask,
	};
	uint8_t number = family_number(family);
	size_t deleted = 0;
	int ret = conntrack_delete_matching(&filter, is_own, &number, &deleted);
	if (ret != 0) {
		log_error("uplink '%s', failed to end its %s connections (%s)", uplink->id,
		          family_name(family), strerror(-ret));
	} else if (deleted > 0) {
		log_info("uplink '%s', %s connections of the site itself ended: %zu", uplink->id,
		         family_name(family), deleted);
	}
	return ret;
}

int stranded_end(const struct site *site, const struct plan *last, const struct plan *plan)
{
	int result = 0;
	for (size_t i = 0; i < plan->uplink_count && site->outbound == OUTBOUND_FAILOVER; i++) {
		for (unsigned family = 0; family < FAMILIES; family++) {
			if (is_stranding(plan, i, family) && !is_stranding(last, i, family)) {
				int ret = end_connections(site, plan->uplinks[i].uplink, family);
				result = result == 0 ? ret : result;
			}
		}
	}
	return result;
}
