/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The plan as a whole: its parts in order, its life, and what of it the kernel lacks.
 */

#include "daemon/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "daemon/diff.h"
#include "daemon/nft_text.h"
#include "daemon/plan_parts.h"

uint8_t family_number(unsigned family)
{
	return family == FAMILY_4 ? AF_INET : AF_INET6;
}

const char *family_name(unsigned family)
{
	return family == FAMILY_4 ? "IPv4" : "IPv6";
}

unsigned family_count(const struct observed *observed)
{
	return observed->no_ipv6 ? FAMILY_6 : FAMILIES;
}

int plan_build(const struct site *site, const struct observed *observed, uplink_set drained,
               const struct verdicts *verdicts, struct plan **plan)
{
	struct plan *built = calloc(1, sizeof(*built));
	if (built == NULL) {
		return -ENOMEM;
	}
	int ret = plan_uplinks(site, observed, verdicts, built);
	if (ret == 0) {
		ret = plan_routes(site, observed, drained, built);
	}
	if (ret == 0) {
		ret = plan_rules(site, observed, built);
	}
	if (ret == 0) {
		ret = plan_table(site, observed, drained, verdicts, built);
	}
	if (ret == 0) {
		ret = nft_live(site, built->uplinks, observed, drained, &built->live);
	}
	if (ret != 0) {
		plan_free(built);
		return ret;
	}
	*plan = built;
	return 0;
}

void plan_free(struct plan *plan)
{
	if (plan == NULL) {
		return;
	}
	table_free(plan->table);
	free(plan->uplinks);
	free(plan->live);
	free(plan->routes);
	free(plan->rules);
	free(plan);
}

struct missing {
	const struct site *site;
	const struct plan *also;
	struct uplink_sets sets;
};

/*! The guard and outbound tables are no uplink's: what they lack makes nobody unreachable. */
static void missing_from_table(struct missing *missing, uint8_t family, uint32_t table)
{
	uint32_t number = table - missing->site->route_table;
	missing->sets.family[family == AF_INET ? FAMILY_4 : FAMILY_6] |=
		number == 0 || number > SITE_UPLINKS_MAX ? 0 : UPLINK_BIT(number);
}

static int missing_route(const void *item, void *context)
{
	const struct route *route = item;
	struct missing *missing = context;
	if (missing->also == NULL ||
	    bsearch(route, missing->also->routes, missing->also->route_count, sizeof(*route),
	            route_compare) != NULL) {
		missing_from_table(missing, route->family, route->table);
	}
	return 0;
}

static int missing_rule(const void *item, void *context)
{
	const struct rule *rule = item;
	struct missing *missing = context;
	if (missing->also == NULL || bsearch(rule, missing->also->rules, missing->also->rule_count,
	                                     sizeof(*rule), rule_compare) != NULL) {
		missing_from_table(missing, rule->family, rule->table);
	}
	return 0;
}

struct uplink_sets plan_missing(const struct site *site, const struct plan *plan,
                                const struct plan *also, const struct observed *observed)
{
	struct missing missing = { .site = site, .also = also };
	(void)diff_run(plan->routes, plan->route_count, observed->routes, observed->route_count,
	               sizeof(struct route), route_compare, missing_route, NULL, &missing);
	(void)diff_run(plan->rules, plan->rule_count, observed->rules, observed->rule_count,
	               sizeof(struct rule), rule_compare, missing_rule, NULL, &missing);
	return missing.sets;
}

bool uplink_view_usable(const struct uplink_view *view)
{
	return view->family[FAMILY_4].usable || view->family[FAMILY_6].usable;
}

const char *uplink_view_reason(const struct uplink_view *view)
{
	for (unsigned i = 0; i < FAMILIES; i++) {
		if (view->family[i].reason[0] != '\0') {
			return view->family[i].reason;
		}
	}
	return "up";
}
