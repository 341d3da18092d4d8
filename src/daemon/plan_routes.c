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
 *
 * Outbound table: the ways out for what the gateway itself opens, in order.
 */

#include "daemon/plan_parts.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/array.h"
#include "daemon/outbound.h"

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

unsigned route_uplink(const struct uplink_view *uplinks, size_t count, const struct route *route)
{
	for (size_t i = 0; i < count; i++) {
		const struct uplink_view *view = &uplinks[i];
		if (view->link != NULL && view->link->index == route->link) {
			return view->uplink->number;
		}
	}
	return 0;
}

static bool leaves_by_uplink(const struct plan *plan, const struct route *route)
{
	return route_uplink(plan->uplinks, plan->uplink_count, route) != 0;
}

bool route_is_inside(const struct observed *observed, const struct uplink_view *uplinks,
                     size_t count, const struct address *address)
{
	const struct route *best = NULL;
	for (size_t i = 0; i < observed->main_route_count; i++) {
		const struct route *route = &observed->main_routes[i];
		if (prefix_contains(&route->destination, address) &&
		    (best == NULL || route->destination.length > best->destination.length ||
		     (route->destination.length == best->destination.length &&
		      route->metric < best->metric))) {
			best = route;
		}
	}
	return best != NULL && best->type == RTN_UNICAST &&
	       route_uplink(uplinks, count, best) == 0 && !prefix_is_default(&best->destination);
}

bool prefix_is_default(const struct prefix *prefix)
{
	return prefix->length < (prefix->address.family == AF_INET ? 8 : 7) || prefix->length == 0;
}

bool prefix_is_link_local(const struct prefix *prefix)
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
	bool own = leaves_by_uplink(plan, route);
	for (size_t i = 0; i < observed->main_route_count; i++) {
		const struct route *other = &observed->main_routes[i];
		bool counts = !own || other->link == route->link || !leaves_by_uplink(plan, other);
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
		if (route->family != family || leaves_by_uplink(plan, route) ||
		    (prefix_is_default(&route->destination) && !guard) ||
		    prefix_is_link_local(&route->destination) ||
		    is_shadowed(observed, plan, route)) {
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

static struct route default_route(const struct observed *observed, const struct uplink_view *view,
                                  unsigned family, uint32_t table)
{
	const struct address *gateway = &view->family[family].gateway;
	return (struct route){
		.family = family_number(family),
		.table = table,
		.type = RTN_UNICAST,
		.link = view->link->index,
		.gateway = *gateway,
		.onlink = gateway->family != 0 && !is_connected(observed, view->link, gateway),
	};
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

	struct route route = default_route(observed, view, family, table);
	int ret = add_route(plan, &route);
	for (size_t i = 0; ret == 0 && i < observed->main_route_count; i++) {
		const struct route *main = &observed->main_routes[i];
		if (main->family != number || main->link != view->link->index ||
		    prefix_is_default(&main->destination) ||
		    prefix_is_link_local(&main->destination) || is_shadowed(observed, plan, main)) {
			continue;
		}
		route.destination = main->destination;
		route.gateway = main->gateway;
		route.onlink = main->onlink;
		ret = add_route(plan, &route);
	}
	return ret;
}

/*! A «throw» for each prefix that the main table knows better than by a default route. */
static int add_specific_throws(const struct observed *observed, uint8_t family, uint32_t table,
                               struct plan *plan)
{
	const struct prefix *last = NULL;
	int ret = 0;
	for (size_t i = 0; ret == 0 && i < observed->main_route_count; i++) {
		const struct route *route = &observed->main_routes[i];
		// Sorted by prefix: several routes to one follow each other.
		if (route->family != family || route->destination.length == 0 ||
		    prefix_is_link_local(&route->destination) ||
		    (last != NULL && prefix_compare(last, &route->destination) == 0)) {
			continue;
		}
		last = &route->destination;
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

/*!
 * Default routes of the uplinks that can be used, the first one with the lowest metric.
 *
 * Where the operator's default route leads elsewhere, into a tunnel, it stays so.
 */
static int add_outbound(const struct site *site, const struct observed *observed,
                        uplink_set drained, unsigned family, struct plan *plan)
{
	unsigned order[SITE_UPLINKS_MAX];
	uint8_t number = family_number(family);
	uint32_t table = site_outbound_table(site);
	const struct route *chosen = main_default(observed, number, 0);
	size_t count = outbound_order(site, plan->uplinks, drained, family, order);
	if (count == 0 || (chosen != NULL && !leaves_by_uplink(plan, chosen))) {
		return 0;
	}
	int ret = add_specific_throws(observed, number, table, plan);
	for (size_t i = 0; ret == 0 && i < count; i++) {
		const struct uplink_view *view = &plan->uplinks[order[i] - 1];
		struct route route = default_route(observed, view, family, table);
		route.metric = (uint32_t)i + 1;
		ret = add_route(plan, &route);
	}
	return ret;
}

int plan_routes(const struct site *site, const struct observed *observed, uplink_set drained,
                struct plan *plan)
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
		if (ret == 0) {
			ret = add_outbound(site, observed, drained, family, plan);
		}
	}
	qsort(plan->routes, plan->route_count, sizeof(*plan->routes), route_compare);
	return ret;
}
