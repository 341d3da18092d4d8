/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Members of the daemon's answer as text.
 */

#include "ctl/fields.h"

#include <ctype.h>

void text_add_safe(struct text *text, const char *added)
{
	if (added == NULL) {
		return;
	}
	size_t start = text->length;
	text_add(text, "%s", added);
	if (text->failed) {
		return;
	}
	for (char *c = text->data + start; *c != '\0'; c++) {
		if (iscntrl((unsigned char)*c)) {
			*c = '?';
		}
	}
}

void field_add(struct text *text, const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	if (json_is_integer(value)) {
		text_add(text, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		return;
	}
	text_add_safe(text, json_string_value(value));

	for (size_t i = 0; i < json_array_size(value); i++) {
		const json_t *item = json_array_get(value, i);
		text_add(text, "%s", i > 0 ? ", " : "");
		text_add_safe(text, json_string_value(item));
	}
}

void field_add_lines(struct text *text, const json_t *object, const char *key)
{
	const json_t *items = json_object_get(object, key);
	for (size_t i = 0; i < json_array_size(items); i++) {
		const json_t *item = json_array_get(items, i);
		text_add_safe(text, json_string_value(item));
		text_add(text, "\n");
	}
}

void field_add_duration(struct text *text, json_int_t seconds)
{
	static const struct {
		json_int_t seconds;
		char letter;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	const size_t last = sizeof(units) / sizeof(units[0]) - 1;

	size_t first = 0;
	while (first < last && seconds < units[first].seconds) {
		first++;
	}
	text_add(text, "%" JSON_INTEGER_FORMAT "%c", seconds / units[first].seconds,
	         units[first].letter);
	json_int_t rest = seconds % units[first].seconds;
	if (first < last && rest >= units[first + 1].seconds) {
		text_add(text, "%" JSON_INTEGER_FORMAT "%c", rest / units[first + 1].seconds,
		         units[first + 1].letter);
	}
}
