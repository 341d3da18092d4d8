/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Transitions of the uplinks.
 */

#include "daemon/uplink_history.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"

void uplink_history_note(struct uplink_history *histories, const struct plan *plan,
                         const struct table *published)
{
	for (size_t i = 0; i < plan->uplink_count; i++) {
		const struct uplink_view *view = &plan->uplinks[i];
		unsigned number = view->uplink->number;
		struct uplink_history *history = &histories[number];
		const struct table_uplink *row = table_find_uplink(published, number);
		bool answered = row != NULL && row->usable;
		const char *reason = uplink_view_reason(view);
		if (uplink_view_usable(view) && !answered) {
			reason = "its forwards or reply path could not be installed";
		}
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
		} else if (answered) {
			log_warning("uplink '%s', answered in part: %s", view->uplink->id, reason);
		} else {
			log_warning("uplink '%s', not answered: %s", view->uplink->id, reason);
		}
	}
}
