/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief A growing text: everything that is rendered (rulesets, zones, reports) goes through it.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

/*! A text under construction. Start from TEXT_EMPTY; errors stick, so one check at the end does. */
struct text {
	char *data;    /*!< Zero-terminated once something was added, NULL before. */
	size_t length; /*!< Without the terminating zero. */
	size_t room;
	bool failed; /*!< Memory ran out: the content is incomplete. */
};

#define TEXT_EMPTY ((struct text){ 0 })

/*! \brief Add formatted text. */
void text_add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*!
 * \brief Hand the characters over to the caller, who frees them.
 * \return The text («» if nothing was added), or NULL if memory ran out. The text is empty after.
 */
char *text_take(struct text *text);

/*! \brief Free the content. */
void text_free(struct text *text);
