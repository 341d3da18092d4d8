/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The state machine of the probes: verdicts, damping, loss, and what holds for any sequence of results.
 */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/health.h"
#include "plan_text.h"

static const struct health_rules standard = {
	.quorum = 1, .down_after = 3, .up_after = 5, .degraded_loss = 20, .interval_ms = 1000
};

/*! A machine, its clock, and how often the answer has changed. */
struct line {
	struct health health;
	uint64_t now_ms;
	bool answered;
	unsigned changes;
};

static struct line line_new(const struct health_rules *rules, size_t count, enum health_start start)
{
	static const char *const texts[] = { "icmp a", "icmp b", "icmp c" };
	struct line line = { .now_ms = 5000000 };
	ck_assert_int_eq(health_init(&line.health, rules, texts, count, start, line.now_ms), 0);
	line.answered = health_answerable(&line.health);
	return line;
}

/*! One round: each letter a probe, «+» good, «-» bad. */
static void play_round(struct line *line, const char *letters)
{
	for (size_t i = 0; i < line->health.probe_count; i++) {
		bool good = letters[i] == '+';
		(void)health_result(&line->health, i, good ? NULL : "no reply", 1500, line->now_ms);
		bool answered = health_answerable(&line->health);
		line->changes += answered != line->answered;
		line->answered = answered;
	}
	line->now_ms += line->health.rules.interval_ms;
}

/*! Rounds of a single probe. */
static void play(struct line *line, const char *letters)
{
	for (; *letters != '\0'; letters++) {
		play_round(line, letters);
	}
}

static const struct {
	enum health_start start;
	const char *rounds;
	enum health_state state;
	bool answered;
} verdicts[] = {
	{ HEALTH_NEW, "", HEALTH_UNKNOWN, false },
	{ HEALTH_NEW, "+", HEALTH_UP, true },
	{ HEALTH_NEW, "-+", HEALTH_UP, true },
	{ HEALTH_NEW, "--", HEALTH_UNKNOWN, false },
	{ HEALTH_NEW, "---", HEALTH_DOWN, false },
	{ HEALTH_NEW, "+--", HEALTH_UP, true },
	{ HEALTH_NEW, "+--+--", HEALTH_UP, true },
	{ HEALTH_NEW, "+---", HEALTH_DOWN, false },
	{ HEALTH_NEW, "+---++++", HEALTH_DOWN, false },
	{ HEALTH_NEW, "+---+++++", HEALTH_UP, true },
	{ HEALTH_NEW, "+---++++-+", HEALTH_DOWN, false },
	{ HEALTH_ADOPTED, "", HEALTH_UNKNOWN, true },
	{ HEALTH_ADOPTED, "--", HEALTH_UNKNOWN, true },
	{ HEALTH_ADOPTED, "---", HEALTH_DOWN, false },
	{ HEALTH_ADOPTED, "+", HEALTH_UP, true },
	{ HEALTH_GATED, "++++", HEALTH_UNKNOWN, false },
	{ HEALTH_GATED, "+++++", HEALTH_UP, true },
	{ HEALTH_GATED, "---", HEALTH_DOWN, false },
};

START_TEST(verdict_follows_from_the_rounds)
{
	struct line line = line_new(&standard, 1, verdicts[_i].start);
	play(&line, verdicts[_i].rounds);
	ck_assert_str_eq(health_state_name(line.health.state),
	                 health_state_name(verdicts[_i].state));
	ck_assert_int_eq(health_answerable(&line.health), verdicts[_i].answered);
	ck_assert_int_eq(line.health.reason[0] == '\0', verdicts[_i].state == HEALTH_UP);
	health_deinit(&line.health);
}
END_TEST

// A quorum that is larger than the number of probes means all of them.
static const struct {
	unsigned quorum;
	const char *round;
	bool good;
} quorums[] = {
	{ 1, "+--", true },  { 1, "--+", true },  { 1, "---", false },
	{ 2, "+--", false }, { 2, "+-+", true },  { 3, "++-", false },
	{ 3, "+++", true },  { 9, "++-", false }, { 9, "+++", true },
};

START_TEST(quorum_makes_a_round_good)
{
	struct health_rules rules = standard;
	rules.quorum = quorums[_i].quorum;
	struct line line = line_new(&rules, 3, HEALTH_NEW);
	play_round(&line, quorums[_i].round);
	ck_assert_uint_eq(line.health.good, quorums[_i].good);
	ck_assert_uint_eq(line.health.bad, !quorums[_i].good);
	health_deinit(&line.health);
}
END_TEST

START_TEST(verdict_does_not_wait_for_the_last_probe)
{
	struct line line = line_new(&standard, 3, HEALTH_NEW);
	ck_assert(health_result(&line.health, 1, NULL, 1000, line.now_ms));
	ck_assert_int_eq(line.health.state, HEALTH_UP);
	// The others' failures are no round of their own.
	(void)health_result(&line.health, 0, "no reply", 0, line.now_ms);
	(void)health_result(&line.health, 2, "no reply", 0, line.now_ms);
	ck_assert_uint_eq(line.health.good, 1);
	ck_assert_uint_eq(line.health.bad, 0);
	// A round that is cut short by the next one does not count.
	(void)health_result(&line.health, 0, "no reply", 0, line.now_ms);
	(void)health_result(&line.health, 0, "no reply", 0, line.now_ms);
	ck_assert_uint_eq(line.health.bad, 0);
	health_deinit(&line.health);
}
END_TEST

START_TEST(reason_names_the_probe_and_its_fault)
{
	struct health_rules rules = standard;
	rules.quorum = 2;
	struct line line = line_new(&rules, 3, HEALTH_NEW);
	for (int i = 0; i < 3; i++) {
		play_round(&line, "+--");
	}
	ck_assert_str_eq(line.health.reason, "probe icmp b fails (no reply); 2 of 3 must succeed");
	struct text text = TEXT_EMPTY;
	health_explain(&line.health, line.now_ms + 1000, &text);
	ck_assert_str_eq(text.data, "probe icmp b fails since 4s (no reply, 3 in a row); "
	                            "probe icmp c fails since 4s (no reply, 3 in a row)");
	text_free(&text);
	play_round(&line, "+++");
	health_explain(&line.health, line.now_ms, &text);
	ck_assert_str_eq(text.data, "its probes are good again, 1 of 5 rounds");
	text_free(&text);
	health_deinit(&line.health);
}
END_TEST

START_TEST(reason_quotes_whole_characters)
{
	static const char *const expected[] = { "\xc3\xbc", "\xc3\xbc", "", "" };
	static const char path[] = "exec /012345678901234567890123456789012345678901234567890";
	char probe[80];
	char reason[160];
	ck_assert_uint_eq(strlen(path), 57);
	(void)snprintf(probe, sizeof(probe), "%s%.*s\xc3\xbcx", path, _i, "abcd");
	(void)snprintf(reason, sizeof(reason), "probe %s%.*s%s", path, _i, "abcd", expected[_i]);
	const char *const texts[] = { probe };
	struct health health;
	ck_assert_int_eq(health_init(&health, &standard, texts, 1, HEALTH_NEW, 0), 0);
	for (uint64_t i = 1; i <= standard.down_after; i++) {
		(void)health_result(&health, 0, "no reply", 0, i);
	}
	ck_assert_int_eq(strncmp(health.reason, reason, strlen(reason)), 0);
	const char *rest = health.reason + strlen(reason);
	ck_assert_msg(((uint8_t)*rest & 0x80) == 0, "cut: %s", health.reason);
	health_deinit(&health);
}
END_TEST

START_TEST(loss_makes_degraded_and_is_answered)
{
	struct line line = line_new(&standard, 1, HEALTH_NEW);
	play(&line, "+-+++++-+");
	ck_assert_int_eq(line.health.state, HEALTH_UP);
	play(&line, "+-+++++-++-+-++++-");
	ck_assert_int_eq(line.health.state, HEALTH_DEGRADED);
	ck_assert(health_answerable(&line.health));
	ck_assert_uint_eq(health_loss(&line.health, line.now_ms), 26);
	// Back below the threshold is not enough.
	play(&line, "++++++++++++++++++++++++++");
	ck_assert_uint_eq(health_loss(&line.health, line.now_ms), 13);
	ck_assert_int_eq(line.health.state, HEALTH_DEGRADED);
	play(&line, "+++++++++++++++++++++++++++++++");
	ck_assert_int_eq(line.health.state, HEALTH_UP);
	ck_assert_uint_eq(line.changes, 1);
	health_deinit(&line.health);
}
END_TEST

START_TEST(dead_target_is_no_loss_of_the_uplink)
{
	struct line line = line_new(&standard, 2, HEALTH_NEW);
	for (int i = 0; i < 30; i++) {
		play_round(&line, "+-");
	}
	ck_assert_int_eq(line.health.state, HEALTH_UP);
	ck_assert_uint_eq(health_loss(&line.health, line.now_ms), 0);
	health_deinit(&line.health);
}
END_TEST

START_TEST(outage_is_no_loss_afterwards)
{
	struct line line = line_new(&standard, 1, HEALTH_NEW);
	play(&line, "+++++----------+++++");
	ck_assert_int_eq(line.health.state, HEALTH_UP);
	play(&line, "++++++++++++++++++++++");
	ck_assert_int_eq(line.health.state, HEALTH_UP);
	health_deinit(&line.health);
}
END_TEST

START_TEST(gap_of_the_link_is_taken_for_what_it_is)
{
	struct line line = line_new(&standard, 1, HEALTH_NEW);
	play(&line, "++++++");
	// Shorter than a verdict takes.
	health_pause(&line.health, line.now_ms);
	ck_assert(!health_answerable(&line.health));
	ck_assert(!health_result(&line.health, 0, NULL, 1, line.now_ms));
	health_resume(&line.health, line.now_ms + 2999);
	ck_assert_int_eq(line.health.state, HEALTH_UP);
	// Once more within the time of damping: it flaps.
	play(&line, "+++");
	health_pause(&line.health, line.now_ms);
	health_resume(&line.health, line.now_ms + 1);
	ck_assert_int_eq(line.health.state, HEALTH_UNKNOWN);
	play(&line, "+++++");
	ck_assert_int_eq(line.health.state, HEALTH_UNKNOWN);
	for (int i = 0; i < DAMPING_ROUNDS - 5; i++) {
		play(&line, "+");
	}
	ck_assert_int_eq(line.health.state, HEALTH_UP);
	// A long one, later.
	for (int i = 0; i < DAMPING_ROUNDS; i++) {
		play(&line, "+");
	}
	health_pause(&line.health, line.now_ms);
	health_resume(&line.health, line.now_ms + 3000);
	play(&line, "++++");
	ck_assert_int_eq(line.health.state, HEALTH_UNKNOWN);
	play(&line, "+");
	ck_assert_int_eq(line.health.state, HEALTH_UP);
	health_deinit(&line.health);
}
END_TEST

START_TEST(second_outage_in_a_row_is_held)
{
	struct line line = line_new(&standard, 1, HEALTH_NEW);
	play(&line, "+---+++++---+++++");
	ck_assert_int_eq(line.health.state, HEALTH_DOWN);
	struct text text = TEXT_EMPTY;
	health_explain(&line.health, line.now_ms, &text);
	ck_assert_ptr_nonnull(strstr(text.data, "it flapped and must go 120 rounds without"));
	text_free(&text);
	// Single losses do not begin the wait anew, an outage does.
	for (int i = 0; i < 10; i++) {
		play(&line, "+++++--+++");
	}
	ck_assert_int_eq(line.health.state, HEALTH_DOWN);
	for (int i = 0; i < 15; i++) {
		play(&line, "+");
	}
	ck_assert_int_eq(line.health.state, HEALTH_UP);
	ck_assert_uint_eq(line.changes, 5);
	health_deinit(&line.health);
}
END_TEST

START_TEST(outage_while_held_begins_the_wait_anew)
{
	struct line line = line_new(&standard, 1, HEALTH_NEW);
	play(&line, "+---+++++---");
	for (int i = 0; i < 10; i++) {
		play(&line, "++++++++++");
	}
	play(&line, "---");
	for (int i = 0; i < DAMPING_ROUNDS - 1; i++) {
		play(&line, "+");
	}
	ck_assert_int_eq(line.health.state, HEALTH_DOWN);
	play(&line, "+");
	ck_assert_int_eq(line.health.state, HEALTH_UP);
	health_deinit(&line.health);
}
END_TEST

// Twenty flaps in 120 rounds: six rounds each, so many of them bad, and it may begin anywhere.
START_TEST(twenty_flaps_change_the_answer_twice_at_most)
{
	for (int bad = 1; bad < 6; bad++) {
		struct line line = line_new(&standard, 1, HEALTH_NEW);
		play(&line, "+++++++");
		line.changes = 0;
		for (int i = 0; i < 120; i++) {
			play(&line, (i + _i) % 6 < bad ? "-" : "+");
		}
		for (int i = 0; i < 300; i++) {
			play(&line, "+");
		}
		ck_assert_int_eq(line.health.state, HEALTH_UP);
		ck_assert_uint_le(line.changes, 2);
		health_deinit(&line.health);
	}
}
END_TEST

// xorshift32 (Marsaglia 2003): the same sequences on every machine.
static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/*! Random stretches of good, bad and mixed rounds, with gaps of the link. */
static bool random_round(struct line *line, uint32_t *random, unsigned *left, unsigned *kind)
{
	if ((*left)-- == 0) {
		*left = next_random(random) % 12;
		*kind = next_random(random) % 8;
	}
	if (*kind == 7 && next_random(random) % 4 == 0) {
		health_pause(&line->health, line->now_ms);
		health_resume(&line->health, line->now_ms + next_random(random) % 6000);
	}
	return *kind < 3 || (*kind > 4 && next_random(random) % 2 == 0);
}

START_TEST(whatever_happens_the_rules_hold)
{
	uint32_t random = 2463534242u + (uint32_t)_i * 7919;
	struct health_rules rules = standard;
	rules.down_after = 1 + next_random(&random) % 5;
	rules.up_after = 1 + next_random(&random) % 10;
	struct line line = line_new(&rules, 1, (enum health_start)(next_random(&random) % 3));
	unsigned left = 0;
	unsigned kind = 0;
	unsigned bad = 0;
	unsigned good = 0;
	unsigned changed[4] = { 0 };
	for (unsigned round = 1000; round < 6000; round++) {
		bool success = random_round(&line, &random, &left, &kind);
		bool gap = line.answered != health_answerable(&line.health);
		line.answered = health_answerable(&line.health);
		bool before = line.answered;
		bool first = line.health.first;
		bool paused = line.health.good == 0 && line.health.bad == 0;
		bad = success || paused ? !success : bad + 1;
		good = success && !paused ? good + 1 : success;
		play_round(&line, success ? "+" : "-");
		// An outage is never overlooked, and nothing else takes an answer away.
		ck_assert_int_eq(before && !line.answered, before && bad == rules.down_after);
		ck_assert(bad < rules.down_after || line.health.state == HEALTH_DOWN);
		// Nothing unproved is answered.
		ck_assert(before || !line.answered || first || good >= rules.up_after);
		if (!first && (gap || before != line.answered)) {
			// The fourth change is more than the rounds of damping after the first.
			ck_assert(changed[0] == 0 || gap || round - changed[0] >= DAMPING_ROUNDS);
			changed[0] = changed[1];
			changed[1] = changed[2];
			changed[2] = round;
		}
		if (gap) {
			memset(changed, 0, sizeof(changed));
		}
	}
	// Whatever was, it comes back in the end.
	for (int i = 0; i < DAMPING_ROUNDS + 20; i++) {
		play(&line, "+");
	}
	ck_assert(health_answerable(&line.health));
	health_deinit(&line.health);
}
END_TEST

START_TEST(probe_that_stays_keeps_history_and_state)
{
	static const char *const before[] = { "icmp a", "icmp b" };
	static const char *const after[] = { "icmp x", "icmp b" };
	static const char *const others[] = { "icmp y" };
	struct health old = { 0 };
	struct health kept = { 0 };
	struct health fresh = { 0 };
	ck_assert_int_eq(health_init(&old, &standard, before, 2, HEALTH_NEW, 1000), 0);
	(void)health_result(&old, 1, NULL, 777, 2000);
	struct health_rules rules = standard;
	rules.down_after = 7;
	ck_assert_int_eq(health_init(&fresh, &rules, others, 1, HEALTH_GATED, 3000), 0);
	health_inherit(&fresh, &old);
	ck_assert_int_eq(fresh.state, HEALTH_UNKNOWN);
	ck_assert_int_eq(health_init(&kept, &rules, after, 2, HEALTH_GATED, 3000), 0);
	health_inherit(&kept, &old);
	ck_assert_int_eq(kept.state, HEALTH_UP);
	ck_assert_uint_eq(kept.since_ms, 2000);
	ck_assert_uint_eq(kept.rules.down_after, 7);
	ck_assert_str_eq(kept.probes[0].text, "icmp x");
	ck_assert(!kept.probes[0].known);
	ck_assert_str_eq(kept.probes[1].text, "icmp b");
	ck_assert_uint_eq(kept.probes[1].rtt_us, 777);
	ck_assert_uint_eq(probe_window_measure(&kept.probes[1].window, 0, 3000).sent, 1);
	health_deinit(&old);
	health_deinit(&kept);
	health_deinit(&fresh);
}
END_TEST

START_TEST(window_forgets_what_is_older)
{
	struct probe_window *window = calloc(1, sizeof(*window));
	ck_assert_ptr_nonnull(window);
	// A result each second for an hour, every tenth lost; the round trip is the minute.
	for (uint64_t second = 0; second < 3600; second++) {
		probe_window_add(window, second % 10 != 9, (uint32_t)(second / 60) * 1000,
		                 second * 1000);
	}
	uint64_t now = 3599 * 1000;
	struct probe_measure minute = probe_window_measure(window, now - 60000, now);
	ck_assert_uint_eq(minute.sent, 70);
	ck_assert_uint_eq(minute.lost, 7);
	ck_assert_uint_eq(minute.least_us, 58000);
	ck_assert_uint_eq(minute.most_us, 59000);
	struct probe_measure quarter = probe_window_measure(window, now - 900000, now);
	ck_assert_uint_eq(quarter.sent, 910);
	ck_assert_uint_eq(probe_measure_loss(&quarter), 10);
	ck_assert_uint_eq(quarter.least_us, 44000);
	ck_assert_uint_ge(quarter.average_us, 51000);
	ck_assert_uint_le(quarter.average_us, 52500);
	// Nothing came for a long time: nothing is known.
	struct probe_measure none =
		probe_window_measure(window, now + 1000000 - 60000, now + 1000000);
	ck_assert_uint_eq(none.sent, 0);
	none = probe_window_measure(window, 0, now + 1000000);
	ck_assert_uint_eq(none.sent, 0);
	ck_assert_uint_eq(probe_measure_loss(&none), 0);
	free(window);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("health");
	TCase *tcase = tcase_create("all");
	tcase_add_loop_test(tcase, verdict_follows_from_the_rounds, 0, COUNT(verdicts));
	tcase_add_loop_test(tcase, quorum_makes_a_round_good, 0, COUNT(quorums));
	tcase_add_test(tcase, verdict_does_not_wait_for_the_last_probe);
	tcase_add_test(tcase, reason_names_the_probe_and_its_fault);
	tcase_add_loop_test(tcase, reason_quotes_whole_characters, 0, 4);
	tcase_add_test(tcase, loss_makes_degraded_and_is_answered);
	tcase_add_test(tcase, dead_target_is_no_loss_of_the_uplink);
	tcase_add_test(tcase, outage_is_no_loss_afterwards);
	tcase_add_test(tcase, gap_of_the_link_is_taken_for_what_it_is);
	tcase_add_test(tcase, second_outage_in_a_row_is_held);
	tcase_add_test(tcase, outage_while_held_begins_the_wait_anew);
	tcase_add_loop_test(tcase, twenty_flaps_change_the_answer_twice_at_most, 0, 6);
	tcase_add_loop_test(tcase, whatever_happens_the_rules_hold, 0, 50);
	tcase_add_test(tcase, probe_that_stays_keeps_history_and_state);
	tcase_add_test(tcase, window_forgets_what_is_older);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
