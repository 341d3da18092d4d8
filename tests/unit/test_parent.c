/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Which addresses the parent zone is said to lack.
 */

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "daemon/parent.h"
#include "site_text.h"

#define SITE                                                                \
	"site:\n    domain: example.com\n    on-change: exec %s\nuplink:\n" \
	"  - id: a\n    interface: wan0\n"

static uv_loop_t loop;
static struct parent *parent;

static void keep(const struct journal_confirmed *confirmed, void *context)
{
}

static void setup_with(const char *command)
{
	char text[512];
	(void)snprintf(text, sizeof(text), SITE, command);
	struct site *site = site_from_text(text);
	// As loop_run() does: a command need not read what it is told.
	(void)signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(uv_loop_init(&loop), 0);
	ck_assert_int_eq(parent_open(&loop, "/", NULL, keep, NULL, &parent), 0);
	ck_assert_int_eq(parent_set_site(parent, site), 0);
	site_free(site);
}

static void teardown(void)
{
	parent_close(parent);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(&loop), 0);
}

/*! What is published of the uplink: «4», «6» or both, in this order. */
static void look(const char *families)
{
	struct table *table = table_new();
	struct table_uplink *row = table_add_uplink(table);
	row->number = 1;
	row->usable = true;
	(void)strcpy(row->id, "a");
	for (; *families != '\0'; families++) {
		ck_assert_int_eq(address_parse(*families == '4' ? "198.51.100.1" : "2001:db8::1",
		                               &row->address[row->address_count++]),
		                 0);
	}
	parent_look(parent, table);
	table_free(table);
}

static const char *const seen[][2] = {
	{ "46", "46" }, { "6", "6" }, { "4", "4" }, { "6", "46" }, { "4", "46" },
};

START_TEST(family_that_is_away_at_a_restart_is_no_change)
{
	struct journal_confirmed confirmed = { .uplink = "a", .address.count = 2 };
	ck_assert_int_eq(address_parse("198.51.100.1", &confirmed.address.items[0]), 0);
	ck_assert_int_eq(address_parse("2001:db8::1", &confirmed.address.items[1]), 0);
	setup_with("/bin/true");
	// The first pass comes before the journal is read.
	look(seen[_i][0]);
	parent_restore(parent, &confirmed);
	parent_ready(parent);
	ck_assert_uint_eq(parent_pending(parent), 0);
	look(seen[_i][1]);
	ck_assert_uint_eq(parent_pending(parent), 0);
	teardown();
}
END_TEST

START_TEST(families_that_come_one_after_the_other_are_in_order)
{
	setup_with("/bin/true");
	parent_ready(parent);
	look("6");
	look("46");
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	json_t *report = parent_report(parent);
	json_t *uplink = json_array_get(json_object_get(report, "uplinks"), 0);
	ck_assert_str_eq(json_string_value(json_array_get(json_object_get(uplink, "published"), 0)),
	                 "198.51.100.1");
	ck_assert_str_eq(json_string_value(json_object_get(report, "state")), "confirmed");
	json_decref(report);
	teardown();
}
END_TEST

START_TEST(what_a_command_prints_need_not_be_text)
{
	setup_with("/usr/bin/printf '\\303('; exit 1");
	parent_ready(parent);
	look("46");
	for (int i = 0; i < 100; i++) {
		json_t *report = parent_report(parent);
		ck_assert_ptr_nonnull(report);
		json_t *reason = json_object_get(report, "reason");
		bool failed = json_is_null(reason) || json_string_length(reason) > 0;
		json_decref(report);
		if (failed) {
			teardown();
			return;
		}
		(void)uv_run(&loop, UV_RUN_ONCE);
	}
	ck_abort_msg("the command did not fail");
}
END_TEST

START_TEST(uplink_that_never_had_an_address_keeps_no_other_waiting)
{
	struct site *site = site_from_text("site:\n    domain: example.com\n"
	                                   "    on-change: exec /bin/grep -q after.:..}]}\n"
	                                   "uplink:\n"
	                                   "  - id: a\n    interface: wan0\n"
	                                   "  - id: b\n    interface: wan1\n");
	setup_with("/bin/false");
	ck_assert_int_eq(parent_set_site(parent, site), 0);
	site_free(site);
	parent_ready(parent);
	look("4");
	for (int i = 0; i < 100 && parent_pending(parent) > 0; i++) {
		(void)uv_run(&loop, UV_RUN_ONCE);
	}
	ck_assert_uint_eq(parent_pending(parent), 0);
	teardown();
}
END_TEST

int main(void)
{
	// As in the daemon: a command need not read what it is told.
	(void)signal(SIGPIPE, SIG_IGN);
	Suite *suite = suite_create("parent");
	TCase *tcase = tcase_create("all");
	tcase_add_loop_test(tcase, family_that_is_away_at_a_restart_is_no_change, 0,
	                    (int)(sizeof(seen) / sizeof(seen[0])));
	tcase_add_test(tcase, families_that_come_one_after_the_other_are_in_order);
	tcase_add_test(tcase, what_a_command_prints_need_not_be_text);
	tcase_add_test(tcase, uplink_that_never_had_an_address_keeps_no_other_waiting);
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
