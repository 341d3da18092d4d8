/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Observing links, addresses, routes and rules, and being told when they change.
 *
 * Two sockets: on the first one question at a time is asked and its answer read; the second only
 * receives events, so that a dump is never mixed with them. Events are counted, not applied: the
 * kernel tells neither the IPv4 routes that an interface takes down with it nor what a full buffer
 * lost, so each observation is a complete dump.
 */

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>

#include "base/array.h"
#include "daemon/kernel.h"
#include "daemon/rtnl_parse.h"
#include "daemon/rtnl_private.h"
#include "daemon/sysctl.h"

/*! Observations until we give up because of changes; more than one is rare (dumps over 32 KiB). */
#define OBSERVE_ATTEMPTS 10

static const unsigned event_groups[] = {
	RTNLGRP_LINK,       RTNLGRP_IPV4_IFADDR,  RTNLGRP_IPV6_IFADDR,
	RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,   RTNLGRP_IPV4_RULE,
	RTNLGRP_IPV6_RULE,  RTNLGRP_IPV4_NETCONF, RTNLGRP_IPV6_NETCONF,
};

int rtnl_open(struct rtnl **rtnl)
{
	struct rtnl *opened = calloc(1, sizeof(*opened));
	if (opened == NULL) {
		return -ENOMEM;
	}
	int ret = netlink_open(&opened->request, NETLINK_ROUTE);
	if (ret == 0) {
		ret = netlink_open(&opened->events, NETLINK_ROUTE);
	}
	if (ret == 0) {
		ret = netlink_subscribe(opened->events, event_groups,
		                        sizeof(event_groups) / sizeof(event_groups[0]));
	}
	if (ret != 0) {
		rtnl_close(opened);
		return ret;
	}
	*rtnl = opened;
	return 0;
}

void rtnl_close(struct rtnl *rtnl)
{
	if (rtnl == NULL) {
		return;
	}
	netlink_close(rtnl->request);
	netlink_close(rtnl->events);
	free(rtnl->tables);
	free(rtnl);
}

int rtnl_fd(const struct rtnl *rtnl)
{
	return netlink_fd(rtnl->events);
}

static bool table_is_ours(const struct rtnl *rtnl, uint32_t table)
{
	for (size_t i = 0; i < rtnl->table_count; i++) {
		if (rtnl->tables[i] == table) {
			return true;
		}
	}
	return false;
}

int rtnl_table_add(struct rtnl *rtnl, uint32_t table)
{
	if (table_is_ours(rtnl, table)) {
		return 0;
	}
	uint32_t *tables = array_grow(rtnl->tables, rtnl->table_count, sizeof(*tables));
	if (tables == NULL) {
		return -ENOMEM;
	}
	rtnl->tables = tables;
	tables[rtnl->table_count++] = table;
	return 0;
}

/*! Where events are counted. */
struct counting {
	const struct rtnl *rtnl;
	struct rtnl_events *events;
};

/*! Note a loss of ours. */
static void count_lost(struct rtnl_events *events, uint32_t table, uint32_t port)
{
	events->own_lost++;
	events->lost_by = port;
	for (unsigned i = 0; i < events->lost_tables && i < RTNL_LOST_MAX; i++) {
		if (events->lost_table[i] == table) {
			return;
		}
	}
	if (events->lost_tables < RTNL_LOST_MAX) {
		events->lost_table[events->lost_tables] = table;
	}
	events->lost_tables++;
}

static void rule_event(const struct counting *counting, const struct nlmsghdr *message)
{
	struct rule rule;
	counting->events->routes++;
	if (message->nlmsg_type == RTM_DELRULE && rule_protocol(message) == OUR_PROTOCOL) {
		// One with selectors that we never set cannot be read, and is not of ours.
		if (rule_parse(message, &rule) == 0) {
			count_lost(counting->events, rule.table, message->nlmsg_pid);
		}
	}
}

static void route_event(const struct counting *counting, const struct nlmsghdr *message)
{
	struct route_message parsed;
	int ret = route_parse(message, &parsed);
	if (ret != 0) {
		return;
	}
	bool ours = parsed.protocol == OUR_PROTOCOL;
	bool our_table = table_is_ours(counting->rtnl, parsed.route.table);
	if (!ours && !our_table && parsed.route.table != RT_TABLE_MAIN) {
		return;
	}
	counting->events->routes++;

	// A replaced route gets no message of its own: the one in its place says that it replaced.
	bool replaced = !ours && our_table && (message->nlmsg_flags & NLM_F_REPLACE) != 0;
	if ((ours && message->nlmsg_type == RTM_DELROUTE) || replaced) {
		count_lost(counting->events, parsed.route.table, message->nlmsg_pid);
	}
}

static int event_count(const struct nlmsghdr *message, void *data)
{
	const struct counting *counting = data;
	struct rtnl_events *events = counting->events;

	if (message->nlmsg_pid == netlink_port(counting->rtnl->request)) {
		return 0;
	}
	switch (message->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
	case RTM_NEWADDR:
	case RTM_DELADDR:
		events->links++;
		break;
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		route_event(counting, message);
		break;
	case RTM_NEWRULE:
	case RTM_DELRULE:
		rule_event(counting, message);
		break;
	case RTM_NEWNETCONF:
	case RTM_DELNETCONF:
		events->settings++;
		break;
	}
	return 0;
}

int rtnl_drain(struct rtnl *rtnl, struct rtnl_events *events)
{
	struct rtnl_events counted = { 0 };
	struct counting counting = { .rtnl = rtnl, .events = &counted };
	int ret = netlink_drain(rtnl->events, &counted.overrun, event_count, &counting);
	if (ret == 0) {
		*events = counted;
	}
	return ret;
}

// A strict request has the header of its type, all zero but for what the kernel filters by.
static void dump_request(struct nlmsghdr *request, const struct rtnl_dump *dump)
{
	request->nlmsg_type = dump->type;
	request->nlmsg_flags = NLM_F_DUMP;

	if (dump->type == RTM_GETLINK) {
		struct ifinfomsg *header = mnl_nlmsg_put_extra_header(request, sizeof(*header));
		header->ifi_family = dump->family;
		mnl_attr_put_u32(request, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	} else if (dump->type == RTM_GETADDR) {
		struct ifaddrmsg *header = mnl_nlmsg_put_extra_header(request, sizeof(*header));
		header->ifa_family = dump->family;
	} else if (dump->type == RTM_GETROUTE) {
		struct rtmsg *header = mnl_nlmsg_put_extra_header(request, sizeof(*header));
		header->rtm_family = dump->family;
		header->rtm_protocol = dump->protocol;
		header->rtm_type = dump->route_type;
		if (dump->table != 0) {
			mnl_attr_put_u32(request, RTA_TABLE, dump->table);
		}
	} else {
		struct fib_rule_hdr *header = mnl_nlmsg_put_extra_header(request, sizeof(*header));
		header->family = dump->family;
	}
}

int rtnl_dump(struct rtnl *rtnl, const struct rtnl_dump *dump, netlink_handle handle, void *data)
{
	char buffer[256];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);

	dump_request(request, dump);
	int ret = netlink_request(rtnl->request, request, handle, data);
	// IPv6 may be off, and a table exists from its first route on.
	bool absent =
		ret == -EAFNOSUPPORT || ret == -EOPNOTSUPP || (ret == -ENOENT && dump->table != 0);
	return absent ? 0 : ret;
}

/*! Append an item to the array of an observation. */
#define APPEND(array, count, item)                                            \
	({                                                                    \
		void *grown = array_grow((array), (count), sizeof(*(array))); \
		if (grown != NULL) {                                          \
			(array) = grown;                                      \
			(array)[(count)++] = (item);                          \
		}                                                             \
		grown != NULL ? 0 : -ENOMEM;                                  \
	})

static int link_take(const struct nlmsghdr *message, void *data)
{
	struct observed *observed = data;
	struct link link;
	int ret = link_parse(message, &link);
	if (ret != 0) {
		return ret == -ENOMSG ? 0 : ret;
	}
	return APPEND(observed->links, observed->link_count, link);
}

static int address_take(const struct nlmsghdr *message, void *data)
{
	struct observed *observed = data;
	struct link_address address;
	int ret = link_address_parse(message, &address);
	if (ret != 0) {
		return ret == -ENOMSG ? 0 : ret;
	}
	return APPEND(observed->addresses, observed->address_count, address);
}

// Filters are repeated here for kernels that dump everything, or another family in place of one
// that they lack.
static int main_route_take(const struct nlmsghdr *message, void *data)
{
	struct observed *observed = data;
	struct route_message parsed;
	int ret = route_parse(message, &parsed);
	if (ret == 0 && (parsed.route.table != RT_TABLE_MAIN || parsed.route.type != RTN_UNICAST)) {
		ret = -ENOMSG;
	}
	while (ret == 0) {
		ret = APPEND(observed->main_routes, observed->main_route_count, parsed.route);
		if (ret == 0) {
			ret = route_parse_next(&parsed);
		}
	}
	return ret == -ENOMSG ? 0 : ret;
}

static int route_take(const struct nlmsghdr *message, void *data)
{
	struct observed *observed = data;
	struct route_message parsed;
	int ret = route_parse(message, &parsed);
	uint8_t type = ret == 0 ? parsed.route.type : RTN_UNSPEC;
	if (ret == 0 && (parsed.protocol != OUR_PROTOCOL ||
	                 (type != RTN_UNICAST && type != RTN_THROW && type != RTN_UNREACHABLE))) {
		ret = -ENOMSG;
	}
	while (ret == 0) {
		ret = APPEND(observed->routes, observed->route_count, parsed.route);
		if (ret == 0) {
			ret = route_parse_next(&parsed);
		}
	}
	return ret == -ENOMSG ? 0 : ret;
}

static int rule_take(const struct nlmsghdr *message, void *data)
{
	struct observed *observed = data;
	struct rule rule;
	int ret = rule_parse(message, &rule);
	if (ret != 0) {
		return ret == -ENOMSG ? 0 : ret;
	}
	return APPEND(observed->rules, observed->rule_count, rule);
}

static const struct {
	struct rtnl_dump dump;
	netlink_handle take;
} observations[] = {
	{ { RTM_GETLINK, AF_UNSPEC, 0, 0, 0 }, link_take },
	{ { RTM_GETADDR, AF_INET, 0, 0, 0 }, address_take },
	{ { RTM_GETADDR, AF_INET6, 0, 0, 0 }, address_take },
	{ { RTM_GETROUTE, AF_INET, RT_TABLE_MAIN, 0, RTN_UNICAST }, main_route_take },
	{ { RTM_GETROUTE, AF_INET6, RT_TABLE_MAIN, 0, RTN_UNICAST }, main_route_take },
	{ { RTM_GETROUTE, AF_INET, 0, OUR_PROTOCOL, 0 }, route_take },
	{ { RTM_GETROUTE, AF_INET6, 0, OUR_PROTOCOL, 0 }, route_take },
	{ { RTM_GETRULE, AF_INET, 0, 0, 0 }, rule_take },
	{ { RTM_GETRULE, AF_INET6, 0, 0, 0 }, rule_take },
};

static int observe_once(struct rtnl *rtnl, struct observed *observed)
{
	for (size_t i = 0; i < sizeof(observations) / sizeof(observations[0]); i++) {
		int ret = rtnl_dump(rtnl, &observations[i].dump, observations[i].take, observed);
		if (ret != 0) {
			return ret;
		}
	}
	observed_sort(observed);

	// Tables are only added: one that is empty now is one where a loss has just happened.
	for (size_t i = 0; i < observed->route_count; i++) {
		int ret = rtnl_table_add(rtnl, observed->routes[i].table);
		if (ret != 0) {
			return ret;
		}
	}
	return sysctls_observe(observed);
}

int rtnl_observe(struct rtnl *rtnl, struct observed *observed)
{
	struct observed seen = { 0 };
	int ret = -EAGAIN;
	for (int i = 0; i < OBSERVE_ATTEMPTS && ret == -EAGAIN; i++) {
		observed_deinit(&seen);
		ret = observe_once(rtnl, &seen);
	}
	if (ret != 0) {
		observed_deinit(&seen);
		return ret;
	}
	*observed = seen;
	return 0;
}
