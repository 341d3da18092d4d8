/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Members of the daemon's answer, as text that is safe on a terminal.
 *
 * An absent member or one of another kind is the empty text: an older or newer daemon must not make
 * the report fail.
 */

#pragma once

#include <jansson.h>

#include "base/text.h"

/*! \brief Add a text with control characters replaced by «?»; NULL adds nothing. */
void text_add_safe(struct text *text, const char *added);

/*! \brief Add a member: a string, an integer, or an array of strings with «, » between. */
void field_add(struct text *text, const json_t *object, const char *key);

/*! \brief Add a member that is an array of strings, a line each. */
void field_add_lines(struct text *text, const json_t *object, const char *key);

/*! \brief Add a duration in the two largest units that matter: «12s», «5m12s», «3h20m», «2d3h». */
void field_add_duration(struct text *text, json_int_t seconds);
