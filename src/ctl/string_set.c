/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Small sets of strings.
 */

#include "ctl/string_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

bool string_set_has(const struct string_set *set, const char *string)
{
	for (size_t i = 0; i < set->count; i++) {
		if (strcmp(set->items[i], string) == 0) {
			return true;
		}
	}
	return false;
}

void string_set_add(struct string_set *set, const char *string)
{
	if (string_set_has(set, string)) {
		return;
	}
	char **items = array_grow(set->items, set->count, sizeof(*items));
	char *copy = strdup(string);
	if (items != NULL) {
		set->items = items;
	}
	if (items == NULL || copy == NULL) {
		free(copy);
		set->failed = true;
		return;
	}
	set->items[set->count++] = copy;
}

static void join_one(const char *string, bool first, struct text *text)
{
	size_t length = strlen(string);
	length -= length > 1 && string[length - 1] == '.' ? 1 : 0;
	text_add(text, "%s%.*s", first ? "" : ", ", (int)length, string);
}

void string_set_join(const struct string_set *set, struct text *text)
{
	for (size_t i = 0; i < set->count; i++) {
		join_one(set->items[i], i == 0, text);
	}
	text_add(text, "%s", set->count == 0 ? "none" : "");
}

/*! What of one set is not in another. */
static size_t join_surplus(const struct string_set *set, const struct string_set *other,
                           struct text *text)
{
	size_t count = 0;
	for (size_t i = 0; i < set->count; i++) {
		if (!string_set_has(other, set->items[i])) {
			join_one(set->items[i], count++ == 0, text);
		}
	}
	return count;
}

bool string_set_differs(const struct string_set *set, const struct string_set *wanted,
                        struct text *text)
{
	struct text lacking = TEXT_EMPTY;
	struct text surplus = TEXT_EMPTY;
	bool lacks = join_surplus(wanted, set, &lacking) > 0;
	bool more = join_surplus(set, wanted, &surplus) > 0;
	if (lacks && more) {
		text_add(text, "has %s instead of %s", surplus.data, lacking.data);
	} else if (lacks) {
		text_add(text, "lacks %s", lacking.data);
	} else if (more) {
		text_add(text, "has also %s", surplus.data);
	}
	text_free(&lacking);
	text_free(&surplus);
	return lacks || more;
}

void string_set_free(struct string_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		free(set->items[i]);
	}
	free(set->items);
	*set = STRING_SET_EMPTY;
}
