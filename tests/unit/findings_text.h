/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Findings as text, for tests of what finds them.
 */

#pragma once

#include <check.h>
#include <string.h>

#include "ctl/findings.h"

/*!
 * \brief Add what is not good as «LEVEL SUBJECT CHECK: MESSAGE (WHERE)» and, if wanted, « -> REMEDY».
 * \param section  That all of them must have.
 */
static inline void findings_print(const struct findings *findings, const char *section,
                                  bool remedies, struct text *text)
{
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];
		const char *remedy = finding->remedy != NULL ? finding->remedy : "";
		ck_assert_str_eq(finding->section, section);
		if (finding->level == FINDING_GOOD) {
			continue;
		}
		ck_assert_msg(finding->remedy != NULL || finding->level == FINDING_NOTE,
		              "no remedy: %s", finding->message);
		ck_assert_msg(strchr(remedy, '\n') == NULL, "more than a line: %s", remedy);
		text_add(text, "%s %s %s: %s", finding_level_name(finding->level), finding->subject,
		         finding->check, finding->message);
		if (finding->where.length > 0) {
			text_add(text, " (%s)", finding->where.data);
		}
		text_add(text, "%s%s\n", remedies ? " -> " : "", remedies ? remedy : "");
	}
}

/*! \brief Compare them with what is wanted. \param what  Names the case. */
static inline void assert_findings(const struct findings *findings, const char *section,
                                   bool remedies, const char *what, const char *wanted)
{
	struct text text = TEXT_EMPTY;
	findings_print(findings, section, remedies, &text);
	const char *found = text.data != NULL ? text.data : "";
	ck_assert_msg(strcmp(found, wanted) == 0, "%s: wanted\n%sgot\n%s", what, wanted, found);
	text_free(&text);
}

/*! \brief A copy with the first place that is equal replaced, to free. \param old  NULL: none. */
static inline char *replaced(const char *text, const char *old, const char *new)
{
	struct text result = TEXT_EMPTY;
	const char *at = old != NULL ? strstr(text, old) : NULL;
	ck_assert_msg(old == NULL || at != NULL, "not there: %s", old);
	if (at == NULL) {
		text_add(&result, "%s", text);
	} else {
		text_add(&result, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
	}
	return text_take(&result);
}
