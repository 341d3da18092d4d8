/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * What all zones of a site agree on.
 */

#include "ctl/zone_names.h"

#include <string.h>
#include <sys/socket.h>

#include "site/provider.h"

/*! SOA and NS follow what four resolvers do with them; a negative answer lives 5 minutes. */
#define SOA_TTL 3600
#define SOA_MINIMUM 300

/*! Nobody transfers the zone, these three are the recommendation of RIPE-203. */
#define SOA_REFRESH 86400
#define SOA_RETRY 7200
#define SOA_EXPIRE 3600000

/*! An hour: an uplink's address may change while nobody looks. */
#define TTL_FOLLOWED 3600

bool zone_contains(const char *domain, const char *name)
{
	size_t length = strlen(name);
	size_t tail = strlen(domain);
	return length >= tail && strcmp(name + length - tail, domain) == 0 &&
	       (length == tail || name[length - tail - 1] == '.');
}

void zone_name_server(const struct site *site, const char *domain, unsigned number,
                      struct text *name)
{
	size_t length = strlen(domain);
	if (strcmp(domain, site->domain) == 0) {
		length = 0;
	} else if (zone_contains(site->domain, domain)) {
		length -= strlen(site->domain) + 1;
	}
	for (size_t i = 0; i < length; i++) {
		text_add(name, "%c", domain[i] == '.' ? '-' : domain[i]);
	}
	text_add(name, "%sns%u.%s", length > 0 ? "-" : "", number, site->domain);
}

void zone_mail_gateway(const struct site *site, unsigned number, struct text *name)
{
	char owner[256]; // RFC 1035 section 2.3.4
	if (mail_gateway_owner(site, number, owner, sizeof(owner)) != 0) {
		name->failed = true;
		return;
	}
	text_add(name, "%s", owner);
}

const struct host *zone_of_name(const struct site *site, const char *name, bool below)
{
	const struct host *deepest = NULL;
	for (size_t i = 0; i < site->host_count; i++) {
		const struct host *host = &site->hosts[i];
		if (zone_contains(host->domain, name) &&
		    !(below && strcmp(host->domain, name) == 0) &&
		    (deepest == NULL || strlen(host->domain) > strlen(deepest->domain))) {
			deepest = host;
		}
	}
	return deepest;
}

static const struct address *first_of_family(const struct address_list *list, uint8_t family)
{
	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i].family == family) {
			return &list->items[i];
		}
	}
	return NULL;
}

const struct address_list *zone_addresses(const struct uplink *uplink, uint8_t family)
{
	if (uplink->learnt.count > 0 || uplink->unknown) {
		return &uplink->learnt;
	}
	if (first_of_family(&uplink->public_address, family) != NULL) {
		return &uplink->public_address;
	}
	// Nobody outside need know the own one: nothing is known.
	return uplink_discover(uplink, family) != NULL ? &uplink->learnt : &uplink->address;
}

const struct address *zone_address(const struct uplink *uplink, uint8_t family)
{
	return first_of_family(zone_addresses(uplink, family), family);
}

bool zone_server_address(const struct site *site, const struct server *server,
                         const struct uplink *uplink, uint8_t family, struct address *address)
{
	const struct address *shared = zone_address(uplink, family);
	const struct address own = provider_address(site, server, uplink->number, family);
	// What an interface gets by itself may be of any family.
	bool any = uplink_follows(uplink) && uplink->learnt.count == 0;
	if (server_target(server, uplink->number, family) == NULL ||
	    (shared == NULL && !(any && own.family != 0))) {
		return false;
	}
	*address = own.family != 0 ? own : *shared;
	return true;
}

uint32_t zone_name_server_ttl(const struct site *site)
{
	// One TTL for all records of a type, RFC 2181 section 5.2.
	for (size_t i = 0; i < site->uplink_count; i++) {
		if (uplink_follows(&site->uplinks[i])) {
			return TTL_FOLLOWED;
		}
	}
	return ZONE_TTL;
}

bool zone_addresses_fixed(const struct site *site, struct text *error)
{
	for (size_t i = 0; i < site->uplink_count; i++) {
		const struct uplink *uplink = &site->uplinks[i];
		if (uplink_follows(uplink) && uplink->learnt.count == 0 && !uplink->unknown) {
			text_add(error,
			         "uplink '%s', has no address in the site file, but the zone holds "
			         "it: write its key 'address' or 'public-address', or give it by "
			         "--addresses",
			         uplink->id);
			return false;
		}
	}
	return true;
}

void zone_add_site_soa(struct zone *zone, const struct site *site, const char *mname,
                       uint32_t serial)
{
	zone_add_soa(zone, SOA_TTL,
	             &(struct zone_soa){
			     .mname = mname,
			     .rname = site->hostmaster,
			     .serial = serial,
			     .refresh = SOA_REFRESH,
			     .retry = SOA_RETRY,
			     .expire = SOA_EXPIRE,
			     .minimum = SOA_MINIMUM,
		     });
}
