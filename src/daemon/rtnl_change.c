/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Adding and deleting routes and rules of ours, and never those of others.
 *
 * The kernel compares less than we mean: a route is replaced by destination and metric whoever owns
 * it (fib_table_insert(), fib6_add_rt2node()), an IPv6 route is deleted whatever its type
 * (ip6_route_del()), and a rule that leaves a selector out is deleted in place of one that has it
 * (rule_find() in net/core/fib_rules.c). So whatever is not a plain addition looks first.
 */

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "daemon/kernel.h"
#include "daemon/rtnl_parse.h"
#include "daemon/rtnl_private.h"

/*! Dumps of one table or of the rules until we give up because of changes. */
#define LOOK_ATTEMPTS 10

/*! The loopback interface has this index in every network namespace (LOOPBACK_IFINDEX). */
#define LOOPBACK_INDEX 1

/*! What the table has at a destination and metric, of which IPv4 allows one and IPv6 several. */
struct slot {
	const struct route *route;
	bool exact;   /*!< The very route, of ours. */
	bool own;     /*!< Any route of ours. */
	bool foreign; /*!< A route of another owner. */
};

static int slot_take(const struct nlmsghdr *message, void *data)
{
	struct slot *slot = data;
	struct route_message parsed;
	int ret = route_parse(message, &parsed);
	if (ret != 0) {
		return ret == -ENOMSG ? 0 : ret;
	}

	struct route here = *slot->route;
	here.type = parsed.route.type;
	here.gateway = parsed.route.gateway;
	here.link = parsed.route.link;
	here.onlink = parsed.route.onlink;
	if (!parsed.plain || route_compare(&here, &parsed.route) != 0) {
		return 0;
	}
	if (parsed.protocol != OUR_PROTOCOL) {
		slot->foreign = true;
		return 0;
	}
	slot->own = true;
	while (ret == 0) {
		slot->exact |= route_compare(slot->route, &parsed.route) == 0;
		ret = route_parse_next(&parsed);
	}
	return ret == -ENOMSG ? 0 : ret;
}

static int slot_look(struct rtnl *rtnl, const struct route *route, struct slot *slot)
{
	const struct rtnl_dump dump = {
		.type = RTM_GETROUTE,
		.family = route->family,
		.table = route->table,
	};
	int ret = -EAGAIN;
	for (int i = 0; i < LOOK_ATTEMPTS && ret == -EAGAIN; i++) {
		*slot = (struct slot){ .route = route };
		ret = rtnl_dump(rtnl, &dump, slot_take, slot);
	}
	return ret;
}

static void address_put(struct nlmsghdr *request, uint16_t type, const struct address *address)
{
	mnl_attr_put(request, type, address_size(address), address->bytes);
}

static void gateway_put(struct nlmsghdr *request, const struct route *route)
{
	if (route->gateway.family == route->family) {
		address_put(request, RTA_GATEWAY, &route->gateway);
	} else if (route->gateway.family != 0) {
		char buffer[sizeof(struct rtvia) + sizeof(route->gateway.bytes)];
		struct rtvia via = { .rtvia_family = route->gateway.family };
		size_t size = address_size(&route->gateway);
		memcpy(buffer, &via, sizeof(via));
		memcpy(buffer + sizeof(via), route->gateway.bytes, size);
		mnl_attr_put(request, RTA_VIA, sizeof(via) + size, buffer);
	}
}

static uint8_t route_scope(const struct route *route)
{
	return route->family == AF_INET && route->type == RTN_UNICAST && route->gateway.family == 0
	               ? RT_SCOPE_LINK
	               : RT_SCOPE_UNIVERSE;
}

static int route_send(struct rtnl *rtnl, uint16_t type, uint16_t flags, const struct route *route)
{
	char buffer[512];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	request->nlmsg_type = type;
	request->nlmsg_flags = flags;

	struct rtmsg *header = mnl_nlmsg_put_extra_header(request, sizeof(*header));
	header->rtm_family = route->family;
	header->rtm_dst_len = route->destination.length;
	header->rtm_table = route->table < 256 ? (uint8_t)route->table : RT_TABLE_UNSPEC;
	header->rtm_protocol = OUR_PROTOCOL;
	header->rtm_type = route->type;
	// On deletion «nowhere» means any scope.
	header->rtm_scope = type == RTM_DELROUTE ? RT_SCOPE_NOWHERE : route_scope(route);
	header->rtm_flags = route->onlink ? RTNH_F_ONLINK : 0;

	mnl_attr_put_u32(request, RTA_TABLE, route->table);
	if (route->destination.length > 0) {
		address_put(request, RTA_DST, &route->destination.address);
	}
	if (route->metric != 0) {
		mnl_attr_put_u32(request, RTA_PRIORITY, route->metric);
	}
	gateway_put(request, route);
	if (route->link != 0) {
		mnl_attr_put_u32(request, RTA_OIF, (uint32_t)route->link);
	} else if (route->family == AF_INET6 && route->type != RTN_UNICAST &&
	           type == RTM_DELROUTE) {
		// Reject routes sit there: so no unicast route is deleted in place of one.
		mnl_attr_put_u32(request, RTA_OIF, LOOPBACK_INDEX);
	}
	return netlink_request(rtnl->request, request, NULL, NULL);
}

int rtnl_route_add(struct rtnl *rtnl, const struct route *route)
{
	int ret = rtnl_table_add(rtnl, route->table);
	if (ret != 0) {
		return ret;
	}
	ret = route_send(rtnl, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, route);
	if (ret != -EEXIST) {
		return ret;
	}

	struct slot slot;
	ret = slot_look(rtnl, route, &slot);
	if (ret != 0 || slot.exact) {
		return ret;
	}
	if (slot.foreign || !slot.own) {
		return -EEXIST;
	}
	return route_send(rtnl, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, route);
}

int rtnl_route_delete(struct rtnl *rtnl, const struct route *route)
{
	struct slot slot;
	int ret = slot_look(rtnl, route, &slot);
	if (ret != 0 || !slot.exact) {
		return ret;
	}
	ret = route_send(rtnl, RTM_DELROUTE, 0, route);
	return ret == -ESRCH || ret == -ENOENT ? 0 : ret;
}

static int rule_send(struct rtnl *rtnl, uint16_t type, uint16_t flags, const struct rule *rule)
{
	char buffer[512];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	request->nlmsg_type = type;
	request->nlmsg_flags = flags;

	struct fib_rule_hdr *header = mnl_nlmsg_put_extra_header(request, sizeof(*header));
	header->family = rule->family;
	header->src_len = rule->from.length;
	header->table = rule->table < 256 ? (uint8_t)rule->table : RT_TABLE_UNSPEC;
	header->action = FR_ACT_TO_TBL;

	mnl_attr_put_u8(request, FRA_PROTOCOL, OUR_PROTOCOL);
	mnl_attr_put_u32(request, FRA_PRIORITY, rule->priority);
	mnl_attr_put_u32(request, FRA_TABLE, rule->table);
	if (rule->mark != 0 || rule->mask != 0) {
		mnl_attr_put_u32(request, FRA_FWMARK, rule->mark);
		mnl_attr_put_u32(request, FRA_FWMASK, rule->mask);
	}
	if (rule->from.length > 0) {
		address_put(request, FRA_SRC, &rule->from.address);
	}
	if (rule->iif[0] != '\0') {
		mnl_attr_put_strz(request, FRA_IIFNAME, rule->iif);
	}
	return netlink_request(rtnl->request, request, NULL, NULL);
}

/*! Rules of ours in the kernel's order, which is that of deletion among equal priorities. */
struct rules {
	struct rule *items;
	size_t count;
};

static int rules_take(const struct nlmsghdr *message, void *data)
{
	struct rules *rules = data;
	struct rule rule;
	int ret = rule_parse(message, &rule);
	if (ret != 0) {
		return ret == -ENOMSG ? 0 : ret;
	}
	struct rule *items = array_grow(rules->items, rules->count, sizeof(*items));
	if (items == NULL) {
		return -ENOMEM;
	}
	rules->items = items;
	items[rules->count++] = rule;
	return 0;
}

static int rules_look(struct rtnl *rtnl, uint8_t family, struct rules *rules)
{
	const struct rtnl_dump dump = { .type = RTM_GETRULE, .family = family };
	struct rules found = { 0 };
	int ret = -EAGAIN;
	for (int i = 0; i < LOOK_ATTEMPTS && ret == -EAGAIN; i++) {
		free(found.items);
		found = (struct rules){ 0 };
		ret = rtnl_dump(rtnl, &dump, rules_take, &found);
	}
	if (ret != 0) {
		free(found.items);
		return ret;
	}
	*rules = found;
	return 0;
}

static const struct rule *rules_find(const struct rules *rules, const struct rule *rule)
{
	for (size_t i = 0; i < rules->count; i++) {
		if (rule_compare(&rules->items[i], rule) == 0) {
			return &rules->items[i];
		}
	}
	return NULL;
}

// Whether the kernel would take a rule for the one to delete: selectors left out match any.
static bool rule_is_hit(const struct rule *hit, const struct rule *rule)
{
	struct rule like = *hit;
	if (rule->mark == 0) {
		like.mark = 0;
	}
	if (rule->mask == 0) {
		like.mask = 0;
	}
	if (rule->from.length == 0) {
		like.from = rule->from;
	}
	if (rule->iif[0] == '\0') {
		memcpy(like.iif, rule->iif, sizeof(like.iif));
	}
	return rule_compare(&like, rule) == 0;
}

static const struct rule *rules_first_hit(const struct rules *rules, const struct rule *rule)
{
	for (size_t i = 0; i < rules->count; i++) {
		if (rule_is_hit(&rules->items[i], rule)) {
			return &rules->items[i];
		}
	}
	return NULL;
}

int rtnl_rule_add(struct rtnl *rtnl, const struct rule *rule)
{
	int ret = rule_send(rtnl, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, rule);
	if (ret != -EEXIST) {
		return ret;
	}

	// The kernel doesn't compare owners here; ours stands beside the same rule of another.
	struct rules rules;
	ret = rules_look(rtnl, rule->family, &rules);
	if (ret != 0) {
		return ret;
	}
	bool exists = rules_find(&rules, rule) != NULL;
	free(rules.items);
	return exists ? 0 : rule_send(rtnl, RTM_NEWRULE, NLM_F_CREATE, rule);
}

// One deletion by the kernel's rules; done says whether it was the rule that was meant.
static int rule_delete_step(struct rtnl *rtnl, const struct rule *rule, bool *done)
{
	struct rules rules;
	int ret = rules_look(rtnl, rule->family, &rules);
	if (ret != 0) {
		return ret;
	}
	*done = true;
	if (rules_find(&rules, rule) == NULL) {
		goto cleanup;
	}

	// Another one of ours would be hit first: a second copy of it behind all keeps its effect.
	const struct rule *hit = rules_first_hit(&rules, rule);
	*done = hit == NULL || rule_compare(hit, rule) == 0;
	if (!*done) {
		ret = rule_send(rtnl, RTM_NEWRULE, NLM_F_CREATE, hit);
		if (ret != 0) {
			goto cleanup;
		}
	}
	ret = rule_send(rtnl, RTM_DELRULE, 0, rule);
	ret = ret == -ENOENT || ret == -ESRCH ? 0 : ret;
cleanup:
	free(rules.items);
	return ret;
}

int rtnl_rule_delete(struct rtnl *rtnl, const struct rule *rule)
{
	// Each step puts one rule behind the one that is meant, so as many do as there are rules.
	bool done = false;
	int ret = 0;
	for (int i = 0; i < 256 && ret == 0 && !done; i++) {
		ret = rule_delete_step(rtnl, rule, &done);
	}
	return ret == 0 && !done ? -EAGAIN : ret;
}
