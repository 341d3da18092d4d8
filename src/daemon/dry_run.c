/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The plan as text for people, and for tests to compare.
 */

#include "daemon/dry_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "daemon/kernel.h"
#include "daemon/nft_text.h"
#include "daemon/observed_text.h"
#include "daemon/plan.h"

static int observe_kernel(struct observed *observed)
{
	struct rtnl *rtnl = NULL;
	int ret = rtnl_open(&rtnl);
	if (ret == 0) {
		ret = rtnl_observe(rtnl, observed);
	}
	rtnl_close(rtnl);
	if (ret != 0) {
		log_error("kernel, failed to observe (%s)", strerror(-ret));
	}
	return ret;
}

static void print_probes(const struct uplink *uplink, struct text *text)
{
	for (size_t i = 0; i < uplink->probe.count; i++) {
		text_add(text, "#   probe %s\n", uplink->probe.items[i].text);
	}
	if (uplink->probe.count > 0) {
		text_add(text,
		         "#   probed every %ums, timeout %ums, quorum %u, down after %u, up after "
		         "%u, degraded from a loss of %u%% on\n",
		         uplink->interval_ms, uplink->timeout_ms, uplink->quorum,
		         uplink->down_after, uplink->up_after, uplink->degraded_loss);
	}
}

static void print_uplinks(const struct plan *plan, struct text *text)
{
	for (size_t i = 0; i < plan->uplink_count; i++) {
		const struct uplink_view *view = &plan->uplinks[i];
		text_add(text, "# uplink %u '%s' on %s: %s\n", view->uplink->number,
		         view->uplink->id, view->uplink->interface, uplink_view_reason(view));
		print_probes(view->uplink, text);
	}
}

/*! Adds the uplinks of a set by their ids. */
static void print_set(const struct site *site, const char *word, uint64_t set, struct text *text)
{
	if (set == 0) {
		return;
	}
	text_add(text, " %s", word);
	const char *separator = " ";
	for (size_t i = 0; i < site->uplink_count; i++) {
		if ((set & UPLINK_BIT(site->uplinks[i].number)) != 0) {
			text_add(text, "%s%s", separator, site->uplinks[i].id);
			separator = ",";
		}
	}
}

static void print_uplink_row(const struct table_uplink *row, struct text *text)
{
	char address[ADDRESS_TEXT_MAX];
	text_add(text, "uplink %u %s %s", row->number, row->id,
	         row->usable ? "usable" : "unusable");
	for (size_t i = 0; i < row->address_count; i++) {
		text_add(text, " %s", address_format(&row->address[i], address));
	}
	for (size_t i = 0; i < row->binding_count; i++) {
		const struct table_binding *binding = &row->binding[i];
		if (binding->kind == TABLE_BINDING_PORT) {
			text_add(text, " bound-to port %u", binding->port);
		} else if (binding->kind == TABLE_BINDING_DEVICE) {
			text_add(text, " bound-to device %s", binding->device);
		} else {
			text_add(text, " bound-to %s", address_format(&binding->address, address));
		}
	}
	text_add(text, "\n");
}

static void print_owner(const struct table_host *row, struct text *text)
{
	for (size_t at = 0; row->owner[at] != 0; at += row->owner[at] + 1u) {
		text_add(text, "%.*s.", row->owner[at], (const char *)&row->owner[at + 1]);
	}
}

static void print_table(const struct site *site, const struct table *table, struct text *text)
{
	char address[ADDRESS_TEXT_MAX];
	for (size_t i = 0; i < table->meta.lan_count; i++) {
		text_add(text, "lan %s\n", prefix_format(&table->meta.lan[i], address));
	}
	for (size_t i = 0; i < table->uplink_count; i++) {
		print_uplink_row(&table->uplinks[i], text);
	}
	for (size_t i = 0; i < table->host_count; i++) {
		const struct table_host *row = &table->hosts[i];
		text_add(text, "host ");
		print_owner(row, text);
		text_add(text, " ttl %u policy %s", row->ttl,
		         answer_policy_name((enum answer_policy)row->policy));
		print_set(site, "ipv4", row->ready4, text);
		print_set(site, "ipv6", row->ready6, text);
		for (size_t j = 0; j < row->own_count; j++) {
			text_add(text, " %s=%s", site_uplink(site, row->own[j].uplink)->id,
			         address_format(&row->own[j].address, address));
		}
		for (size_t j = 0; j < row->lan_count; j++) {
			text_add(text, " lan %s", address_format(&row->lan[j], address));
		}
		text_add(text, "\n");
	}
}

static void print_plan(const struct site *site, const char *ruleset, const struct plan *plan,
                       const struct observed *observed, struct text *text)
{
	print_uplinks(plan, text);
	text_add(text, "\n# ruleset\n%s%s", ruleset, plan->live);
	for (unsigned family = 0; family < FAMILIES; family++) {
		text_add(text, "\n# %s routes\n", family_name(family));
		for (size_t i = 0; i < plan->route_count; i++) {
			if (plan->routes[i].family == family_number(family)) {
				route_print(&plan->routes[i], observed, text);
				text_add(text, "\n");
			}
		}
		text_add(text, "\n# %s rules\n", family_name(family));
		for (size_t i = 0; i < plan->rule_count; i++) {
			if (plan->rules[i].family == family_number(family)) {
				rule_print(&plan->rules[i], text);
				text_add(text, "\n");
			}
		}
	}
	text_add(text, "\n# answer table\n");
	print_table(site, plan->table, text);
}

int dry_run_print(const struct site *site, const char *path)
{
	struct observed observed = { 0 };
	struct plan *plan = NULL;
	char *ruleset = NULL;
	int ret = path != NULL ? observed_read(path, &observed) : observe_kernel(&observed);
	if (ret == 0) {
		ret = plan_build(site, &observed, 0, NULL, &plan);
	}
	if (ret == 0) {
		ret = nft_text(site, &ruleset);
	}
	if (ret == 0) {
		struct text text = TEXT_EMPTY;
		print_plan(site, ruleset, plan, &observed, &text);
		ret = text.failed || fputs(text.data, stdout) == EOF || fflush(stdout) != 0 ? -EIO
		                                                                            : 0;
		text_free(&text);
	}
	free(ruleset);
	plan_free(plan);
	observed_deinit(&observed);
	return ret;
}

int dry_run_check(const char *path, const struct site *site)
{
	struct observed observed = { 0 };
	struct plan *plan = NULL;
	int ret = observe_kernel(&observed);
	if (ret == 0) {
		ret = plan_build(site, &observed, 0, NULL, &plan);
	}
	if (ret == 0) {
		struct text text = TEXT_EMPTY;
		print_uplinks(plan, &text);
		printf("%s: good (uplinks %zu, hosts %zu, mail domains %zu, forwards %zu)\n%s",
		       path, site->uplink_count, site->host_count, site->mail_count,
		       site->forward_count, text.data != NULL ? text.data : "");
		text_free(&text);
	}
	plan_free(plan);
	observed_deinit(&observed);
	return ret;
}
