/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Sets of strings, as records of a name and type are compared.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct string_set {
	char **items; /*!< In the order in which they were added. */
	size_t count;
	bool failed; /*!< Memory ran out. */
};

#define STRING_SET_EMPTY ((struct string_set){ 0 })

/*! \brief Add a copy of a string, unless it is in the set. */
void string_set_add(struct string_set *set, const char *string);

/*! \brief Whether a string is in the set. */
bool string_set_has(const struct string_set *set, const char *string);

/*! \brief Add the strings with «, » between, names without their last dot, «none» of an empty set. */
void string_set_join(const struct string_set *set, struct text *text);

/*!
 * \brief Say how a set differs from the one that is wanted: «has X instead of Y», «lacks Y», «has also X».
 * \return Whether it differs; nothing is added if not.
 */
bool string_set_differs(const struct string_set *set, const struct string_set *wanted,
                        struct text *text);

/*! \brief Free the strings. */
void string_set_free(struct string_set *set);
