/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * What the verdicts of the probes make of the uplinks.
 *
 * Probes fail open: if they leave no uplink for a family, those that they alone hold back are answered
 * all the same. The target of a probe may be what died, and nobody gains from darkness. IPv6 is
 * given up nevertheless while an uplink's IPv4 is proved: a client that has both goes on by IPv4 at
 * once, whereas an IPv6 address that leads nowhere would keep it waiting.
 */

#include "daemon/plan_parts.h"

#include <stdio.h>
#include <string.h>

static const struct verdict *find_verdict(const struct verdicts *verdicts, const char *id)
{
	for (size_t i = 0; verdicts != NULL && i < verdicts->count; i++) {
		if (strcmp(verdicts->items[i].id, id) == 0) {
			return &verdicts->items[i];
		}
	}
	return NULL;
}

static bool any_usable(const struct plan *plan, unsigned family)
{
	bool usable = false;
	for (size_t i = 0; i < plan->uplink_count; i++) {
		usable |= plan->uplinks[i].family[family].usable;
	}
	return usable;
}

static bool any_open(const struct plan *plan, unsigned family)
{
	bool open = false;
	for (size_t i = 0; i < plan->uplink_count; i++) {
		open |= plan->uplinks[i].family[family].open;
	}
	return open;
}

static void withhold(const struct verdict_family *verdict, struct uplink_family *state)
{
	if (!state->open || !verdict->withheld) {
		return;
	}
	state->open = false;
	state->closed = true;
	state->unproved = verdict->unproved;
	if (state->usable) {
		state->usable = false;
		state->withheld = true;
		(void)snprintf(state->reason, sizeof(state->reason), "%s", verdict->reason);
	}
}

/*! Answer by what there is; an uplink of which nothing is known yet will soon have its verdict. */
static void answer_all(const struct verdicts *verdicts, struct plan *plan, unsigned family)
{
	for (size_t i = 0; i < plan->uplink_count; i++) {
		struct uplink_view *view = &plan->uplinks[i];
		struct uplink_family *state = &view->family[family];
		const struct verdict *verdict = find_verdict(verdicts, view->uplink->id);
		if (!state->withheld || verdict->family[family].pending) {
			continue;
		}
		state->usable = true;
		state->open = true;
		state->last_resort = true;
		(void)snprintf(state->reason, sizeof(state->reason),
		               "%s; answered all the same, since no uplink is better",
		               verdict->family[family].reason);
	}
}

/*! What the site itself opens has to go somewhere too. */
static void open_all(struct plan *plan, unsigned family)
{
	for (size_t i = 0; i < plan->uplink_count; i++) {
		struct uplink_family *state = &plan->uplinks[i].family[family];
		state->open |= state->closed;
	}
}

void plan_verdicts(const struct verdicts *verdicts, struct plan *plan)
{
	for (size_t i = 0; i < plan->uplink_count; i++) {
		struct uplink_view *view = &plan->uplinks[i];
		const struct verdict *verdict = find_verdict(verdicts, view->uplink->id);
		for (unsigned family = 0; verdict != NULL && family < FAMILIES; family++) {
			withhold(&verdict->family[family], &view->family[family]);
		}
	}
	bool proved = any_usable(plan, FAMILY_4);
	for (unsigned family = 0; family < FAMILIES && !proved; family++) {
		if (!any_usable(plan, family)) {
			answer_all(verdicts, plan, family);
		}
	}
	for (unsigned family = 0; family < FAMILIES; family++) {
		if (!any_open(plan, family)) {
			open_all(plan, family);
		}
	}
}
