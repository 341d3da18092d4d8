/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * A list of findings, and its text.
 */

#include "ctl/findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "ctl/fields.h"

static const char *const level_names[] = {
	[FINDING_GOOD] = "good",
	[FINDING_NOTE] = "note",
	[FINDING_WARNING] = "warning",
	[FINDING_WRONG] = "wrong",
};

/*! The columns of level and check. */
#define LEVEL_WIDTH 7
#define CHECK_WIDTH 12

const char *finding_level_name(enum finding_level level)
{
	return level_names[level];
}

static void finding_deinit(struct finding *finding)
{
	free(finding->subject);
	free(finding->message);
	free(finding->remedy);
	text_free(&finding->where);
}

void findings_free(struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		finding_deinit(&findings->items[i]);
	}
	free(findings->items);
	*findings = FINDINGS_EMPTY;
}

/*! Whether a list of places names one. */
static bool has_place(const char *places, const char *where)
{
	size_t length = strlen(where);
	for (const char *at = places; at != NULL && *at != '\0';) {
		size_t one = strcspn(at, ",");
		if (one == length && strncmp(at, where, length) == 0) {
			return true;
		}
		at += one;
		at += strspn(at, ", ");
	}
	return false;
}

static void add_place(struct findings *findings, struct text *where, const char *place)
{
	if (place != NULL && (where->length == 0 || !has_place(where->data, place))) {
		text_add(where, "%s", where->length > 0 ? ", " : "");
		text_add_safe(where, place);
	}
	findings->failed |= where->failed;
}

/*! The place of an equal finding, or that of a new one. */
static size_t find_equal(const struct findings *findings, const struct finding *finding)
{
	size_t i = 0;
	while (i < findings->count &&
	       !(findings->items[i].level == finding->level &&
	         strcmp(findings->items[i].check, finding->check) == 0 &&
	         strcmp(findings->items[i].subject, finding->subject) == 0 &&
	         strcmp(findings->items[i].message, finding->message) == 0)) {
		i++;
	}
	return i;
}

/*! What servers said goes into messages: nothing of it steers a terminal. */
__attribute__((format(printf, 1, 0))) static char *format_safe(const char *format, va_list args)
{
	char *raw = NULL;
	struct text text = TEXT_EMPTY;
	if (vasprintf(&raw, format, args) < 0) {
		return NULL;
	}
	text_add_safe(&text, raw);
	free(raw);
	return text_take(&text);
}

void findings_add(struct findings *findings, enum finding_level level, const char *subject,
                  const char *check, const char *where, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	struct finding new = {
		.level = level,
		.section = findings->section,
		.subject = strdup(subject),
		.check = check,
		.message = format_safe(format, args),
	};
	va_end(args);
	struct finding *items = NULL;
	if (new.subject != NULL &&new.message != NULL) {
		findings->last = find_equal(findings, &new);
		items = findings->last < findings->count
		                ? findings->items
		                : array_grow(findings->items, findings->count, sizeof(*items));
	}
	if (items == NULL) {
		findings->failed = true;
		finding_deinit(&new);
		return;
	}
	findings->items = items;
	if (findings->last == findings->count) {
		items[findings->count++] = new;
	} else {
		finding_deinit(&new);
	}
	add_place(findings, &items[findings->last].where, where);
}

void findings_remedy(struct findings *findings, const char *format, ...)
{
	if (findings->last >= findings->count || findings->items[findings->last].remedy != NULL) {
		return;
	}
	va_list args;
	va_start(args, format);
	char *remedy = format_safe(format, args);
	va_end(args);
	findings->items[findings->last].remedy = remedy;
	findings->failed |= remedy == NULL;
}

size_t findings_count(const struct findings *findings, enum finding_level level)
{
	size_t count = 0;
	for (size_t i = 0; i < findings->count; i++) {
		count += findings->items[i].level == level ? 1 : 0;
	}
	return count;
}

static void write_finding(const struct finding *finding, bool color, struct text *text)
{
	bool red = color && finding->level == FINDING_WRONG;
	text_add(text, "  %s%-*s%s  %-*s  %s", red ? "\033[31m" : "", LEVEL_WIDTH,
	         level_names[finding->level], red ? "\033[0m" : "", CHECK_WIDTH, finding->check,
	         finding->message);
	if (finding->where.length > 0) {
		text_add(text, " (%s)", finding->where.data);
	}
	text_add(text, "\n");
	if (finding->remedy != NULL) {
		text_add(text, "  %-*s  %-*s  remedy: %s\n", LEVEL_WIDTH, "", CHECK_WIDTH, "",
		         finding->remedy);
	}
}

static void write_sum(const struct findings *findings, struct text *text)
{
	static const enum finding_level levels[] = { FINDING_WRONG, FINDING_WARNING, FINDING_NOTE };
	bool any = false;
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		size_t count = findings_count(findings, levels[i]);
		if (count > 0) {
			const char *plural = count > 1 && levels[i] != FINDING_WRONG ? "s" : "";
			text_add(text, "%s%zu %s%s", any ? ", " : "\n", count,
			         level_names[levels[i]], plural);
			any = true;
		}
	}
	text_add(text, "%s", any ? "\n" : "\nall good\n");
}

void findings_write(const struct findings *findings, bool color, struct text *text)
{
	const struct finding *items = findings->items;
	for (size_t i = 0; i < findings->count; i++) {
		size_t first = 0;
		while (strcmp(items[first].subject, items[i].subject) != 0) {
			first++;
		}
		if (first < i) {
			continue; // Written below its subject.
		}
		text_add(text, "%s%s\n", i > 0 ? "\n" : "", items[i].subject);
		for (size_t k = i; k < findings->count; k++) {
			if (strcmp(items[k].subject, items[i].subject) == 0) {
				write_finding(&items[k], color, text);
			}
		}
	}
	write_sum(findings, text);
}

json_t *findings_json(const struct findings *findings)
{
	json_t *array = json_array();
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];
		struct text message = TEXT_EMPTY;
		text_add(&message, "%s: %s", finding->check, finding->message);
		if (finding->where.length > 0) {
			text_add(&message, " (%s)", finding->where.data);
		}
		json_t *object = json_pack(
			"{s:s, s:s, s:s, s:s, s:s?}", "section", finding->section, "subject",
			finding->subject, "level", level_names[finding->level], "message",
			message.failed ? NULL : message.data, "remedy", finding->remedy);
		text_free(&message);
		if (object == NULL || json_array_append_new(array, object) != 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}
