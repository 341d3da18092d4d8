/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Finding and naming what others have taken away.
 */

#include "daemon/lost.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "daemon/diff.h"

/*! No process has a higher number (PID_MAX_LIMIT of 64-bit kernels). */
#define PID_MOST 4194304

/*! What log_lost_route() and log_lost_rule() look at. */
struct lost {
	const struct plan *also;
	const struct observed *observed;
	const char *by;
	size_t count;
};

static int log_lost_route(const void *item, void *context)
{
	struct lost *lost = context;
	const struct plan *also = lost->also;
	if (bsearch(item, also->routes, also->route_count, sizeof(struct route), route_compare) !=
	    NULL) {
		struct text text = TEXT_EMPTY;
		route_print(item, lost->observed, &text);
		log_warning("route '%s', removed by %s: repairing",
		            text.data != NULL ? text.data : "", lost->by);
		text_free(&text);
		lost->count++;
	}
	return 0;
}

static int log_lost_rule(const void *item, void *context)
{
	struct lost *lost = context;
	const struct plan *also = lost->also;
	if (bsearch(item, also->rules, also->rule_count, sizeof(struct rule), rule_compare) !=
	    NULL) {
		struct text text = TEXT_EMPTY;
		rule_print(item, &text);
		log_warning("rule '%s', removed by %s: repairing",
		            text.data != NULL ? text.data : "", lost->by);
		text_free(&text);
		lost->count++;
	}
	return 0;
}

struct uplink_sets lost_find(const struct site *site, const struct observed *last,
                             const struct plan *plan, const struct observed *observed,
                             const char *by, struct recorder *recorder)
{
	struct lost context = { .also = plan, .observed = observed, .by = by };
	(void)diff_run(last->routes, last->route_count, observed->routes, observed->route_count,
	               sizeof(struct route), route_compare, log_lost_route, NULL, &context);
	(void)diff_run(last->rules, last->rule_count, observed->rules, observed->rule_count,
	               sizeof(struct rule), rule_compare, log_lost_rule, NULL, &context);
	if (context.count > 0) {
		char who[JOURNAL_REASON_MAX];
		(void)snprintf(who, sizeof(who), "%zu removed by %s", context.count, by);
		recorder_foreign(recorder, FOREIGN_ROUTES, who);
	}
	const struct plan was = {
		.routes = last->routes,
		.route_count = last->route_count,
		.rules = last->rules,
		.rule_count = last->rule_count,
	};
	return plan_missing(site, &was, plan, observed);
}

struct uplink_sets lost_by_events(const struct site *site, const struct rtnl_events *events)
{
	uplink_set lost = events->lost_tables > RTNL_LOST_MAX ? ~(uplink_set)0 : 0;
	for (unsigned i = 0; i < events->lost_tables && i < RTNL_LOST_MAX; i++) {
		uint32_t number = events->lost_table[i] - site->route_table;
		if (number > 0 && number <= site->uplink_count) {
			lost |= UPLINK_BIT(number);
		}
	}
	return (struct uplink_sets){ { lost, lost } };
}

void lost_culprit(uint32_t port, char *name, size_t size)
{
	char path[32];
	char process[32] = "a process";
	if (port == 0 || port > PID_MOST) {
		// A process's second socket gets a number of the kernel's choice (netlink_autobind()).
		(void)snprintf(name, size, "%s", port == 0 ? "the kernel" : "another process");
		return;
	}
	// It may be gone already; the number is worth something in an audit log.
	(void)snprintf(path, sizeof(path), "/proc/%u/comm", port);
	FILE *file = fopen(path, "re");
	if (file != NULL) {
		if (fgets(process, sizeof(process), file) != NULL) {
			process[strcspn(process, "\n")] = '\0';
		}
		(void)fclose(file);
	}
	(void)snprintf(name, size, "%s (pid %u)", process, port);
}
