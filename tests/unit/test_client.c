/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The control socket's client against daemons that are absent, slow, cut short or out of their mind.
 */

#include <check.h>
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/client.h"

/*! Long enough for a loaded machine, short enough where the test waits for it. */
#define PATIENT_MS 20000
#define SHORT_MS 200

static char folder[64];
static char path[96];

static void folder_make(void)
{
	(void)strcpy(folder, "/tmp/mh-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/control.sock", folder);
}

static void folder_remove(void)
{
	(void)unlink(path);
	(void)rmdir(folder);
}

static int listen_at(const char *where, int queue)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	(void)strcpy(address.sun_path, where);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(fd, queue), 0);
	return fd;
}

static const struct {
	const char *parts[4]; // Sent one by one.
	size_t flood;         // That many more bytes without a line's end.
	bool hang;            // Keep the connection open after that.
	int ret;
	const char *error; // Part of the message.
} daemons[] = {
	{ .parts = { "{\"ok\":true,\"status\":{}}\n" } },
	{ .parts = { "{\"ok\":true,\"status\":{}}\n" }, .hang = true },
	{ .parts = { "{\"ok\":", "tr", "ue,\"status\":{}}", "\n" } },
	{ .parts = { "{\"ok\":true}\n{\"ok\":false}\n" } },
	{ .parts = { "{\"ok\":false,\"error\":\"no\"}\n" } },
	{ .ret = -ECONNRESET, .error = "before a whole answer" },
	{ .parts = { "{\"ok\":true}" }, .ret = -ECONNRESET, .error = "before a whole answer" },
	{ .hang = true, .ret = -ETIMEDOUT, .error = "no answer within 0.2 s" },
	{ .parts = { "{\"ok\":true}" },
	  .hang = true,
	  .ret = -ETIMEDOUT,
	  .error = "no answer within" },
	{ .parts = { "\n" }, .ret = -EBADMSG, .error = "of the same version?" },
	{ .parts = { "ok\n" }, .ret = -EBADMSG, .error = "not understood" },
	{ .parts = { "[true]\n" }, .ret = -EBADMSG, .error = "not understood" },
	{ .parts = { "{\"ok\":1}\n" }, .ret = -EBADMSG, .error = "not understood" },
	{ .parts = { "{\"ok\":true,\"ok\":false}\n" }, .ret = -EBADMSG, .error = "not understood" },
	{ .parts = { "{\"ok\":true} {}\n" }, .ret = -EBADMSG, .error = "not understood" },
	{ .parts = { "{\"ok\":true,\"x\":\"\xff\"}\n" }, .ret = -EBADMSG, .error = "understood" },
	{ .flood = CLIENT_ANSWER_MAX + 1000000, .ret = -EMSGSIZE, .error = "more than 64 MiB" },
};

/*! A daemon for one connection; exits 0 if it was asked what it should be. */
static void daemon_run(int listener, size_t row)
{
	int fd = accept(listener, NULL, NULL);
	char line[256] = "";
	size_t used = 0;
	while (used < sizeof(line) - 1 && strchr(line, '\n') == NULL) {
		ssize_t got = read(fd, line + used, sizeof(line) - 1 - used);
		if (got <= 0) {
			_exit(1);
		}
		used += (size_t)got;
	}
	for (size_t i = 0; i < 4 && daemons[row].parts[i] != NULL; i++) {
		(void)send(fd, daemons[row].parts[i], strlen(daemons[row].parts[i]), MSG_NOSIGNAL);
	}
	static char flood[100000];
	memset(flood, 'x', sizeof(flood));
	for (size_t sent = 0; sent < daemons[row].flood; sent += sizeof(flood)) {
		(void)send(fd, flood, sizeof(flood), MSG_NOSIGNAL);
	}
	if (daemons[row].hang) {
		(void)read(fd, line + used, 1); // Until the client gives up.
	}
	_exit(strcmp(line, "{\"command\":\"status\"}\n") == 0 ? 0 : 1);
}

START_TEST(whatever_the_daemon_does_is_answered)
{
	folder_make();
	int listener = listen_at(path, 4);
	pid_t pid = fork();
	if (pid == 0) {
		daemon_run(listener, (size_t)_i);
	}
	ck_assert_int_ge(pid, 0);
	(void)close(listener);

	json_t *request = json_pack("{s:s}", "command", "status");
	json_t *answer = NULL;
	struct text error = TEXT_EMPTY;
	unsigned timeout = daemons[_i].ret == -ETIMEDOUT ? SHORT_MS : PATIENT_MS;
	ck_assert_int_eq(client_ask(path, request, timeout, &answer, &error), daemons[_i].ret);
	if (daemons[_i].ret == 0) {
		ck_assert(json_is_boolean(json_object_get(answer, "ok")));
		ck_assert_uint_eq(error.length, 0);
	} else {
		ck_assert_ptr_null(answer);
		ck_assert_msg(strstr(error.data, daemons[_i].error) != NULL, "%s", error.data);
		ck_assert_ptr_nonnull(strstr(error.data, path));
	}
	json_decref(answer);
	json_decref(request);
	text_free(&error);

	int status;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the request was wrong");
	folder_remove();
}
END_TEST

static void assert_refused(const char *where, unsigned timeout, int ret, const char *part)
{
	json_t *request = json_pack("{s:s}", "command", "status");
	json_t *answer = NULL;
	struct text error = TEXT_EMPTY;
	ck_assert_int_eq(client_ask(where, request, timeout, &answer, &error), ret);
	ck_assert_ptr_null(answer);
	ck_assert_msg(strstr(error.data, part) != NULL, "%s", error.data);
	json_decref(request);
	text_free(&error);
}

// More than a socket's buffer holds, so that the end of the daemon is met while sending.
START_TEST(a_daemon_that_hangs_up_while_asked_does_not_kill_the_client)
{
	folder_make();
	int listener = listen_at(path, 4);
	pid_t pid = fork();
	if (pid == 0) {
		int fd = accept(listener, NULL, NULL);
		(void)close(fd);
		_exit(0);
	}
	ck_assert_int_ge(pid, 0);
	(void)close(listener);
	char *name = calloc(1, 4000001);
	memset(name, 'x', 4000000);
	json_t *request = json_pack("{s:s}", "command", name);
	json_t *answer = NULL;
	struct text error = TEXT_EMPTY;
	ck_assert_int_eq(client_ask(path, request, PATIENT_MS, &answer, &error), -ECONNRESET);
	ck_assert_ptr_nonnull(strstr(error.data, "before a whole answer"));
	text_free(&error);
	json_decref(request);
	free(name);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	folder_remove();
}
END_TEST

START_TEST(an_absent_daemon_is_named_as_such)
{
	folder_make();
	assert_refused(path, PATIENT_MS, -ENOENT, "is multihomed running?");
	// A socket that a killed daemon left behind.
	(void)close(listen_at(path, 1));
	assert_refused(path, PATIENT_MS, -ECONNREFUSED, "is multihomed running?");
	folder_remove();
}
END_TEST

START_TEST(a_path_that_no_socket_can_have_is_refused)
{
	char longer[200];
	memset(longer, 'x', sizeof(longer) - 1);
	longer[0] = '/';
	longer[sizeof(longer) - 1] = '\0';
	assert_refused(longer, PATIENT_MS, -ENAMETOOLONG, "at most 107 characters");
}
END_TEST

START_TEST(a_daemon_that_accepts_nobody_is_given_up)
{
	folder_make();
	int listener = listen_at(path, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	(void)strcpy(address.sun_path, path);
	int fds[16];
	size_t count = 0;
	int ret = 0;
	while (ret == 0 && count < 16) {
		fds[count] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		ret = connect(fds[count++], (struct sockaddr *)&address, sizeof(address));
	}
	ck_assert_int_ne(ret, 0);
	assert_refused(path, SHORT_MS, -ETIMEDOUT, "busy or stopped");
	while (count > 0) {
		(void)close(fds[--count]);
	}
	(void)close(listener);
	folder_remove();
}
END_TEST

START_TEST(missing_permission_names_the_group)
{
	const gid_t group = 1;
	if (geteuid() != 0 || getgrgid(group) == NULL) {
		return;
	}
	char part[128];
	(void)snprintf(part, sizeof(part), "run as root or as a member of group '%s'",
	               getgrgid(group)->gr_name);
	folder_make();
	int listener = listen_at(path, 1);
	ck_assert_int_eq(chown(path, 0, group), 0);
	ck_assert_int_eq(chmod(path, 0660), 0);
	ck_assert_int_eq(chown(folder, 0, group), 0);
	ck_assert_int_eq(chmod(folder, 0755), 0);
	ck_assert_int_eq(seteuid(65534), 0);
	assert_refused(path, PATIENT_MS, -EACCES, part);
	ck_assert_int_eq(seteuid(0), 0);

	// The folder cannot be entered either: its group is the one.
	ck_assert_int_eq(chmod(folder, 0750), 0);
	ck_assert_int_eq(seteuid(65534), 0);
	assert_refused(path, PATIENT_MS, -EACCES, part);
	ck_assert_int_eq(seteuid(0), 0);
	(void)close(listener);
	folder_remove();
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

int main(void)
{
	Suite *suite = suite_create("client");
	TCase *tcase = tcase_create("client");
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, whatever_the_daemon_does_is_answered, 0, COUNT(daemons));
	tcase_add_test(tcase, a_daemon_that_hangs_up_while_asked_does_not_kill_the_client);
	tcase_add_test(tcase, an_absent_daemon_is_named_as_such);
	tcase_add_test(tcase, a_path_that_no_socket_can_have_is_refused);
	tcase_add_test(tcase, a_daemon_that_accepts_nobody_is_given_up);
	tcase_add_test(tcase, missing_permission_names_the_group);
	suite_add_tcase(suite, tcase);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
