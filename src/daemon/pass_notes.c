/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Notes of a pass for the recorder.
 */

#include "daemon/pass_notes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void pass_note_started(struct recorder *recorder, const struct table *published,
                       const struct observed *observed)
{
	size_t answered = 0;
	for (size_t i = 0; i < published->uplink_count; i++) {
		answered += published->uplinks[i].usable;
	}
	if (published->uplink_count == 0 && observed->route_count == 0 &&
	    observed->rule_count == 0) {
		recorder_note(recorder, JOURNAL_DAEMON_STARTED, LOG_LEVEL_INFO, "daemon",
		              "version " VERSION ", nothing to adopt");
		return;
	}
	recorder_note(recorder, JOURNAL_DAEMON_STARTED, LOG_LEVEL_INFO, "daemon",
	              "version " VERSION
	              ", adopted generation %llu with %zu of %zu uplinks answered, "
	              "%zu routes, %zu rules",
	              (unsigned long long)published->meta.generation, answered,
	              published->uplink_count, observed->route_count, observed->rule_count);
}

/*! Said once for each reading of the site file. */
static void note_forwards(struct recorder *recorder, const struct site *site)
{
	struct site_forward *forwards = NULL;
	size_t count = 0;
	if (site_forwards(site, &forwards, &count) != 0) {
		return;
	}
	size_t services = 0;
	for (size_t i = 0; i < count; i++) {
		services += forwards[i].port->count;
	}
	free(forwards);
	recorder_note(recorder, JOURNAL_FORWARDS_INSTALLED, LOG_LEVEL_INFO, "forwards",
	              "%zu service%s of %zu name%s on %zu uplink%s", services,
	              services == 1 ? "" : "s", count, count == 1 ? "" : "s", site->uplink_count,
	              site->uplink_count == 1 ? "" : "s");
}

void pass_note_end(struct recorder *recorder, const struct standing *standing,
                   const struct plan *plan, struct uplink_history *histories)
{
	const struct plan *last = standing->plan;
	const struct uplink_sets *broken = &standing->broken;
	const bool whole[FOREIGN_KINDS] = {
		[FOREIGN_RULESET] = standing->ruleset,
		[FOREIGN_ROUTES] = (broken->family[FAMILY_4] | broken->family[FAMILY_6]) == 0,
	};
	if (standing->ruleset &&
	    (last == NULL || last->uplinks[0].uplink != plan->uplinks[0].uplink)) {
		note_forwards(recorder, standing->site);
	}
	uplink_history_note(histories, plan, standing->published, recorder);
	recorder_pass_end(recorder, whole);
}

void pass_note_ruleset(struct recorder *recorder, const char *process, unsigned pid)
{
	char who[JOURNAL_REASON_MAX];
	(void)snprintf(who, sizeof(who), "changed by %s (pid %u)",
	               process[0] != '\0' ? process : "a process", pid);
	log_warning("ruleset, %s: withdrawn, repairing", who);
	recorder_foreign(recorder, FOREIGN_RULESET, who);
}

void pass_note_drain(struct recorder *recorder, const struct uplink *uplink, bool drained)
{
	struct journal_entry entry =
		journal_entry_new(drained ? JOURNAL_UPLINK_DRAINED : JOURNAL_UPLINK_UNDRAINED);
	(void)snprintf(entry.uplink, sizeof(entry.uplink), "%s", uplink->id);
	(void)snprintf(entry.reason, sizeof(entry.reason), "the operator said so");
	recorder_write(recorder, &entry, LOG_LEVEL_INFO, "uplink '%s', %s", uplink->id,
	               drained ? "drained: new clients go to the others" : "not drained any more");
}
