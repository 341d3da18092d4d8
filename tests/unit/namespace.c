/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Kernel tests in a network namespace of their own.
 */

#include "namespace.h"

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ADDRESS_SANITIZER
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define WITH_ADDRESS_SANITIZER
#endif

#ifdef WITH_ADDRESS_SANITIZER
// libnftables 1.0.6 loses what it had parsed of a text that it then refuses.
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libnftables";
}
#endif

static bool namespace_permitted(void)
{
	pid_t child = fork();
	if (child == 0) {
		_exit(unshare(CLONE_NEWNET) == 0 && system("ip link set lo up") == 0 ? 0 : 1);
	}
	int status = 0;
	return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

int namespace_suite_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	if (!namespace_permitted()) {
		srunner_free(runner);
		fprintf(stderr, "no permission for a network namespace, or no ip(8)\n");
		return 77;
	}
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

void namespace_enter(void)
{
	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	run("ip link set lo up");
}

void run(const char *format, ...)
{
	char command[4096];
	va_list args;
	va_start(args, format);
	int length = vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	ck_assert_int_lt(length, (int)sizeof(command));
	ck_assert_msg(system(command) == 0, "failed: %s", command);
}

char *output_of(const char *command)
{
	size_t length = 0;
	char *output = calloc(1, 65536);
	ck_assert_ptr_nonnull(output);
	FILE *pipe = popen(command, "re");
	ck_assert_ptr_nonnull(pipe);
	length = fread(output, 1, 65535, pipe);
	ck_assert_uint_lt(length, 65535);
	ck_assert_msg(pclose(pipe) == 0, "failed: %s", command);
	return output;
}

void leaks_stay_visible(void)
{
	ck_assert_int_eq(prctl(PR_SET_DUMPABLE, 1), 0);
}

void capabilities_drop(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };
	data[0].permitted = 1u << CAP_NET_ADMIN | 1u << CAP_NET_RAW;
	data[0].effective = data[0].permitted;

	ck_assert_int_eq(prctl(PR_SET_KEEPCAPS, 1), 0);
	ck_assert_int_eq(setgroups(0, NULL), 0);
	ck_assert_int_eq(setresgid(65534, 65534, 65534), 0);
	ck_assert_int_eq(setresuid(65534, 65534, 65534), 0);
	ck_assert_int_eq(syscall(SYS_capset, &header, data), 0);
	ck_assert_int_ne(setuid(0), 0);
	leaks_stay_visible();
}

unsigned descriptors_open(void)
{
	unsigned count = 0;
	DIR *folder = opendir("/proc/self/fd");
	ck_assert_ptr_nonnull(folder);
	while (readdir(folder) != NULL) {
		count++;
	}
	closedir(folder);
	return count;
}

unsigned long memory_resident(void)
{
#ifdef WITH_ADDRESS_SANITIZER
	return 0; // It keeps freed memory back, and finds leaks itself.
#else
	unsigned long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fscanf(file, "%*u %lu", &pages), 1);
	fclose(file);
	return pages * (unsigned long)sysconf(_SC_PAGESIZE) / 1024;
#endif
}

void wait_readable(int fd)
{
	struct pollfd item = { .fd = fd, .events = POLLIN };
	ck_assert_int_eq(poll(&item, 1, 2000), 1);
}
