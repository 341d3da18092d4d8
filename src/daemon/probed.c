/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The lines of an uplink's probes, and what they say.
 */

#include "daemon/probed.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/*! A verdict that is that old may have led to a pass already. */
#define JUST_NOW_MS 200

static bool has_targets(const struct uplink *uplink, unsigned family)
{
	bool found = false;
	for (size_t i = 0; i < uplink->probe.count; i++) {
		found |= uplink->probe.items[i].address.family == family_number(family);
	}
	return found;
}

static bool has_address(const struct table_uplink *row, unsigned family)
{
	for (size_t i = 0; i < row->address_count; i++) {
		if (row->address[i].family == family_number(family)) {
			return true;
		}
	}
	return false;
}

static enum health_start start_of(const struct table_uplink *row, unsigned family)
{
	if (row == NULL) {
		return HEALTH_NEW;
	}
	bool offered = family == FAMILIES ? row->address_count > 0 : has_address(row, family);
	return row->usable && offered ? HEALTH_ADOPTED : HEALTH_GATED;
}

static bool belongs(const struct probe *probe, unsigned family, bool first)
{
	return probe->kind == PROBE_EXEC ? first : probe->address.family == family_number(family);
}

static int add_line(struct probed *probed, unsigned family, const struct uplink *uplink,
                    const struct table_uplink *row, uint64_t now_ms)
{
	const struct health_rules rules = {
		.quorum = uplink->quorum,
		.down_after = uplink->down_after,
		.up_after = uplink->up_after,
		.degraded_loss = uplink->degraded_loss,
		.interval_ms = uplink->interval_ms,
		.undamped = !uplink->damping,
	};
	struct probed_line *line = &probed->lines[probed->line_count];
	const char *texts[SITE_PROBES_MAX];
	size_t count = 0;
	for (size_t i = 0; i < uplink->probe.count && count < SITE_PROBES_MAX; i++) {
		const struct probe *probe = &uplink->probe.items[i];
		if (belongs(probe, family, probed->line_count == 0)) {
			line->members[count] = i;
			texts[count++] = probe->text;
		}
	}
	line->family = family;
	int ret = health_init(&line->health, &rules, texts, count, start_of(row, family), now_ms);
	probed->line_count += ret == 0;
	return ret;
}

int probed_init(struct probed *probed, const struct uplink *uplink,
                const struct table_uplink *published, uint64_t now_ms)
{
	struct probed built = { .line_count = 0 };
	int ret = 0;
	(void)snprintf(built.id, sizeof(built.id), "%s", uplink->id);
	for (unsigned family = 0; ret == 0 && family < FAMILIES; family++) {
		if (has_targets(uplink, family)) {
			ret = add_line(&built, family, uplink, published, now_ms);
		}
	}
	if (ret == 0 && built.line_count == 0) {
		ret = add_line(&built, FAMILIES, uplink, published, now_ms);
	}
	if (ret != 0) {
		probed_deinit(&built);
		return ret;
	}
	*probed = built;
	return 0;
}

void probed_deinit(struct probed *probed)
{
	for (size_t i = 0; i < probed->line_count; i++) {
		health_deinit(&probed->lines[i].health);
	}
	probed->line_count = 0;
}

void probed_inherit(struct probed *probed, struct probed *older)
{
	for (size_t i = 0; i < probed->line_count; i++) {
		struct probed_line *line = &probed->lines[i];
		// The line of the same family comes last: its state counts.
		for (int same = 0; same < 2; same++) {
			for (size_t k = 0; k < older->line_count; k++) {
				if ((older->lines[k].family == line->family) == (same == 1)) {
					health_inherit(&line->health, &older->lines[k].health);
				}
			}
		}
	}
}

unsigned probed_source(const struct probed_line *line, const struct uplink_view *view)
{
	for (unsigned family = 0; family < FAMILIES; family++) {
		if (view->family[family].routed &&
		    (line->family == family || line->family == FAMILIES)) {
			return family;
		}
	}
	return FAMILIES;
}

void probed_follow(struct probed *probed, const struct uplink_view *view, uint64_t now_ms)
{
	bool routed = view->family[FAMILY_4].routed || view->family[FAMILY_6].routed;
	for (size_t i = 0; i < probed->line_count; i++) {
		struct probed_line *line = &probed->lines[i];
		if (probed_source(line, view) == FAMILIES) {
			line->gone = !routed;
			health_pause(&line->health, now_ms);
		} else {
			health_resume(&line->health, now_ms);
		}
	}
}

const struct probed_line *probed_line(const struct probed *probed, unsigned family)
{
	for (size_t i = 1; i < probed->line_count; i++) {
		if (probed->lines[i].family == family) {
			return &probed->lines[i];
		}
	}
	return &probed->lines[0];
}

void probed_verdict(const struct probed *probed, struct verdict *verdict)
{
	*verdict = (struct verdict){ .id = "" };
	memcpy(verdict->id, probed->id, sizeof(verdict->id));
	for (unsigned family = 0; family < FAMILIES; family++) {
		const struct probed_line *line = probed_line(probed, family);
		const struct health *health = &line->health;
		struct verdict_family *state = &verdict->family[family];
		bool direct = line->family == family || line->family == FAMILIES;
		bool unknown = health->state == HEALTH_UNKNOWN;
		bool silent = !line->gone && (!health->first || health->paused);
		state->withheld = !health_answerable(health);
		state->pending = unknown && health->first;
		if (unknown && !direct && silent) {
			// Probes of the other family may speak against this one, but their silence
			// says nothing.
			state->withheld = false;
		}
		state->unproved = state->withheld && unknown;
		if (state->withheld) {
			(void)snprintf(state->reason, sizeof(state->reason), "%s", health->reason);
		}
	}
}

const struct probed *probed_find(const struct probed_list *list, const char *id)
{
	for (size_t i = 0; list != NULL && i < list->count; i++) {
		if (strcmp(list->items[i]->id, id) == 0) {
			return list->items[i];
		}
	}
	return NULL;
}

static uint64_t line_failing_since(const struct health *health, uint64_t now_ms)
{
	uint64_t first = now_ms;
	bool fresh = health->state == HEALTH_DOWN && now_ms - health->since_ms <= JUST_NOW_MS;
	for (size_t i = 0; fresh && i < health->probe_count; i++) {
		const struct health_probe *probe = &health->probes[i];
		if (probe->known && !probe->good && probe->since_ms < first) {
			first = probe->since_ms;
		}
	}
	return first;
}

uint64_t probed_failing_since(const struct probed_list *list, uint64_t now_ms)
{
	uint64_t first = now_ms;
	for (size_t i = 0; i < list->count; i++) {
		const struct probed *probed = list->items[i];
		for (size_t k = 0; k < probed->line_count; k++) {
			uint64_t since = line_failing_since(&probed->lines[k].health, now_ms);
			first = since < first ? since : first;
		}
	}
	return first;
}
