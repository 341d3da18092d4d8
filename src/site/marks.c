/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The places of the fields of a site.
 */

#include "site/marks.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/array.h"

struct marks_entry {
	uintptr_t field;
	struct mark mark;
};

void marks_set(struct marks *marks, const void *field, struct mark mark)
{
	struct marks_entry *entries = array_grow(marks->entries, marks->count, sizeof(*entries));
	if (entries == NULL) {
		marks->failed = true;
		return;
	}
	entries[marks->count++] = (struct marks_entry){ (uintptr_t)field, mark };
	marks->entries = entries;
}

void marks_copy(struct marks *marks, const void *from, const void *to)
{
	for (size_t i = 0; i < marks->count; i++) {
		if (marks->entries[i].field == (uintptr_t)from) {
			marks_set(marks, to, marks->entries[i].mark);
			return;
		}
	}
}

static int compare_fields(const void *first, const void *second)
{
	const struct marks_entry *a = first;
	const struct marks_entry *b = second;
	return a->field < b->field ? -1 : a->field > b->field;
}

void marks_sort(struct marks *marks)
{
	if (marks->count > 0) {
		qsort(marks->entries, marks->count, sizeof(*marks->entries), compare_fields);
	}
}

struct mark marks_find(const struct marks *marks, const void *field)
{
	struct marks_entry wanted = { .field = (uintptr_t)field };
	const struct marks_entry *found = NULL;
	if (marks->count > 0) {
		found = bsearch(&wanted, marks->entries, marks->count, sizeof(wanted),
		                compare_fields);
	}
	return found != NULL ? found->mark : (struct mark){ 1, 1 };
}

void marks_free(struct marks *marks)
{
	free(marks->entries);
	*marks = (struct marks){ 0 };
}
