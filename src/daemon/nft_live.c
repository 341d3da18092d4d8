/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Elements that follow the state of the uplinks: their addresses, and where outgoing mail leaves.
 */

#include "daemon/nft_live.h"

#include <sys/socket.h>

#include "daemon/outbound.h"
#include "daemon/plan_parts.h"
#include "site/provider.h"

/*! Whether an earlier uplink has the same address: two routers of one make often give out the same. */
static bool is_taken(const struct nft_source *source, size_t uplink, unsigned family)
{
	const struct address *address = &source->uplinks[uplink].family[family].address;
	for (size_t i = 0; i < uplink; i++) {
		if (address_equal(&source->uplinks[i].family[family].address, address)) {
			return true;
		}
	}
	return false;
}

/*! Own addresses of the uplinks of one family, each with what a LAN client's packet to it does. */
static void list_addresses(const struct nft_source *source, uint8_t family, bool dns,
                           struct text *text)
{
	size_t start = text->length;
	for (size_t i = 0; i < source->site->uplink_count; i++) {
		char address[ADDRESS_TEXT_MAX];
		unsigned index = family == AF_INET ? FAMILY_4 : FAMILY_6;
		const struct uplink_family *state = &source->uplinks[i].family[index];
		unsigned number = source->site->uplinks[i].number;
		if (state->address.family == 0 || is_taken(source, i, index)) {
			continue;
		}
		nft_separator(text, start);
		text_add(text, "%s : ", address_format(&state->address, address));
		if (dns) {
			text_add(text, "%u", site_dns_port(number));
		} else {
			text_add(text, "jump forward_%u", number);
		}
	}
}

/*! The uplink whose interface holds an address, or NULL. */
static const struct uplink *address_uplink(const struct nft_source *source,
                                           const struct link_address *address)
{
	for (size_t i = 0; i < source->site->uplink_count; i++) {
		const struct uplink_view *view = &source->uplinks[i];
		if (view->link != NULL && view->link->index == address->link) {
			return view->uplink;
		}
	}
	return NULL;
}

/*! Whether an earlier address of the uplinks is the same (two ISPs' routers often give 192.168.1.2). */
static bool is_repeated(const struct nft_source *source, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		const struct link_address *other = &source->observed->addresses[i];
		if (address_equal(&other->prefix.address,
		                  &source->observed->addresses[index].prefix.address) &&
		    address_uplink(source, other) != NULL) {
			return true;
		}
	}
	return false;
}

/*! All addresses of the uplinks' interfaces in one family, each with its interface or once alone. */
static void list_own(const struct nft_source *source, uint8_t family, bool home, struct text *text)
{
	size_t start = text->length;
	for (size_t i = 0; i < source->observed->address_count; i++) {
		const struct link_address *own = &source->observed->addresses[i];
		const struct uplink *uplink = address_uplink(source, own);
		char address[ADDRESS_TEXT_MAX];
		if (uplink == NULL || own->prefix.address.family != family ||
		    (!home && is_repeated(source, i))) {
			continue;
		}
		nft_separator(text, start);
		text_add(text, "%s", address_format(&own->prefix.address, address));
		if (home) {
			text_add(text, " . \"%s\"", uplink->interface);
		}
	}
}

void nft_live_own(const struct nft_source *source, unsigned uplink, uint8_t family,
                  struct text *text)
{
	list_own(source, family, false, text);
}

void nft_live_home(const struct nft_source *source, unsigned uplink, uint8_t family,
                   struct text *text)
{
	list_own(source, family, true, text);
}

void nft_live_hairpin(const struct nft_source *source, unsigned uplink, uint8_t family,
                      struct text *text)
{
	if (source->site->hairpin) {
		list_addresses(source, family, false, text);
	}
}

void nft_live_dns_port(const struct nft_source *source, unsigned uplink, uint8_t family,
                       struct text *text)
{
	list_addresses(source, family, true, text);
}

/*! Whether another such prefix holds this one: nftables refuses intervals that overlap. */
static bool is_covered(const struct nft_source *source, const struct route *route)
{
	for (size_t i = 0; i < source->observed->main_route_count; i++) {
		const struct route *other = &source->observed->main_routes[i];
		bool wider =
			other->destination.length < route->destination.length ||
			(other->destination.length == route->destination.length && other < route);
		if (other->family == route->family && wider &&
		    !prefix_is_default(&other->destination) &&
		    route_uplink(source->uplinks, source->site->uplink_count, other) != 0 &&
		    prefix_contains(&other->destination, &route->destination.address)) {
			return true;
		}
	}
	return false;
}

void nft_live_specific(const struct nft_source *source, unsigned uplink, uint8_t family,
                       struct text *text)
{
	size_t start = text->length;
	for (size_t i = 0; i < source->observed->main_route_count; i++) {
		const struct route *route = &source->observed->main_routes[i];
		char prefix[ADDRESS_TEXT_MAX];
		if (route->family != family || prefix_is_default(&route->destination) ||
		    prefix_is_link_local(&route->destination) ||
		    route_uplink(source->uplinks, source->site->uplink_count, route) == 0 ||
		    is_covered(source, route)) {
			continue;
		}
		nft_separator(text, start);
		text_add(text, "%s", prefix_format(&route->destination, prefix));
	}
}

void nft_live_first(const struct nft_source *source, unsigned uplink, uint8_t family,
                    struct text *text)
{
	static const char *const families[] = { [FAMILY_4] = "ipv4", [FAMILY_6] = "ipv6" };
	size_t start = text->length;
	for (unsigned index = 0; index < FAMILIES; index++) {
		unsigned order[SITE_UPLINKS_MAX];
		if (outbound_order(source->site, source->uplinks, source->drained, index, order) >
		    0) {
			nft_separator(text, start);
			text_add(text, "%s : goto use_%u", families[index], order[0]);
		}
	}
}

/*! A table entry of its own for each server: mail of other machines is not ours to steer. */
void nft_live_mail(const struct nft_source *source, unsigned uplink, uint8_t family,
                   struct text *text)
{
	size_t start = text->length;
	for (size_t i = 0; i < source->senders->count; i++) {
		const struct mail_sender *sender = &source->senders->items[i];
		char address[ADDRESS_TEXT_MAX];
		if (sender->address.family != family || sender->uplink == 0) {
			continue;
		}
		nft_separator(text, start);
		text_add(text, "%s : goto use_%u", address_format(&sender->address, address),
		         sender->uplink);
	}
}

/*! A server's own address there is the one that its name and PTR have. */
static struct address mail_source(const struct nft_source *source, size_t sender,
                                  const struct uplink_view *view, unsigned family)
{
	const struct server *server = source->senders->items[sender].server;
	const struct address *held = provider_held(server, view->uplink->number);
	const struct address own =
		provider_address(source->site, server, view->uplink->number, family_number(family));
	bool reached = own.family != 0 && view->family[family].address.family != 0 &&
	               (held == NULL || route_is_inside(source->observed, source->uplinks,
	                                                source->site->uplink_count, held));
	return reached ? own : view->family[family].address;
}

/*! The address that SPF and PTR name, which need not be the one that the kernel would take. */
void nft_live_mail_source(const struct nft_source *source, unsigned uplink, uint8_t family,
                          struct text *text)
{
	size_t start = text->length;
	unsigned index = family == AF_INET ? FAMILY_4 : FAMILY_6;
	for (size_t i = 0; i < source->senders->count; i++) {
		const struct address *sender = &source->senders->items[i].address;
		for (size_t k = 0; sender->family == family && k < source->site->uplink_count;
		     k++) {
			const struct uplink_view *view = &source->uplinks[k];
			const struct address own = mail_source(source, i, view, index);
			char from[ADDRESS_TEXT_MAX];
			char to[ADDRESS_TEXT_MAX];
			if (own.family == 0) {
				continue;
			}
			nft_separator(text, start);
			text_add(text, "\"%s\" . %s : %s", view->uplink->interface,
			         address_format(sender, from), address_format(&own, to));
		}
	}
}
