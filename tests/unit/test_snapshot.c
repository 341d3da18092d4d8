/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The module's snapshots: readers see whole ones and never a freed one, whatever becomes of the table.
 */

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <urcu.h>

#include "arrival/snapshot.h"
#include "table/table_lmdb.h"

#define UPLINKS 4
#define HOSTS 50

static char folder[64];
static char path[100];

static void remove_table(void)
{
	static const char *const files[] = { "data.mdb", "lock.mdb" };
	char name[128];
	for (size_t i = 0; i < 2; i++) {
		(void)snprintf(name, sizeof(name), "%s/%s", path, files[i]);
		(void)unlink(name);
	}
	(void)rmdir(path);
}

static void setup(void)
{
	(void)snprintf(folder, sizeof(folder), "/tmp/multihome-test-snapshot-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/table", folder);
	rcu_register_thread();
}

static void teardown(void)
{
	rcu_unregister_thread();
	remove_table();
	(void)rmdir(folder);
}

static void pause_shortly(void)
{
	struct timespec time = { .tv_nsec = 1000000 };
	(void)nanosleep(&time, NULL);
}

/*! A table all of whose answers carry one number: 10.0.N.U on uplink U. */
static struct table *numbered(unsigned number)
{
	struct table *table = table_new();
	ck_assert_ptr_nonnull(table);
	strcpy(table->meta.site, "example.com");
	for (unsigned i = 1; i <= UPLINKS; i++) {
		struct table_uplink *uplink = table_add_uplink(table);
		uplink->number = (uint8_t)i;
		(void)snprintf(uplink->id, sizeof(uplink->id), "uplink%u", i);
		uplink->usable = true;
		uplink->address[0] = (struct address){ AF_INET, { 10, 0, number & 255, i } };
		uplink->address_count = 1;
		uplink->binding[0].kind = TABLE_BINDING_PORT;
		uplink->binding[0].port = (uint16_t)(5300 + i);
		uplink->binding_count = 1;
	}
	for (unsigned i = 0; i < HOSTS; i++) {
		char name[32];
		struct table_host *host = table_add_host(table);
		(void)snprintf(name, sizeof(name), "h%u.example.com", i);
		host->owner_length = (uint8_t)table_owner_from_text(name, host->owner);
		host->ttl = 10 + number % 7;
		host->policy = 2;
		host->ready4 = 0x1e;
		for (uint8_t j = 1; j <= UPLINKS; j++) {
			host->order[host->order_count++] = j;
		}
	}
	return table;
}

static void publish(struct table_writer *writer, unsigned number, uint32_t stale_after_ms)
{
	struct table *table = numbered(number);
	table->meta.stale_after_ms = stale_after_ms;
	ck_assert_int_eq(table_writer_publish(writer, table), 0);
	table_free(table);
}

static struct table_writer *open_writer(void)
{
	struct table_writer *writer = NULL;
	ck_assert_int_eq(table_writer_open(path, (gid_t)-1, &writer), 0);
	return writer;
}

/*! What a query gets: the number of its table, -1 without a table, -2 if nothing is ready. */
static int ask(const struct snapshot *snapshot, unsigned host, unsigned uplink)
{
	if (snapshot == NULL) {
		return -1;
	}
	char name[32];
	uint8_t owner[TABLE_OWNER_MAX];
	(void)snprintf(name, sizeof(name), "h%u.example.com", host);
	int size = table_owner_from_text(name, owner);
	struct address none = { 0 };
	struct local local = local_make(&none, (uint16_t)(5300 + uplink));
	struct sockaddr client = { .sa_family = AF_INET };
	struct answer_origin origin = { &local, &client, snapshot->stale };
	struct answer answer = answers_find(
		snapshot->answers, answers_find_host(snapshot->answers, owner, (size_t)size),
		AF_INET, &origin);
	if (answer.verdict != ANSWER_UPLINK) {
		ck_assert_int_eq(answer.verdict, ANSWER_NOT_READY);
		return -2;
	}
	const uint8_t *wire = answer.tail->wire;
	ck_assert_uint_eq(answer.tail->count, UPLINKS);
	ck_assert_uint_eq(wire[15], uplink);
	for (size_t i = 1; i < UPLINKS; i++) {
		ck_assert_uint_eq(wire[i * 16 + 14], wire[14]);
	}
	ck_assert_uint_eq(answer.tail->ttl, 10 + wire[14] % 7);
	return wire[14];
}

static int ask_once(const struct snapshot_source *source)
{
	rcu_read_lock();
	int number = ask(snapshot_current(snapshot_place(source)), 7, 2);
	rcu_read_unlock();
	return number;
}

static void wait_for(const struct snapshot_source *source, int number)
{
	for (int i = 0; i < 5000 && ask_once(source) != number; i++) {
		pause_shortly();
	}
	ck_assert_int_eq(ask_once(source), number);
}

static uint64_t serial_of(const struct snapshot_source *source)
{
	rcu_read_lock();
	uint64_t serial = snapshot_current(snapshot_place(source))->serial;
	rcu_read_unlock();
	return serial;
}

static struct snapshot_source *open_source(int wanted_reason)
{
	struct snapshot_source *source = NULL;
	int reason = 0;
	ck_assert_int_eq(snapshot_source_get(path, &source, &reason), 0);
	ck_assert_int_eq(reason, wanted_reason);
	return source;
}

struct reader {
	pthread_t thread;
	const struct snapshot_source *source;
	atomic_bool *stop;
	unsigned long rounds;
	unsigned long changes;
};

static void *read_on(void *data)
{
	struct reader *reader = data;
	rcu_register_thread();
	int last = 0;
	for (; !atomic_load(reader->stop); reader->rounds++) {
		rcu_read_lock();
		const struct snapshot *snapshot = snapshot_current(snapshot_place(reader->source));
		// All of a snapshot is of one table, however long it is looked at.
		int number = ask(snapshot, (unsigned)(reader->rounds % HOSTS), 1);
		for (unsigned i = 2; i <= UPLINKS; i++) {
			ck_assert_int_eq(ask(snapshot, (unsigned)((reader->rounds + i) % HOSTS), i),
			                 number);
		}
		rcu_read_unlock();
		reader->changes += number != last;
		last = number;
	}
	rcu_unregister_thread();
	return NULL;
}

START_TEST(test_reader_sees_a_freed_or_mixed_snapshot)
{
	enum { READERS = 6, CHANGES = 400 };
	struct table_writer *writer = open_writer();
	publish(writer, 1, 0);
	struct snapshot_source *source = open_source(0);
	atomic_bool stop = false;
	struct reader readers[READERS] = { 0 };
	for (size_t i = 0; i < READERS; i++) {
		readers[i].source = source;
		readers[i].stop = &stop;
		ck_assert_int_eq(pthread_create(&readers[i].thread, NULL, read_on, &readers[i]), 0);
	}
	for (unsigned i = 0; i < CHANGES; i++) {
		publish(writer, i % 250 + 1, 0);
		if (i % 20 == 0) {
			wait_for(source, (int)(i % 250 + 1));
		}
	}
	atomic_store(&stop, true);
	for (size_t i = 0; i < READERS; i++) {
		ck_assert_int_eq(pthread_join(readers[i].thread, NULL), 0);
		ck_assert_uint_gt(readers[i].rounds, 0);
		ck_assert_uint_gt(readers[i].changes, 5);
	}
	snapshot_source_put(source);
	table_writer_close(writer);
}
END_TEST

START_TEST(test_table_is_opened_twice)
{
	char other[128];
	struct table_writer *writer = open_writer();
	publish(writer, 5, 0);
	struct snapshot_source *source = open_source(0);
	struct snapshot_source *again = NULL;
	int reason = -1;
	(void)snprintf(other, sizeof(other), "/%s//table/", folder);
	ck_assert_int_eq(snapshot_source_get(other, &again, &reason), 0);
	ck_assert_ptr_eq(source, again);
	ck_assert_int_eq(reason, 0);
	snapshot_source_put(source);
	ck_assert_int_eq(ask_once(again), 5);
	snapshot_source_put(again);
	snapshot_source_put(NULL);
	ck_assert_int_eq(snapshot_source_get("run/table", &again, &reason), -EINVAL);
	ck_assert_int_eq(snapshot_source_get("", &again, &reason), -EINVAL);
	ck_assert_int_eq(snapshot_source_get("/", &again, &reason), -EINVAL);
	table_writer_close(writer);
}
END_TEST

START_TEST(test_heartbeat_rebuilds_the_answers)
{
	struct table_writer *writer = open_writer();
	publish(writer, 5, 60000);
	struct snapshot_source *source = open_source(0);
	uint64_t serial = serial_of(source);
	for (int i = 0; i < 100; i++) {
		ck_assert_int_eq(table_writer_heartbeat(writer), 0);
		pause_shortly();
	}
	ck_assert_uint_eq(serial_of(source), serial);
	publish(writer, 6, 60000);
	wait_for(source, 6);
	ck_assert_uint_ne(serial_of(source), serial);
	snapshot_source_put(source);
	table_writer_close(writer);
}
END_TEST

START_TEST(test_silent_writer_keeps_its_answers)
{
	struct table_writer *writer = open_writer();
	publish(writer, 5, 300);
	struct snapshot_source *source = open_source(0);
	for (int round = 0; round < 3; round++) {
		ck_assert_int_eq(table_writer_heartbeat(writer), 0);
		wait_for(source, 5);
		uint64_t serial = serial_of(source);
		wait_for(source, -2);
		ck_assert_uint_eq(serial_of(source), serial);
	}
	publish(writer, 6, 0);
	wait_for(source, 6);
	snapshot_source_put(source);
	table_writer_close(writer);
}
END_TEST

/*! By a process of its own, as multihomed is: LMDB's locks do not tell one process's openers apart. */
static void publish_from_outside(unsigned number)
{
	pid_t child = fork();
	if (child == 0) {
		struct table_writer *writer = open_writer();
		publish(writer, number, 0);
		table_writer_close(writer);
		_exit(EXIT_SUCCESS);
	}
	int status = -1;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}

START_TEST(test_lost_table_takes_its_answers_along)
{
	struct snapshot_source *source = open_source(-ENOENT);
	ck_assert_int_eq(ask_once(source), -1);
	for (unsigned round = 1; round <= 3; round++) {
		publish_from_outside(round);
		wait_for(source, (int)round);
		remove_table();
		for (int i = 0; i < 30; i++) {
			ck_assert_int_eq(ask_once(source), (int)round);
			pause_shortly();
		}
	}
	snapshot_source_put(source);
}
END_TEST

START_TEST(test_table_that_took_the_place_of_another_is_missed)
{
	char kept[sizeof(path)];
	(void)snprintf(kept, sizeof(kept), "%s", path);
	struct table_writer *writer = open_writer();
	publish(writer, 5, 0);
	struct snapshot_source *source = open_source(0);
	(void)snprintf(path, sizeof(path), "%s/new", folder);
	struct table_writer *other = open_writer();
	publish(other, 6, 0);
	// In one step: at no time is there none.
	ck_assert_int_eq(renameat2(AT_FDCWD, path, AT_FDCWD, kept, RENAME_EXCHANGE), 0);
	wait_for(source, 6);
	snapshot_source_put(source);
	table_writer_close(other);
	table_writer_close(writer);
	remove_table();
	(void)snprintf(path, sizeof(path), "%s", kept);
}
END_TEST

START_TEST(test_damaged_row_is_served)
{
	struct table_writer *writer = open_writer();
	publish(writer, 5, 0);
	struct snapshot_source *source = open_source(0);
	char name[128];
	(void)snprintf(name, sizeof(name), "%s/data.mdb", path);
	int file = open(name, O_RDWR);
	ck_assert_int_ge(file, 0);
	struct stat status;
	ck_assert_int_eq(fstat(file, &status), 0);
	char *content = malloc((size_t)status.st_size);
	ck_assert_int_eq(pread(file, content, (size_t)status.st_size, 0), status.st_size);
	unsigned found = 0;
	for (off_t i = 0; i + 7 < status.st_size; i++) {
		if (memcmp(content + i, "uplink1", 7) == 0) {
			ck_assert_int_eq(pwrite(file, "X", 1, i), 1);
			found++;
		}
	}
	ck_assert_uint_gt(found, 0);
	free(content);
	close(file);
	publish(writer, 6, 0);
	// The writer has mended what it wrote, or not; a row that is damaged is not served in any case.
	for (int i = 0; i < 30; i++) {
		int number = ask_once(source);
		ck_assert(number == 5 || number == 6);
		pause_shortly();
	}
	snapshot_source_put(source);
	table_writer_close(writer);
	remove_table();
	source = open_source(-ENOENT);
	snapshot_source_put(source);
}
END_TEST

/*! Somebody who looks for long. */
struct looker {
	pthread_t thread;
	struct snapshot_source *source;
	atomic_bool looking;
	atomic_bool enough;
	size_t hosts;
};

static void count_host(void *context, const struct answers *answers, const uint8_t *owner,
                       size_t owner_size, size_t situation, const struct tail *const tails[2])
{
	struct looker *looker = context;
	(void)answers;
	ck_assert_uint_eq(owner[owner_size - 1], 0);
	if (situation < UPLINKS) {
		ck_assert_uint_eq(tails[0]->wire[14], 5);
		looker->hosts++;
	}
}

static void look_for_long(void *context, const struct answers *answers)
{
	struct looker *looker = context;
	atomic_store(&looker->looking, true);
	while (!atomic_load(&looker->enough)) {
		pause_shortly();
	}
	answers_visit(answers, count_host, looker);
}

static void *look_on(void *data)
{
	struct looker *looker = data;
	snapshot_source_look(looker->source, look_for_long, looker);
	return NULL;
}

START_TEST(test_slow_looker_holds_back_new_tables)
{
	struct table_writer *writer = open_writer();
	publish(writer, 5, 0);
	struct looker looker = { .source = open_source(0) };
	ck_assert_int_eq(pthread_create(&looker.thread, NULL, look_on, &looker), 0);
	while (!atomic_load(&looker.looking)) {
		pause_shortly();
	}
	for (unsigned i = 6; i < 10; i++) {
		publish(writer, i, 0);
		wait_for(looker.source, (int)i);
	}
	// What is looked at is still there.
	atomic_store(&looker.enough, true);
	ck_assert_int_eq(pthread_join(looker.thread, NULL), 0);
	ck_assert_uint_eq(looker.hosts, UPLINKS * HOSTS);
	snapshot_source_put(looker.source);
	table_writer_close(writer);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("snapshot");
	TCase *tests = tcase_create("snapshot");
	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, test_reader_sees_a_freed_or_mixed_snapshot);
	tcase_add_test(tests, test_table_is_opened_twice);
	tcase_add_test(tests, test_heartbeat_rebuilds_the_answers);
	tcase_add_test(tests, test_silent_writer_keeps_its_answers);
	tcase_add_test(tests, test_lost_table_takes_its_answers_along);
	tcase_add_test(tests, test_table_that_took_the_place_of_another_is_missed);
	tcase_add_test(tests, test_damaged_row_is_served);
	tcase_add_test(tests, test_slow_looker_holds_back_new_tables);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
