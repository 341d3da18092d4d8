/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Bringing routes and rules to a plan, one by one.
 */

#include "daemon/apply.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "daemon/diff.h"

struct change {
	struct rtnl *rtnl;
	const struct observed *observed;
	int result; /*!< The first failure. */
};

static void change_failed(struct change *change, const char *verb, struct text *what, int ret)
{
	char *text = text_take(what);
	log_error("%s, failed to %s (%s)", text != NULL ? text : "?", verb, strerror(-ret));
	free(text);
	change->result = change->result == 0 ? ret : change->result;
}

static int change_route(struct change *change, const struct route *route, const char *verb,
                        int (*call)(struct rtnl *, const struct route *))
{
	int ret = call(change->rtnl, route);
	if (ret != 0) {
		struct text text = TEXT_EMPTY;
		text_add(&text, "route ");
		route_print(route, change->observed, &text);
		change_failed(change, verb, &text, ret);
	}
	return 0;
}

static int change_rule(struct change *change, const struct rule *rule, const char *verb,
                       int (*call)(struct rtnl *, const struct rule *))
{
	int ret = call(change->rtnl, rule);
	if (ret != 0) {
		struct text text = TEXT_EMPTY;
		text_add(&text, "rule ");
		rule_print(rule, &text);
		change_failed(change, verb, &text, ret);
	}
	return 0;
}

static int add_route(const void *item, void *context)
{
	return change_route(context, item, "install", rtnl_route_add);
}

static int delete_route(const void *item, void *context)
{
	return change_route(context, item, "remove", rtnl_route_delete);
}

static int add_rule(const void *item, void *context)
{
	return change_rule(context, item, "install", rtnl_rule_add);
}

static int delete_rule(const void *item, void *context)
{
	return change_rule(context, item, "remove", rtnl_rule_delete);
}

int apply_routing(struct rtnl *rtnl, const struct plan *plan, const struct observed *observed)
{
	struct change change = { .rtnl = rtnl, .observed = observed };
	const struct {
		bool routes;
		diff_call missing;
		diff_call surplus;
	} steps[] = {
		{ true, add_route, NULL },
		{ false, add_rule, NULL },
		{ false, NULL, delete_rule },
		{ true, NULL, delete_route },
	};
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (steps[i].routes) {
			(void)diff_run(plan->routes, plan->route_count, observed->routes,
			               observed->route_count, sizeof(struct route), route_compare,
			               steps[i].missing, steps[i].surplus, &change);
		} else {
			(void)diff_run(plan->rules, plan->rule_count, observed->rules,
			               observed->rule_count, sizeof(struct rule), rule_compare,
			               steps[i].missing, steps[i].surplus, &change);
		}
	}
	return change.result;
}

static int stop_at_first(const void *item, void *context)
{
	return 1;
}

bool apply_routing_needed(const struct plan *plan, const struct observed *observed)
{
	return diff_run(plan->routes, plan->route_count, observed->routes, observed->route_count,
	                sizeof(struct route), route_compare, stop_at_first, stop_at_first,
	                NULL) != 0 ||
	       diff_run(plan->rules, plan->rule_count, observed->rules, observed->rule_count,
	                sizeof(struct rule), rule_compare, stop_at_first, stop_at_first, NULL) != 0;
}
