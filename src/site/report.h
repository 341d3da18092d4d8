/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief What a load has to say about a file: lines with places, printed in the order of the file.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/*! A place in the site file, both from 1. */
struct mark {
	unsigned line;
	unsigned column;
};

struct report_line;

/*! Lines so far. Start from zero; errors of memory stick. */
struct report {
	struct report_line *lines;
	size_t count;
	size_t errors; /*!< Lines that are no warnings. */
	bool failed;   /*!< Memory ran out. */
};

/*! \brief Note an error; control characters of quoted values are printed as «?». */
void report_error(struct report *report, struct mark mark, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*! \brief Note a warning. */
void report_warning(struct report *report, struct mark mark, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*!
 * \brief Print all lines, «file:line:column: [warning: ]message», sorted by place.
 *
 * A line that was noted twice is printed once: the same mistake seen by two uplinks is one mistake.
 */
void report_print(struct report *report, const char *file, struct text *text);

/*! \brief Free the lines. */
void report_free(struct report *report);
