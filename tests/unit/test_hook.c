/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * A hook that is closed while its command runs leaves nothing behind: no process, no handle, no memory.
 */

#include <check.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/hook.h"

/*! As loop_run() does with what is left. */
static void close_handle(uv_handle_t *handle, void *context)
{
	if (!uv_is_closing(handle) && handle->type != UV_PROCESS) {
		uv_close(handle, NULL);
	}
}

static bool exists(const char *path)
{
	struct stat status;
	return stat(path, &status) == 0;
}

/*! Open a hook, run a command until it says that it runs, close it and its loop. */
static void run_and_close(const char *command, const char *sign)
{
	const char *const arguments[] = { "/bin/sh", "-c", command, NULL };
	const char *const environment[] = { NULL };
	const struct hook_job job = { arguments, environment, "text" };
	uv_loop_t loop;
	struct hook *hook = NULL;
	ck_assert_int_eq(uv_loop_init(&loop), 0);
	ck_assert_int_eq(hook_open(&loop, "test", 60000, NULL, NULL, &hook), 0);
	ck_assert_int_eq(hook_run(hook, &job), 0);
	ck_assert_int_eq(hook_run(hook, &job), 0);
	for (int i = 0; i < 20000 && !exists(sign); i++) {
		(void)uv_run(&loop, UV_RUN_NOWAIT);
		(void)usleep(500);
	}
	ck_assert(exists(sign));
	ck_assert_int_eq(unlink(sign), 0);
	hook_close(hook);
	(void)uv_run(&loop, UV_RUN_NOWAIT);
	uv_walk(&loop, close_handle, NULL);
	ck_assert_int_eq(uv_run(&loop, UV_RUN_DEFAULT), 0);
	ck_assert_int_eq(uv_loop_close(&loop), 0);
}

START_TEST(closed_while_it_runs_it_leaves_nothing)
{
	char sign[] = "/tmp/mh-test-XXXXXX";
	char command[256];
	int file = mkstemp(sign);
	ck_assert_int_ge(file, 0);
	ck_assert_int_eq(close(file) | unlink(sign), 0);
	(void)signal(SIGPIPE, SIG_IGN);
	// Its child holds the ends of the pipes as well.
	(void)snprintf(command, sizeof(command), "sleep 1000 & touch %s; wait", sign);
	run_and_close(command, sign);
	struct mallinfo2 before = mallinfo2();
	run_and_close(command, sign);
	struct mallinfo2 after = mallinfo2();
	// A hook has a buffer of 4096 bytes; AddressSanitizer has no such numbers, but sees it itself.
	ck_assert_uint_lt(after.uordblks, before.uordblks + 4096);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hook");
	TCase *tcase = tcase_create("all");
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, closed_while_it_runs_it_leaves_nothing);
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
