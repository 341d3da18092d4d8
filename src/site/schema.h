/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The site file as a table: every section, every key, its kind, default, range and help.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "site/site.h"

/*! Most keys of a section. */
#define SCHEMA_KEYS_MAX 32

struct key;

/*! What a converter may look at: the row of the key, and the sections read so far. */
struct conversion {
	const struct key *key;
	const struct site *site;
};

/*!
 * \brief Turn the text of one value into its field.
 *
 * \param text   Never empty, without zero bytes.
 * \param value  Out: the field or list item, of the key's size; written only on success.
 * \param why    Out: on -EINVAL what is wrong and the remedy, as the end of «value 'x': ».
 * \return 0, -EINVAL, -ENOMEM
 */
typedef int (*convert_function)(const struct conversion *conversion, const char *text, void *value,
                                struct text *why);

/*! A word and its meaning; a table ends with a NULL word. */
struct word {
	const char *word;
	uint32_t value;
};

struct key {
	const char *name;
	convert_function convert; /*!< NULL: a known word that this version does not support. */
	size_t offset;       /*!< Of the field in its struct; for a list of the items pointer. */
	size_t count_offset; /*!< Of a list's count. */
	size_t size;         /*!< Of the field, or of one item. */
	bool list;
	bool required;  /*!< The key must be there, and a list have an item. */
	bool filled;    /*!< The key may be absent, but not an empty list. */
	uint64_t least; /*!< Range of numbers and durations, in the field's unit. */
	uint64_t most;
	const struct word *words; /*!< Words of an enumeration. */
	const char *standard;     /*!< Text of the default, or NULL. */
	const char *help;         /*!< What to write, for the message about a missing key. */
};

struct section {
	const char *name;
	bool list;        /*!< A list of maps; else one map into the site itself. */
	bool required;    /*!< Must be there, and a list have an entry. */
	bool unsupported; /*!< A known word that this version does not support. */
	size_t offset;    /*!< Of the items pointer in the site. */
	size_t count_offset;
	size_t size; /*!< Of one item. */
	const struct key *keys;
	size_t key_count;
};

/*! In the order of reading: a section refers only to sections before it. */
extern const struct section schema_sections[];
extern const size_t schema_section_count;
