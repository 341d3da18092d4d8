/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The history for people: since when, why, how long.
 */

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/history.h"
#include "ctl/since.h"

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

/*! 2026-11-23 12:00:00 UTC, ten hours after the boot. */
static struct journal_entry now_is(void)
{
	struct journal_entry now = { .event = JOURNAL_DAEMON_STARTED,
		                     .wall_ms = INT64_C(1795435200000),
		                     .boot_ms = 36000000 };
	memset(now.boot_id, 1, sizeof(now.boot_id));
	return now;
}

static const struct {
	const char *since;
	int64_t wall_ago_ms; // Of the entry, by the wall clock.
	int64_t boot_ago_ms; // And by this boot's clock; negative: it is of another boot.
	bool has;
} points[] = {
	{ "10m", 60000, 60000, true },
	{ "10m", 660000, 660000, false },
	{ "90s", 89000, 89000, true },
	{ "90s", 91000, 91000, false },
	{ "2h", 7199000, 7199000, true },
	{ "1d", 36000000, 36000000, true },
	// The wall clock was set meanwhile: this boot's clock counts.
	{ "10m", 86400000, 60000, true },
	{ "10m", -86400000, 660000, false },
	// Of another boot, there is but the wall clock.
	{ "10m", 60000, -1, true },
	{ "10m", 660000, -1, false },
	// Dates are by the wall clock.
	{ "2026-11-23", 43200000, 5, true },
	{ "2026-11-23", 43201000, 5, false },
	{ "2026-11-23T10:00", 7200000, 5, true },
	{ "2026-11-23T10:00", 7201000, 5, false },
	{ "2026-11-23T10:00:30", 7171000, 5, false },
	{ "2026-11-23 10:00", 7200000, 5, true },
	{ "2026-11-24", 0, 0, false },
};

START_TEST(entries_are_from_then_on)
{
	struct journal_entry now = now_is();
	struct journal_entry entry = now;
	struct since since;
	ck_assert_int_eq(since_parse(points[_i].since, &now, &since), 0);
	entry.wall_ms -= points[_i].wall_ago_ms;
	if (points[_i].boot_ago_ms < 0) {
		entry.boot_id[0] = 9;
		entry.boot_ms = 5;
	} else {
		entry.boot_ms -= (uint64_t)points[_i].boot_ago_ms;
	}
	ck_assert_int_eq(since_has(&since, &entry), points[_i].has);
}
END_TEST

static const char *const refused[] = {
	"",
	"10",
	"m",
	"10x",
	"10mm",
	"-5m",
	"1.5h",
	"yesterday",
	"2026",
	"1w",
	"2026-13-01",
	"2026-11-23T",
	"2026-11-23T10:00x",
	"99999999999999999999s",
};

START_TEST(what_is_no_point_in_time_is_refused)
{
	struct journal_entry now = now_is();
	struct since since;
	ck_assert_int_eq(since_parse(refused[_i], &now, &since), -EINVAL);
}
END_TEST

static struct journal_entry entry_of(enum journal_event event, const char *uplink,
                                     const char *reason)
{
	struct journal_entry entry = journal_entry_new(event);
	(void)strcpy(entry.uplink, uplink);
	(void)strcpy(entry.reason, reason);
	entry.wall_ms = INT64_C(1795435200000);
	return entry;
}

START_TEST(lines_are_aligned)
{
	struct journal_entry entries[3] = {
		entry_of(JOURNAL_UPLINK_WITHDRAWN, "primary", "interface wan0 has no carrier"),
		entry_of(JOURNAL_UPLINK_RENUMBERED, "backup", "the interface has another address"),
		entry_of(JOURNAL_RULESET_REPAIRED, "", "changed by nft (pid 7)\033[31m"),
	};
	entries[0].step_us[JOURNAL_WITHDRAWN] = 2100000;
	entries[0].step_us[JOURNAL_KERNEL] = 2103400;
	entries[0].connections = 37;
	ck_assert_int_eq(address_parse("172.16.1.1", &entries[1].before.items[0]), 0);
	ck_assert_int_eq(address_parse("172.16.1.9", &entries[1].after.items[0]), 0);
	entries[1].before.count = entries[1].after.count = 1;
	entries[1].step_us[JOURNAL_PUBLISHED] = 5250;
	entries[1].connections = 1;
	entries[2].repeated = 19;
	struct text text = TEXT_EMPTY;
	ck_assert_int_eq(history_write(entries, 3, &text), 0);
	ck_assert_str_eq(
		text.data,
		"TIME                UPLINK  WHAT              WHY"
		"                                                          HOW LONG\n"
		"2026-11-23 12:00:00 primary uplink-withdrawn  interface wan0 has no carrier"
		"                                withdrawn after 2.1 s, kernel done after 2.1 s, "
		"37 entries removed\n"
		"2026-11-23 12:00:00 backup  uplink-renumbered the interface has another address: "
		"172.16.1.1 now 172.16.1.9 published after 5.2 ms, 1 entry removed\n"
		"2026-11-23 12:00:00         ruleset-repaired  changed by nft (pid 7)?[31m "
		"(19 more times)                  \n");
	text_free(&text);
}
END_TEST

START_TEST(no_entries_are_no_lines)
{
	struct text text = TEXT_EMPTY;
	ck_assert_int_eq(history_write(NULL, 0, &text), 0);
	ck_assert_uint_eq(text.length, 0);
	text_free(&text);
}
END_TEST

int main(void)
{
	(void)setenv("TZ", "UTC", 1);
	tzset();
	Suite *suite = suite_create("history");
	TCase *tcase = tcase_create("history");
	tcase_add_loop_test(tcase, entries_are_from_then_on, 0, COUNT(points));
	tcase_add_loop_test(tcase, what_is_no_point_in_time_is_refused, 0, COUNT(refused));
	tcase_add_test(tcase, lines_are_aligned);
	tcase_add_test(tcase, no_entries_are_no_lines);
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
