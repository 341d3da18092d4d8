/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Routes of the plan: a table for each uplink, and the guard table.
 *
 * Table of uplink N: what the main table routes over the uplink's interface, its default route, a
 * «throw» for every inside prefix (so that marked packets to the LAN go on to the main table), and an
 * unreachable default behind all: when the uplink is gone nothing of it falls through to another one.
 *
 * Guard table: packets from the LAN that carry no mark have not passed our ruleset (it was flushed, or
 * is not there yet), so they are neither translated nor bound to an uplink. The guard lets them go
 * inside and stops the rest: a flushed ruleset is no reason to leak inside addresses.
 */

#include "daemon/plan_parts.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/array.h"

/*! Metric of the unreachable default: behind every other route. */
#define METRIC_LAST UINT32_MAX

static int add_route(struct plan *plan, const struct route *route)
{
	struct route *routes = array_grow(plan->routes, plan->route_count, sizeof(*routes));
	if (routes == NULL) {
		return -ENOMEM;
	}
	plan->routes = routes;
	routes[plan->route_count++] = *route;
	return 0;
}

/*! The uplink whose interface a route leaves by, or 0. */
static unsigned route_uplink(const struct plan *plan, const struct route *route)
{
	for (size_t i = 0; i < plan->uplink_count; i++) {
		const struct uplink_view *view = &plan->uplinks[i];
		if (view->link != NULL && view->link->index == route->link) {
			return view->uplink->number;
		}
	}
	return 0;
}

/*!
 * Whether a prefix stands for «everywhere».
 *
 * VPNs put 0.0.0.0/1 and 128.0.0.0/1, or 2000::/3, in front of a default route. No inside network is
 * larger than 10.0.0.0/8 or fc00::/7.
 */
static bool is_default(const struct prefix *prefix)
{
	return prefix->length < (prefix->address.family == AF_INET ? 8 : 7) || prefix->length == 0;
}

static bool is_link_local(const struct prefix *prefix)
{
	static const struct prefix link_local = {
		.address = { .family = AF_INET6, .bytes = { 0xfe, 0x80 } },
		.length = 10,
	};
	return prefix_contains(&link_local, &prefix->address);
}

/*!
 * Whether another main route to the same prefix is preferred to this one.
 *
 * For an uplink's own table the other uplinks' routes do not count: two ISPs may use one prefix.
 */
static bool is_shadowed(const struct observed *observed, const struct plan *plan,
                        const struct route *route)
{
	bool own = route_uplink(plan, route) != 0;
	for (size_t i = 0; i < observed->main_route_count; i++) {
		const struct route *other = &observed->main_routes[i];
		bool counts = !own || other->link == route->link || route_uplink(plan, other) == 0;
		if (counts && other->family == route->family &&
		    prefix_compare(&other->destination, &route->destination) == 0 &&
		    (other->metric < route->metric ||
		     (other->metric == route->metric && other < route))) {
			return true;
		}
	}
	return false;
}

static int add_throws(const struct observed *observed, uint8_t family, uint32_t table, bool guard,
                      struct plan *plan)
{
	int ret = 0;
	for (size_t i = 0; ret == 0 && i < observed->main_route_count; i++) {
		const struct route *route = &observed->main_routes[i];
		if (route->family != family || route_uplink(plan, route) != 0 ||
		    (is_default(&route->destination) && !guard) ||
		    is_link_local(&route->destination) || is_shadowed(observed, plan, route)) {
			continue;
		}
		struct route throw = {
			.family = family,
			.table = table,
			.destination = route->destination,
			.type = RTN_THROW,
		};
		ret = add_route(plan, &throw);
	}
	return ret;
}

static int add_unreachable(uint8_t family, uint32_t table, struct plan *plan)
{
	struct route route = {
		.family = family,
		.table = table,
		.metric = METRIC_LAST,
		.type = RTN_UNREACHABLE,
	};
	return add_route(plan, &route);
}

/*! Whether a connected prefix of the interface holds the gateway. */
static bool is_connected(const struct observed *observed, const struct link *link,
                         const struct address *gateway)
{
	if (gateway->family == AF_INET6 && gateway->bytes[0] == 0xfe && gateway->bytes[1] == 0x80) {
		return true;
	}
	for (size_t i = 0; i < observed->main_route_count; i++) {
		const struct route *route = &observed->main_routes[i];
		if (route->link == link->index && route->gateway.family == 0 &&
		    prefix_contains(&route->destination, gateway)) {
			return true;
		}
	}
	return false;
}

static int add_uplink_routes(const struct site *site, const struct observed *observed,
                             const struct uplink_view *view, unsigned family, struct plan *plan)
{
	const struct uplink_family *state = &view->family[family];
	uint8_t number = family_number(family);
	uint32_t table = site_table(site, view->uplink->number);
	if (!state->routed) {
		return 0;
	}

	struct route route = {
		.family = number,
		.table = table,
		.type = RTN_UNICAST,
		.link = view->link->index,
		.gateway = state->gateway,
		.onlink = state->gateway.family != 0 &&
		          !is_connected(observed, view->link, &state->gateway),
	};
	int ret = add_route(plan, &route);
	for (size_t i = 0; ret == 0 && i < observed->main_route_count; i++) {
		const struct route *main = &observed->main_routes[i];
		if (main->family != number || main->link != view->link->index ||
		    is_default(&main->destination) || is_link_local(&main->destination) ||
		    is_shadowed(observed, plan, main)) {
			continue;
		}
		route.destination = main->destination;
		route.gateway = main->gateway;
		route.onlink = main->onlink;
		ret = add_route(plan, &route);
	}
	return ret;
}

int plan_routes(const struct site *site, const struct observed *observed, struct plan *plan)
{
	int ret = 0;
	for (unsigned family = 0; ret == 0 && family < family_count(observed); family++) {
		uint8_t number = family_number(family);
		for (unsigned i = 0; ret == 0 && i <= plan->uplink_count; i++) {
			// Table 0 is the guard's: no way out at all.
			uint32_t table = site_table(site, i);
			if (i > 0) {
				ret = add_uplink_routes(site, observed, &plan->uplinks[i - 1],
				                        family, plan);
			}
			if (ret == 0) {
				ret = add_throws(observed, number, table, i == 0, plan);
			}
			if (ret == 0) {
				ret = add_unreachable(number, table, plan);
			}
		}
	}
	qsort(plan->routes, plan->route_count, sizeof(*plan->routes), route_compare);
	return ret;
}
