/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Site files made of texts.
 */

#include "site_file.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

// Lines without the name of the file, which is another one each time.
static char *cut_names(const char *report, const char *path)
{
	struct text text = TEXT_EMPTY;
	size_t length = strlen(path);
	while (report != NULL && *report != '\0') {
		const char *end = strchr(report, '\n');
		ck_assert_ptr_nonnull(end);
		ck_assert_int_eq(strncmp(report, path, length), 0);
		ck_assert_int_eq(report[length], ':');
		const char *message = report + length + 1;
		text_add(&text, "%.*s", (int)(end + 1 - message), message);
		report = end + 1;
	}
	char *cut = text_take(&text);
	ck_assert_ptr_nonnull(cut);
	return cut;
}

int load_bytes(const char *bytes, size_t size, struct site **site, char **report)
{
	char path[] = "test_site_XXXXXX";
	int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	for (size_t done = 0; done < size;) {
		ssize_t more = write(fd, bytes + done, size - done);
		ck_assert_int_gt(more, 0);
		done += (size_t)more;
	}
	close(fd);

	struct text text = TEXT_EMPTY;
	int ret = site_load(path, site, &text);
	(void)unlink(path);
	*report = cut_names(text.data, path);
	text_free(&text);
	return ret;
}

char *read_source(const char *name, size_t *size)
{
	// Set by make for programs of TESTS.
	const char *folder = getenv("srcdir");
	char path[4096];
	(void)snprintf(path, sizeof(path), "%s/%s", folder != NULL ? folder : ".", name);
	FILE *file = fopen(path, "r");
	ck_assert_msg(file != NULL, "%s cannot be opened: run by make check, or set srcdir", path);
	char *bytes = calloc(1, 65536);
	ck_assert_ptr_nonnull(bytes);
	*size = fread(bytes, 1, 65535, file);
	(void)fclose(file);
	return bytes;
}

void assert_reported(const struct bad_file *file)
{
	struct site *site = NULL;
	char *report = NULL;
	int ret = load_bytes(file->text, strlen(file->text), &site, &report);
	ck_assert_str_eq(report, file->report);

	bool good = true;
	for (const char *line = report; *line != '\0'; line = strchr(line, '\n') + 1) {
		const char *end = strchr(line, '\n');
		const char *warning = strstr(line, ": warning: ");
		good = good && warning != NULL && warning < end;
	}
	ck_assert_int_eq(ret, good ? 0 : -EINVAL);
	ck_assert(good == (site != NULL));
	site_free(site);
	free(report);
}
