/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The delegation of a host, and the addresses of its name servers, as each parent server has them.
 */

#include <libknot/libknot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/array.h"
#include "ctl/check_dns_parts.h"
#include "ctl/zone_names.h"
#include "ctl/zone_parent.h"

/*! An address of a zone's name server. */
struct parent_server {
	struct address address;
	char place[PLACE_SIZE];
};

/*! A zone above, and those of its servers that serve it. */
struct parent {
	char zone[NAME_TEXT_SIZE];
	struct parent_server *items;
	size_t count;
};

/*! The owner of the SOA record in a reply: NODATA and NXDOMAIN carry it too, RFC 2308 section 3. */
static bool soa_owner(const struct dns_query *query, char *zone)
{
	static const knot_section_t sections[] = { KNOT_ANSWER, KNOT_AUTHORITY };
	for (size_t s = 0; s < 2; s++) {
		const knot_pktsection_t *records = knot_pkt_section(query->reply, sections[s]);
		for (uint16_t i = 0; i < records->count; i++) {
			const knot_rrset_t *rrset = knot_pkt_rr(records, i);
			if (rrset->type == KNOT_RRTYPE_SOA &&
			    knot_dname_to_str(zone, rrset->owner, NAME_TEXT_SIZE) != NULL) {
				size_t length = strlen(zone);
				zone[length - (length > 1 ? 1 : 0)] = '\0';
				return true;
			}
		}
	}
	return false;
}

/*! Find the zone that a name is in. */
static bool find_zone(const struct check_dns *check, const char *name, char *zone)
{
	struct string_set none = STRING_SET_EMPTY;
	bool known = resolve_set(check, name, KNOT_RRTYPE_SOA, &none);
	string_set_free(&none);
	if (!known) {
		return false;
	}
	const char *domain = check->site->domain;
	bool found = soa_owner(ask_resolver(check, name, KNOT_RRTYPE_SOA), zone);
	bool above = found && zone_contains(zone, domain) && strcmp(zone, domain) != 0;
	bool absent = knot_pkt_ext_rcode(ask_resolver(check, name, KNOT_RRTYPE_SOA)->reply) ==
	              KNOT_RCODE_NXDOMAIN;
	if (!found || strcmp(zone, ".") == 0 || (above && absent && zone_contains(domain, name))) {
		findings_add(check->findings, FINDING_WRONG, name, "zone", NULL,
		             "does not exist for the resolver");
		findings_remedy(check->findings,
		                "have the domain registered, and a zone for it made at a hoster");
		return false;
	}
	return true;
}

static void add_server(const struct check_dns *check, struct parent *parent, const char *name,
                       const char *address)
{
	struct parent_server *items =
		array_grow(parent->items, parent->count, sizeof(struct parent_server));
	if (items == NULL) {
		check->findings->failed = true;
		return;
	}
	parent->items = items;
	struct parent_server *server = &items[parent->count];
	if (address_parse(address, &server->address) == 0) {
		int length = (int)strlen(name) - 1;
		(void)snprintf(server->place, sizeof(server->place), "%.*s %s", length, name,
		               address);
		parent->count++;
	}
}

/*! All addresses of the zone's name servers. */
static void list_servers(const struct check_dns *check, struct parent *parent)
{
	static const uint16_t types[] = { KNOT_RRTYPE_A, KNOT_RRTYPE_AAAA };
	struct string_set names = STRING_SET_EMPTY;
	(void)resolve_set(check, parent->zone, KNOT_RRTYPE_NS, &names);
	for (size_t i = 0; i < names.count; i++) {
		for (size_t t = 0; t < 2; t++) {
			struct string_set addresses = STRING_SET_EMPTY;
			(void)resolve_set(check, names.items[i], types[t], &addresses);
			for (size_t k = 0; k < addresses.count; k++) {
				add_server(check, parent, names.items[i], addresses.items[k]);
			}
			string_set_free(&addresses);
		}
	}
	string_set_free(&names);
}

/*! Whether a server serves its zone; else it is said why not. */
static bool serves(const struct check_dns *check, const char *zone,
                   const struct parent_server *server)
{
	const struct dns_query *query =
		ask_server(check, &server->address, zone, KNOT_RRTYPE_SOA, false);
	if (query == NULL) {
		return false;
	}
	if (query_good(query) && knot_wire_get_aa(query->reply->wire)) {
		return true;
	}
	if (is_beyond(&server->address, query->error)) {
		findings_add(check->findings, FINDING_NOTE, zone, "servers", server->place,
		             "not asked, this machine has no IPv6");
	} else if (query->reply == NULL) {
		findings_add(check->findings, FINDING_WARNING, zone, "servers", server->place, "%s",
		             query_problem(query));
		findings_remedy(check->findings,
		                "ask again, or from elsewhere; if it stays, tell the hoster of %s",
		                zone);
	} else {
		findings_add(check->findings, FINDING_WRONG, zone, "servers", server->place,
		             "does not serve the zone: %s",
		             query_good(query) ? "no authority" : query_problem(query));
		findings_remedy(check->findings, "tell the hoster of %s", zone);
	}
	return false;
}

/*! \return Whether there is a server to ask. */
static bool parent_find(const struct check_dns *check, const char *name, struct parent *parent)
{
	*parent = (struct parent){ 0 };
	if (!find_zone(check, name, parent->zone)) {
		return false;
	}
	list_servers(check, parent);
	size_t all = parent->count;
	parent->count = 0;
	for (size_t i = 0; i < all; i++) {
		if (serves(check, parent->zone, &parent->items[i])) {
			parent->items[parent->count++] = parent->items[i];
		}
	}
	if (parent->count == 0) {
		findings_add(check->findings, FINDING_WRONG, parent->zone, "servers", NULL,
		             "none can be asked");
		findings_remedy(check->findings,
		                "see whether this machine reaches them: kdig +nsid NS %s",
		                parent->zone);
	}
	return parent->count > 0;
}

/*! The NS set of a referral, or of the answer if the server has the child zone as well. */
static const struct dns_query *delegation_set(const struct check_dns *check,
                                              const struct parent_server *server, const char *name,
                                              struct string_set *set)
{
	const struct dns_query *query =
		ask_server(check, &server->address, name, KNOT_RRTYPE_NS, false);
	if (query_good(query)) {
		reply_set(query, KNOT_ANSWER, name, KNOT_RRTYPE_NS, set);
		if (set->count == 0) {
			reply_set(query, KNOT_AUTHORITY, name, KNOT_RRTYPE_NS, set);
		}
	}
	return query;
}

/*! \return Whether the server has what the site wants. */
static bool compare_delegation(const struct check_dns *check, const char *host,
                               const struct parent_server *server, const struct string_set *wanted)
{
	struct string_set set = STRING_SET_EMPTY;
	struct text text = TEXT_EMPTY;
	const struct dns_query *query = delegation_set(check, server, host, &set);
	bool good = false;
	if (query != NULL && !query_good(query)) {
		findings_add(check->findings, FINDING_WRONG, host, "delegation", server->place,
		             "%s", query_problem(query));
		findings_remedy(check->findings, "tell the hoster of the zone above %s", host);
	} else if (query != NULL && set.count == 0) {
		findings_add(check->findings, FINDING_WRONG, host, "delegation", server->place,
		             "there is none");
		remedy_records(check, host, true, "NS records");
	} else if (query != NULL && string_set_differs(&set, wanted, &text)) {
		findings_add(check->findings, FINDING_WRONG, host, "delegation", server->place,
		             "%s", text.data);
		remedy_records(check, host, true, "NS records");
	} else {
		good = query != NULL;
	}
	text_free(&text);
	string_set_free(&set);
	return good;
}

static void check_delegation(const struct check_dns *check, const char *host,
                             const struct zone *zone)
{
	struct parent parent;
	struct string_set wanted = STRING_SET_EMPTY;
	zone_set(zone, host, KNOT_RRTYPE_NS, &wanted);
	bool good = parent_find(check, strchr(host, '.') + 1, &parent);
	for (size_t i = 0; i < parent.count; i++) {
		good &= compare_delegation(check, host, &parent.items[i], &wanted);
	}
	if (good) {
		struct text text = TEXT_EMPTY;
		string_set_join(&wanted, &text);
		findings_add(check->findings, FINDING_GOOD, host, "delegation", NULL,
		             "%s, as %zu server address%s of %s say%s", text.data, parent.count,
		             parent.count == 1 ? "" : "es", parent.zone,
		             parent.count == 1 ? "s" : "");
		text_free(&text);
	}
	free(parent.items);
	string_set_free(&wanted);
}

/*! One name and family at one server. */
static bool compare_address(const struct check_dns *check, const char *host,
                            const struct parent_server *server, const char *name, uint16_t type,
                            const struct string_set *wanted)
{
	struct string_set set = STRING_SET_EMPTY;
	struct text text = TEXT_EMPTY;
	const struct dns_query *query = ask_server(check, &server->address, name, type, false);
	bool good = false;
	if (query_good(query)) {
		reply_set(query, KNOT_ANSWER, NULL, type, &set);
	}
	if (query != NULL && !query_good(query)) {
		findings_add(check->findings, FINDING_WRONG, host, "name servers", server->place,
		             "%s: %s", name, query_problem(query));
		findings_remedy(check->findings, "tell the hoster of %s", check->site->domain);
	} else if (query != NULL && string_set_differs(&set, wanted, &text)) {
		findings_add(check->findings, FINDING_WRONG, host, "name servers", server->place,
		             "%s %s", name, text.data);
		findings_remedy(check->findings,
		                "at the hoster of %s, enter the %s record of %s that "
		                "'multihomectl zone parent' prints, and no other",
		                check->site->domain, type == KNOT_RRTYPE_A ? "A" : "AAAA", name);
	} else {
		good = query != NULL;
	}
	text_free(&text);
	string_set_free(&set);
	return good;
}

static bool compare_addresses(const struct check_dns *check, const char *host, const char *name,
                              const struct zone *zone, const struct parent *parent, size_t *count)
{
	static const uint16_t types[] = { KNOT_RRTYPE_A, KNOT_RRTYPE_AAAA };
	bool good = true;
	for (size_t t = 0; t < 2; t++) {
		struct string_set wanted = STRING_SET_EMPTY;
		zone_set(zone, name, types[t], &wanted);
		for (size_t i = 0; i < parent->count; i++) {
			good &= compare_address(check, host, &parent->items[i], name, types[t],
			                        &wanted);
		}
		*count += wanted.count;
		string_set_free(&wanted);
	}
	return good;
}

/*! They lie in the site's domain, whatever the zone that delegates. */
static void check_name_servers(const struct check_dns *check, const char *host,
                               const struct zone *zone)
{
	const struct site *site = check->site;
	struct parent parent;
	size_t count = 0;
	bool good = parent_find(check, site->domain, &parent);
	for (size_t i = 0; i < site->uplink_count && parent.count > 0; i++) {
		struct text name = TEXT_EMPTY;
		zone_name_server(site, host, site->uplinks[i].number, &name);
		if (!name.failed && !is_unknown(&site->uplinks[i])) {
			good &= compare_addresses(check, host, name.data, zone, &parent, &count);
		}
		text_free(&name);
	}
	if (good && count > 0) {
		findings_add(check->findings, FINDING_GOOD, host, "name servers", NULL,
		             "%zu address%s, as in the site file", count, count == 1 ? "" : "es");
	}
	free(parent.items);
}

void check_dns_host_delegation(const struct check_dns *check, const struct host *host)
{
	struct zone *zone = NULL;
	if (zone_new(".", &zone) != 0 ||
	    zone_parent_delegate(zone, check->site, host->domain) != 0 ||
	    zone_parent_name_servers(zone, check->site, host->domain) != 0) {
		check->findings->failed = true;
	} else {
		check_delegation(check, host->domain, zone);
		check_name_servers(check, host->domain, zone);
	}
	zone_free(zone);
}
