/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Validation of the inside servers, and of what the forwards need of them.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "site/check.h"

static void check_addresses(const struct check *check, const struct server *server)
{
	const struct address *seen[2] = { NULL, NULL };
	for (size_t i = 0; i < server->address.count; i++) {
		const struct address *address = &server->address.items[i];
		struct mark mark = marks_find(check->marks, address);
		char text[ADDRESS_TEXT_MAX];
		address_format(address, text);

		const char *reason = address_unpublishable(address);
		if (reason != NULL) {
			report_error(check->report, mark,
			             "server address %s is %s, to which nothing can be forwarded: "
			             "write its address in the LAN",
			             text, reason);
		}
		bool ipv4 = address->family == AF_INET;
		if (seen[ipv4] != NULL) {
			report_error(
				check->report, mark,
				"server address %s is the second one of %s: keep one a family, or "
				"make it a server of its own",
				text, ipv4 ? "IPv4" : "IPv6");
		}
		seen[ipv4] = address;
	}
}

static void check_uplink_addresses(const struct check *check, const struct server *server)
{
	const struct uplink_address *seen[2][SITE_UPLINKS_MAX + 1] = { { NULL } };
	for (size_t i = 0; i < server->uplink_address_count; i++) {
		const struct uplink_address *own = &server->uplink_address[i];
		struct mark mark = marks_find(check->marks, own);
		char text[ADDRESS_TEXT_MAX];
		address_format(&own->address, text);

		const char *reason = address_unpublishable(&own->address);
		if (reason != NULL) {
			report_error(check->report, mark,
			             "uplink-address %s is %s, to which nothing can be forwarded: "
			             "write an address of the server in the LAN",
			             text, reason);
		}
		if (own->uplink > SITE_UPLINKS_MAX) {
			continue;
		}
		bool ipv4 = own->address.family == AF_INET;
		if (seen[ipv4][own->uplink] != NULL) {
			report_error(
				check->report, mark,
				"uplink-address %s is the second one of %s for its uplink: keep "
				"one a family",
				text, ipv4 ? "IPv4" : "IPv6");
		}
		seen[ipv4][own->uplink] = own;
	}
}

static void check_server(const struct check *check, const struct server *server)
{
	check_addresses(check, server);
	if (server->reply_path == REPLY_PATH_SOURCE_ADDRESS) {
		check_uplink_addresses(check, server);
	} else if (server->uplink_address_count > 0) {
		report_warning(check->report, marks_find(check->marks, &server->uplink_address),
		               "uplink-address has no effect with reply-path conntrack: write "
		               "'reply-path: source-address' to use it");
	}
}

// The reply path is a rule «from address»: an address can lead to one uplink only.
static int check_shared_addresses(const struct check *check)
{
	const struct site *site = check->site;
	size_t room = 1;
	for (size_t i = 0; i < site->server_count; i++) {
		room += site->servers[i].uplink_address_count;
	}
	struct owned_address *addresses = calloc(room, sizeof(*addresses));
	if (addresses == NULL) {
		return -ENOMEM;
	}
	size_t count = 0;
	for (size_t i = 0; i < site->server_count; i++) {
		const struct server *server = &site->servers[i];
		for (size_t k = 0; k < server->uplink_address_count; k++) {
			const struct uplink_address *own = &server->uplink_address[k];
			addresses[count++] =
				(struct owned_address){ own->address, own->uplink,
				                        marks_find(check->marks, own) };
		}
	}
	check_address_duplicates(check, addresses, count, false, "uplink-address");
	free(addresses);
	return 0;
}

static bool has_target(const struct server *server, unsigned uplink)
{
	return server_target(server, uplink, AF_INET) != NULL ||
	       server_target(server, uplink, AF_INET6) != NULL;
}

static bool uplink_may_have(const struct uplink *uplink, uint8_t family)
{
	const struct address_list *list =
		uplink->public_address.count > 0 ? &uplink->public_address : &uplink->address;
	bool any = list->count == 0 || uplink_discover(uplink, family) != NULL;
	for (size_t i = 0; i < list->count; i++) {
		any = any || list->items[i].family == family;
	}
	return any;
}

static bool shares_family(const struct server *server, const struct uplink *uplink)
{
	return (server_target(server, uplink->number, AF_INET) != NULL &&
	        uplink_may_have(uplink, AF_INET)) ||
	       (server_target(server, uplink->number, AF_INET6) != NULL &&
	        uplink_may_have(uplink, AF_INET6));
}

// An address that the interface gets by itself may be of any family.
static void check_families(const struct check *check, const struct site_forward *forward)
{
	const struct server *server = forward->server;
	bool any_target = false;
	bool any_shared = false;
	for (unsigned number = 1; number <= check->site->uplink_count; number++) {
		if ((forward->uplinks & UPLINK_BIT(number)) != 0) {
			any_target = any_target || has_target(server, number);
			any_shared = any_shared ||
			             shares_family(server, site_uplink(check->site, number));
		}
	}
	if (any_target && !any_shared) {
		report_error(check->report, marks_find(check->marks, &forward->port->items),
		             "'%s' cannot be reached: server '%s' and its uplinks have no address "
		             "family in common",
		             forward->name != NULL ? forward->name : "?", server->id);
	}
}

static void check_needed(const struct check *check, const struct server *server, uplink_set needed)
{
	const struct site *site = check->site;
	for (unsigned number = 1; number <= site->uplink_count; number++) {
		const char *id = site_uplink(site, number)->id;
		if ((needed & UPLINK_BIT(number)) == 0 || has_target(server, number) ||
		    server->reply_path != REPLY_PATH_SOURCE_ADDRESS || id == NULL) {
			continue;
		}
		report_error(
			check->report, marks_find(check->marks, &server->id),
			"server '%s' has no uplink-address for uplink '%s', which its forwards "
			"use: add %s=ADDRESS",
			server->id, id, id);
	}
}

static int check_forwards(const struct check *check)
{
	const struct site *site = check->site;
	struct site_forward *forwards = NULL;
	size_t count = 0;
	uplink_set *needed = calloc(site->server_count + 1, sizeof(*needed));
	if (needed == NULL) {
		return -ENOMEM;
	}
	int ret = site_forwards(site, &forwards, &count);
	if (ret != 0) {
		goto cleanup;
	}

	for (size_t i = 0; i < count; i++) {
		if (forwards[i].server != NULL) {
			needed[forwards[i].server - site->servers] |= forwards[i].uplinks;
			check_families(check, &forwards[i]);
		}
	}
	for (size_t i = 0; i < site->server_count; i++) {
		check_needed(check, &site->servers[i], needed[i]);
	}

cleanup:
	free(forwards);
	free(needed);
	return ret;
}

int check_servers(const struct check *check)
{
	for (size_t i = 0; i < check->site->server_count; i++) {
		check_server(check, &check->site->servers[i]);
	}
	int ret = check_shared_addresses(check);
	if (ret == 0 && check->site->uplink_count <= SITE_UPLINKS_MAX) {
		ret = check_forwards(check);
	}
	return ret;
}
