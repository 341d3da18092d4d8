/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief What a check has found, good or bad, each with its remedy in one line.
 *
 * The same finding in several places is one finding with several places. Errors stick: a list that
 * ran out of memory says so in its member failed.
 */

#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

enum finding_level {
	FINDING_GOOD,
	FINDING_NOTE,    /*!< Nothing is wrong, but one should know. */
	FINDING_WARNING, /*!< It works, but not as meant, or could not be looked at. */
	FINDING_WRONG,
};

struct finding {
	enum finding_level level;
	const char *section; /*!< Of the check: «dns». A literal. */
	char *subject;       /*!< What it is about: a host, an uplink, a mail domain. */
	const char *check;   /*!< What was looked at: «delegation». A literal. */
	char *message;
	struct text where; /*!< Places, «, » between; may be empty. */
	char *remedy;      /*!< NULL if there is nothing to do. */
};

struct findings {
	struct finding *items;
	size_t count;
	const char *section; /*!< For those that are added. */
	size_t last;         /*!< The one that was added last, or was there already. */
	bool failed;
};

#define FINDINGS_EMPTY ((struct findings){ 0 })

/*!
 * \brief Add a finding; findings_remedy() for it comes right after.
 * \param check  A literal.
 * \param where  The place, or NULL.
 */
void findings_add(struct findings *findings, enum finding_level level, const char *subject,
                  const char *check, const char *where, const char *format, ...)
	__attribute__((format(printf, 6, 7)));

/*! \brief Say what to do about the last finding. */
void findings_remedy(struct findings *findings, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*! \brief How many there are of a level. */
size_t findings_count(const struct findings *findings, enum finding_level level);

/*! \brief «good», «note», «warning», «wrong». */
const char *finding_level_name(enum finding_level level);

/*! \brief Add the findings for people: by subject, a line each, remedies below. */
void findings_write(const struct findings *findings, bool color, struct text *text);

/*! \brief The findings as an array of objects, or NULL if memory ran out. */
json_t *findings_json(const struct findings *findings);

/*! \brief Free what they hold. */
void findings_free(struct findings *findings);
