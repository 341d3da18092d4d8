/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Sets and maps of the ruleset, a table row each: name, type, and who lists its elements.
 */

#include "daemon/nft_maps.h"

#include <stdio.h>
#include <sys/socket.h>

#include "daemon/nft_cross.h"
#include "daemon/nft_live.h"
#include "daemon/nft_provider.h"
#include "site/provider.h"

void nft_separator(struct text *text, size_t start)
{
	if (text->length != start) {
		text_add(text, ",\n\t\t\t");
	}
}

/*! A set or map of the ruleset; those of an uplink carry its number. */
struct object {
	const char *kind;
	const char *name;
	const char *type;
	enum {
		FIXED,
		UPLINK,
		LIVE
	} follows;      /*!< The site, the site for each uplink, or its state. */
	uint8_t family; /*!< Of the addresses in it; 0: of either or none. */
	/*! Prints the elements, separated by commas. */
	void (*elements)(const struct nft_source *source, unsigned uplink, uint8_t family,
	                 struct text *text);
};

static void list_uplinks(const struct nft_source *source, unsigned uplink, uint8_t family,
                         struct text *text)
{
	size_t start = text->length;
	for (size_t i = 0; i < source->site->uplink_count; i++) {
		nft_separator(text, start);
		text_add(text, "\"%s\"", source->site->uplinks[i].interface);
	}
}

static void list_inside(const struct nft_source *source, unsigned uplink, uint8_t family,
                        struct text *text)
{
	size_t start = text->length;
	for (size_t i = 0; i < source->site->lan.count; i++) {
		nft_separator(text, start);
		text_add(text, "\"%s\"", source->site->lan.items[i]);
	}
}

/*! Addresses that servers hold for one uplink: policy rules lead from them to it. */
static void list_bound(const struct nft_source *source, unsigned uplink, uint8_t family,
                       struct text *text)
{
	size_t start = text->length;
	for (size_t i = 0; i < source->site->server_count; i++) {
		const struct server *server = &source->site->servers[i];
		bool used = server->reply_path == REPLY_PATH_SOURCE_ADDRESS;
		for (size_t k = 0; used && k < server->uplink_address_count; k++) {
			const struct address *address = &server->uplink_address[k].address;
			char buffer[ADDRESS_TEXT_MAX];
			if (address->family == family) {
				nft_separator(text, start);
				text_add(text, "%s", address_format(address, buffer));
			}
		}
	}
}

static void list_jumps(const struct nft_source *source, const char *chain, struct text *text)
{
	size_t start = text->length;
	for (size_t i = 0; i < source->site->uplink_count; i++) {
		const struct uplink *own = &source->site->uplinks[i];
		nft_separator(text, start);
		text_add(text, "\"%s\" : jump %s_%u", own->interface, chain, own->number);
	}
}

static void list_stamps(const struct nft_source *source, unsigned uplink, uint8_t family,
                        struct text *text)
{
	list_jumps(source, "stamp", text);
}

static void list_forward_chains(const struct nft_source *source, unsigned uplink, uint8_t family,
                                struct text *text)
{
	list_jumps(source, "forward", text);
}

static void list_marks(const struct nft_source *source, unsigned uplink, uint8_t family,
                       struct text *text)
{
	size_t start = text->length;
	for (size_t i = 0; i < source->site->uplink_count; i++) {
		unsigned number = source->site->uplinks[i].number;
		nft_separator(text, start);
		text_add(text, "0x%08x : jump use_%u", site_mark(source->site, number), number);
	}
}

static void list_dns_port(const struct nft_source *source, unsigned uplink, uint8_t family,
                          struct text *text)
{
	size_t start = text->length;
	for (size_t i = 0; i < source->site->uplink_count; i++) {
		const struct uplink *own = &source->site->uplinks[i];
		nft_separator(text, start);
		text_add(text, "\"%s\" : %u", own->interface, site_dns_port(own->number));
	}
}

static void list_dns_replies(const struct nft_source *source, unsigned uplink, uint8_t family,
                             struct text *text)
{
	size_t start = text->length;
	for (size_t i = 0; i < source->site->uplink_count; i++) {
		unsigned number = source->site->uplinks[i].number;
		nft_separator(text, start);
		text_add(text, "%u : jump dns_%u", site_dns_port(number), number);
	}
}

static void list_single(const struct nft_source *source, unsigned uplink, uint8_t family,
                        struct text *text)
{
	nft_forwards_print(source->forwards, uplink, family, false, text);
}

static void list_range(const struct nft_source *source, unsigned uplink, uint8_t family,
                       struct text *text)
{
	nft_forwards_print(source->forwards, uplink, family, true, text);
}

static const struct object common_objects[] = {
	{ "set", "uplinks", "type ifname;", FIXED, 0, list_uplinks },
	{ "set", "inside", "type ifname;", FIXED, 0, list_inside },
	{ "set", "own4", "type ipv4_addr;", LIVE, AF_INET, nft_live_own },
	{ "set", "own6", "type ipv6_addr;", LIVE, AF_INET6, nft_live_own },
	{ "set", "home4", "type ipv4_addr . ifname;", LIVE, AF_INET, nft_live_home },
	{ "set", "home6", "type ipv6_addr . ifname;", LIVE, AF_INET6, nft_live_home },
	{ "set", "bound4", "type ipv4_addr;", FIXED, AF_INET, list_bound },
	{ "set", "bound6", "type ipv6_addr;", FIXED, AF_INET6, list_bound },
	{ "map", "stamp", "type ifname : verdict;", FIXED, 0, list_stamps },
	{ "map", "use", "type mark : verdict;", FIXED, 0, list_marks },
	{ "map", "forward", "type ifname : verdict;", FIXED, 0, list_forward_chains },
	{ "map", "hairpin4", "type ipv4_addr : verdict;", LIVE, AF_INET, nft_live_hairpin },
	{ "map", "hairpin6", "type ipv6_addr : verdict;", LIVE, AF_INET6, nft_live_hairpin },
	{ "set", "specific4", "type ipv4_addr; flags interval;", LIVE, AF_INET, nft_live_specific },
	{ "set", "specific6", "type ipv6_addr; flags interval;", LIVE, AF_INET6,
	  nft_live_specific },
	{ "map", "first", "type nf_proto : verdict;", LIVE, 0, nft_live_first },
	{ "map", "mail4", "type ipv4_addr : verdict;", LIVE, AF_INET, nft_live_mail },
	{ "map", "mail6", "type ipv6_addr : verdict;", LIVE, AF_INET6, nft_live_mail },
	{ "map", "mail_source4", "type ifname . ipv4_addr : ipv4_addr;", LIVE, AF_INET,
	  nft_live_mail_source },
	{ "map", "mail_source6", "type ifname . ipv6_addr : ipv6_addr;", LIVE, AF_INET6,
	  nft_live_mail_source },
	{ "map", "single4", "type inet_proto . inet_service : ipv4_addr . inet_service;", UPLINK,
	  AF_INET, list_single },
	{ "map", "single6", "type inet_proto . inet_service : ipv6_addr . inet_service;", UPLINK,
	  AF_INET6, list_single },
	{ "map", "range4", "type inet_proto . inet_service : ipv4_addr; flags interval;", UPLINK,
	  AF_INET, list_range },
	{ "map", "range6", "type inet_proto . inet_service : ipv6_addr; flags interval;", UPLINK,
	  AF_INET6, list_range },
	{ 0 },
};

/*! Who was seen where belongs to packets: nothing is ever listed. */
static void list_nothing(const struct nft_source *source, unsigned uplink, uint8_t family,
                         struct text *text)
{
}

#define SEEN_TYPE "type ifname . inet_service; flags dynamic, timeout; timeout 5s; size 1024;"

static const struct object cross_objects[] = {
	{ "map", "alias4", "type ipv4_addr : ipv4_addr;", LIVE, AF_INET, nft_live_alias },
	{ "map", "alias6", "type ipv6_addr : ipv6_addr;", LIVE, AF_INET6, nft_live_alias },
	{ "map", "public4", "type ipv4_addr : ipv4_addr;", LIVE, AF_INET, nft_live_public },
	{ "map", "public6", "type ipv6_addr : ipv6_addr;", LIVE, AF_INET6, nft_live_public },
	{ "set", "public_home4", "type ipv4_addr . ifname;", LIVE, AF_INET, nft_live_public_home },
	{ "set", "public_home6", "type ipv6_addr . ifname;", LIVE, AF_INET6, nft_live_public_home },
	{ "set", CROSS_SET_SENT, SEEN_TYPE, FIXED, 0, list_nothing },
	{ "set", CROSS_SET_ARRIVED, SEEN_TYPE, FIXED, 0, list_nothing },
	{ "set", CROSS_SET_REPLIED, SEEN_TYPE, FIXED, 0, list_nothing },
	{ "set", CROSS_SET_RETURNED, SEEN_TYPE, FIXED, 0, list_nothing },
	{ "set", CROSS_SET_CLIENTS,
	  "type inet_service . ifname . nf_proto; flags dynamic, timeout; timeout 1h; size 4096;",
	  FIXED, 0, list_nothing },
	{ 0 },
};

static const struct object provider_objects[] = {
	{ "set", "held", "type ipv6_addr;", FIXED, 0, nft_provider_held },
	{ "map", "mapped", "type ipv6_addr : verdict; flags interval;", FIXED, 0,
	  nft_provider_mapped },
	{ "set", "unmapped", "type ipv6_addr; flags interval;", FIXED, 0, nft_provider_unmapped },
	{ "map", "homes", "type ipv6_addr : verdict; flags interval;", FIXED, 0,
	  nft_provider_homes },
	{ "map", "translate", "type ifname : verdict;", FIXED, 0, nft_provider_translates },
	{ "map", "reach", "type ifname : verdict;", FIXED, 0, nft_provider_reaches },
	{ "set", "outside_single", "type ipv6_addr . inet_proto . inet_service;", UPLINK, 0,
	  nft_provider_single },
	{ "set", "outside_range", "type ipv6_addr . inet_proto . inet_service; flags interval;",
	  UPLINK, 0, nft_provider_range },
	{ 0 },
};

static const struct object inside_objects[] = {
	{ "map", "dns_port4", "type ipv4_addr : inet_service;", LIVE, AF_INET, nft_live_dns_port },
	{ "map", "dns_port6", "type ipv6_addr : inet_service;", LIVE, AF_INET6, nft_live_dns_port },
	{ 0 },
};

static const struct object port_objects[] = {
	{ "map", "dns_port", "type ifname : inet_service;", FIXED, 0, list_dns_port },
	{ "map", "dns_reply", "type inet_service : verdict;", FIXED, 0, list_dns_replies },
	{ 0 },
};

static void declare_object(const struct object *object, const char *name,
                           const struct nft_source *source, unsigned uplink, struct text *text)
{
	text_add(text, "\t%s %s { %s }\n", object->kind, name, object->type);
}

static void flush_object(const struct object *object, const char *name,
                         const struct nft_source *source, unsigned uplink, struct text *text)
{
	text_add(text, "flush %s inet " OUR_NFT_TABLE " %s\n", object->kind, name);
}

static void fill_object(const struct object *object, const char *name,
                        const struct nft_source *source, unsigned uplink, struct text *text)
{
	struct text elements = TEXT_EMPTY;
	object->elements(source, uplink, object->family, &elements);
	text->failed |= elements.failed;
	if (elements.length != 0 && object->follows == LIVE) {
		// A block would make libnftables read all elements of the table first.
		text_add(text, "add element inet " OUR_NFT_TABLE " %s { %s }\n", name,
		         elements.data);
	} else if (elements.length != 0) {
		text_add(text, "\t%s %s {\n\t\t%s\n\t\telements = { %s }\n\t}\n", object->kind,
		         name, object->type, elements.data);
	}
	text_free(&elements);
}

static void print_objects(const struct object *objects, const struct nft_source *source,
                          enum nft_maps_part part, bool live, struct text *text)
{
	static void (*const calls[])(const struct object *, const char *, const struct nft_source *,
	                             unsigned, struct text *) = {
		[NFT_MAPS_DECLARE] = declare_object,
		[NFT_MAPS_FLUSH] = flush_object,
		[NFT_MAPS_FILL] = fill_object,
	};
	for (const struct object *object = objects; object->name != NULL; object++) {
		if (part != NFT_MAPS_DECLARE && (object->follows == LIVE) != live) {
			continue;
		}
		if (object->follows != UPLINK) {
			calls[part](object, object->name, source, 0, text);
			continue;
		}
		for (size_t i = 0; i < source->site->uplink_count; i++) {
			if (part != NFT_MAPS_DECLARE && source->forwards == NULL) {
				break;
			}
			char name[32];
			unsigned number = source->site->uplinks[i].number;
			(void)snprintf(name, sizeof(name), "%s_%u", object->name, number);
			calls[part](object, name, source, number, text);
		}
	}
}

void nft_maps_print(const struct nft_source *source, enum nft_maps_part part, bool live,
                    struct text *text)
{
	print_objects(common_objects, source, part, live, text);
	if (site_crosses(source->site)) {
		print_objects(cross_objects, source, part, live, text);
	}
	if (provider_used(source->site)) {
		print_objects(provider_objects, source, part, live, text);
	}
	if (source->site->dns_binding != DNS_BINDING_ADDRESS) {
		print_objects(inside_objects, source, part, live, text);
	}
	if (source->site->dns_binding == DNS_BINDING_PORT) {
		print_objects(port_objects, source, part, live, text);
	}
}
