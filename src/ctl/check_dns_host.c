/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The zone of a host as each uplink's name server has it, and its answers.
 */

#include <libknot/libknot.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "ctl/check_dns_answers.h"
#include "ctl/check_dns_parts.h"
#include "ctl/zone_names.h"
#include "ctl/zone_parent.h"

/*! One host at one address of one uplink. */
struct view {
	const struct check_dns *check;
	const struct host *host;
	const struct uplink *uplink;
	const struct address *address;
	const char *place;
	bool good; /*!< Nothing was found. */
};

__attribute__((format(printf, 4, 5))) static void find(struct view *view, enum finding_level level,
                                                       const char *check, const char *format, ...)
{
	va_list args;
	char *message = NULL;
	va_start(args, format);
	if (vasprintf(&message, format, args) < 0) {
		message = NULL;
		view->check->findings->failed = true;
	}
	va_end(args);
	findings_add(view->check->findings, level, view->host->domain, check, view->place, "%s",
	             message != NULL ? message : "");
	free(message);
	view->good = false;
}

/*! Whether the zone is served there. */
static bool check_soa(struct view *view, struct string_set *serials, struct text *by)
{
	const struct dns_query *query =
		ask_server(view->check, view->address, view->host->domain, KNOT_RRTYPE_SOA, false);
	if (query == NULL || query->reply == NULL) {
		view->good = false; // Said with the uplinks.
		return false;
	}
	const knot_pktsection_t *answer = knot_pkt_section(query->reply, KNOT_ANSWER);
	const char *domain = view->host->domain;
	if (!query_good(query) || !knot_wire_get_aa(query->reply->wire) || answer->count == 0 ||
	    knot_pkt_rr(answer, 0)->type != KNOT_RRTYPE_SOA) {
		find(view, FINDING_WRONG, "zone", "%s",
		     !query_good(query)                      ? query_problem(query)
		     : !knot_wire_get_aa(query->reply->wire) ? "answered without authority, so "
		                                               "not by knotd with this zone"
		                                             : "no SOA record");
		findings_remedy(view->check->findings,
		                "see why knotd does not serve it: 'knotc zone-status %s'; "
		                "'multihomectl knot-conf --zones DIR' prepares all",
		                domain);
		return false;
	}
	char serial[16];
	(void)snprintf(serial, sizeof(serial), "%u",
	               knot_soa_serial(knot_pkt_rr(answer, 0)->rrs.rdata));
	string_set_add(serials, serial);
	text_add(by, "%s%s by %s", by->length > 0 ? ", " : "", serial, view->place);
	return true;
}

static void check_ns(struct view *view, const struct string_set *wanted)
{
	const struct dns_query *query =
		ask_server(view->check, view->address, view->host->domain, KNOT_RRTYPE_NS, false);
	struct string_set set = STRING_SET_EMPTY;
	struct text text = TEXT_EMPTY;
	if (query == NULL || !query_good(query)) {
		if (query != NULL) {
			find(view, FINDING_WRONG, "zone", "NS: %s", query_problem(query));
		}
		view->good = false;
		return;
	}
	reply_set(query, KNOT_ANSWER, view->host->domain, KNOT_RRTYPE_NS, &set);
	if (string_set_differs(&set, wanted, &text)) {
		find(view, FINDING_WRONG, "zone", "NS set %s", text.data);
		findings_remedy(view->check->findings,
		                "write the zone anew ('multihomectl zone host %s') and reload it: "
		                "'knotc zone-reload %s'",
		                view->host->domain, view->host->domain);
	}
	text_free(&text);
	string_set_free(&set);
}

/*! What the daemon publishes of the host by an uplink: «answered», «withdrawn», or NULL. */
static const char *published(const struct view *view, const struct uplink *uplink)
{
	const json_t *hosts = json_object_get(view->check->status, "hosts");
	for (size_t i = 0; i < json_array_size(hosts); i++) {
		const json_t *host = json_array_get(hosts, i);
		const json_t *uplinks = json_object_get(host, "uplinks");
		const char *name = json_string_value(json_object_get(host, "name"));
		const char *kind = json_string_value(json_object_get(host, "kind"));
		if (name == NULL || kind == NULL || strcmp(kind, "host") != 0 ||
		    strcmp(name, view->host->domain) != 0) {
			continue;
		}
		for (size_t k = 0; k < json_array_size(uplinks); k++) {
			const json_t *object = json_array_get(uplinks, k);
			const char *id = json_string_value(json_object_get(object, "id"));
			if (id != NULL && strcmp(id, uplink->id) == 0) {
				return json_string_value(json_object_get(object, "dns"));
			}
		}
	}
	return NULL;
}

/*! An uplink that should be answered and is not. */
static void find_absent(struct view *view, const struct uplink *uplink, const char *owner,
                        const char *type, const struct string_set *answers)
{
	const char *state = uplink_status(view->check, uplink, "state");
	const char *dns = published(view, uplink);
	bool drained = state != NULL && strcmp(state, "drained") == 0;
	bool answered = dns != NULL && strcmp(dns, "answered") == 0;
	struct text text = TEXT_EMPTY;
	string_set_join(answers, &text);
	find(view,
	     drained    ? FINDING_NOTE
	     : answered ? FINDING_WRONG
	                : FINDING_WARNING,
	     "answers", "%s %s: %s, without uplink %s%s", owner, type, text.data, uplink->id,
	     drained         ? ", which is drained"
	     : answered      ? ", though the daemon publishes it"
	     : state == NULL ? ": it is drained or not ready"
	                     : ": it is not ready");
	text_free(&text);
	if (drained) {
		findings_remedy(view->check->findings,
		                "'multihomectl undrain %s', when it may be "
		                "used again",
		                uplink->id);
	} else if (answered) {
		findings_remedy(view->check->findings,
		                "see that knotd loads mod-arrival for the zone, as 'multihomectl "
		                "knot-conf' prints it, and can read its table");
	} else {
		findings_remedy(view->check->findings,
		                "on the gateway, 'multihomectl explain %s --uplink %s' says why; "
		                "if it says ok, knotd lacks mod-arrival",
		                view->host->domain, uplink->id);
	}
}

/*! With «preferred» it is the first uplink of the host that is absent, else the one that was asked. */
static const struct uplink *absent_uplink(const struct view *view)
{
	return view->host->policy == ANSWER_PREFERRED
	               ? site_uplink(view->check->site, view->host->uplink[0])
	               : view->uplink;
}

static void find_partial(struct view *view, uint8_t family, const char *owner, const char *type,
                         const struct string_set *answers)
{
	const struct site *site = view->check->site;
	for (size_t i = 0; i < view->host->uplink_count; i++) {
		const struct uplink *uplink = site_uplink(site, view->host->uplink[i]);
		struct address address;
		char text[ADDRESS_TEXT_MAX];
		if (zone_server_address(site, view->host->server, uplink, family, &address) &&
		    !string_set_has(answers, address_format(&address, text))) {
			find_absent(view, uplink, owner, type, answers);
		}
	}
}

static void find_verdict(struct view *view, enum answer_verdict verdict, uint8_t family,
                         const char *owner, const struct string_set *answers)
{
	const char *type = family == AF_INET ? "A" : "AAAA";
	struct findings *findings = view->check->findings;
	struct text text = TEXT_EMPTY;
	string_set_join(answers, &text);
	switch (verdict) {
	case ANSWER_AS_WANTED:
		break;
	case ANSWER_OF_OTHER:
		find_absent(view, absent_uplink(view), owner, type, answers);
		break;
	case ANSWER_PARTIAL:
		find_partial(view, family, owner, type, answers);
		break;
	case ANSWER_ORDER:
		find(view, FINDING_WARNING, "answers", "%s %s: %s, another uplink first", owner,
		     type, text.data);
		findings_remedy(findings, "let nothing between resolvers and knotd turn the order");
		break;
	case ANSWER_INSIDE:
		find(view, FINDING_NOTE, "answers", "%s %s: %s, the inside address", owner, type,
		     text.data);
		findings_remedy(findings, "you ask from the LAN: run it outside as well");
		break;
	case ANSWER_EMPTY:
		find(view, FINDING_WRONG, "answers", "%s %s: none", owner, type);
		findings_remedy(findings,
		                "write the zone anew ('multihomectl zone host %s') and reload it: "
		                "'knotc zone-reload %s'",
		                view->host->domain, view->host->domain);
		break;
	case ANSWER_FOREIGN:
		find(view, FINDING_WRONG, "answers", "%s %s: %s, not as the site file says", owner,
		     type, text.data);
		findings_remedy(findings,
		                "'multihomectl reload' if the site file has changed; else write "
		                "zone and knot.conf anew by 'multihomectl knot-conf --zones DIR'");
		break;
	}
	text_free(&text);
}

static void check_ttl(struct view *view, const char *owner, const struct dns_query *query)
{
	const knot_pktsection_t *answer = knot_pkt_section(query->reply, KNOT_ANSWER);
	if (answer->count > 0 && knot_pkt_rr(answer, 0)->ttl != view->host->ttl) {
		find(view, FINDING_WARNING, "answers", "%s has TTL %u instead of %u", owner,
		     knot_pkt_rr(answer, 0)->ttl, view->host->ttl);
		findings_remedy(view->check->findings,
		                "'multihomectl reload', so that the site file holds");
	}
}

static void check_answer(struct view *view, const char *owner, uint8_t family)
{
	const char *type = family == AF_INET ? "A" : "AAAA";
	struct findings *findings = view->check->findings;
	const struct dns_query *query =
		ask_server(view->check, view->address, owner,
	                   family == AF_INET ? KNOT_RRTYPE_A : KNOT_RRTYPE_AAAA, false);
	if (query == NULL) {
		view->good = false;
		return;
	}
	if (query_good(query)) {
		struct string_set answers = STRING_SET_EMPTY;
		reply_set(query, KNOT_ANSWER, owner,
		          family == AF_INET ? KNOT_RRTYPE_A : KNOT_RRTYPE_AAAA, &answers);
		enum answer_verdict verdict =
			answer_judge(view->host, view->check->site, view->uplink, family, &answers);
		find_verdict(view, verdict, family, owner, &answers);
		if (verdict != ANSWER_INSIDE && verdict != ANSWER_EMPTY) {
			check_ttl(view, owner, query);
		}
		string_set_free(&answers);
		return;
	}
	const uint8_t *ede = query->reply != NULL
	                             ? knot_pkt_edns_option(query->reply, KNOT_EDNS_OPTION_EDE)
	                             : NULL;
	// RFC 8914 section 4.15.
	bool not_ready =
		ede != NULL && knot_edns_opt_get_length(ede) >= 2 &&
		knot_wire_read_u16(ede + KNOT_EDNS_OPTION_HDRLEN) == KNOT_EDNS_EDE_NOT_READY;
	find(view, FINDING_WRONG, "answers", "%s %s: %s%s", owner, type, query_problem(query),
	     not_ready ? ", no uplink is ready" : "");
	findings_remedy(findings,
	                not_ready ? "on the gateway, 'multihomectl explain %s' says why"
	                          : "see the log of knotd, and 'knotc zone-status %s'",
	                view->host->domain);
}

static void check_answers(struct view *view)
{
	const struct host *host = view->host;
	for (size_t i = 0; i <= host->alias.count; i++) {
		char owner[NAME_TEXT_SIZE];
		if (i == 0) {
			(void)snprintf(owner, sizeof(owner), "%s", host->domain);
		} else if (host_alias_owner(host, i - 1, owner, sizeof(owner)) != 0) {
			continue;
		}
		check_answer(view, owner, AF_INET);
		check_answer(view, owner, AF_INET6);
	}
}

static void say_good(const struct check_dns *check, const struct host *host,
                     const struct string_set *serials, size_t places)
{
	static const char *const policies[] = {
		[ANSWER_ARRIVAL] = "each name server answers with its own uplink",
		[ANSWER_ALL] = "each name server answers with all uplinks, its own first",
		[ANSWER_PREFERRED] = "each name server answers with the preferred uplink",
	};
	findings_add(check->findings, FINDING_GOOD, host->domain, "zone", NULL,
	             "serial %s by %zu address%s", serials->items[0], places,
	             places == 1 ? "" : "es");
	findings_add(check->findings, FINDING_GOOD, host->domain, "answers", NULL, "%s",
	             policies[host->policy]);
}

void check_dns_host_answers(const struct check_dns *check, const struct host *host)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	struct zone *zone = NULL;
	struct string_set wanted = STRING_SET_EMPTY;
	struct string_set serials = STRING_SET_EMPTY;
	struct text by = TEXT_EMPTY;
	bool good = true;
	size_t places = 0;
	if (zone_new(".", &zone) != 0 ||
	    zone_parent_delegate(zone, check->site, host->domain) != 0) {
		check->findings->failed = true;
		goto cleanup;
	}
	zone_set(zone, host->domain, KNOT_RRTYPE_NS, &wanted);
	for (size_t i = 0; i < 2 * check->site->uplink_count; i++) {
		const struct uplink *uplink = &check->site->uplinks[i / 2];
		const struct address *address = zone_address(uplink, families[i % 2]);
		char place[PLACE_SIZE];
		if (address == NULL || !uplink_replies(check, address)) {
			continue;
		}
		struct view view = {
			check, host, uplink, address, uplink_place(uplink, address, place), true
		};
		if (check_soa(&view, &serials, &by)) {
			check_ns(&view, &wanted);
			check_answers(&view);
		}
		good &= view.good;
		places++;
	}
	if (serials.count > 1) {
		findings_add(check->findings, FINDING_WRONG, host->domain, "zone", NULL,
		             "serial numbers differ: %s", by.data);
		findings_remedy(check->findings,
		                "make every uplink's port 53 lead to the same knotd, with the same "
		                "zone file: 'knotc zone-reload %s'",
		                host->domain);
	} else if (good && places > 0 && serials.count == 1) {
		say_good(check, host, &serials, places);
	}
cleanup:
	text_free(&by);
	string_set_free(&serials);
	string_set_free(&wanted);
	zone_free(zone);
}
