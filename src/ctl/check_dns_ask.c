/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Asking, and reading of replies, for those who judge.
 */

#include <errno.h>
#include <libknot/libknot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "ctl/check_dns_parts.h"
#include "ctl/zone_names.h"

#define DNS_PORT 53

static bool set_name(struct dns_question *question, const char *name)
{
	if (knot_dname_from_str(question->name, name, sizeof(question->name)) == NULL) {
		return false;
	}
	knot_dname_to_lower(question->name);
	return true;
}

const struct dns_query *ask_resolver(const struct check_dns *check, const char *name, uint16_t type)
{
	struct dns_question question = {
		.server = check->resolver,
		.port = check->resolver_port,
		.recursive = true,
		.type = type,
	};
	return set_name(&question, name) ? learnt_reply(check->learnt, &question) : NULL;
}

bool is_own(const struct check_dns *check, const struct address *address)
{
	for (size_t i = 0; i < check->own->count; i++) {
		if (address_equal(&check->own->items[i], address)) {
			return true;
		}
	}
	return false;
}

/*! But for «dns-binding: address» nobody listens on port 53 for the gateway itself, nor for the LAN. */
static uint16_t server_port(const struct check_dns *check, const struct address *server)
{
	const struct site *site = check->site;
	if (site->dns_binding == DNS_BINDING_ADDRESS || !is_own(check, server)) {
		return DNS_PORT;
	}
	for (size_t i = 0; i < site->uplink_count; i++) {
		const struct address *address = zone_address(&site->uplinks[i], server->family);
		if (address != NULL && address_equal(address, server)) {
			return site_dns_port(site->uplinks[i].number);
		}
	}
	return DNS_PORT;
}

const struct dns_query *ask_server(const struct check_dns *check, const struct address *server,
                                   const char *name, uint16_t type, bool tcp)
{
	struct dns_question question = {
		.server = *server,
		.port = server_port(check, server),
		.type = type,
		.tcp = tcp,
	};
	return set_name(&question, name) ? learnt_reply(check->learnt, &question) : NULL;
}

bool query_good(const struct dns_query *query)
{
	if (query == NULL || query->reply == NULL) {
		return false;
	}
	uint16_t code = knot_pkt_ext_rcode(query->reply);
	return code == KNOT_RCODE_NOERROR || code == KNOT_RCODE_NXDOMAIN;
}

const char *error_words(int error)
{
	switch (error) {
	case -ETIMEDOUT:
		return "no reply";
	case -ECONNREFUSED:
		return "refused, nobody listens there";
	case -ENETUNREACH:
	case -EHOSTUNREACH:
	case -EADDRNOTAVAIL:
		return "no route to it";
	case -ECONNRESET:
	case -EPIPE:
		return "closed the connection";
	case -EBADMSG:
		return "a reply that makes no sense";
	default:
		return strerror(-error);
	}
}

const char *query_problem(const struct dns_query *query)
{
	return query->reply == NULL ? error_words(query->error)
	                            : knot_pkt_ext_rcode_name(query->reply);
}

bool is_beyond(const struct address *address, int error)
{
	return address->family == AF_INET6 && (error == -ENETUNREACH || error == -EADDRNOTAVAIL);
}

/*! The strings of a TXT record in a row; what is not ASCII might not be UTF-8 either. */
static void add_txt(const knot_rdata_t *rdata, struct string_set *set)
{
	struct text text = TEXT_EMPTY;
	for (size_t i = 0; i < rdata->len; i += 1u + rdata->data[i]) {
		for (size_t k = i + 1; k <= i + rdata->data[i] && k < rdata->len; k++) {
			uint8_t c = rdata->data[k];
			text_add(&text, "%c", c >= ' ' && c < 0x7f ? c : '?');
		}
	}
	string_set_add(set, text.data != NULL ? text.data : "");
	set->failed |= text.failed;
	text_free(&text);
}

static void add_rdata(const knot_rrset_t *rrset, size_t position, struct string_set *set)
{
	const knot_rdata_t *rdata = rrset->rrs.rdata;
	for (size_t i = 0; i < position; i++) {
		rdata = knot_rdataset_next((knot_rdata_t *)(uintptr_t)rdata);
	}
	if (rrset->type == KNOT_RRTYPE_TXT) {
		add_txt(rdata, set);
		return;
	}
	// Of the types that are asked for, names are the longest data.
	char data[2 * NAME_TEXT_SIZE + 128];
	if (knot_rrset_txt_dump_data(rrset, position, data, sizeof(data),
	                             &KNOT_DUMP_STYLE_DEFAULT) >= 0) {
		string_set_add(set, data);
	}
}

void reply_set(const struct dns_query *query, knot_section_t section, const char *owner,
               uint16_t type, struct string_set *set)
{
	knot_dname_t name[KNOT_DNAME_MAXLEN];
	if (owner != NULL) {
		if (knot_dname_from_str(name, owner, sizeof(name)) == NULL) {
			return;
		}
		knot_dname_to_lower(name);
	}
	const knot_pktsection_t *records = knot_pkt_section(query->reply, section);
	for (uint16_t i = 0; i < records->count; i++) {
		const knot_rrset_t *rrset = knot_pkt_rr(records, i);
		if (rrset->type == type &&
		    (owner == NULL || knot_dname_is_equal(rrset->owner, name))) {
			for (uint16_t k = 0; k < rrset->rrs.count; k++) {
				add_rdata(rrset, k, set);
			}
		}
	}
}

struct zone_filter {
	const char *owner;
	char type[16];
	struct string_set *set;
};

static int filter_record(const struct zone_record *record, void *context)
{
	const struct zone_filter *filter = context;
	if (record->comment != NULL || strcmp(record->type, filter->type) != 0) {
		return 0;
	}
	size_t length = strlen(filter->owner);
	if (strncmp(record->owner, filter->owner, length) == 0 &&
	    (strcmp(record->owner + length, ".") == 0 || record->owner[length] == '\0')) {
		string_set_add(filter->set, record->txt != NULL ? record->txt : record->data);
	}
	return 0;
}

void zone_set(const struct zone *zone, const char *owner, uint16_t type, struct string_set *set)
{
	struct zone_filter filter = { .owner = owner, .set = set };
	if (knot_rrtype_to_string(type, filter.type, sizeof(filter.type)) < 0 ||
	    zone_each(zone, filter_record, &filter) != 0) {
		set->failed = true;
	}
}

bool resolve_set(const struct check_dns *check, const char *name, uint16_t type,
                 struct string_set *set)
{
	const struct dns_query *query = ask_resolver(check, name, type);
	if (query == NULL) {
		return false;
	}
	if (query_good(query)) {
		reply_set(query, KNOT_ANSWER, NULL, type, set);
		check->findings->failed |= set->failed;
		return true;
	}
	char place[ADDRESS_TEXT_MAX];
	struct findings *findings = check->findings;
	if (query->reply == NULL || knot_pkt_ext_rcode(query->reply) == KNOT_RCODE_REFUSED) {
		findings_add(findings, FINDING_WRONG, "resolver", "reply",
		             address_format(&check->resolver, place), "%s", query_problem(query));
		findings_remedy(findings, "name a resolver that answers this machine: --resolver");
		return false;
	}
	char code[16];
	(void)knot_rrtype_to_string(type, code, sizeof(code));
	findings_add(findings, FINDING_WRONG, "resolver", "reply",
	             address_format(&check->resolver, place), "%s %s: %s", name, code,
	             query_problem(query));
	findings_remedy(findings, "see which server of the zone fails: kdig +trace %s %s", name,
	                code);
	return false;
}

const char *uplink_place(const struct uplink *uplink, const struct address *address, char *place)
{
	char text[ADDRESS_TEXT_MAX];
	(void)snprintf(place, PLACE_SIZE, "%s %s", uplink->id, address_format(address, text));
	return place;
}

bool is_unknown(const struct uplink *uplink)
{
	return zone_address(uplink, AF_INET) == NULL && zone_address(uplink, AF_INET6) == NULL;
}

const char *uplink_status(const struct check_dns *check, const struct uplink *uplink,
                          const char *key)
{
	const json_t *uplinks = json_object_get(check->status, "uplinks");
	for (size_t i = 0; i < json_array_size(uplinks); i++) {
		const json_t *object = json_array_get(uplinks, i);
		const char *id = json_string_value(json_object_get(object, "id"));
		if (id != NULL && strcmp(id, uplink->id) == 0) {
			return json_string_value(json_object_get(object, key));
		}
	}
	return NULL;
}

bool uplink_replies(const struct check_dns *check, const struct address *address)
{
	const struct dns_query *query =
		ask_server(check, address, check->site->hosts[0].domain, KNOT_RRTYPE_SOA, false);
	return query != NULL && query->reply != NULL;
}

void remedy_records(const struct check_dns *check, const char *name, bool below, const char *what)
{
	const struct site *site = check->site;
	const struct host *host = zone_of_name(site, name, below);
	if (host != NULL) {
		findings_remedy(check->findings,
		                "write the zone of %s anew ('multihomectl zone host %s') and "
		                "reload it",
		                host->domain, host->domain);
		return;
	}
	bool inside = zone_contains(site->domain, name);
	findings_remedy(check->findings,
	                "at the hoster of %s%s, enter the %s of %s that 'multihomectl zone "
	                "parent' prints, and no others",
	                inside ? "" : "the zone of ", inside ? site->domain : name, what, name);
}
