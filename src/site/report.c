/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Collecting, sorting and printing of messages about a file.
 */

#include "site/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

struct report_line {
	struct mark mark;
	size_t order;
	bool warning;
	char *message;
};

// A value from the file may hold anything, also line ends and terminal escapes (C0, DEL, C1).
static void clean(char *message)
{
	for (unsigned char *c = (unsigned char *)message; *c != '\0'; c++) {
		if (*c < 0x20 || *c == 0x7f) {
			*c = '?';
		} else if (c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0) {
			c[0] = c[1] = '?';
		}
	}
}

static void report_add(struct report *report, struct mark mark, bool warning, const char *format,
                       va_list args) __attribute__((format(printf, 4, 0)));

static void report_add(struct report *report, struct mark mark, bool warning, const char *format,
                       va_list args)
{
	struct report_line *lines = array_grow(report->lines, report->count, sizeof(*lines));
	if (lines == NULL) {
		report->failed = true;
		return;
	}
	report->lines = lines;

	char *message = NULL;
	if (vasprintf(&message, format, args) < 0) {
		report->failed = true;
		return;
	}
	clean(message);
	lines[report->count] = (struct report_line){ mark, report->count, warning, message };
	report->count++;
	report->errors += warning ? 0 : 1;
}

void report_error(struct report *report, struct mark mark, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	report_add(report, mark, false, format, args);
	va_end(args);
}

void report_warning(struct report *report, struct mark mark, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	report_add(report, mark, true, format, args);
	va_end(args);
}

static int compare_places(const struct report_line *a, const struct report_line *b)
{
	if (a->mark.line != b->mark.line) {
		return a->mark.line < b->mark.line ? -1 : 1;
	}
	if (a->mark.column != b->mark.column) {
		return a->mark.column < b->mark.column ? -1 : 1;
	}
	return 0;
}

static int compare_lines(const void *first, const void *second)
{
	const struct report_line *a = first;
	const struct report_line *b = second;
	int place = compare_places(a, b);
	if (place != 0) {
		return place;
	}
	return a->order < b->order ? -1 : a->order > b->order;
}

// Repeats stand at the same place, so the search ends where the place does.
static bool is_repeated(const struct report *report, size_t index)
{
	const struct report_line *line = &report->lines[index];
	for (size_t i = index; i > 0 && compare_places(&report->lines[i - 1], line) == 0; i--) {
		if (strcmp(report->lines[i - 1].message, line->message) == 0) {
			return true;
		}
	}
	return false;
}

void report_print(struct report *report, const char *file, struct text *text)
{
	if (report->count > 0) {
		qsort(report->lines, report->count, sizeof(*report->lines), compare_lines);
	}
	for (size_t i = 0; i < report->count; i++) {
		const struct report_line *line = &report->lines[i];
		if (!is_repeated(report, i)) {
			text_add(text, "%s:%u:%u: %s%s\n", file, line->mark.line, line->mark.column,
			         line->warning ? "warning: " : "", line->message);
		}
	}
}

void report_free(struct report *report)
{
	for (size_t i = 0; i < report->count; i++) {
		free(report->lines[i].message);
	}
	free(report->lines);
	*report = (struct report){ 0 };
}
