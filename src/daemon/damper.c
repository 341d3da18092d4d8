/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Verdicts on cables that flap.
 */

#include "daemon/damper.h"

#include <stdio.h>
#include <string.h>

#include "daemon/health.h"

/*! The line of an uplink; a new one has never been lost. */
static struct damper_line *find_line(struct damper_lines *lines, const struct uplink *uplink,
                                     bool carrier)
{
	for (size_t i = 0; i < lines->count; i++) {
		if (strcmp(lines->items[i].id, uplink->id) == 0) {
			return &lines->items[i];
		}
	}
	struct damper_line *line = &lines->items[lines->count++];
	*line = (struct damper_line){ .carrier = carrier };
	(void)snprintf(line->id, sizeof(line->id), "%s", uplink->id);
	return line;
}

static bool is_judged(const struct uplink *uplink)
{
	return uplink->damping && uplink->probe.count == 0;
}

/*! Uplinks that are not in the site any more, or have probes now. */
static void forget_others(struct damper_lines *lines, const struct site *site)
{
	size_t kept = 0;
	for (size_t i = 0; i < lines->count; i++) {
		const struct uplink *uplink = site_uplink_by_id(site, lines->items[i].id);
		if (uplink != NULL && is_judged(uplink)) {
			lines->items[kept++] = lines->items[i];
		}
	}
	lines->count = kept;
}

static void judge_line(struct damper_line *line, bool carrier, uint64_t span_ms, uint64_t now_ms)
{
	bool calm = now_ms - line->back_ms >= span_ms;
	if (line->carrier && !carrier) {
		line->held |= line->came_back && !calm;
	} else if (!line->carrier && carrier) {
		line->came_back = true;
		line->back_ms = now_ms;
	} else if (carrier && line->held && calm) {
		line->held = false;
		line->back_ms = now_ms;
	}
	line->carrier = carrier;
}

static void hold(const struct uplink *uplink, struct verdict *verdict)
{
	*verdict = (struct verdict){ .id = "" };
	(void)snprintf(verdict->id, sizeof(verdict->id), "%s", uplink->id);
	for (unsigned family = 0; family < FAMILIES; family++) {
		struct verdict_family *state = &verdict->family[family];
		state->withheld = true;
		state->unproved = true;
		(void)snprintf(state->reason, sizeof(state->reason),
		               "it flapped and must go %llu s without an outage",
		               (unsigned long long)DAMPING_ROUNDS * uplink->interval_ms / 1000);
	}
}

const struct verdicts *damper_judge(struct damper *damper, const struct site *site,
                                    const struct observed *observed, const struct verdicts *probed,
                                    uint64_t now_ms)
{
	size_t count = 0;
	forget_others(&damper->lines, site);
	for (size_t i = 0; probed != NULL && i < probed->count && i < SITE_UPLINKS_MAX; i++) {
		damper->items[count++] = probed->items[i];
	}
	for (size_t i = 0; i < site->uplink_count; i++) {
		const struct uplink *uplink = &site->uplinks[i];
		const struct link *link = observed_link(observed, uplink->interface);
		if (!is_judged(uplink)) {
			continue;
		}
		bool carrier = link != NULL && link->carrier;
		struct damper_line *line = find_line(&damper->lines, uplink, carrier);
		if (link != NULL && !link->up) {
			carrier = line->carrier;
		}
		judge_line(line, carrier, (uint64_t)DAMPING_ROUNDS * uplink->interval_ms, now_ms);
		if (line->held && count < SITE_UPLINKS_MAX) {
			hold(uplink, &damper->items[count++]);
		}
	}
	// What else is known comes along.
	damper->verdicts = probed != NULL ? *probed : (struct verdicts){ .items = NULL };
	damper->verdicts.items = damper->items;
	damper->verdicts.count = count;
	return &damper->verdicts;
}
