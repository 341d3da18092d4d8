/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Policy rules of the plan: what leads into the tables of plan_routes.c.
 */

#include "daemon/plan_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/array.h"
#include "site/provider.h"

/*! Offsets from the site's rule priority; the gaps leave room for later kinds. */
enum {
	PRIORITY_GUARD = 0,
	PRIORITY_MARK = 10,
	PRIORITY_UPLINK = 20,
	PRIORITY_SERVER = 30,
	PRIORITY_PREFIX = 35,
	PRIORITY_OUTBOUND = 40
};

static int add_rule(struct plan *plan, const struct rule *rule)
{
	for (size_t i = 0; i < plan->rule_count; i++) {
		if (rule_compare(&plan->rules[i], rule) == 0) {
			return 0;
		}
	}
	struct rule *rules = array_grow(plan->rules, plan->rule_count, sizeof(*rules));
	if (rules == NULL) {
		return -ENOMEM;
	}
	plan->rules = rules;
	rules[plan->rule_count++] = *rule;
	return 0;
}

/*!
 * Whether the kernel's reverse path filter would meet the guard rule.
 *
 * For a packet that is forwarded from an uplink to the LAN it looks the reverse way up as if that
 * packet came in from the LAN, without a mark (__fib_validate_source()): the guard would refuse it.
 * There is no such filter in the kernel for IPv6.
 */
static bool is_filtered(const struct observed *observed, const struct plan *plan)
{
	for (size_t i = 0; i < plan->uplink_count; i++) {
		const struct link *link = plan->uplinks[i].link;
		if (link != NULL && observed->rp_filter[link - observed->links] != 0) {
			return true;
		}
	}
	return false;
}

static int add_guard_rules(const struct site *site, const struct observed *observed,
                           struct plan *plan)
{
	int ret = 0;
	bool filtered = is_filtered(observed, plan);
	for (size_t i = 0; ret == 0 && i < site->lan.count; i++) {
		for (unsigned family = 0; ret == 0 && family < family_count(observed); family++) {
			struct rule rule = {
				.family = family_number(family),
				.priority = site->rule_priority + PRIORITY_GUARD,
				.mask = site->fwmark_mask,
				.table = site_table(site, 0),
			};
			strncpy(rule.iif, site->lan.items[i], sizeof(rule.iif) - 1);
			if (family == FAMILY_6 || !filtered) {
				ret = add_rule(plan, &rule);
			}
		}
	}
	return ret;
}

static int add_mark_rules(const struct site *site, const struct observed *observed,
                          struct plan *plan)
{
	int ret = 0;
	for (size_t i = 0; ret == 0 && i < site->uplink_count; i++) {
		for (unsigned family = 0; ret == 0 && family < family_count(observed); family++) {
			unsigned number = site->uplinks[i].number;
			struct rule rule = {
				.family = family_number(family),
				.priority = site->rule_priority + PRIORITY_MARK,
				.mark = site_mark(site, number),
				.mask = site->fwmark_mask,
				.table = site_table(site, number),
			};
			ret = add_rule(plan, &rule);
		}
	}
	return ret;
}

static int add_from_rule(const struct site *site, const struct observed *observed, uint32_t offset,
                         const struct address *from, unsigned uplink, struct plan *plan)
{
	if (from->family == AF_INET6 && observed->no_ipv6) {
		return 0;
	}
	struct rule rule = {
		.family = from->family,
		.priority = site->rule_priority + offset,
		.from = { .address = *from, .length = (uint8_t)(8 * address_size(from)) },
		.table = site_table(site, uplink),
	};
	return add_rule(plan, &rule);
}

/*! Whether an uplink has an address: the site file says so, or its interface holds it. */
static bool has_address(const struct uplink_view *view, const struct observed *observed,
                        const struct address *address)
{
	const struct address_list *named = &view->uplink->address;
	for (size_t i = 0; i < named->count; i++) {
		if (address_equal(&named->items[i], address)) {
			return true;
		}
	}
	for (size_t i = 0; view->link != NULL && i < observed->address_count; i++) {
		const struct link_address *own = &observed->addresses[i];
		if (own->link == view->link->index &&
		    address_equal(&own->prefix.address, address)) {
			return true;
		}
	}
	return false;
}

/*!
 * The uplink to whose table the source address leads: the first that has it, rather one that works.
 *
 * Routers of one make often lease the same address on both. The mark then tells the uplinks apart, but
 * an own socket's packet is given its mark only after a first look at the routes has found one.
 */
static const struct uplink_view *address_view(const struct plan *plan,
                                              const struct observed *observed,
                                              const struct address *address)
{
	const struct uplink_view *found = NULL;
	unsigned family = address->family == AF_INET ? FAMILY_4 : FAMILY_6;
	for (size_t i = 0; i < plan->uplink_count; i++) {
		const struct uplink_view *view = &plan->uplinks[i];
		if ((found == NULL ||
		     (view->family[family].routed && !found->family[family].routed)) &&
		    has_address(view, observed, address)) {
			found = view;
		}
	}
	return found;
}

static int add_uplink_rule(const struct site *site, const struct observed *observed,
                           const struct uplink_view *view, const struct address *address,
                           struct plan *plan)
{
	return address_view(plan, observed, address) == view
	               ? add_from_rule(site, observed, PRIORITY_UPLINK, address,
	                               view->uplink->number, plan)
	               : 0;
}

/*! Addresses of the uplinks, configured and observed: a rule for one that is absent does no harm. */
static int add_uplink_rules(const struct site *site, const struct observed *observed,
                            struct plan *plan)
{
	int ret = 0;
	for (size_t i = 0; ret == 0 && i < plan->uplink_count; i++) {
		const struct uplink_view *view = &plan->uplinks[i];
		const struct address_list *named = &view->uplink->address;
		for (size_t j = 0; ret == 0 && j < named->count; j++) {
			ret = add_uplink_rule(site, observed, view, &named->items[j], plan);
		}
		for (size_t j = 0; ret == 0 && view->link != NULL && j < observed->address_count;
		     j++) {
			const struct link_address *own = &observed->addresses[j];
			if (own->link == view->link->index) {
				ret = add_uplink_rule(site, observed, view, &own->prefix.address,
				                      plan);
			}
		}
	}
	return ret;
}

static int add_server_rules(const struct site *site, const struct observed *observed,
                            struct plan *plan)
{
	int ret = 0;
	for (size_t i = 0; ret == 0 && i < site->server_count; i++) {
		const struct server *server = &site->servers[i];
		bool used = server->reply_path == REPLY_PATH_SOURCE_ADDRESS;
		for (size_t j = 0; used && ret == 0 && j < server->uplink_address_count; j++) {
			const struct uplink_address *own = &server->uplink_address[j];
			ret = add_from_rule(site, observed, PRIORITY_SERVER, &own->address,
			                    own->uplink, plan);
		}
	}
	return ret;
}

/*! Whatever machine inside has an address of a provider's prefix: it leaves by that provider. */
static int add_prefix_rules(const struct site *site, const struct observed *observed,
                            struct plan *plan)
{
	int ret = 0;
	for (size_t i = 0; ret == 0 && !observed->no_ipv6 && i < site->uplink_count; i++) {
		const struct uplink *uplink = &site->uplinks[i];
		struct rule rule = {
			.family = AF_INET6,
			.priority = site->rule_priority + PRIORITY_PREFIX,
			.from = uplink->prefix,
			.table = site_table(site, uplink->number),
		};
		if (provider_inside(site, uplink)) {
			ret = add_rule(plan, &rule);
		}
	}
	return ret;
}

/*! What the gateway itself opens and no rule before knows: of its own making, no uplink's address yet. */
static int add_outbound_rules(const struct site *site, const struct observed *observed,
                              struct plan *plan)
{
	int ret = 0;
	for (unsigned family = 0; ret == 0 && family < family_count(observed); family++) {
		struct rule rule = {
			.family = family_number(family),
			.priority = site->rule_priority + PRIORITY_OUTBOUND,
			.iif = "lo",
			.table = site_outbound_table(site),
		};
		if (site->outbound == OUTBOUND_FAILOVER) {
			ret = add_rule(plan, &rule);
		}
	}
	return ret;
}

int plan_rules(const struct site *site, const struct observed *observed, struct plan *plan)
{
	int ret = add_guard_rules(site, observed, plan);
	if (ret == 0) {
		ret = add_mark_rules(site, observed, plan);
	}
	if (ret == 0) {
		ret = add_uplink_rules(site, observed, plan);
	}
	if (ret == 0) {
		ret = add_server_rules(site, observed, plan);
	}
	if (ret == 0) {
		ret = add_prefix_rules(site, observed, plan);
	}
	if (ret == 0) {
		ret = add_outbound_rules(site, observed, plan);
	}
	qsort(plan->rules, plan->rule_count, sizeof(*plan->rules), rule_compare);
	return ret;
}
