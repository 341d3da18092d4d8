/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The control socket against clients that are many, slow, greedy, rude or strangers.
 */

#include <fcntl.h>
#include <sys/resource.h>

#include "control_client.h"

START_TEST(request_in_pieces_is_one_request)
{
	int fd = client_new();
	const char *request = "{\"a\":[1,2]}\n";
	for (size_t i = 0; request[i] != '\0'; i++) {
		ck_assert_uint_eq(handler.calls, 0);
		client_send(fd, &request[i], 1);
	}
	assert_answer(fd, "{\"ok\":true,\"request\":{\"a\":[1,2]}}");
	close(fd);
}
END_TEST

START_TEST(requests_in_one_piece_are_answered_in_order)
{
	int fd = client_new();
	const char *requests = "{\"n\":1}\n{\"n\":2}\n[]\n{\"n\":3}\n{\"n\"";
	client_send(fd, requests, strlen(requests));
	assert_answer(fd, "{\"ok\":true,\"request\":{\"n\":1}}");
	assert_answer(fd, "{\"ok\":true,\"request\":{\"n\":2}}");
	assert_answer(fd, "{\"ok\":false,\"error\":\"request is not a JSON object\"}");
	assert_answer(fd, "{\"ok\":true,\"request\":{\"n\":3}}");
	client_send(fd, ":4}\n", 4);
	assert_answer(fd, "{\"ok\":true,\"request\":{\"n\":4}}");
	close(fd);
}
END_TEST

static const struct {
	const char *bytes;
	size_t size;
} bad[] = {
#define BAD(text)                      \
	{                              \
		text, sizeof(text) - 1 \
	}
	BAD("\n"),         BAD("status\n"),      BAD("[]\n"),
	BAD("7\n"),        BAD("null\n"),        BAD("{\"a\":}\n"),
	BAD("{\"a\":1\n"), BAD("{} {}\n"),       BAD("{\"a\":\"\xff\"}\n"),
	BAD("\0\0\0\n"),   BAD("{\"a\":1}\0\n"),
};

START_TEST(what_is_no_object_is_refused_and_the_next_is_served)
{
	int fd = client_new();
	client_send(fd, bad[_i].bytes, bad[_i].size);
	assert_answer(fd, "{\"ok\":false,\"error\":\"request is not a JSON object\"}");
	ck_assert_uint_eq(handler.calls, 0);
	assert_served(fd);
	close(fd);
}
END_TEST

START_TEST(deep_nesting_is_refused)
{
	static char deep[REQUEST_MAX];
	memset(deep, '[', sizeof(deep));
	memcpy(deep, "{\"a\":", 5);
	deep[sizeof(deep) - 1] = '\n';
	int fd = client_new();
	client_send(fd, deep, sizeof(deep));
	assert_answer(fd, "{\"ok\":false,\"error\":\"request is not a JSON object\"}");
	close(fd);
}
END_TEST

START_TEST(longest_request_is_served_and_a_longer_one_ends_the_connection)
{
	static char request[REQUEST_MAX + 1];
	memset(request, ' ', sizeof(request));
	memcpy(request, "{\"a\":1}", 7);
	request[REQUEST_MAX - 1] = '\n';
	int other = client_new();
	int fd = client_new();
	client_send(fd, request, REQUEST_MAX);
	assert_answer(fd, "{\"ok\":true,\"request\":{\"a\":1}}");
	request[REQUEST_MAX - 1] = ' ';
	client_send(fd, request, REQUEST_MAX);
	assert_closed(fd);
	ck_assert_uint_eq(handler.calls, 1);
	assert_served(other);
	close(other);
}
END_TEST

START_TEST(client_that_goes_in_the_middle_of_a_request_does_no_harm)
{
	for (unsigned i = 0; i < 200; i++) {
		int fd = client_new();
		client_send(fd, "{\"a\":", 5);
		close(fd);
		// And one that does not wait for its answer.
		fd = client_new();
		client_send(fd, "{\"a\":1}\n", 8);
		close(fd);
	}
	int fd = client_new();
	assert_served(fd);
	close(fd);
}
END_TEST

START_TEST(client_too_many_is_turned_away_until_another_goes)
{
	int fds[CLIENTS_MAX];
	for (unsigned i = 0; i < CLIENTS_MAX; i++) {
		fds[i] = client_new();
		assert_served(fds[i]);
	}
	assert_closed(client_new());
	for (unsigned i = 0; i < CLIENTS_MAX; i++) {
		assert_served(fds[i]);
	}
	close(fds[7]);
	for (unsigned i = 0; i < 20; i++) {
		turn();
	}
	fds[7] = client_new();
	assert_served(fds[7]);
	for (unsigned i = 0; i < CLIENTS_MAX; i++) {
		close(fds[i]);
	}
}
END_TEST

START_TEST(large_answer_comes_whole)
{
	int fd = client_new();
	handler.answer_size = 8000000;
	client_send(fd, "{}\n", 3);
	char *line = client_read(fd);
	ck_assert_ptr_nonnull(line);
	ck_assert_uint_gt(strlen(line), handler.answer_size);
	free(line);
	handler.answer_size = 0;
	assert_served(fd);
	close(fd);
}
END_TEST

START_TEST(client_that_asks_and_never_reads_is_dropped)
{
	int fd = client_new();
	handler.answer_size = 10000;
	// 300 MB of answers if nobody stops it.
	bool open = true;
	for (unsigned i = 0; open && i < 30000; i++) {
		ssize_t sent = send(fd, "{}\n", 3, MSG_NOSIGNAL);
		open = sent == 3 || (sent < 0 && errno == EAGAIN);
		(void)uv_run(&loop, UV_RUN_NOWAIT);
	}
	ck_assert_msg(!open, "%u answers are waiting to be read", handler.calls);
	ck_assert_uint_lt(handler.calls, 1000);
	close(fd);
	handler.answer_size = 0;
	fd = client_new();
	assert_served(fd);
	close(fd);
}
END_TEST

START_TEST(request_without_an_answer_ends_the_connection)
{
	int fd = client_new();
	handler.fail = true;
	client_send(fd, "{}\n{}\n{}\n", 9);
	assert_closed(fd);
	ck_assert_uint_eq(handler.calls, 1);
}
END_TEST

static const struct {
	uid_t user;
	gid_t group;
	bool served;
} askers[] = {
	{ 0, 0, true },
	{ 0, 65534, true },
	{ 65534, 0, true },
	{ 65534, 65534, false },
};

START_TEST(strangers_may_not_ask)
{
	if (geteuid() != 0) {
		return;
	}
	// The file's mode keeps them out too: here it does not.
	ck_assert_int_eq(chmod(path, 0666), 0);
	ck_assert_int_eq(chmod(folder, 0755), 0);
	// SO_PEERCRED is who connected.
	ck_assert_int_eq(setegid(askers[_i].group), 0);
	ck_assert_int_eq(seteuid(askers[_i].user), 0);
	int fd = client_new();
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(setegid(0), 0);
	if (askers[_i].served) {
		assert_served(fd);
	} else {
		client_send(fd, "{\"a\":1}\n", 8);
		assert_answer(fd, "{\"ok\":false,\"error\":\"permission denied\"}");
		ck_assert_uint_eq(handler.calls, 0);
	}
	close(fd);
}
END_TEST

START_TEST(silent_client_is_dropped_and_an_active_one_is_not)
{
	int silent = client_new();
	int half = client_new();
	int active = client_new();
	client_send(half, "{\"a\":", 5);
	uint64_t start = uv_hrtime() / 1000000;
	char byte;
	while (recv(half, &byte, 1, 0) != 0 || recv(silent, &byte, 1, 0) != 0) {
		ck_assert_uint_lt(uv_hrtime() / 1000000 - start, IDLE_MS + PATIENCE_MS);
		assert_served(active);
		(void)usleep(50000);
	}
	ck_assert_uint_ge(uv_hrtime() / 1000000 - start, IDLE_MS - 1000);
	assert_served(active);
	close(active);
	close(half);
	close(silent);
}
END_TEST

START_TEST(stale_socket_is_replaced_and_the_new_one_is_not_for_all)
{
	struct stat status;
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0660);
	// A daemon that was killed left its socket: the next one takes the path.
	struct control *next = NULL;
	ck_assert_int_eq(control_open(&loop, path, on_request, &handler, &next), 0);
	control_close(control);
	control = next;
	turn();
	// The old one has left the path of the new one alone.
	int fd = client_new();
	assert_served(fd);
	close(fd);
}
END_TEST

START_TEST(removed_socket_comes_back_and_clients_stay)
{
	int fd = client_new();
	assert_served(fd);
	ck_assert_int_eq(control_renew(control), 0);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(control_renew(control), 1);
	ck_assert_int_eq(control_renew(control), 0);
	assert_served(fd);
	close(fd);
	// Another file in its place goes; where there can be none it is tried again.
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(rmdir(folder), 0);
	ck_assert_int_lt(control_renew(control), 0);
	ck_assert_int_lt(control_renew(control), 0);
	ck_assert_int_eq(mkdir(folder, 0755), 0);
	ck_assert_int_eq(close(open(path, O_CREAT | O_WRONLY, 0600)), 0);
	ck_assert_int_eq(control_renew(control), 1);
	fd = client_new();
	assert_served(fd);
	close(fd);
	struct stat status;
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_uint_eq(status.st_mode & 0777, 0660);
}
END_TEST

/*! A round of the loop without patience is how a busy loop shows. */
static void count_round(uv_check_t *check)
{
	(*(unsigned *)check->data)++;
}

static void stop_loop(uv_timer_t *timer)
{
	uv_stop(timer->loop);
}

/*! Let the loop run for a while. \return How often it went round. */
static unsigned rounds_of_ms(unsigned ms)
{
	unsigned rounds = 0;
	uv_check_t check = { .data = &rounds };
	uv_timer_t timer;
	(void)uv_check_init(&loop, &check);
	(void)uv_timer_init(&loop, &timer);
	(void)uv_check_start(&check, count_round);
	(void)uv_timer_start(&timer, stop_loop, ms, 0);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	uv_close((uv_handle_t *)&check, NULL);
	uv_close((uv_handle_t *)&timer, NULL);
	(void)uv_run(&loop, UV_RUN_NOWAIT);
	return rounds;
}

START_TEST(client_without_a_descriptor_left_waits_and_the_loop_rests)
{
	struct rlimit before;
	int other = client_new();
	assert_served(other);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	int fd = client_new();
	struct rlimit none = { .rlim_cur = 0, .rlim_max = before.rlim_max };
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	ck_assert_uint_lt(rounds_of_ms(1000), 100);
	char byte;
	ck_assert_int_eq(recv(fd, &byte, 1, 0), -1);
	ck_assert_int_eq(errno, EAGAIN);
	// Those that were there are served meanwhile.
	assert_served(other);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_served(fd);
	close(fd);
	close(other);
}
END_TEST

START_TEST(path_that_cannot_be_is_an_error)
{
	struct control *none = NULL;
	ck_assert_int_lt(control_open(&loop, "/nonexistent/control.sock", on_request, NULL, &none),
	                 0);
	ck_assert_ptr_null(none);
	control_close(NULL);
}
END_TEST

START_TEST(closing_takes_the_clients_along)
{
	int fds[3];
	for (unsigned i = 0; i < 3; i++) {
		fds[i] = client_new();
		assert_served(fds[i]);
	}
	client_send(fds[1], "{\"a\":", 5);
	handler.answer_size = 8000000;
	client_send(fds[2], "{}\n", 3);
	control_stop();
	control_start();
	for (unsigned i = 0; i < 3; i++) {
		close(fds[i]);
	}
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

int main(void)
{
	Suite *suite = suite_create("control");
	TCase *tcase = tcase_create("control");
	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, control_start, control_stop);
	tcase_add_test(tcase, request_in_pieces_is_one_request);
	tcase_add_test(tcase, requests_in_one_piece_are_answered_in_order);
	tcase_add_loop_test(tcase, what_is_no_object_is_refused_and_the_next_is_served, 0,
	                    COUNT(bad));
	tcase_add_test(tcase, deep_nesting_is_refused);
	tcase_add_test(tcase, longest_request_is_served_and_a_longer_one_ends_the_connection);
	tcase_add_test(tcase, client_that_goes_in_the_middle_of_a_request_does_no_harm);
	tcase_add_test(tcase, client_too_many_is_turned_away_until_another_goes);
	tcase_add_test(tcase, large_answer_comes_whole);
	tcase_add_test(tcase, client_that_asks_and_never_reads_is_dropped);
	tcase_add_test(tcase, request_without_an_answer_ends_the_connection);
	tcase_add_loop_test(tcase, strangers_may_not_ask, 0, COUNT(askers));
	tcase_add_test(tcase, silent_client_is_dropped_and_an_active_one_is_not);
	tcase_add_test(tcase, stale_socket_is_replaced_and_the_new_one_is_not_for_all);
	tcase_add_test(tcase, removed_socket_comes_back_and_clients_stay);
	tcase_add_test(tcase, client_without_a_descriptor_left_waits_and_the_loop_rests);
	tcase_add_test(tcase, path_that_cannot_be_is_an_error);
	tcase_add_test(tcase, closing_takes_the_clients_along);
	suite_add_tcase(suite, tcase);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
