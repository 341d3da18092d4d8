/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * What the probes of an uplink have found, as JSON and in words.
 */

#include <stdio.h>
#include <string.h>

#include "daemon/report.h"

#define MINUTE_MS 60000

/*! Milliseconds with three decimals are all that is meant. */
static json_t *milliseconds(uint32_t us)
{
	return json_real(us / 1000.0);
}

static struct probe_measure measure_minutes(const struct health_probe *probe, unsigned minutes,
                                            uint64_t now_ms)
{
	uint64_t span = (uint64_t)minutes * MINUTE_MS;
	return probe_window_measure(&probe->window, now_ms > span ? now_ms - span : 0, now_ms);
}

/*! Add loss and round trips over some minutes; members that nothing is known of are left out. */
static void add_measure(json_t *object, const struct health_probe *probe, unsigned minutes,
                        uint64_t now_ms)
{
	struct probe_measure measure = measure_minutes(probe, minutes, now_ms);
	const struct {
		const char *name;
		uint32_t us;
	} times[] = {
		{ "rtt_min", measure.least_us },
		{ "rtt_avg", measure.average_us },
		{ "rtt_max", measure.most_us },
	};
	char name[32];
	if (measure.sent > 0) {
		(void)snprintf(name, sizeof(name), "loss_%um", minutes);
		json_object_set_new(object, name, json_integer(probe_measure_loss(&measure)));
	}
	for (size_t i = 0; measure.sent > measure.lost && i < 3; i++) {
		(void)snprintf(name, sizeof(name), "%s_%um_ms", times[i].name, minutes);
		json_object_set_new(object, name, milliseconds(times[i].us));
	}
}

static json_t *report_probe(const struct health_probe *probe, bool paused, uint64_t now_ms)
{
	const char *state = paused          ? "paused"
	                    : !probe->known ? "unknown"
	                    : probe->good   ? "good"
	                                    : "failing";
	json_t *object = json_pack("{s:s, s:s, s:I}", "probe", probe->text, "state", state,
	                           "since_s", (json_int_t)((now_ms - probe->since_ms) / 1000));
	if (probe->known && probe->good) {
		json_object_set_new(object, "rtt_ms", milliseconds(probe->rtt_us));
	} else if (probe->known) {
		json_object_set_new(object, "fault", json_string(probe->fault));
		json_object_set_new(object, "failures", json_integer(probe->failures));
	}
	add_measure(object, probe, 1, now_ms);
	add_measure(object, probe, 15, now_ms);
	return object;
}

static json_t *report_line(const struct probed_line *line, uint64_t now_ms)
{
	const struct health *health = &line->health;
	struct text reason = TEXT_EMPTY;
	health_explain(health, now_ms, &reason);
	const char *family = line->family == FAMILIES ? "any" : family_name(line->family);
	json_t *object =
		json_pack("{s:s, s:s, s:I, s:s, s:b}", "family", family, "state",
	                  health->paused ? "paused" : health_state_name(health->state), "since_s",
	                  (json_int_t)((now_ms - health->since_ms) / 1000), "reason",
	                  reason.data != NULL ? reason.data : "", "held", health->held);
	text_free(&reason);
	return object;
}

/*! The probe that speaks for the uplink: the one with the least loss. */
static void add_best(json_t *uplink, const struct probed *probed, uint64_t now_ms)
{
	struct probe_measure best = { 0 };
	for (size_t i = 0; i < probed->line_count; i++) {
		const struct health *health = &probed->lines[i].health;
		for (size_t k = 0; k < health->probe_count; k++) {
			struct probe_measure measure =
				measure_minutes(&health->probes[k], 1, now_ms);
			if (measure.sent > 0 &&
			    (best.sent == 0 ||
			     probe_measure_loss(&measure) < probe_measure_loss(&best))) {
				best = measure;
			}
		}
	}
	if (best.sent > 0) {
		json_object_set_new(uplink, "loss_1m", json_integer(probe_measure_loss(&best)));
	}
	if (best.sent > best.lost) {
		json_object_set_new(uplink, "rtt_ms", milliseconds(best.average_us));
	}
}

void report_probes(const struct standing *standing, const struct uplink *uplink, json_t *object)
{
	const struct probed *probed = probed_find(standing->probed, uplink->id);
	uint64_t now_ms = table_now_ms();
	if (probed == NULL) {
		return;
	}
	json_t *probes = json_array();
	json_t *health = json_array();
	for (size_t i = 0; i < probed->line_count; i++) {
		const struct probed_line *line = &probed->lines[i];
		json_array_append_new(health, report_line(line, now_ms));
		for (size_t k = 0; k < line->health.probe_count; k++) {
			json_array_append_new(probes, report_probe(&line->health.probes[k],
			                                           line->health.paused, now_ms));
		}
	}
	add_best(object, probed, now_ms);
	json_object_set_new(object, "health", health);
	json_object_set_new(object, "probes", probes);
}

bool report_probe_state(const struct standing *standing, const struct uplink_view *view,
                        const char **state, struct text *reason)
{
	const struct probed *probed = probed_find(standing->probed, view->uplink->id);
	const struct health *worst = NULL;
	for (unsigned family = 0; probed != NULL && family < FAMILIES; family++) {
		const struct uplink_family *judged = &view->family[family];
		const struct health *health = &probed_line(probed, family)->health;
		bool concerned =
			judged->withheld || (judged->usable && health->state == HEALTH_DEGRADED);
		if (concerned && worst == NULL) {
			worst = health;
		}
	}
	if (worst == NULL) {
		return false;
	}
	*state = health_state_name(worst->state);
	health_explain(worst, table_now_ms(), reason);
	if (view->family[FAMILY_4].last_resort || view->family[FAMILY_6].last_resort) {
		text_add(reason, "; answered all the same, since no uplink is better");
	}
	return true;
}
