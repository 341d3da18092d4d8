/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The list of what is blocked.
 */

#include "daemon/cross_blocked.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int cross_blocked_init(struct cross_blocked *blocked, const struct cross_list *list)
{
	struct blocked *now = calloc(list->count + 1, sizeof(*now));
	struct blocked *spare = calloc(list->count + 1, sizeof(*spare));
	if (now == NULL || spare == NULL) {
		free(now);
		free(spare);
		return -ENOMEM;
	}
	*blocked = (struct cross_blocked){ { now, 0 }, { spare, 0 } };
	return 0;
}

void cross_blocked_deinit(struct cross_blocked *blocked)
{
	free(blocked->now.items);
	free(blocked->spare.items);
	*blocked = (struct cross_blocked){ .now = { 0 } };
}

static void find_blocked(const struct cross_list *list, struct blocked_list *blocked)
{
	// By which uplinks some service of an uplink is reached.
	uplink_set good[SITE_UPLINKS_MAX + 1][FAMILIES] = { 0 };
	for (size_t i = 0; i < list->count; i++) {
		const struct cross_line *line = &list->items[i];
		if (line->state == CROSS_PROVEN && line->failures == 0) {
			good[line->uplink][line->family] |= UPLINK_BIT(line->last.source);
		}
	}
	blocked->count = 0;
	for (size_t i = 0; i < list->count; i++) {
		const struct cross_line *line = &list->items[i];
		bool sure = __builtin_popcountll(line->failed) > 1 ||
		            (line->failed & good[line->uplink][line->family]) != 0;
		if (line->state == CROSS_UNPROVEN && line->zone == NULL && sure) {
			blocked->items[blocked->count++] =
				(struct blocked){ line->uplink, line->family, line->port };
		}
	}
}

bool cross_blocked_renew(struct cross_blocked *blocked, const struct cross_list *list,
                         bool required)
{
	const struct blocked_list last = blocked->now;
	struct blocked_list *next = &blocked->spare;
	next->count = 0;
	if (required) {
		find_blocked(list, next);
	}
	bool same = next->count == last.count &&
	            (next->count == 0 ||
	             memcmp(next->items, last.items, next->count * sizeof(*next->items)) == 0);
	blocked->now = *next;
	blocked->spare = last;
	return !same;
}
