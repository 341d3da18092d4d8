/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Sites for tests, written down where they are used.
 */

#pragma once

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "site/site.h"

/*! \brief Write a text to a new temporary file. \return Its path, to unlink and free. */
static inline char *file_from_text(const char *content)
{
	char *path = strdup("/tmp/mh-test-XXXXXX");
	int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	FILE *file = fdopen(fd, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(content, file), 0);
	ck_assert_int_eq(fclose(file), 0);
	return path;
}

/*! \brief Load a site from a text that must be right. */
static inline struct site *site_from_text(const char *content)
{
	struct site *site = NULL;
	struct text report = TEXT_EMPTY;
	char *path = file_from_text(content);
	int ret = site_load(path, &site, &report);
	(void)unlink(path);
	free(path);
	ck_assert_msg(ret == 0, "site refused: %s", report.data != NULL ? report.data : "");
	text_free(&report);
	return site;
}
