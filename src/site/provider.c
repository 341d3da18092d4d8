/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Addresses of servers in the prefixes of the providers.
 */

#include "site/provider.h"

#include <sys/socket.h>

bool address_is_global6(const struct address *address)
{
	return address->family == AF_INET6 && (address->bytes[0] & 0xe0) == 0x20;
}

bool prefix_overlaps(const struct prefix *a, const struct prefix *b)
{
	return a->length <= b->length ? prefix_contains(a, &b->address)
	                              : prefix_contains(b, &a->address);
}

const struct address *provider_held(const struct server *server, unsigned uplink)
{
	if (server->reply_path != REPLY_PATH_SOURCE_ADDRESS) {
		return NULL;
	}
	for (size_t i = 0; i < server->uplink_address_count; i++) {
		const struct uplink_address *own = &server->uplink_address[i];
		if (own->uplink == uplink && address_is_global6(&own->address)) {
			return &own->address;
		}
	}
	return NULL;
}

bool provider_server(const struct server *server)
{
	bool found = false;
	for (size_t i = 0; i < server->uplink_address_count; i++) {
		found |= provider_held(server, server->uplink_address[i].uplink) != NULL;
	}
	return found;
}

bool provider_maps(const struct site *site, const struct uplink *uplink)
{
	return uplink->prefix.address.family != 0 && site->lan_prefix.address.family != 0;
}

bool provider_inside(const struct site *site, const struct uplink *uplink)
{
	return uplink->prefix.address.family != 0 && site->lan_prefix.address.family == 0;
}

bool provider_used(const struct site *site)
{
	bool used = false;
	for (size_t i = 0; i < site->uplink_count; i++) {
		used |= site->uplinks[i].prefix.address.family != 0;
	}
	for (size_t i = 0; i < site->server_count; i++) {
		used |= provider_server(&site->servers[i]);
	}
	return used;
}

/*! The prefix of one address with the rest of the other. */
static struct address join(const struct prefix *prefix, const struct address *host)
{
	struct address joined = prefix->address;
	for (unsigned bit = prefix->length; bit < 8 * sizeof(joined.bytes); bit++) {
		uint8_t mask = (uint8_t)(0x80 >> bit % 8);
		joined.bytes[bit / 8] &= (uint8_t)~mask;
		joined.bytes[bit / 8] |= host->bytes[bit / 8] & mask;
	}
	return joined;
}

struct address provider_address(const struct site *site, const struct server *server,
                                unsigned uplink, uint8_t family)
{
	struct address none = { 0 };
	const struct address *target = server_target(server, uplink, family);
	const struct address *held = provider_held(server, uplink);
	const struct uplink *way = site_uplink(site, uplink);
	if (family != AF_INET6 || target == NULL) {
		return none;
	}
	if (held != NULL) {
		return *held;
	}
	return provider_maps(site, way) && prefix_contains(&site->lan_prefix, target)
	               ? join(&way->prefix, target)
	               : none;
}
