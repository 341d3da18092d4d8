/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Keeping of drains.
 */

#include "daemon/drains.h"

void drains_restore(struct drains *drains, const struct table *published, const struct site *site)
{
	drains->uplinks = 0;
	for (size_t i = 0; i < published->uplink_count; i++) {
		const struct table_uplink *row = &published->uplinks[i];
		const struct uplink *uplink = site_uplink_by_id(site, row->id);
		if (row->drained && uplink != NULL) {
			drains->uplinks |= UPLINK_BIT(uplink->number);
			drains->since_ms[uplink->number] = table_now_ms();
		}
	}
}

bool drains_set(struct drains *drains, const struct uplink *uplink, bool drain)
{
	if (drain == ((drains->uplinks & UPLINK_BIT(uplink->number)) != 0)) {
		return false;
	}
	drains->uplinks ^= UPLINK_BIT(uplink->number);
	drains->since_ms[uplink->number] = table_now_ms();
	return true;
}
