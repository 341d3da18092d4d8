/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Finding and naming what others have taken away.
 */

#include "daemon/lost.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/text.h"
#include "daemon/diff.h"

/*! What log_lost_route() and log_lost_rule() look at. */
struct lost {
	const struct plan *also;
	const struct observed *observed;
};

static int log_lost_route(const void *item, void *context)
{
	const struct lost *lost = context;
	const struct plan *also = lost->also;
	if (bsearch(item, also->routes, also->route_count, sizeof(struct route), route_compare) !=
	    NULL) {
		struct text text = TEXT_EMPTY;
		route_print(item, lost->observed, &text);
		log_warning("route '%s', lost: repairing", text.data != NULL ? text.data : "");
		text_free(&text);
	}
	return 0;
}

static int log_lost_rule(const void *item, void *context)
{
	const struct lost *lost = context;
	const struct plan *also = lost->also;
	if (bsearch(item, also->rules, also->rule_count, sizeof(struct rule), rule_compare) !=
	    NULL) {
		struct text text = TEXT_EMPTY;
		rule_print(item, &text);
		log_warning("rule '%s', lost: repairing", text.data != NULL ? text.data : "");
		text_free(&text);
	}
	return 0;
}

struct uplink_sets lost_find(const struct site *site, const struct plan *last,
                             const struct plan *plan, const struct observed *observed)
{
	struct uplink_sets lost = plan_missing(site, last, plan, observed);
	if (lost.family[FAMILY_4] == 0 && lost.family[FAMILY_6] == 0) {
		return lost;
	}
	struct lost context = { .also = plan, .observed = observed };
	(void)diff_run(last->routes, last->route_count, observed->routes, observed->route_count,
	               sizeof(struct route), route_compare, log_lost_route, NULL, &context);
	(void)diff_run(last->rules, last->rule_count, observed->rules, observed->rule_count,
	               sizeof(struct rule), rule_compare, log_lost_rule, NULL, &context);
	return lost;
}
