/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Log lines on standard error.
 */

#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Set once at start by the program's main.
static bool log_verbose;

void log_set_verbose(bool verbose)
{
	log_verbose = verbose;
}

void log_line(enum log_level level, const char *format, ...)
{
	if (level == LOG_LEVEL_DEBUG && !log_verbose) {
		return;
	}

	static const char *const names[] = {
		[LOG_LEVEL_ERROR] = "error",
		[LOG_LEVEL_WARNING] = "warning",
		[LOG_LEVEL_INFO] = "info",
		[LOG_LEVEL_DEBUG] = "debug",
	};
	char line[1024];
	va_list args;
	va_start(args, format);
	(void)vsnprintf(line, sizeof(line), format, args);
	va_end(args);

	// One write a line, so that lines of several threads or processes do not mix.
	if (getenv("JOURNAL_STREAM") != NULL) {
		(void)fprintf(stderr, "<%d>%s\n", level, line);
	} else {
		(void)fprintf(stderr, "%s: %s\n", names[level], line);
	}
}
