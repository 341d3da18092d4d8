/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Sets and maps of the ruleset, a table row each: name, type, and who lists its elements.
 */

#include "daemon/nft_maps.h"

#include <stdio.h>
#include <sys/socket.h>

/*! A set or map of the ruleset; those of an uplink carry its number. */
struct object {
	const char *kind;
	const char *name;
	const char *type;
	bool per_uplink;
	/*! Prints the elements, separated by commas. */
	void (*elements)(const struct nft_source *source, unsigned uplink, struct text *text);
};

/*! Adds one element to an open list. */
static void add_separator(struct text *text, size_t start)
{
	if (text->length != start) {
		text_add(text, ",\n\t\t\t");
	}
}

static void list_uplinks(const struct nft_source *source, unsigned uplink, struct text *text)
{
	size_t start = text->length;
	for (size_t i = 0; i < source->site->uplink_count; i++) {
		add_separator(text, start);
		text_add(text, "\"%s\"", source->site->uplinks[i].interface);
	}
}

static void list_inside(const struct nft_source *source, unsigned uplink, struct text *text)
{
	size_t start = text->length;
	for (size_t i = 0; i < source->site->lan.count; i++) {
		add_separator(text, start);
		text_add(text, "\"%s\"", source->site->lan.items[i]);
	}
}

static void list_jumps(const struct nft_source *source, const char *chain, struct text *text)
{
	size_t start = text->length;
	for (size_t i = 0; i < source->site->uplink_count; i++) {
		const struct uplink *own = &source->site->uplinks[i];
		add_separator(text, start);
		text_add(text, "\"%s\" : jump %s_%u", own->interface, chain, own->number);
	}
}

static void list_stamps(const struct nft_source *source, unsigned uplink, struct text *text)
{
	list_jumps(source, "stamp", text);
}

static void list_forward_chains(const struct nft_source *source, unsigned uplink, struct text *text)
{
	list_jumps(source, "forward", text);
}

static void list_marks(const struct nft_source *source, unsigned uplink, struct text *text)
{
	size_t start = text->length;
	for (size_t i = 0; i < source->site->uplink_count; i++) {
		unsigned number = source->site->uplinks[i].number;
		add_separator(text, start);
		text_add(text, "0x%08x : jump use_%u", site_mark(source->site, number), number);
	}
}

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
		add_separator(text, start);
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
		add_separator(text, start);
		text_add(text, "%s", address_format(&own->prefix.address, address));
		if (home) {
			text_add(text, " . \"%s\"", uplink->interface);
		}
	}
}

static void list_own4(const struct nft_source *source, unsigned uplink, struct text *text)
{
	list_own(source, AF_INET, false, text);
}

static void list_own6(const struct nft_source *source, unsigned uplink, struct text *text)
{
	list_own(source, AF_INET6, false, text);
}

static void list_home4(const struct nft_source *source, unsigned uplink, struct text *text)
{
	list_own(source, AF_INET, true, text);
}

static void list_home6(const struct nft_source *source, unsigned uplink, struct text *text)
{
	list_own(source, AF_INET6, true, text);
}

static void list_hairpin4(const struct nft_source *source, unsigned uplink, struct text *text)
{
	if (source->site->hairpin) {
		list_addresses(source, AF_INET, false, text);
	}
}

static void list_hairpin6(const struct nft_source *source, unsigned uplink, struct text *text)
{
	if (source->site->hairpin) {
		list_addresses(source, AF_INET6, false, text);
	}
}

static void list_dns_port(const struct nft_source *source, unsigned uplink, struct text *text)
{
	size_t start = text->length;
	for (size_t i = 0; i < source->site->uplink_count; i++) {
		const struct uplink *own = &source->site->uplinks[i];
		add_separator(text, start);
		text_add(text, "\"%s\" : %u", own->interface, site_dns_port(own->number));
	}
}

static void list_dns_port4(const struct nft_source *source, unsigned uplink, struct text *text)
{
	list_addresses(source, AF_INET, true, text);
}

static void list_dns_port6(const struct nft_source *source, unsigned uplink, struct text *text)
{
	list_addresses(source, AF_INET6, true, text);
}

static void list_dns_replies(const struct nft_source *source, unsigned uplink, struct text *text)
{
	size_t start = text->length;
	for (size_t i = 0; i < source->site->uplink_count; i++) {
		unsigned number = source->site->uplinks[i].number;
		add_separator(text, start);
		text_add(text, "%u : jump dns_%u", site_dns_port(number), number);
	}
}

static void list_single4(const struct nft_source *source, unsigned uplink, struct text *text)
{
	nft_forwards_print(source->forwards, uplink, AF_INET, false, text);
}

static void list_single6(const struct nft_source *source, unsigned uplink, struct text *text)
{
	nft_forwards_print(source->forwards, uplink, AF_INET6, false, text);
}

static void list_range4(const struct nft_source *source, unsigned uplink, struct text *text)
{
	nft_forwards_print(source->forwards, uplink, AF_INET, true, text);
}

static void list_range6(const struct nft_source *source, unsigned uplink, struct text *text)
{
	nft_forwards_print(source->forwards, uplink, AF_INET6, true, text);
}

static const struct object common_objects[] = {
	{ "set", "uplinks", "type ifname;", false, list_uplinks },
	{ "set", "inside", "type ifname;", false, list_inside },
	{ "set", "own4", "type ipv4_addr;", false, list_own4 },
	{ "set", "own6", "type ipv6_addr;", false, list_own6 },
	{ "set", "home4", "type ipv4_addr . ifname;", false, list_home4 },
	{ "set", "home6", "type ipv6_addr . ifname;", false, list_home6 },
	{ "map", "stamp", "type ifname : verdict;", false, list_stamps },
	{ "map", "use", "type mark : verdict;", false, list_marks },
	{ "map", "forward", "type ifname : verdict;", false, list_forward_chains },
	{ "map", "hairpin4", "type ipv4_addr : verdict;", false, list_hairpin4 },
	{ "map", "hairpin6", "type ipv6_addr : verdict;", false, list_hairpin6 },
	{ "map", "single4", "type inet_proto . inet_service : ipv4_addr . inet_service;", true,
	  list_single4 },
	{ "map", "single6", "type inet_proto . inet_service : ipv6_addr . inet_service;", true,
	  list_single6 },
	{ "map", "range4", "type inet_proto . inet_service : ipv4_addr; flags interval;", true,
	  list_range4 },
	{ "map", "range6", "type inet_proto . inet_service : ipv6_addr; flags interval;", true,
	  list_range6 },
	{ 0 },
};

static const struct object port_objects[] = {
	{ "map", "dns_port", "type ifname : inet_service;", false, list_dns_port },
	{ "map", "dns_port4", "type ipv4_addr : inet_service;", false, list_dns_port4 },
	{ "map", "dns_port6", "type ipv6_addr : inet_service;", false, list_dns_port6 },
	{ "map", "dns_reply", "type inet_service : verdict;", false, list_dns_replies },
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
	object->elements(source, uplink, &elements);
	text->failed |= elements.failed;
	if (elements.length != 0) {
		text_add(text, "\t%s %s {\n\t\t%s\n\t\telements = { %s }\n\t}\n", object->kind,
		         name, object->type, elements.data);
	}
	text_free(&elements);
}

static void print_objects(const struct object *objects, const struct nft_source *source,
                          enum nft_maps_part part, struct text *text)
{
	static void (*const calls[])(const struct object *, const char *, const struct nft_source *,
	                             unsigned, struct text *) = {
		[NFT_MAPS_DECLARE] = declare_object,
		[NFT_MAPS_FLUSH] = flush_object,
		[NFT_MAPS_FILL] = fill_object,
	};
	for (const struct object *object = objects; object->name != NULL; object++) {
		if (!object->per_uplink) {
			calls[part](object, object->name, source, 0, text);
			continue;
		}
		for (size_t i = 0; i < source->site->uplink_count; i++) {
			char name[32];
			unsigned number = source->site->uplinks[i].number;
			(void)snprintf(name, sizeof(name), "%s_%u", object->name, number);
			calls[part](object, name, source, number, text);
		}
	}
}

void nft_maps_print(const struct nft_source *source, enum nft_maps_part part, struct text *text)
{
	print_objects(common_objects, source, part, text);
	if (source->site->dns_binding == DNS_BINDING_PORT) {
		print_objects(port_objects, source, part, text);
	}
}
