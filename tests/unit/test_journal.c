/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The journal: entries survive the round trip, kills and damage; the oldest ones leave.
 */

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "table/journal_json.h"
#include "table/journal_lmdb.h"

#define KILLS 60

static char folder[64];
static char path[96];

static void setup(void)
{
	(void)snprintf(folder, sizeof(folder), "/tmp/multihome-test-journal-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/state/journal", folder);
}

/*! Where fdatasync(2) costs nothing. */
static void setup_in_memory(void)
{
	(void)snprintf(folder, sizeof(folder), "%s/multihome-test-journal-XXXXXX",
	               access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/state/journal", folder);
}

static void teardown(void)
{
	char command[128];
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	ck_assert_int_eq(system(command), 0);
}

static struct address address_of(const char *text)
{
	struct address address;
	ck_assert_int_eq(address_parse(text, &address), 0);
	return address;
}

/*! Every field has a value of its own. */
static struct journal_entry example(void)
{
	struct journal_entry entry = journal_entry_new(JOURNAL_UPLINK_RENUMBERED);
	entry.number = 0x0102030405;
	entry.wall_ms = 1795425302125;
	entry.boot_ms = 7654321;
	memset(entry.boot_id, 0xab, sizeof(entry.boot_id));
	entry.repeated = 3;
	(void)strcpy(entry.uplink, "primary");
	(void)strcpy(entry.reason, "interface wan0 has another address");
	entry.step_us[JOURNAL_WITHDRAWN] = 2100000;
	entry.step_us[JOURNAL_PUBLISHED] = 2105000;
	entry.connections = 37;
	entry.before.count = 2;
	entry.before.items[0] = address_of("192.168.2.1");
	entry.before.items[1] = address_of("2001:db8:1::2");
	entry.after.count = 1;
	entry.after.items[0] = address_of("192.168.2.2");
	return entry;
}

START_TEST(entry_comes_back_as_it_went)
{
	struct journal_entry entry = example();
	struct journal_entry back;
	struct journal_row row;
	ck_assert_int_eq(journal_encode_entry(&entry, &row), 0);
	ck_assert_int_eq(
		journal_decode_entry(row.key, row.key_size, row.value, row.value_size, &back), 0);
	json_t *a = journal_entry_json(&entry);
	json_t *b = journal_entry_json(&back);
	ck_assert(json_equal(a, b));
	ck_assert_uint_eq(back.number, entry.number);
	json_decref(a);
	json_decref(b);
}
END_TEST

START_TEST(json_has_every_key)
{
	struct journal_entry entry = example();
	json_t *object = journal_entry_json(&entry);
	char *text = json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS);
	ck_assert_str_eq(text,
	                 "{\"after\":[\"192.168.2.2\"],\"before\":[\"192.168.2.1\","
	                 "\"2001:db8:1::2\"],\"boot_id\":\"abababababababababababababababab\","
	                 "\"boottime_ms\":7654321,\"connections_removed\":37,"
	                 "\"event\":\"uplink-renumbered\",\"kernel_us\":null,"
	                 "\"number\":4328719365,\"published_us\":2105000,"
	                 "\"reason\":\"interface wan0 has another address\",\"repeated\":3,"
	                 "\"time\":\"2026-11-23T09:15:02.125Z\",\"uplink\":\"primary\","
	                 "\"withdrawn_us\":2100000}");
	free(text);
	json_decref(object);
}
END_TEST

START_TEST(every_flipped_bit_is_found)
{
	struct journal_entry entry = example();
	struct journal_entry back = { .number = 77 };
	struct journal_row row;
	ck_assert_int_eq(journal_encode_entry(&entry, &row), 0);
	for (size_t i = 0; i < 8 * (row.key_size + row.value_size); i++) {
		size_t byte = i / 8;
		uint8_t *at =
			byte < row.key_size ? &row.key[byte] : &row.value[byte - row.key_size];
		// The second byte of a value is reserved.
		bool reserved = at == &row.value[1];
		*at ^= (uint8_t)(1 << i % 8);
		int ret = journal_decode_entry(row.key, row.key_size, row.value, row.value_size,
		                               &back);
		ck_assert(reserved ? ret == 0
		                   : ret == -EBADMSG || ret == -EPROTONOSUPPORT || ret == -ENOENT);
		*at ^= (uint8_t)(1 << i % 8);
		if (!reserved) {
			ck_assert_uint_eq(back.number, 77);
		}
		back.number = 77;
	}
	for (size_t size = 0; size < row.value_size; size++) {
		ck_assert_int_eq(
			journal_decode_entry(row.key, row.key_size, row.value, size, &back),
			-EBADMSG);
	}
}
END_TEST

START_TEST(event_without_a_name_is_refused)
{
	struct journal_entry entry = example();
	struct journal_row row;
	entry.event = JOURNAL_EVENTS;
	ck_assert_int_eq(journal_encode_entry(&entry, &row), -EINVAL);
	entry = example();
	entry.after.count = JOURNAL_ADDRESSES_MAX + 1;
	ck_assert_int_eq(journal_encode_entry(&entry, &row), -EINVAL);
}
END_TEST

/*! What a look at the journal found. */
struct found {
	size_t count;
	uint64_t first;
	uint64_t last;
	struct journal_entry newest;
};

static int count_entry(const struct journal_entry *entry, void *context)
{
	struct found *found = context;
	ck_assert(found->count == 0 || entry->number == found->last + 1);
	found->first = found->count == 0 ? entry->number : found->first;
	found->last = entry->number;
	found->newest = *entry;
	found->count++;
	return 0;
}

static struct found read_all(void)
{
	struct found found = { 0 };
	size_t unreadable = 7;
	ck_assert_int_eq(journal_read(path, count_entry, &found, &unreadable), 0);
	ck_assert_uint_eq(unreadable, 0);
	return found;
}

static void append(struct journal_writer *writer, enum journal_event event, const char *reason)
{
	struct journal_entry entry = journal_entry_new(event);
	(void)snprintf(entry.reason, sizeof(entry.reason), "%s", reason);
	ck_assert_int_eq(journal_writer_append(writer, &entry), 0);
}

static struct journal_writer *open_writer(void)
{
	struct journal_writer *writer = NULL;
	int ret = journal_writer_open(path, &writer);
	ck_assert_msg(ret == 0, "%s", strerror(-ret));
	return writer;
}

START_TEST(numbers_go_on_after_a_restart)
{
	for (unsigned i = 1; i <= 3; i++) {
		struct journal_writer *writer = open_writer();
		append(writer, JOURNAL_DAEMON_STARTED, "start");
		append(writer, JOURNAL_DAEMON_STOPPED, "stop");
		journal_writer_close(writer);
		struct found found = read_all();
		ck_assert_uint_eq(found.count, 2 * i);
		ck_assert_uint_eq(found.last, 2 * i);
		ck_assert_str_eq(found.newest.reason, "stop");
	}
}
END_TEST

START_TEST(no_journal_is_told_apart)
{
	size_t unreadable;
	struct found found = { 0 };
	ck_assert_int_eq(journal_read(path, count_entry, &found, &unreadable), -ENOENT);
}
END_TEST

START_TEST(repairs_in_a_row_are_one_entry)
{
	struct journal_writer *writer = open_writer();
	for (unsigned i = 0; i < 10; i++) {
		append(writer, JOURNAL_RULESET_REPAIRED, "changed by nft");
		append(writer, JOURNAL_ROUTES_REPAIRED, "removed by ip");
	}
	journal_writer_close(writer);
	struct found found = read_all();
	ck_assert_uint_eq(found.count, 2);
	ck_assert_uint_eq(found.newest.repeated, 9);

	// Not across a reopening's other boot, another uplink or a long time.
	struct journal_entry first = journal_entry_new(JOURNAL_RULESET_REPAIRED);
	struct journal_entry second = first;
	ck_assert(journal_entry_repeats(&first, &second));
	second.boot_ms += JOURNAL_REPEAT_MS;
	ck_assert(!journal_entry_repeats(&first, &second));
	second = first;
	second.boot_id[3]++;
	ck_assert(!journal_entry_repeats(&first, &second));
	second = first;
	second.event = JOURNAL_RULESET_LOST;
	ck_assert(!journal_entry_repeats(&first, &second));
	first.event = second.event = JOURNAL_UPLINK_WITHDRAWN;
	ck_assert(!journal_entry_repeats(&first, &second));
}
END_TEST

START_TEST(oldest_entries_leave)
{
	struct journal_writer *writer = open_writer();
	for (unsigned i = 0; i < JOURNAL_ENTRIES_MAX + 25; i++) {
		append(writer, JOURNAL_UPLINK_ANSWERED, "up");
	}
	journal_writer_close(writer);
	struct found found = read_all();
	ck_assert_uint_eq(found.count, JOURNAL_ENTRIES_MAX);
	ck_assert_uint_eq(found.first, 26);
	struct stat status;
	char data[128];
	(void)snprintf(data, sizeof(data), "%s/data.mdb", path);
	ck_assert_int_eq(stat(data, &status), 0);
	ck_assert_int_lt(status.st_size, 8 << 20);
}
END_TEST

static int note_confirmed(const struct journal_confirmed *confirmed, void *context)
{
	struct journal_confirmed *found = context;
	ck_assert_str_eq(found->uplink, "");
	*found = *confirmed;
	return 0;
}

START_TEST(confirmed_addresses_are_kept_and_replaced)
{
	struct journal_confirmed confirmed = { .uplink = "primary", .wall_ms = 5 };
	for (uint8_t i = 1; i <= 2; i++) {
		struct journal_writer *writer = open_writer();
		append(writer, JOURNAL_UPLINK_ANSWERED, "up");
		confirmed.address.count = i;
		confirmed.address.items[i - 1] = address_of(i == 1 ? "192.0.2.1" : "192.0.2.2");
		ck_assert_int_eq(journal_writer_confirm(writer, &confirmed), 0);
		struct journal_confirmed found = { 0 };
		ck_assert_int_eq(journal_writer_each_confirmed(writer, note_confirmed, &found), 0);
		ck_assert(journal_addresses_equal(&found.address, &confirmed.address));
		journal_writer_close(writer);
		ck_assert_uint_eq(read_all().count, i);
	}
}
END_TEST

START_TEST(killed_writer_leaves_a_readable_journal)
{
	uint64_t last = 0;
	for (unsigned i = 0; i < KILLS; i++) {
		int ends[2];
		ck_assert_int_eq(pipe(ends), 0);
		pid_t child = fork();
		if (child == 0) {
			struct journal_writer *writer = open_writer();
			for (;;) {
				struct journal_entry entry =
					journal_entry_new(JOURNAL_UPLINK_WITHDRAWN);
				if (journal_writer_append(writer, &entry) != 0 ||
				    write(ends[1], &entry.number, sizeof(entry.number)) < 0) {
					_exit(1);
				}
			}
		}
		uint64_t number = 0;
		for (unsigned k = 0; k <= i % 7; k++) {
			ck_assert_int_eq(read(ends[0], &number, sizeof(number)), sizeof(number));
		}
		(void)usleep(i * 13 % 400);
		ck_assert_int_eq(kill(child, SIGKILL), 0);
		ck_assert_int_eq(waitpid(child, NULL, 0), child);
		close(ends[1]);
		while (read(ends[0], &number, sizeof(number)) == sizeof(number)) {
		}
		close(ends[0]);
		struct found found = read_all();
		// What was told as written is there, and at most one more.
		ck_assert_uint_ge(found.last, number);
		ck_assert_uint_le(found.last, number + 1);
		ck_assert_uint_gt(found.last, last);
		last = found.last;
	}
}
END_TEST

/*! Run a command in the journal's folder. */
static void damage(const char *how)
{
	char command[256];
	(void)snprintf(command, sizeof(command), "cd '%s' && %s", path, how);
	ck_assert_int_eq(system(command), 0);
}

static const char *const damages[] = {
	": >data.mdb",
	"truncate -s 100 data.mdb",
	"truncate -s 4096 data.mdb",
	"truncate -s 12288 data.mdb",
	"head -c 65536 /dev/urandom >data.mdb",
	"dd if=/dev/zero of=data.mdb bs=4096 count=2 conv=notrunc status=none",
};

/*! A look at a damaged file: it may fail, and LMDB may kill us; it must not hang or lie. */
START_TEST(damaged_file_is_told_or_put_aside)
{
	struct journal_writer *writer = open_writer();
	for (unsigned i = 0; i < 200; i++) {
		append(writer, JOURNAL_UPLINK_ANSWERED, "up");
	}
	journal_writer_close(writer);
	damage(damages[_i]);
	pid_t child = fork();
	if (child == 0) {
		struct found found = { 0 };
		size_t unreadable;
		(void)alarm(10);
		int ret = journal_read(path, count_entry, &found, &unreadable);
		_exit(ret == 0 && found.count > 0 && found.count != 200);
	}
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(!WIFEXITED(status) || WEXITSTATUS(status) == 0, "%d", status);
	ck_assert(!WIFSIGNALED(status) || WTERMSIG(status) != SIGALRM);

	ck_assert_int_eq(journal_put_aside(path), 0);
	writer = open_writer();
	append(writer, JOURNAL_DAEMON_STARTED, "anew");
	journal_writer_close(writer);
	ck_assert_uint_eq(read_all().count, 1);
	damage("test -e data.mdb.damaged");
}
END_TEST

START_TEST(reader_makes_no_lock_file)
{
	struct journal_writer *writer = open_writer();
	append(writer, JOURNAL_DAEMON_STARTED, "start");
	journal_writer_close(writer);
	damage("rm lock.mdb");
	ck_assert_uint_eq(read_all().count, 1);
	damage("test ! -e lock.mdb");
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

int main(void)
{
	Suite *suite = suite_create("journal");
	TCase *tcase = tcase_create("journal");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, entry_comes_back_as_it_went);
	tcase_add_test(tcase, json_has_every_key);
	tcase_add_test(tcase, every_flipped_bit_is_found);
	tcase_add_test(tcase, event_without_a_name_is_refused);
	tcase_add_test(tcase, numbers_go_on_after_a_restart);
	tcase_add_test(tcase, no_journal_is_told_apart);
	tcase_add_test(tcase, repairs_in_a_row_are_one_entry);
	tcase_add_test(tcase, confirmed_addresses_are_kept_and_replaced);
	tcase_add_test(tcase, killed_writer_leaves_a_readable_journal);
	tcase_add_loop_test(tcase, damaged_file_is_told_or_put_aside, 0, COUNT(damages));
	tcase_add_test(tcase, reader_makes_no_lock_file);
	suite_add_tcase(suite, tcase);
	TCase *full = tcase_create("full");
	tcase_add_checked_fixture(full, setup_in_memory, teardown);
	tcase_set_timeout(full, 120);
	tcase_add_test(full, oldest_entries_leave);
	suite_add_tcase(suite, full);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
