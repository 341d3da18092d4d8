/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Log lines on standard error: lower case, object first, reason in brackets.
 *
 * Under systemd (JOURNAL_STREAM is set) each line carries its syslog level as «<N>», as sd-daemon(3)
 * describes; otherwise the level in words.
 */

#pragma once

#include <stdbool.h>

enum log_level {
	LOG_LEVEL_ERROR = 3,   /*!< Somebody must act. */
	LOG_LEVEL_WARNING = 4, /*!< It heals by itself, or will bite later. */
	LOG_LEVEL_INFO = 6,    /*!< Something outside changed. */
	LOG_LEVEL_DEBUG = 7,   /*!< Why something was decided. */
};

/*! \brief Show debug lines as well (default: no). */
void log_set_verbose(bool verbose);

/*! \brief Write one line. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)
