/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Where in the file each field of a site stands: a side table, so that the site stays plain.
 *
 * A field is known by its address. A list has the place of the whole list at the address of its
 * items pointer, and each item its own.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "site/report.h"

struct marks_entry;

/*! Start from zero; errors of memory stick. */
struct marks {
	struct marks_entry *entries;
	size_t count;
	bool failed; /*!< Memory ran out. */
};

/*! \brief Remember the place of a field that does not move any more. */
void marks_set(struct marks *marks, const void *field, struct mark mark);

/*! \brief Give another field the place of one that was set before. */
void marks_copy(struct marks *marks, const void *from, const void *to);

/*! \brief Call once between the last marks_set() and the first marks_find(). */
void marks_sort(struct marks *marks);

/*! \brief The place of a field; the start of the file if it has none. */
struct mark marks_find(const struct marks *marks, const void *field);

/*! \brief Free the table. */
void marks_free(struct marks *marks);
