/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * A mail gateway: its addresses, their names, and the name by which the mail server greets there.
 */

#include <libknot/libknot.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "ctl/check_dns_parts.h"
#include "ctl/zone_mail.h"
#include "ctl/zone_names.h"

/*! What knotd answers lives no longer: multihomed's GATEWAY_TTL. */
#define SERVED_TTL 10

/*! The TTL of the resolver's answer, 0 if there is none. */
static uint32_t answer_ttl(const struct check_dns *check, const char *name, uint16_t type)
{
	const struct dns_query *query = ask_resolver(check, name, type);
	const knot_pktsection_t *answer = query != NULL && query->reply != NULL
	                                          ? knot_pkt_section(query->reply, KNOT_ANSWER)
	                                          : NULL;
	return answer != NULL && answer->count > 0 ? knot_pkt_rr(answer, 0)->ttl : 0;
}

/*!
 * Where knotd serves the mail domain, a gateway has another uplink's address while its own is not
 * ready. A hoster's record that names the wrong one lives longer.
 */
static bool is_moved(const struct check_dns *check, const char *name, uint16_t type,
                     const struct zone *zone, const struct string_set *set)
{
	struct string_set gateways = STRING_SET_EMPTY;
	const struct site *site = check->site;
	bool known = set->count > 0 && answer_ttl(check, name, type) <= SERVED_TTL;
	for (size_t i = 0; i < site->uplink_count; i++) {
		struct text text = TEXT_EMPTY;
		zone_mail_gateway(site, site->uplinks[i].number, &text);
		known = known && !text.failed;
		if (known) {
			zone_set(zone, text.data, type, &gateways);
		}
		text_free(&text);
	}
	for (size_t i = 0; known && i < set->count; i++) {
		known = string_set_has(&gateways, set->items[i]);
	}
	string_set_free(&gateways);
	return known;
}

/*! \return Whether the resolver has the addresses of the site. */
static bool check_addresses(const struct check_dns *check, const char *name,
                            const struct zone *zone)
{
	static const uint16_t types[] = { KNOT_RRTYPE_A, KNOT_RRTYPE_AAAA };
	bool good = true;
	for (size_t t = 0; t < 2; t++) {
		struct string_set wanted = STRING_SET_EMPTY;
		struct string_set set = STRING_SET_EMPTY;
		struct text text = TEXT_EMPTY;
		zone_set(zone, name, types[t], &wanted);
		if (!resolve_set(check, name, types[t], &set)) {
			good = false;
		} else if (string_set_differs(&set, &wanted, &text) &&
		           is_moved(check, name, types[t], zone, &set)) {
			findings_add(check->findings, FINDING_WARNING, name, "address", NULL,
			             "%s, as while its uplink is drained or not ready", text.data);
			findings_remedy(check->findings,
			                "'multihomectl status' on the gateway says why; mail comes "
			                "in by the other uplink");
			good = false;
		} else if (text.length > 0) {
			findings_add(check->findings, FINDING_WRONG, name, "address", NULL, "%s",
			             text.data);
			remedy_records(check, name, false, t == 0 ? "A record" : "AAAA record");
			good = false;
		}
		text_free(&text);
		string_set_free(&set);
		string_set_free(&wanted);
	}
	return good;
}

static int take_owner(const struct zone_record *record, void *context)
{
	if (record->comment == NULL) {
		text_add(context, "%s", record->owner);
	}
	return 0;
}

/*! The name in in-addr.arpa or ip6.arpa. */
static bool reverse_name(const struct address *address, struct text *name)
{
	struct zone *zone = NULL;
	bool made = zone_new(".", &zone) == 0;
	if (made) {
		zone_add_pointer(zone, address, ZONE_TTL, ".");
		made = zone_each(zone, take_owner, name) == 0 && !name->failed;
	}
	zone_free(zone);
	return made;
}

static void check_pointer(const struct check_dns *check, const struct uplink *uplink,
                          const struct address *address, const char *name, bool confirmed)
{
	struct findings *findings = check->findings;
	struct text reverse = TEXT_EMPTY;
	struct text text = TEXT_EMPTY;
	struct string_set set = STRING_SET_EMPTY;
	char wanted[NAME_TEXT_SIZE];
	char place[PLACE_SIZE];
	(void)snprintf(wanted, sizeof(wanted), "%s.", name);
	(void)uplink_place(uplink, address, place);
	if (!reverse_name(address, &reverse)) {
		findings->failed = true;
	} else if (resolve_set(check, reverse.data, KNOT_RRTYPE_PTR, &set)) {
		string_set_join(&set, &text);
		if (!string_set_has(&set, wanted)) {
			findings_add(findings, FINDING_WRONG, name, "PTR", place, "%s",
			             set.count == 0 ? "there is none" : text.data);
		} else if (set.count > 1) {
			findings_add(findings, FINDING_WARNING, name, "PTR", place,
			             "more than one: %s", text.data);
		} else {
			findings_add(findings, FINDING_GOOD, name, "PTR", place, "%s%s", text.data,
			             confirmed ? ", which has that address" : "");
		}
		if (!string_set_has(&set, wanted) || set.count > 1) {
			findings_remedy(findings,
			                "have the provider of uplink %s set the PTR record of each "
			                "address named here to %s alone",
			                uplink->id, name);
		}
	}
	string_set_free(&set);
	text_free(&text);
	text_free(&reverse);
}

/*! Whether a name is that of a mail gateway of the site. */
static bool is_gateway(const struct site *site, const char *name)
{
	bool found = false;
	for (size_t i = 0; i < site->uplink_count && !found; i++) {
		struct text text = TEXT_EMPTY;
		zone_mail_gateway(site, site->uplinks[i].number, &text);
		found = !text.failed && strcmp(text.data, name) == 0;
		text_free(&text);
	}
	return found;
}

/*! A greeting that is no gateway's name: RFC 5321 section 4.1.4 wants a name that resolves. */
static void find_greeting(const struct check_dns *check, const char *name, const char *greeting,
                          const char *place)
{
	knot_dname_t wire[KNOT_DNAME_MAXLEN];
	struct string_set set = STRING_SET_EMPTY;
	// «localhost.localdomain», «[10.0.0.10]» and nothing at all have been seen.
	bool is_name = greeting[0] != '\0' && greeting[0] != '[' &&
	               knot_dname_from_str(wire, greeting, sizeof(wire)) != NULL;
	bool known4 = is_name && resolve_set(check, greeting, KNOT_RRTYPE_A, &set);
	bool known6 = is_name && resolve_set(check, greeting, KNOT_RRTYPE_AAAA, &set);
	if (!is_name || (known4 && known6)) {
		findings_add(check->findings, FINDING_WARNING, name, "HELO", place, "%s, %s",
		             is_name ? greeting : "no name",
		             set.count == 0 ? "which has no address"
		                            : "but no PTR record of an uplink says so");
		findings_remedy(check->findings,
		                "let the mail server greet as %s (postfix: myhostname)", name);
	}
	string_set_free(&set);
}

static void check_greeting(const struct check_dns *check, const struct uplink *uplink,
                           const struct address *address, const char *name)
{
	struct findings *findings = check->findings;
	char place[PLACE_SIZE];
	(void)uplink_place(uplink, address, place);
	if (is_own(check, address)) {
		findings_add(findings, FINDING_NOTE, name, "HELO", place,
		             "not asked: the gateway's own connections are not forwarded");
		findings_remedy(findings, "run it outside as well, with a copy of the site file");
		return;
	}
	const struct smtp_query *query = learnt_greeting(check->learnt, address);
	if (query == NULL) {
		return;
	}
	if (is_beyond(address, query->error)) {
		findings_add(findings, FINDING_NOTE, name, "HELO", place,
		             "not asked, this machine has no IPv6");
	} else if (query->error != 0) {
		findings_add(findings, FINDING_WARNING, name, "HELO", place, "port 25: %s",
		             error_words(query->error));
		findings_remedy(findings,
		                "see whether the mail server runs, and 'multihomectl status'; many "
		                "networks let nobody out to port 25: then ask from another one");
	} else if (query->code != 250) {
		findings_add(findings, FINDING_WARNING, name, "HELO", place,
		             "the mail server refuses to greet (%u)", query->code);
		findings_remedy(findings, "see the log of the mail server");
	} else if (is_gateway(check->site, query->name)) {
		findings_add(findings, FINDING_GOOD, name, "HELO", place, "%s", query->name);
	} else {
		find_greeting(check, name, query->name, place);
	}
}

void check_dns_gateway(const struct check_dns *check, const struct uplink *uplink)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	static const uint16_t types[] = { KNOT_RRTYPE_A, KNOT_RRTYPE_AAAA };
	struct zone *zone = NULL;
	struct text name = TEXT_EMPTY;
	zone_mail_gateway(check->site, uplink->number, &name);
	if (name.failed || zone_new(".", &zone) != 0 ||
	    zone_mail_add_gateways(zone, check->site) != 0) {
		check->findings->failed = true;
		goto cleanup;
	}
	if (is_unknown(uplink)) {
		goto cleanup; // Said with the uplinks.
	}
	bool confirmed = check_addresses(check, name.data, zone);
	if (confirmed) {
		findings_add(check->findings, FINDING_GOOD, name.data, "address", NULL,
		             "as in the site file");
	}
	for (size_t f = 0; f < 2; f++) {
		struct string_set wanted = STRING_SET_EMPTY;
		struct address address;
		zone_set(zone, name.data, types[f], &wanted);
		if (wanted.count > 0 && address_parse(wanted.items[0], &address) == 0 &&
		    address.family == families[f]) {
			check_pointer(check, uplink, &address, name.data, confirmed);
			check_greeting(check, uplink, &address, name.data);
		}
		string_set_free(&wanted);
	}
cleanup:
	zone_free(zone);
	text_free(&name);
}
