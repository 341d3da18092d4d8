/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * What happens is recorded once, with the times of its steps; journald gets it with fields.
 */

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/journald.h"
#include "plan_text.h"
#include "daemon/uplink_history.h"

#define SITE                                                               \
	"site:\n    domain: example.com\nuplink:\n"                        \
	"  - id: primary\n    interface: wan0\n    gateway: 203.0.113.6\n" \
	"server:\n  - id: web\n    address: 10.0.0.10\n"                   \
	"host:\n  - domain: www.example.com\n    server: web\n    port: tcp/80\n"

static struct recorder *recorder;
static struct journal_entry entries[16];
static size_t count;

static void sink(const struct journal_entry *entry, void *context)
{
	ck_assert_ptr_eq(context, &count);
	ck_assert_uint_lt(count, 16);
	entries[count++] = *entry;
}

static void setup(void)
{
	(void)unsetenv("JOURNAL_STREAM");
	count = 0;
	recorder = recorder_new();
	ck_assert_ptr_nonnull(recorder);
	recorder_set_sink(recorder, sink, &count);
}

static void teardown(void)
{
	recorder_free(recorder);
}

START_TEST(entries_have_the_times_of_their_pass_alone)
{
	static const bool whole[FOREIGN_KINDS] = { true, false };
	uint64_t now = recorder_now_us();
	// Two seconds of probes came before.
	recorder_event(recorder, now - 2000000);
	recorder_event(recorder, now);
	recorder_foreign(recorder, FOREIGN_RULESET, "changed by nft (pid 7)");
	recorder_foreign(recorder, FOREIGN_ROUTES, "2 removed by ip (pid 8)");
	recorder_pass_begin(recorder, now);
	recorder_step(recorder, JOURNAL_WITHDRAWN);
	recorder_step(recorder, JOURNAL_KERNEL);
	recorder_connections(recorder, 30);
	recorder_connections(recorder, 7);
	recorder_pass_end(recorder, whole);
	ck_assert_uint_eq(count, 2);
	ck_assert_int_eq(entries[0].event, JOURNAL_RULESET_REPAIRED);
	ck_assert_str_eq(entries[0].reason, "changed by nft (pid 7)");
	ck_assert_int_eq(entries[1].event, JOURNAL_ROUTES_LOST);
	for (size_t i = 0; i < 2; i++) {
		ck_assert_uint_ge(entries[i].step_us[JOURNAL_WITHDRAWN], 2000000);
		ck_assert_uint_lt(entries[i].step_us[JOURNAL_WITHDRAWN], 3000000);
		ck_assert_uint_ge(entries[i].step_us[JOURNAL_KERNEL],
		                  entries[i].step_us[JOURNAL_WITHDRAWN]);
		ck_assert_uint_eq(entries[i].step_us[JOURNAL_PUBLISHED], JOURNAL_UNKNOWN);
		ck_assert_uint_eq(entries[i].connections, 37);
	}

	recorder_note(recorder, JOURNAL_DAEMON_STOPPED, LOG_LEVEL_INFO, "daemon", "SIGTERM");
	ck_assert_uint_eq(entries[2].step_us[JOURNAL_WITHDRAWN], JOURNAL_UNKNOWN);
	recorder_pass_begin(recorder, recorder_now_us());
	recorder_pass_end(recorder, whole);
	ck_assert_uint_eq(count, 3);
	struct recorder_counters counters = recorder_counters(recorder);
	ck_assert_uint_eq(counters.passes, 2);
	ck_assert_uint_eq(counters.repairs[FOREIGN_RULESET], 1);
	ck_assert_uint_eq(counters.repairs[FOREIGN_ROUTES], 0);
}
END_TEST

START_TEST(nobody_need_listen)
{
	static const bool whole[FOREIGN_KINDS] = { true, true };
	recorder_event(NULL, 1);
	recorder_event_over(NULL);
	recorder_foreign(NULL, FOREIGN_RULESET, "x");
	recorder_pass_begin(NULL, 1);
	recorder_step(NULL, JOURNAL_KERNEL);
	recorder_connections(NULL, 1);
	recorder_pass_end(NULL, whole);
	recorder_note(NULL, JOURNAL_DAEMON_STOPPED, LOG_LEVEL_INFO, "daemon", "SIGTERM");
}
END_TEST

#define UP "link wan0 up carrier\naddress wan0 203.0.113.1/29\n"
#define MOVED "link wan0 up carrier\naddress wan0 203.0.113.2/29\n"
#define DOWN "link wan0\naddress wan0 203.0.113.1/29\n"

/*! One pass after the other: what is seen, and what is recorded. */
static void pass(struct uplink_history *histories, const char *observed, const char *expected)
{
	struct planned planned = planned_from_text(SITE, observed);
	count = 0;
	uplink_history_note(histories, planned.plan, planned.plan->table, recorder);
	char names[256] = "";
	for (size_t i = 0; i < count; i++) {
		(void)strcat(names, i > 0 ? " " : "");
		(void)strcat(names, journal_event_name(entries[i].event));
	}
	ck_assert_str_eq(names, expected);
	planned_free(&planned);
}

START_TEST(transitions_are_recorded_once)
{
	struct uplink_history histories[SITE_UPLINKS_MAX + 1] = { { 0 } };
	pass(histories, UP, "uplink-answered");
	ck_assert_uint_eq(entries[0].after.count, 1);
	pass(histories, UP, "");
	pass(histories, DOWN, "uplink-withdrawn");
	ck_assert_str_eq(entries[0].reason, "interface wan0 is down");
	ck_assert_uint_eq(entries[0].before.count, 1);
	ck_assert_uint_eq(entries[0].after.count, 0);
	pass(histories, DOWN, "");
	pass(histories, "link wan0 up\n", "uplink-changed");
	pass(histories, UP, "uplink-answered");
	pass(histories, MOVED, "uplink-renumbered");
	char text[ADDRESS_TEXT_MAX];
	ck_assert_str_eq(address_format(&entries[0].before.items[0], text), "203.0.113.1");
	ck_assert_str_eq(address_format(&entries[0].after.items[0], text), "203.0.113.2");
	pass(histories, DOWN, "uplink-withdrawn");
	// Another address after an outage.
	pass(histories, UP, "uplink-renumbered uplink-answered");
	ck_assert_uint_eq(histories[1].transitions, 4);
}
END_TEST

START_TEST(log_names_the_address_that_changed)
{
	struct uplink_history histories[SITE_UPLINKS_MAX + 1] = { { 0 } };
	struct planned planned = planned_from_text(SITE, UP);
	struct table_uplink *row = &planned.plan->table->uplinks[0];
	char log[512] = "";
	FILE *file = tmpfile();
	row->address_count = 2;
	ck_assert_int_eq(address_parse("2001:db8::1", &row->address[1]), 0);
	uplink_history_note(histories, planned.plan, planned.plan->table, recorder);
	ck_assert_int_eq(address_parse("2001:db8::2", &row->address[1]), 0);
	int kept = dup(STDERR_FILENO);
	ck_assert_int_eq(dup2(fileno(file), STDERR_FILENO), STDERR_FILENO);
	uplink_history_note(histories, planned.plan, planned.plan->table, recorder);
	ck_assert_int_eq(dup2(kept, STDERR_FILENO), STDERR_FILENO);
	rewind(file);
	(void)fread(log, 1, sizeof(log) - 1, file);
	ck_assert_ptr_nonnull(
		strstr(log, "uplink 'primary', renumbered: 2001:db8::1 now 2001:db8::2\n"));
	(void)close(kept);
	(void)fclose(file);
	planned_free(&planned);
}
END_TEST

START_TEST(what_was_so_before_a_restart_is_no_transition)
{
	struct planned planned = planned_from_text(SITE, UP);
	struct uplink_history histories[SITE_UPLINKS_MAX + 1] = { { 0 } };
	uplink_history_adopt(histories, planned.plan->table, planned.site);
	pass(histories, UP, "");
	memset(histories, 0, sizeof(histories));
	uplink_history_adopt(histories, planned.plan->table, planned.site);
	pass(histories, DOWN, "uplink-withdrawn");
	memset(histories, 0, sizeof(histories));
	uplink_history_adopt(histories, planned.plan->table, planned.site);
	pass(histories, MOVED, "uplink-renumbered");
	planned_free(&planned);
}
END_TEST

START_TEST(journald_gets_fields)
{
	char folder[] = "/tmp/multihome-test-journald-XXXXXX";
	ck_assert_ptr_nonnull(mkdtemp(folder));
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", folder);
	struct journal_entry entry = journal_entry_new(JOURNAL_UPLINK_WITHDRAWN);
	(void)strcpy(entry.uplink, "primary");
	(void)strcpy(entry.reason, "no carrier\nPRIORITY=0");
	entry.step_us[JOURNAL_WITHDRAWN] = 1234;
	entry.connections = 37;
	ck_assert_int_eq(address_parse("192.0.2.1", &entry.before.items[0]), 0);
	entry.before.count = 1;
	// Nobody there: the caller logs in another way.
	ck_assert_int_eq(
		journald_send(address.sun_path, LOG_LEVEL_WARNING, "uplink, not answered", &entry),
		-ENOENT);

	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(
		journald_send(address.sun_path, LOG_LEVEL_WARNING, "uplink, not answered", &entry),
		0);
	char got[2048];
	ssize_t size = recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT);
	ck_assert_int_gt(size, 0);
	got[size] = '\0';
	ck_assert_str_eq(got, "MESSAGE=uplink, not answered\n"
	                      "MESSAGE_ID=7f0f5a3f1c6b4c0e9a3d5b2e61d8c402\n"
	                      "PRIORITY=4\nSYSLOG_IDENTIFIER=multihomed\n"
	                      "MULTIHOME_EVENT=uplink-withdrawn\nMULTIHOME_UPLINK=primary\n"
	                      "MULTIHOME_REASON=no carrier PRIORITY=0\n"
	                      "MULTIHOME_WITHDRAWN_USEC=1234\n"
	                      "MULTIHOME_CONNECTIONS_REMOVED=37\n"
	                      "MULTIHOME_BEFORE=192.0.2.1\n");
	close(fd);
	ck_assert_int_eq(unlink(address.sun_path), 0);
	ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

START_TEST(journald_is_present_only_where_standard_error_goes)
{
	struct stat status;
	char stream[64];
	ck_assert(!journald_present());
	ck_assert_int_eq(fstat(STDERR_FILENO, &status), 0);
	(void)snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)status.st_dev,
	               (unsigned long long)status.st_ino);
	(void)setenv("JOURNAL_STREAM", stream, 1);
	ck_assert(journald_present());
	(void)setenv("JOURNAL_STREAM", "1:1", 1);
	ck_assert(!journald_present());
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("recorder");
	TCase *tcase = tcase_create("recorder");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, entries_have_the_times_of_their_pass_alone);
	tcase_add_test(tcase, nobody_need_listen);
	tcase_add_test(tcase, transitions_are_recorded_once);
	tcase_add_test(tcase, log_names_the_address_that_changed);
	tcase_add_test(tcase, what_was_so_before_a_restart_is_no_transition);
	tcase_add_test(tcase, journald_gets_fields);
	tcase_add_test(tcase, journald_is_present_only_where_standard_error_goes);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
