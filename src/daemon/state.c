/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Ordering, finding and printing of the kernel's objects; no kernel is needed.
 */

#include "daemon/state.h"

#include <inttypes.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/*! What the kernel makes of an IPv6 route without a metric (IP6_RT_PRIO_USER, linux/ipv6_route.h). */
#define IPV6_DEFAULT_METRIC 1024

void observed_deinit(struct observed *observed)
{
	free(observed->links);
	free(observed->addresses);
	free(observed->main_routes);
	free(observed->routes);
	free(observed->rules);
	free(observed->rp_filter);
	*observed = (struct observed){ 0 };
}

// Links have a parallel array, which qsort(3) cannot move along: a shell sort moves both.
static void links_sort(struct observed *observed)
{
	struct link *links = observed->links;
	uint8_t *rp_filter = observed->rp_filter;

	for (size_t gap = observed->link_count / 2; gap > 0; gap /= 2) {
		for (size_t i = gap; i < observed->link_count; i++) {
			struct link link = links[i];
			uint8_t filter = rp_filter != NULL ? rp_filter[i] : 0;
			size_t at = i;
			for (; at >= gap && links[at - gap].index > link.index; at -= gap) {
				links[at] = links[at - gap];
				if (rp_filter != NULL) {
					rp_filter[at] = rp_filter[at - gap];
				}
			}
			links[at] = link;
			if (rp_filter != NULL) {
				rp_filter[at] = filter;
			}
		}
	}
}

static void sort(void *items, size_t count, size_t size, int (*compare)(const void *, const void *))
{
	if (count > 1) {
		qsort(items, count, size, compare);
	}
}

void observed_sort(struct observed *observed)
{
	links_sort(observed);
	sort(observed->addresses, observed->address_count, sizeof(*observed->addresses),
	     link_address_compare);
	sort(observed->main_routes, observed->main_route_count, sizeof(*observed->main_routes),
	     route_compare);
	sort(observed->routes, observed->route_count, sizeof(*observed->routes), route_compare);
	sort(observed->rules, observed->rule_count, sizeof(*observed->rules), rule_compare);
}

const struct link *observed_link(const struct observed *observed, const char *name)
{
	for (size_t i = 0; i < observed->link_count; i++) {
		if (strcmp(observed->links[i].name, name) == 0) {
			return &observed->links[i];
		}
	}
	return NULL;
}

static int number_compare(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

// «default» and «from all» have no address, so that of a prefix of length 0 has no meaning.
static int selector_compare(const struct prefix *a, const struct prefix *b)
{
	return a->length == 0 && b->length == 0 ? 0 : prefix_compare(a, b);
}

static uint32_t route_metric(const struct route *route)
{
	return route->family == AF_INET6 && route->metric == 0 ? IPV6_DEFAULT_METRIC
	                                                       : route->metric;
}

int route_compare(const void *a, const void *b)
{
	const struct route *left = a;
	const struct route *right = b;
	int order;

	if ((order = number_compare(left->family, right->family)) != 0 ||
	    (order = number_compare(left->table, right->table)) != 0 ||
	    (order = selector_compare(&left->destination, &right->destination)) != 0 ||
	    (order = number_compare(route_metric(left), route_metric(right))) != 0 ||
	    (order = number_compare(left->type, right->type)) != 0 ||
	    (order = address_compare(&left->gateway, &right->gateway)) != 0 ||
	    (order = number_compare((uint32_t)left->link, (uint32_t)right->link)) != 0) {
		return order;
	}
	return (int)left->onlink - (int)right->onlink;
}

int rule_compare(const void *a, const void *b)
{
	const struct rule *left = a;
	const struct rule *right = b;
	int order;

	if ((order = number_compare(left->family, right->family)) != 0 ||
	    (order = number_compare(left->priority, right->priority)) != 0 ||
	    (order = number_compare(left->table, right->table)) != 0 ||
	    (order = number_compare(left->mark, right->mark)) != 0 ||
	    (order = number_compare(left->mask, right->mask)) != 0 ||
	    (order = selector_compare(&left->from, &right->from)) != 0) {
		return order;
	}
	return strncmp(left->iif, right->iif, sizeof(left->iif));
}

int link_address_compare(const void *a, const void *b)
{
	const struct link_address *left = a;
	const struct link_address *right = b;
	int order;

	if ((order = number_compare((uint32_t)left->link, (uint32_t)right->link)) != 0 ||
	    (order = prefix_compare(&left->prefix, &right->prefix)) != 0) {
		return order;
	}
	return (int)left->usable - (int)right->usable;
}

static const char *link_name(const struct observed *observed, int index)
{
	for (size_t i = 0; observed != NULL && i < observed->link_count; i++) {
		if (observed->links[i].index == index) {
			return observed->links[i].name;
		}
	}
	return NULL;
}

void route_print(const struct route *route, const struct observed *observed, struct text *text)
{
	char buffer[ADDRESS_TEXT_MAX];

	if (route->type == RTN_THROW) {
		text_add(text, "throw ");
	} else if (route->type == RTN_UNREACHABLE) {
		text_add(text, "unreachable ");
	}
	text_add(text, "%s",
	         route->destination.length == 0 ? "default"
	                                        : prefix_format(&route->destination, buffer));
	if (route->gateway.family != 0) {
		text_add(text, " via %s%s", route->gateway.family != route->family ? "inet6 " : "",
		         address_format(&route->gateway, buffer));
	}
	if (route->link != 0) {
		const char *name = link_name(observed, route->link);
		if (name != NULL) {
			text_add(text, " dev %s", name);
		} else {
			text_add(text, " dev if %d", route->link);
		}
	}
	text_add(text, " table %" PRIu32, route->table);
	if (route->metric != 0) {
		text_add(text, " metric %" PRIu32, route->metric);
	}
	if (route->onlink) {
		text_add(text, " onlink");
	}
}

void rule_print(const struct rule *rule, struct text *text)
{
	char buffer[ADDRESS_TEXT_MAX];

	text_add(text, "pref %" PRIu32 " from %s", rule->priority,
	         rule->from.length == 0 ? "all" : prefix_format(&rule->from, buffer));
	if (rule->mask != 0 || rule->mark != 0) {
		text_add(text, " fwmark 0x%" PRIx32 "/0x%" PRIx32, rule->mark, rule->mask);
	}
	if (rule->iif[0] != '\0') {
		text_add(text, " iif %s", rule->iif);
	}
	text_add(text, " lookup %" PRIu32, rule->table);
}
