/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The state machine of an uplink's probes.
 */

#include "daemon/health.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE_MS 60000

/*! Bytes of a probe's text in a reason. */
#define QUOTED_MAX 60

int health_init(struct health *health, const struct health_rules *rules, const char *const *texts,
                size_t count, enum health_start start, uint64_t now_ms)
{
	struct health built = {
		.rules = *rules,
		.probes = calloc(count, sizeof(*built.probes)),
		.probe_count = count,
		.since_ms = now_ms,
		.adopted = start == HEALTH_ADOPTED,
		.first = start != HEALTH_GATED,
		.calm = DAMPING_ROUNDS,
	};
	if (built.probes == NULL) {
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		built.probes[i].text = strdup(texts[i]);
		built.probes[i].since_ms = now_ms;
		if (built.probes[i].text == NULL) {
			health_deinit(&built);
			return -ENOMEM;
		}
	}
	(void)snprintf(built.reason, sizeof(built.reason), "%s",
	               start == HEALTH_GATED ? "its probes have to prove it good first"
	                                     : "its probes have not said anything yet");
	*health = built;
	return 0;
}

void health_deinit(struct health *health)
{
	for (size_t i = 0; i < health->probe_count; i++) {
		free(health->probes[i].text);
	}
	free(health->probes);
	*health = (struct health){ 0 };
}

void health_inherit(struct health *health, struct health *from)
{
	bool shared = false;
	for (size_t i = 0; i < health->probe_count; i++) {
		for (size_t k = 0; k < from->probe_count; k++) {
			if (strcmp(health->probes[i].text, from->probes[k].text) == 0) {
				char *text = from->probes[k].text;
				from->probes[k].text = health->probes[i].text;
				health->probes[i] = from->probes[k];
				health->probes[i].text = text;
				shared = true;
			}
		}
	}
	if (!shared) {
		return;
	}
	struct health mixed = *from;
	mixed.rules = health->rules;
	mixed.probes = health->probes;
	mixed.probe_count = health->probe_count;
	mixed.heard = 0;
	*health = mixed;
}

/*! How many successes make a round good. */
static unsigned quorum_of(const struct health *health)
{
	unsigned quorum = health->rules.quorum;
	return quorum < health->probe_count ? quorum : (unsigned)health->probe_count;
}

/*! Count rounds without ever wrapping around. */
static void count_up(unsigned *rounds)
{
	*rounds += *rounds < DAMPING_ROUNDS * 1000;
}

static void set_state(struct health *health, enum health_state state, uint64_t now_ms)
{
	health->state = state;
	health->since_ms = now_ms;
	health->adopted = false;
	health->first = false;
}

/*! The uplink is lost: does it flap? */
static void note_outage(struct health *health)
{
	health->held = !health->rules.undamped && health->came_back && health->up < DAMPING_ROUNDS;
	health->calm = 0;
}

/*! How much of a probe's text a reason quotes: whole characters of UTF-8. */
static int quoted_length(const char *text)
{
	size_t length = strnlen(text, QUOTED_MAX + 1);
	if (length > QUOTED_MAX) {
		length = QUOTED_MAX;
		while (length > 0 && ((uint8_t)text[length] & 0xc0) == 0x80) {
			length--;
		}
	}
	return (int)length;
}

/*! The first probe that fails stands for all, with how many must not. */
static void set_down_reason(struct health *health)
{
	const struct health_probe *failing = NULL;
	size_t good = 0;
	for (size_t i = health->probe_count; i-- > 0;) {
		const struct health_probe *probe = &health->probes[i];
		good += probe->good;
		failing = probe->good ? failing : probe;
	}
	if (failing == NULL) {
		// Each of them succeeded, but never enough of them in one round.
		(void)snprintf(health->reason, sizeof(health->reason),
		               "too few probes succeed at a time, %u must", quorum_of(health));
	} else if (good > 0) {
		(void)snprintf(health->reason, sizeof(health->reason),
		               "probe %.*s fails (%s); %u of %u must succeed",
		               quoted_length(failing->text), failing->text, failing->fault,
		               quorum_of(health), (unsigned)health->probe_count);
	} else {
		(void)snprintf(health->reason, sizeof(health->reason), "probe %.*s fails (%s)%s",
		               quoted_length(failing->text), failing->text, failing->fault,
		               health->probe_count > 1 ? ", and so do the others" : "");
	}
}

static void go_down(struct health *health, uint64_t now_ms)
{
	if (health_answerable(health)) {
		note_outage(health);
	}
	set_state(health, HEALTH_DOWN, now_ms);
	set_down_reason(health);
}

static void go_up(struct health *health, uint64_t now_ms)
{
	health->came_back = !health->first;
	health->up = 0;
	health->held = false;
	health->reason[0] = '\0';
	set_state(health, HEALTH_UP, now_ms);
}

/*! Losses of all probes in ascending order are few: take the quorum's one by counting. */
unsigned health_loss(const struct health *health, uint64_t now_ms)
{
	uint64_t span = 10 * (uint64_t)health->rules.interval_ms;
	span = span < MINUTE_MS ? MINUTE_MS : span;
	uint64_t from = now_ms > span ? now_ms - span : 0;
	// The bucket in which it came back holds losses of the outage as well.
	uint64_t back = health->since_ms + WINDOW_BUCKET_MS;
	if (health->came_back && health->state == HEALTH_UP && back > from) {
		from = back;
	}
	unsigned losses[32];
	size_t count = 0;
	for (size_t i = 0; i < health->probe_count && i < 32; i++) {
		struct probe_measure measure =
			probe_window_measure(&health->probes[i].window, from, now_ms);
		if (measure.sent < DEGRADED_SAMPLES) {
			return 0;
		}
		unsigned loss = probe_measure_loss(&measure);
		size_t at = count++;
		for (; at > 0 && losses[at - 1] > loss; at--) {
			losses[at] = losses[at - 1];
		}
		losses[at] = loss;
	}
	return count == 0 ? 0 : losses[quorum_of(health) - 1];
}

/*! It ends at half of the loss that begins it, so that it does not flicker. */
static void judge_loss(struct health *health, uint64_t now_ms)
{
	unsigned loss = health_loss(health, now_ms);
	if (health->state == HEALTH_UP && loss >= health->rules.degraded_loss) {
		set_state(health, HEALTH_DEGRADED, now_ms);
		(void)snprintf(health->reason, sizeof(health->reason),
		               "its probes lose %u%% or more", health->rules.degraded_loss);
	} else if (health->state == HEALTH_DEGRADED && 2 * loss < health->rules.degraded_loss) {
		set_state(health, HEALTH_UP, now_ms);
		health->reason[0] = '\0';
	}
}

/*! Whether enough is known to answer it. */
static bool is_proved(const struct health *health)
{
	unsigned wanted = health->first ? 1 : health->rules.up_after;
	return health->good >= wanted && (!health->held || health->calm >= DAMPING_ROUNDS);
}

static void judge_round(struct health *health, bool good, uint64_t now_ms)
{
	health->good = good ? health->good : 0;
	health->bad = good ? 0 : health->bad;
	count_up(good ? &health->good : &health->bad);
	count_up(&health->calm);
	count_up(&health->up);
	bool outage = health->bad >= health->rules.down_after;
	if (outage) {
		health->calm = 0;
	}
	if (outage && health->state != HEALTH_DOWN) {
		go_down(health, now_ms);
	} else if ((health->state == HEALTH_UNKNOWN || health->state == HEALTH_DOWN) &&
	           is_proved(health)) {
		go_up(health, now_ms);
	}
}

static void note_probe(struct health_probe *probe, const char *fault, uint32_t rtt_us,
                       uint64_t now_ms)
{
	bool good = fault == NULL;
	if (!probe->known || probe->good != good) {
		probe->since_ms = now_ms;
	}
	probe->known = true;
	probe->good = good;
	probe->failures = good ? 0 : probe->failures;
	if (good) {
		probe->rtt_us = rtt_us;
	} else {
		count_up(&probe->failures);
		(void)snprintf(probe->fault, sizeof(probe->fault), "%s", fault);
	}
	probe_window_add(&probe->window, good, rtt_us, now_ms);
}

bool health_result(struct health *health, size_t index, const char *fault, uint32_t rtt_us,
                   uint64_t now_ms)
{
	enum health_state state = health->state;
	if (index >= health->probe_count || health->paused) {
		return false;
	}
	note_probe(&health->probes[index], fault, rtt_us, now_ms);
	uint32_t bit = (uint32_t)1 << index;
	if ((health->heard & bit) != 0) {
		// The next round has begun without all results of this one.
		health->heard = 0;
	}
	if (health->heard == 0) {
		health->succeeded = 0;
		health->decided = false;
	}
	health->heard |= bit;
	health->succeeded |= fault == NULL ? bit : 0;

	unsigned good = (unsigned)__builtin_popcount(health->succeeded);
	unsigned heard = (unsigned)__builtin_popcount(health->heard);
	unsigned most = (unsigned)health->probe_count - (heard - good);
	if (!health->decided && (good >= quorum_of(health) || most < quorum_of(health))) {
		health->decided = true;
		judge_round(health, good >= quorum_of(health), now_ms);
	}
	if (heard == health->probe_count) {
		health->heard = 0;
		judge_loss(health, now_ms);
	}
	return health->state != state;
}

void health_pause(struct health *health, uint64_t now_ms)
{
	if (health->paused) {
		return;
	}
	bool first = health->first && !health->adopted;
	health->before = health->adopted ? HEALTH_UP : health->state;
	if (health_answerable(health)) {
		note_outage(health);
	}
	set_state(health, HEALTH_UNKNOWN, now_ms);
	health->first = first;
	health->paused = true;
	health->paused_ms = now_ms;
	health->heard = 0;
	health->good = 0;
	health->bad = 0;
	(void)snprintf(health->reason, sizeof(health->reason), "%s",
	               first ? "its probes have not said anything yet"
	                     : "its probes have to prove it good first");
}

void health_resume(struct health *health, uint64_t now_ms)
{
	if (!health->paused) {
		return;
	}
	uint64_t verdict_ms = (uint64_t)health->rules.down_after * health->rules.interval_ms;
	bool up = health->before == HEALTH_UP || health->before == HEALTH_DEGRADED;
	health->paused = false;
	if (up && !health->held && now_ms - health->paused_ms < verdict_ms) {
		go_up(health, now_ms);
	}
}

bool health_answerable(const struct health *health)
{
	return health->state == HEALTH_UP || health->state == HEALTH_DEGRADED || health->adopted;
}

static void explain_probe(const struct health_probe *probe, uint64_t now_ms, struct text *text)
{
	text_add(text, "probe %s fails since %llus (%s, %u in a row)", probe->text,
	         (unsigned long long)((now_ms - probe->since_ms) / 1000), probe->fault,
	         probe->failures);
}

void health_explain(const struct health *health, uint64_t now_ms, struct text *text)
{
	const char *separator = "";
	if (health->state == HEALTH_DEGRADED) {
		text_add(text, "its probes lose %u%% (degraded from %u%% on)",
		         health_loss(health, now_ms), health->rules.degraded_loss);
		return;
	}
	for (size_t i = 0; i < health->probe_count && health->state == HEALTH_DOWN; i++) {
		const struct health_probe *probe = &health->probes[i];
		if (probe->known && !probe->good) {
			text_add(text, "%s", separator);
			explain_probe(probe, now_ms, text);
			separator = "; ";
		}
	}
	if (health->state == HEALTH_DOWN && separator[0] == '\0') {
		text_add(text, "its probes are good again, %u of %u rounds", health->good,
		         health->rules.up_after);
	} else if (health->state != HEALTH_DOWN) {
		text_add(text, "%s", health->reason);
	}
	if (health->held) {
		text_add(text, "; it flapped and must go %d rounds without an outage, %u so far",
		         DAMPING_ROUNDS, health->calm);
	}
}

const char *health_state_name(enum health_state state)
{
	static const char *const names[] = {
		[HEALTH_UNKNOWN] = "unknown",
		[HEALTH_UP] = "up",
		[HEALTH_DEGRADED] = "degraded",
		[HEALTH_DOWN] = "down",
	};
	return names[state];
}
