/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Validation of the providers' prefixes, and of the servers' addresses in them.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "site/check.h"
#include "site/provider.h"

static bool list_holds(const struct address_list *list, const struct address *address)
{
	bool holds = false;
	for (size_t i = 0; i < list->count; i++) {
		holds |= address_equal(&list->items[i], address);
	}
	return holds;
}

/*! The uplink that has an address itself, or NULL. */
static const struct uplink *address_holder(const struct site *site, const struct address *address)
{
	for (size_t i = 0; i < site->uplink_count; i++) {
		const struct uplink *uplink = &site->uplinks[i];
		if (list_holds(&uplink->address, address) ||
		    list_holds(&uplink->public_address, address)) {
			return uplink;
		}
	}
	return NULL;
}

static void check_lan_prefix(const struct check *check)
{
	const struct site *site = check->site;
	struct mark mark = marks_find(check->marks, &site->lan_prefix);
	bool any = false;
	if (site->lan_prefix.address.family == 0) {
		return;
	}
	for (size_t i = 0; i < site->uplink_count; i++) {
		any |= provider_maps(site, &site->uplinks[i]);
	}
	if (!any) {
		report_error(check->report, mark,
		             "lan-prefix has no effect: write what is mapped onto it as 'prefix' "
		             "of the uplinks");
	}
	if ((site->lan_prefix.address.bytes[0] & 0xfe) != 0xfc) {
		report_error(check->report, mark,
		             "lan-prefix is not unique local: write the LAN's network out of "
		             "fc00::/7, or leave it out if servers hold the providers' addresses");
	}
}

static bool has_family6(const struct address_list *list)
{
	bool found = list->count == 0;
	for (size_t i = 0; i < list->count; i++) {
		found |= list->items[i].family == AF_INET6;
	}
	return found;
}

static void check_prefix(const struct check *check, const struct uplink *uplink)
{
	const struct site *site = check->site;
	struct mark mark = marks_find(check->marks, &uplink->prefix);
	char text[ADDRESS_TEXT_MAX];
	if (uplink->prefix.address.family == 0) {
		return;
	}
	prefix_format(&uplink->prefix, text);
	if (!address_is_global6(&uplink->prefix.address)) {
		report_error(check->report, mark,
		             "prefix %s is not global: write what the provider routes to this "
		             "gateway, out of 2000::/3",
		             text);
	}
	if (provider_maps(site, uplink) && uplink->prefix.length != site->lan_prefix.length) {
		report_error(check->report, mark,
		             "prefix %s is not as long as lan-prefix, onto which it is mapped: "
		             "write two of one length",
		             text);
	}
	if (!has_family6(&uplink->address)) {
		report_warning(check->report, mark,
		               "prefix %s has no effect while the uplink has no IPv6 address: add "
		               "one to 'address'",
		               text);
	}
	for (size_t i = 0; i + 1 < uplink->number; i++) {
		const struct prefix *other = &site->uplinks[i].prefix;
		if (other->address.family != 0 && prefix_overlaps(other, &uplink->prefix)) {
			report_error(check->report, mark,
			             "prefix %s overlaps that of uplink '%s': each provider "
			             "routes its own",
			             text, site->uplinks[i].id != NULL ? site->uplinks[i].id : "?");
		}
	}
}

/*! Another uplink in whose prefix an address lies, or NULL. */
static const struct uplink *other_prefix(const struct site *site, const struct uplink *way,
                                         const struct address *address)
{
	for (size_t i = 0; i < site->uplink_count; i++) {
		const struct uplink *other = &site->uplinks[i];
		if (other != way && other->prefix.address.family != 0 &&
		    prefix_contains(&other->prefix, address)) {
			return other;
		}
	}
	return NULL;
}

/*! An address of a provider belongs to one uplink, and to one machine. */
static void check_held(const struct check *check, const struct uplink_address *own)
{
	const struct site *site = check->site;
	struct mark mark = marks_find(check->marks, own);
	const struct uplink *way = site_uplink(site, own->uplink);
	const struct uplink *holder = address_holder(site, &own->address);
	const struct uplink *other = other_prefix(site, way, &own->address);
	char text[ADDRESS_TEXT_MAX];
	char prefix[ADDRESS_TEXT_MAX];
	address_format(&own->address, text);
	prefix_format(&way->prefix, prefix);
	if (holder != NULL) {
		report_error(check->report, mark,
		             "uplink-address %s is the gateway's own on uplink '%s': write one "
		             "that only the server has",
		             text, holder->id != NULL ? holder->id : "?");
	}
	if (provider_maps(site, way) && prefix_contains(&way->prefix, &own->address)) {
		report_error(check->report, mark,
		             "uplink-address %s is in the prefix that is mapped onto lan-prefix: "
		             "write the server's address in lan-prefix, or no lan-prefix",
		             text);
	} else if (other != NULL) {
		report_error(check->report, mark,
		             "uplink-address %s is in the prefix of uplink '%s': it can serve that "
		             "one only",
		             text, other->id != NULL ? other->id : "?");
	} else if (provider_inside(site, way) && !prefix_contains(&way->prefix, &own->address)) {
		report_error(check->report, mark,
		             "uplink-address %s is not in the uplink's prefix %s: its replies "
		             "would leave with a foreign address",
		             text, prefix);
	}
}

static void check_server(const struct check *check, const struct server *server)
{
	const struct site *site = check->site;
	unsigned count = 0;
	for (size_t i = 0; i < server->uplink_address_count; i++) {
		const struct uplink_address *own = &server->uplink_address[i];
		if (own->uplink <= site->uplink_count && address_is_global6(&own->address) &&
		    server->reply_path == REPLY_PATH_SOURCE_ADDRESS) {
			check_held(check, own);
		}
	}
	for (unsigned number = 1; number <= site->uplink_count; number++) {
		struct address address = provider_address(site, server, number, AF_INET6);
		char text[ADDRESS_TEXT_MAX];
		count += address.family != 0;
		if (provider_held(server, number) == NULL && address.family != 0 &&
		    address_holder(site, &address) != NULL) {
			report_error(check->report, marks_find(check->marks, &server->id),
			             "server '%s' would be %s outside, which is the gateway's own "
			             "address: give it another address in lan-prefix",
			             server->id, address_format(&address, text));
		}
	}
	if (count > SITE_OWN_MAX) {
		report_error(check->report, marks_find(check->marks, &server->id),
		             "server '%s' has addresses in the prefixes of %u uplinks: %d are the "
		             "most",
		             server->id, count, SITE_OWN_MAX);
	}
}

/*! Uplinks by which a server is reached by an address of its own. */
static uplink_set provider_uplinks(const struct site *site, const struct server *server)
{
	uplink_set set = 0;
	for (unsigned number = 1; number <= site->uplink_count; number++) {
		struct address address = provider_address(site, server, number, AF_INET6);
		set |= address.family != 0 ? UPLINK_BIT(number) : 0;
	}
	return set;
}

/*! Addresses alone are mapped, or nothing at all: what arrives for a port goes to that port. */
static void check_shifts(const struct check *check, const struct site_forward *forward)
{
	if ((provider_uplinks(check->site, forward->server) & forward->uplinks) == 0) {
		return;
	}
	for (size_t i = 0; i < forward->port->count; i++) {
		const struct service *service = &forward->port->items[i];
		if (service->inside != service->first) {
			report_error(
				check->report, marks_find(check->marks, service),
				"port %u cannot become %u on the way to server '%s', which has an "
				"address in a provider's prefix: let it listen at %u too and "
				"write that port alone",
				service->first, service->inside, forward->server->id,
				service->first);
		}
	}
}

/*! The mail gateways are names that all mail domains share. */
static void check_mails(const struct check *check)
{
	const struct site *site = check->site;
	const struct server *first = site->mail_count > 0 ? site->mails[0].server : NULL;
	for (size_t i = 1; i < site->mail_count && first != NULL; i++) {
		const struct server *server = site->mails[i].server;
		if (server != NULL && server != first &&
		    (provider_uplinks(site, server) | provider_uplinks(site, first)) != 0) {
			report_error(
				check->report, marks_find(check->marks, &site->mails[i].server),
				"mail domains share the uplinks' mail gateways, and server '%s' "
				"and '%s' do not have the same addresses in the providers' "
				"prefixes: let one take all mail",
				first->id, server->id);
		}
	}
}

int check_provider(const struct check *check)
{
	const struct site *site = check->site;
	struct site_forward *forwards = NULL;
	size_t count = 0;
	if (site->uplink_count > SITE_UPLINKS_MAX) {
		return 0;
	}
	check_lan_prefix(check);
	for (size_t i = 0; i < site->uplink_count; i++) {
		check_prefix(check, &site->uplinks[i]);
	}
	for (size_t i = 0; i < site->server_count; i++) {
		check_server(check, &site->servers[i]);
	}
	int ret = site_forwards(site, &forwards, &count);
	for (size_t i = 0; ret == 0 && i < count; i++) {
		if (forwards[i].server != NULL) {
			check_shifts(check, &forwards[i]);
		}
	}
	free(forwards);
	check_mails(check);
	return ret;
}
