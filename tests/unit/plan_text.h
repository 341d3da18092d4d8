/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Plans for tests, from a site and an observation that are written down where they are used.
 */

#pragma once

#include "daemon/observed_text.h"
#include "daemon/plan.h"
#include "site_text.h"
#include "suite.h"

/*! \brief Read an observation from a text that must be right. */
static inline struct observed observed_from_text(const char *content)
{
	struct observed observed = { 0 };
	char *path = file_from_text(content);
	int ret = observed_read(path, &observed);
	(void)unlink(path);
	free(path);
	ck_assert_msg(ret == 0, "observation refused: %s", content);
	return observed;
}

/*! A site, what is observed, and what is planned for it. */
struct planned {
	struct site *site;
	struct observed observed;
	struct plan *plan;
};

/*! \brief Plan for a site and an observation; freed by planned_free(). */
static inline struct planned planned_from_text(const char *site, const char *observed)
{
	struct planned planned = {
		.site = site_from_text(site),
		.observed = observed_from_text(observed),
	};
	ck_assert_int_eq(plan_build(planned.site, &planned.observed, 0, NULL, &planned.plan), 0);
	return planned;
}

static inline void planned_free(struct planned *planned)
{
	plan_free(planned->plan);
	observed_deinit(&planned->observed);
	site_free(planned->site);
}

/*! \brief A set of uplinks given by its numbers in decimal digits, such as «13». */
static inline uplink_set set_from_digits(const char *digits)
{
	uplink_set set = 0;
	for (; *digits != '\0'; digits++) {
		set |= UPLINK_BIT(*digits - '0');
	}
	return set;
}
