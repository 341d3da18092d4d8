/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Validation of forwarded ports: no port of an uplink has two targets, and none is the gateway's.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "site/check.h"

#define DNS_PORT 53

/*! A service at one uplink. */
struct taken {
	unsigned uplink;
	const struct service *service;
	const struct server *server;
	struct mark mark;
};

static int compare_numbers(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

// By uplink, protocol and first port; within these the order of the file.
static int compare_taken(const void *first, const void *second)
{
	const struct taken *a = first;
	const struct taken *b = second;
	const int orders[] = {
		compare_numbers(a->uplink, b->uplink),
		compare_numbers(a->service->protocol, b->service->protocol),
		compare_numbers(a->service->first, b->service->first),
		compare_numbers(a->mark.line, b->mark.line),
		compare_numbers(a->mark.column, b->mark.column),
	};
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		if (orders[i] != 0) {
			return orders[i];
		}
	}
	return 0;
}

static const char *format_service(const struct service *service, char buffer[32])
{
	const char *protocol = service->protocol == IPPROTO_TCP ? "tcp" : "udp";
	if (service->first == service->last) {
		(void)snprintf(buffer, 32, "%s/%u", protocol, service->first);
	} else {
		(void)snprintf(buffer, 32, "%s/%u-%u", protocol, service->first, service->last);
	}
	return buffer;
}

static bool is_range(const struct service *service)
{
	return service->first != service->last;
}

/*
 * Two that overlap: the same target is fine, since virtual hosts share a server. The elements of an
 * interval map of nftables must not overlap, so two ranges are the same or apart.
 */
static void check_pair(const struct check *check, const struct taken *a, const struct taken *b)
{
	bool a_first = a->mark.line != b->mark.line ? a->mark.line < b->mark.line
	                                            : a->mark.column <= b->mark.column;
	const struct taken *first = a_first ? a : b;
	const struct taken *second = a_first ? b : a;
	int first_shift = first->service->inside - first->service->first;
	int second_shift = second->service->inside - second->service->first;
	char text[32];

	if (first->server != second->server) {
		report_error(check->report, second->mark,
		             "port %s goes to server '%s' already (first at line %u): an uplink "
		             "forwards a port to one server",
		             format_service(second->service, text), first->server->id,
		             first->mark.line);
	} else if (first_shift != second_shift) {
		report_error(
			check->report, second->mark,
			"port %s goes to another inside port already (first at line %u): write "
			"the same in both places",
			format_service(second->service, text), first->mark.line);
	} else if (is_range(first->service) && is_range(second->service) &&
	           (first->service->first != second->service->first ||
	            first->service->last != second->service->last)) {
		report_error(
			check->report, second->mark,
			"port range %s overlaps another one (first at line %u): write the same "
			"range in both places, or ranges without a common port",
			format_service(second->service, text), first->mark.line);
	}
}

/*
 * Each is compared with the one that reaches farthest of those before it. If any two collide, some
 * pair of these does: both lie in the farthest one where they overlap.
 */
static void check_overlaps(const struct check *check, struct taken *taken, size_t count)
{
	if (count == 0) {
		return;
	}
	qsort(taken, count, sizeof(*taken), compare_taken);
	const struct taken *farthest = &taken[0];
	for (size_t i = 1; i < count; i++) {
		const struct taken *next = &taken[i];
		if (next->uplink == farthest->uplink &&
		    next->service->protocol == farthest->service->protocol) {
			if (next->service->first <= farthest->service->last) {
				check_pair(check, farthest, next);
			}
			if (next->service->last <= farthest->service->last) {
				continue;
			}
		}
		farthest = next;
	}
}

static void check_reserved(const struct check *check, const struct service *service)
{
	const struct site *site = check->site;
	struct mark mark = marks_find(check->marks, service);
	char text[32];
	if (service->first <= DNS_PORT && service->last >= DNS_PORT) {
		report_error(
			check->report, mark,
			"port %s cannot be forwarded: the gateway's own DNS answers at port 53",
			format_service(service, text));
	}
	unsigned last = site_dns_port((unsigned)site->uplink_count);
	if (site->dns_binding != DNS_BINDING_ADDRESS && service->first <= last &&
	    service->last >= site_dns_port(1)) {
		report_error(check->report, mark,
		             "port %s cannot be forwarded: with dns-binding %s the gateway's own "
		             "DNS listens at ports %u to %u",
		             format_service(service, text),
		             site->dns_binding == DNS_BINDING_PORT ? "port" : "device",
		             site_dns_port(1), last);
	}
}

static int check_taken(const struct check *check, const struct site_forward *forwards, size_t count)
{
	size_t room = 1;
	for (size_t i = 0; i < count; i++) {
		room += forwards[i].port->count * (size_t)__builtin_popcountll(forwards[i].uplinks);
	}
	struct taken *taken = calloc(room, sizeof(*taken));
	if (taken == NULL) {
		return -ENOMEM;
	}

	size_t found = 0;
	for (size_t i = 0; i < count; i++) {
		const struct site_forward *forward = &forwards[i];
		for (size_t k = 0; k < forward->port->count; k++) {
			const struct service *service = &forward->port->items[k];
			struct mark mark = marks_find(check->marks, service);
			check_reserved(check, service);
			for (unsigned uplink = 1; uplink <= check->site->uplink_count; uplink++) {
				if ((forward->uplinks & UPLINK_BIT(uplink)) != 0 &&
				    forward->server != NULL) {
					taken[found++] = (struct taken){ uplink, service,
						                         forward->server, mark };
				}
			}
		}
	}
	check_overlaps(check, taken, found);
	free(taken);
	return 0;
}

int check_ports(const struct check *check)
{
	if (check->site->uplink_count > SITE_UPLINKS_MAX) {
		return 0;
	}
	struct site_forward *forwards = NULL;
	size_t count = 0;
	int ret = site_forwards(check->site, &forwards, &count);
	if (ret != 0) {
		return ret;
	}
	ret = check_taken(check, forwards, count);
	free(forwards);
	return ret;
}
