/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Files that are replaced in one step, and those that must not be.
 */

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/output.h"

static char folder[64];

static void folder_make(void)
{
	(void)strcpy(folder, "/tmp/mh-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chdir(folder), 0);
}

static void folder_remove(void)
{
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(rmdir(folder), 0);
}

static int replace(const char *path, const char *content)
{
	struct text text = TEXT_EMPTY;
	text_add(&text, "%s", content);
	int ret = output_replace(path, &text);
	text_free(&text);
	return ret;
}

static void assert_file(const char *path, const char *content, mode_t mode)
{
	char buffer[64] = "";
	struct stat status;
	FILE *file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	(void)fread(buffer, 1, sizeof(buffer) - 1, file);
	(void)fclose(file);
	ck_assert_str_eq(buffer, content);
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_int_eq(status.st_mode & 07777, mode);
}

/*! Nothing temporary may stay behind. */
static size_t count_files(void)
{
	size_t count = 0;
	DIR *dir = opendir(".");
	for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
		count += entry->d_name[0] != '.' ? 1 : 0;
	}
	(void)closedir(dir);
	return count;
}

START_TEST(a_new_file_obeys_the_umask_and_an_old_one_keeps_its_mode)
{
	folder_make();
	(void)umask(027);
	ck_assert_int_eq(replace("zone", "one\n"), 0);
	assert_file("zone", "one\n", 0640);
	ck_assert_int_eq(chmod("zone", 0604), 0);
	ck_assert_int_eq(replace("zone", "two\n"), 0);
	assert_file("zone", "two\n", 0604);
	ck_assert_int_eq(replace("zone", ""), 0);
	assert_file("zone", "", 0604);
	ck_assert_uint_eq(count_files(), 1);
	ck_assert_int_eq(unlink("zone"), 0);
	folder_remove();
}
END_TEST

START_TEST(a_reader_of_the_old_file_keeps_it_whole)
{
	folder_make();
	char buffer[8] = "";
	ck_assert_int_eq(replace("zone", "old\n"), 0);
	int fd = open("zone", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(replace("zone", "new\n"), 0);
	ck_assert_int_eq(read(fd, buffer, sizeof(buffer)), 4);
	ck_assert_str_eq(buffer, "old\n");
	(void)close(fd);
	ck_assert_int_eq(unlink("zone"), 0);
	folder_remove();
}
END_TEST

START_TEST(a_link_stays_a_link)
{
	folder_make();
	struct stat status;
	ck_assert_int_eq(replace("real", "one\n"), 0);
	ck_assert_int_eq(symlink("real", "link"), 0);
	ck_assert_int_eq(replace("link", "two\n"), 0);
	ck_assert_int_eq(lstat("link", &status), 0);
	ck_assert(S_ISLNK(status.st_mode));
	assert_file("real", "two\n", 0666 & ~022);
	ck_assert_int_eq(unlink("link"), 0);
	ck_assert_int_eq(unlink("real"), 0);
	folder_remove();
}
END_TEST

START_TEST(a_failed_write_leaves_the_old_file_and_nothing_else)
{
	folder_make();
	ck_assert_int_eq(replace("zone", "old\n"), 0);
	// A full disk, as far as write(2) can tell.
	(void)signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 4, RLIM_INFINITY }), 0);
	ck_assert_int_eq(replace("zone", "longer than 4 bytes\n"), -EFBIG);
	assert_file("zone", "old\n", 0644);
	ck_assert_uint_eq(count_files(), 1);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){ RLIM_INFINITY, RLIM_INFINITY }),
	                 0);
	ck_assert_int_eq(unlink("zone"), 0);
	folder_remove();
}
END_TEST

START_TEST(devices_and_folders_are_never_replaced)
{
	folder_make();
	struct stat status;
	ck_assert_int_eq(mkdir("folder", 0700), 0);
	ck_assert_int_eq(mkfifo("fifo", 0600), 0);
	ck_assert_int_eq(symlink("/dev/null", "null"), 0);
	ck_assert_int_eq(replace("folder", "x"), -EINVAL);
	ck_assert_int_eq(replace("fifo", "x"), -EINVAL);
	ck_assert_int_eq(replace("null", "x"), -EINVAL);
	ck_assert_int_eq(replace("absent/zone", "x"), -ENOENT);
	ck_assert_int_eq(stat("/dev/null", &status), 0);
	ck_assert(S_ISCHR(status.st_mode));
	ck_assert_uint_eq(count_files(), 3);
	ck_assert_int_eq(rmdir("folder"), 0);
	ck_assert_int_eq(unlink("fifo"), 0);
	ck_assert_int_eq(unlink("null"), 0);
	folder_remove();
}
END_TEST

int main(void)
{
	(void)umask(022);
	Suite *suite = suite_create("output");
	TCase *tcase = tcase_create("output");
	tcase_add_test(tcase, a_new_file_obeys_the_umask_and_an_old_one_keeps_its_mode);
	tcase_add_test(tcase, a_reader_of_the_old_file_keeps_it_whole);
	tcase_add_test(tcase, a_link_stays_a_link);
	tcase_add_test(tcase, a_failed_write_leaves_the_old_file_and_nothing_else);
	tcase_add_test(tcase, devices_and_folders_are_never_replaced);
	suite_add_tcase(suite, tcase);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
