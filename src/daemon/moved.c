/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Finding uplink numbers that changed their meaning, and ending their connections.
 */

#include "daemon/moved.h"

#include <string.h>

#include "base/log.h"
#include "daemon/kernel.h"

/*! The interface that a plan has for an uplink number, or NULL. */
static const char *plan_interface(const struct plan *plan, unsigned number)
{
	if (plan == NULL || number > plan->uplink_count) {
		return NULL;
	}
	return plan->uplinks[number - 1].uplink->interface;
}

uplink_set moved_find(const struct table *published, const struct plan *last,
                      const struct plan *plan)
{
	uplink_set moved = 0;
	for (size_t i = 0; i < published->uplink_count; i++) {
		const struct table_uplink *row = &published->uplinks[i];
		const struct table_uplink *planned = table_find_uplink(plan->table, row->number);
		const char *before = plan_interface(last, row->number);
		const char *now = plan_interface(plan, row->number);
		if (planned == NULL || strcmp(row->id, planned->id) != 0 ||
		    (before != NULL && strcmp(before, now) != 0)) {
			moved |= UPLINK_BIT(row->number);
		}
	}
	return moved;
}

uplink_set moved_all(const struct plan *plan)
{
	uplink_set all = 0;
	for (size_t i = 0; i < plan->uplink_count; i++) {
		all |= UPLINK_BIT(plan->uplinks[i].uplink->number);
	}
	return all;
}

size_t moved_end(uplink_set moved, uint32_t mask)
{
	size_t ended = 0;
	for (unsigned number = 1; number <= SITE_UPLINKS_MAX; number++) {
		if ((moved & UPLINK_BIT(number)) == 0) {
			continue;
		}
		uint32_t mark = (uint32_t)number << __builtin_ctz(mask);
		size_t deleted = 0;
		// The kernel does not tell how many it deletes.
		(void)conntrack_count(mark, mask, &deleted);
		int ret = conntrack_delete(mark, mask);
		if (ret != 0) {
			log_error("connections of uplink number %u, failed to end (%s)", number,
			          strerror(-ret));
		} else {
			log_info("connections of uplink number %u, ended %zu: it is another uplink "
			         "now",
			         number, deleted);
			ended += deleted;
		}
	}
	return ended;
}
