/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Transitions of the uplinks.
 */

#include "daemon/uplink_history.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"

static bool has_family(const struct table_uplink *row, unsigned family)
{
	for (size_t i = 0; i < row->address_count; i++) {
		if (row->address[i].family == family_number(family)) {
			return true;
		}
	}
	return false;
}

/*! Why an uplink is not answered, or in part only; or «up». */
static const char *answer_reason(const struct uplink_view *view, const struct table_uplink *row)
{
	static const char *const lacking[] = {
		[FAMILY_4] = "its IPv4 forwards or reply path could not be installed",
		[FAMILY_6] = "its IPv6 forwards or reply path could not be installed",
	};
	if (uplink_view_usable(view) && (row == NULL || !row->usable)) {
		return "its forwards or reply path could not be installed";
	}
	for (unsigned family = 0; family < FAMILIES; family++) {
		if (view->family[family].usable && !has_family(row, family)) {
			return lacking[family];
		}
	}
	return uplink_view_reason(view);
}

static bool is_last_resort(const struct uplink_view *view)
{
	return view->family[FAMILY_4].last_resort || view->family[FAMILY_6].last_resort;
}

void uplink_history_note(struct uplink_history *histories, const struct plan *plan,
                         const struct table *published)
{
	for (size_t i = 0; i < plan->uplink_count; i++) {
		const struct uplink_view *view = &plan->uplinks[i];
		unsigned number = view->uplink->number;
		struct uplink_history *history = &histories[number];
		const struct table_uplink *row = table_find_uplink(published, number);
		bool answered = row != NULL && row->usable;
		const char *reason = answer_reason(view, row);
		if (history->known && history->answered == answered &&
		    strcmp(history->reason, reason) == 0) {
			continue;
		}
		if (!history->known || history->answered != answered) {
			history->since_ms = table_now_ms();
		}
		history->known = true;
		history->answered = answered;
		(void)snprintf(history->reason, sizeof(history->reason), "%s", reason);
		if (answered && strcmp(reason, "up") == 0) {
			log_info("uplink '%s', up: answered", view->uplink->id);
		} else if (answered && is_last_resort(view)) {
			log_warning("uplink '%s', %s", view->uplink->id, reason);
		} else if (answered) {
			log_warning("uplink '%s', answered in part: %s", view->uplink->id, reason);
		} else {
			log_warning("uplink '%s', not answered: %s", view->uplink->id, reason);
		}
	}
}
