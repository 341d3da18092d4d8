/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Policy rules and routes of other programs.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "daemon/others.h"
#include "daemon/rtnl_parse.h"
#include "daemon/rtnl_private.h"

/*! Looks until we give up because of changes. */
#define ATTEMPTS 10

/*! Selectors of a rule by which it takes a part alone. */
static const uint16_t narrow_parts[] = {
	FRA_DST,       FRA_FLOW,     FRA_TUN_ID,      FRA_SUPPRESS_IFGROUP, FRA_OIFNAME,
	FRA_UID_RANGE, FRA_IP_PROTO, FRA_SPORT_RANGE, FRA_DPORT_RANGE,
};

static uint32_t number_or(const struct nlattr *attribute, uint32_t absent)
{
	return attribute != NULL && mnl_attr_get_payload_len(attribute) >= sizeof(uint32_t)
	               ? mnl_attr_get_u32(attribute)
	               : absent;
}

static bool is_narrow(const struct fib_rule_hdr *header, const struct nlattr **at)
{
	for (size_t i = 0; i < sizeof(narrow_parts) / sizeof(narrow_parts[0]); i++) {
		if (at[narrow_parts[i]] != NULL) {
			return true;
		}
	}
	// The rule that looks for l3mdev tables says so with 1, all others with 0.
	bool device = at[FRA_L3MDEV] != NULL && mnl_attr_get_payload_len(at[FRA_L3MDEV]) > 0 &&
	              mnl_attr_get_u8(at[FRA_L3MDEV]) != 0;
	return device || header->tos != 0 || header->action == FR_ACT_NOP ||
	       number_or(at[FRA_SUPPRESS_PREFIXLEN], UINT32_MAX) != UINT32_MAX;
}

static int rule_take(const struct nlmsghdr *message, void *data)
{
	struct others *others = data;
	const struct nlattr *at[FRA_MAX + 1];
	const struct fib_rule_hdr *header = mnl_nlmsg_get_payload(message);
	size_t offset = NLMSG_LENGTH(NLMSG_ALIGN(sizeof(*header)));
	uint8_t owner = rule_protocol(message);
	if (message->nlmsg_len < offset || owner == OUR_PROTOCOL || owner == RTPROT_KERNEL ||
	    (header->family != AF_INET && header->family != AF_INET6)) {
		return 0;
	}
	int ret = netlink_attributes((const char *)message + offset, message->nlmsg_len - offset,
	                             at, FRA_MAX);
	struct other_rule *rules = array_grow(others->rules, others->rule_count, sizeof(*rules));
	if (ret != 0 || rules == NULL) {
		others->rules = rules != NULL ? rules : others->rules;
		return ret != 0 ? ret : -ENOMEM;
	}
	others->rules = rules;
	struct other_rule rule = {
		.family = header->family,
		.priority = number_or(at[FRA_PRIORITY], 0),
		.mark = number_or(at[FRA_FWMARK], 0),
		.mask = number_or(at[FRA_FWMASK], 0),
		.inverted = (header->flags & FIB_RULE_INVERT) != 0,
		.narrow = is_narrow(header, at),
	};
	if (header->action == FR_ACT_TO_TBL) {
		rule.table = number_or(at[FRA_TABLE], header->table);
	}
	size_t size = header->family == AF_INET ? 4 : 16;
	if (header->src_len > 0 && at[FRA_SRC] != NULL &&
	    mnl_attr_get_payload_len(at[FRA_SRC]) >= size) {
		rule.from.address =
			address_from_bytes(header->family, mnl_attr_get_payload(at[FRA_SRC]));
		rule.from.length = header->src_len;
	}
	if (at[FRA_IIFNAME] != NULL) {
		strncpy(rule.iif, mnl_attr_get_str(at[FRA_IIFNAME]), sizeof(rule.iif) - 1);
	}
	rules[others->rule_count++] = rule;
	return 0;
}

/*! A listing of routes. */
struct listing {
	struct others *others;
	const struct others_wanted *wanted;
	uint32_t table; /*!< That was asked for. */
};

static bool overlaps(const struct prefix *a, const struct prefix *b)
{
	return a->address.family == b->address.family &&
	       (prefix_contains(a, &b->address) || prefix_contains(b, &a->address));
}

static bool is_wanted(const struct listing *listing, const struct route_message *parsed)
{
	const struct others_wanted *wanted = listing->wanted;
	if (parsed->route.table != listing->table || parsed->protocol == OUR_PROTOCOL) {
		return false;
	}
	if (listing->table != RT_TABLE_MAIN) {
		return true;
	}
	for (size_t i = 0; i < wanted->prefix_count; i++) {
		if (parsed->route.destination.length > 0 &&
		    overlaps(&parsed->route.destination, &wanted->prefixes[i])) {
			return true;
		}
	}
	return false;
}

static int route_take(const struct nlmsghdr *message, void *data)
{
	const struct listing *listing = data;
	struct others *others = listing->others;
	struct route_message parsed;
	int ret = route_parse(message, &parsed);
	if (ret != 0 || !is_wanted(listing, &parsed)) {
		return ret == -ENOMSG ? 0 : ret;
	}
	struct other_route *routes =
		array_grow(others->routes, others->route_count, sizeof(*routes));
	if (routes == NULL) {
		return -ENOMEM;
	}
	others->routes = routes;
	routes[others->route_count++] = (struct other_route){ parsed.route, parsed.protocol };
	return 0;
}

static int list(struct rtnl *rtnl, const struct others_wanted *wanted, struct others *others)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	int ret = 0;
	for (size_t f = 0; f < 2 && ret == 0; f++) {
		const struct rtnl_dump rules = { RTM_GETRULE, families[f], 0, 0, 0 };
		ret = rtnl_dump(rtnl, &rules, rule_take, others);
		// The last one is the main table.
		for (size_t i = 0; i <= wanted->table_count && ret == 0; i++) {
			struct listing listing = { others, wanted, RT_TABLE_MAIN };
			listing.table = i < wanted->table_count ? wanted->tables[i] : RT_TABLE_MAIN;
			const struct rtnl_dump routes = { RTM_GETROUTE, families[f], listing.table,
				                          0, 0 };
			ret = rtnl_dump(rtnl, &routes, route_take, &listing);
		}
	}
	return ret;
}

int rtnl_others(const struct others_wanted *wanted, struct others *others)
{
	struct rtnl rtnl = { 0 };
	struct others seen = { 0 };
	int ret = netlink_open(&rtnl.request, NETLINK_ROUTE);
	if (ret != 0) {
		return ret;
	}
	ret = -EAGAIN;
	for (int i = 0; i < ATTEMPTS && ret == -EAGAIN; i++) {
		others_deinit(&seen);
		ret = list(&rtnl, wanted, &seen);
	}
	netlink_close(rtnl.request);
	if (ret != 0) {
		others_deinit(&seen);
		return ret;
	}
	*others = seen;
	return 0;
}

void others_deinit(struct others *others)
{
	free(others->rules);
	free(others->routes);
	*others = (struct others){ 0 };
}

void other_rule_print(const struct other_rule *rule, struct text *text)
{
	char from[ADDRESS_TEXT_MAX];
	text_add(text, "%u: %sfrom %s", rule->priority, rule->inverted ? "not " : "",
	         rule->from.address.family != 0 ? prefix_format(&rule->from, from) : "all");
	if (rule->mask != 0) {
		text_add(text, " fwmark 0x%x/0x%x", rule->mark, rule->mask);
	}
	if (rule->iif[0] != '\0') {
		text_add(text, " iif %s", rule->iif);
	}
	if (rule->table != 0) {
		text_add(text, " lookup %u", rule->table);
	}
}

void other_route_print(const struct other_route *other, struct text *text)
{
	static const char *const types[] = {
		[RTN_LOCAL] = "local ",
		[RTN_BROADCAST] = "broadcast ",
		[RTN_ANYCAST] = "anycast ",
		[RTN_BLACKHOLE] = "blackhole ",
		[RTN_PROHIBIT] = "prohibit ",
		[RTN_THROW] = "throw ",
		[RTN_UNREACHABLE] = "unreachable ",
	};
	const struct route *route = &other->route;
	char buffer[ADDRESS_TEXT_MAX];
	char name[IF_NAMESIZE];
	const char *type = route->type < sizeof(types) / sizeof(types[0]) ? types[route->type] : "";
	text_add(text, "%s%s", type != NULL ? type : "",
	         route->destination.length > 0 ? prefix_format(&route->destination, buffer)
	                                       : "default");
	if (route->gateway.family != 0) {
		text_add(text, " via %s%s", route->gateway.family != route->family ? "inet6 " : "",
		         address_format(&route->gateway, buffer));
	}
	if (route->link != 0 && if_indextoname((unsigned)route->link, name) != NULL) {
		text_add(text, " dev %s", name);
	}
	text_add(text, " table %u proto %u", route->table, other->protocol);
	if (route->metric != 0) {
		text_add(text, " metric %u", route->metric);
	}
}
