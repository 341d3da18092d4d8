/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Public addresses that others tell.
 */

#include "daemon/discover.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*! An answer that nobody has confirmed is asked for again so soon. */
#define CONFIRM_MS 500
/*! A failure is looked at again so soon; each further one doubles that, up to the usual time. */
#define RETRY_MS 1000
#define RETRY_DOUBLINGS 8

int discover_list_build(const struct site *site, struct discover_list *list)
{
	struct discover_list built = {
		.items = calloc(site->uplink_count * FAMILIES + 1, sizeof(*built.items)),
	};
	if (built.items == NULL) {
		return -ENOMEM;
	}
	for (size_t i = 0; i < site->uplink_count; i++) {
		const struct uplink *uplink = &site->uplinks[i];
		for (unsigned family = 0; family < FAMILIES; family++) {
			if (uplink_discover(uplink, family_number(family)) == NULL) {
				continue;
			}
			struct discover_line *line = &built.items[built.count++];
			line->uplink = uplink->number;
			line->family = family;
			(void)snprintf(line->id, sizeof(line->id), "%s", uplink->id);
			(void)snprintf(line->interface, sizeof(line->interface), "%s",
			               uplink->interface);
		}
	}
	*list = built;
	return 0;
}

static struct discover_line *find_line(const struct discover_list *list, const char *id,
                                       unsigned family)
{
	for (size_t i = 0; list != NULL && i < list->count; i++) {
		if (list->items[i].family == family && strcmp(list->items[i].id, id) == 0) {
			return &list->items[i];
		}
	}
	return NULL;
}

const struct discover_line *discover_find(const struct discover_list *list, const char *id,
                                          unsigned family)
{
	return find_line(list, id, family);
}

void discover_inherit(struct discover_list *list, const struct discover_list *older)
{
	for (size_t i = 0; i < list->count; i++) {
		struct discover_line *line = &list->items[i];
		const struct discover_line *old = discover_find(older, line->id, line->family);
		unsigned number = line->uplink;
		if (old != NULL && strcmp(old->interface, line->interface) == 0) {
			*line = *old;
			line->uplink = number;
			line->source = 0;
			line->asking = false;
		}
	}
}

static void adopt_row(struct discover_list *list, const struct table_uplink *row, uint64_t now_ms)
{
	for (size_t i = 0; i < row->address_count; i++) {
		const struct address *address = &row->address[i];
		unsigned family = address->family == family_number(FAMILY_4) ? FAMILY_4 : FAMILY_6;
		struct discover_line *line = find_line(list, row->id, family);
		if (line != NULL && line->own.family == 0 && address_private(address) == NULL) {
			line->known = *address;
			line->since_ms = now_ms;
		}
	}
}

void discover_adopt(struct discover_list *list, const struct table *published, uint64_t now_ms)
{
	for (size_t i = 0; i < published->uplink_count; i++) {
		if (published->uplinks[i].usable) {
			adopt_row(list, &published->uplinks[i], now_ms);
		}
	}
}

/*! Whether what is known is not known of this way out. */
static bool is_elsewhere(const struct discover_line *line, const struct address *own,
                         const struct address *gateway)
{
	return !address_equal(&line->own, own) ||
	       (line->gateway.family != 0 && gateway->family != 0 &&
	        !address_equal(&line->gateway, gateway));
}

static void forget(struct discover_line *line)
{
	line->known = line->candidate = (struct address){ 0 };
	line->shifts = 0;
	line->shared = line->refused = line->doubted = false;
	line->fault[0] = '\0';
	line->failures = 0;
	line->heard_ms = 0;
}

bool discover_follow(struct discover_line *line, const struct uplink_family *state)
{
	bool before = line->asking && !line->cut;
	line->cut = !state->routed || (state->closed && !state->unproved);
	// What a restart has taken over is on trial anyway.
	line->doubted = line->doubted || (line->cut && line->own.family != 0);
	line->asking = state->routed && address_private(&state->address) != NULL;
	if (!state->routed) {
		return false;
	}
	bool elsewhere = line->own.family == 0
	                         ? !address_equal(&line->known, &state->public)
	                         : is_elsewhere(line, &state->address, &state->gateway);
	if (elsewhere) {
		forget(line);
	}
	line->own = state->address;
	line->gateway = state->gateway;
	return line->asking && (elsewhere || (!before && !line->cut));
}

static bool list_holds(const struct address_list *list, const struct address *address)
{
	for (size_t i = 0; i < list->count; i++) {
		if (address_equal(&list->items[i], address)) {
			return true;
		}
	}
	return false;
}

const struct uplink *discover_owner(const struct plan *plan, const struct discover_line *line,
                                    const struct address *address)
{
	for (size_t i = 0; i < plan->uplink_count; i++) {
		const struct uplink *uplink = plan->uplinks[i].uplink;
		const struct uplink_family *state = &plan->uplinks[i].family[line->family];
		if (uplink->number != line->uplink &&
		    (address_equal(&state->public, address) ||
		     address_equal(&state->address, address) ||
		     list_holds(&uplink->address, address) ||
		     list_holds(&uplink->public_address, address))) {
			return uplink;
		}
	}
	return NULL;
}

unsigned discover_source(const struct discover_line *line, const struct plan *plan)
{
	unsigned first = 0;
	unsigned next = 0;
	for (size_t i = 0; i < plan->uplink_count; i++) {
		const struct uplink_family *state = &plan->uplinks[i].family[line->family];
		unsigned number = plan->uplinks[i].uplink->number;
		if (number == line->uplink || !state->usable) {
			continue;
		}
		if (line->source == number && line->failures == 0) {
			return number;
		}
		first = first == 0 ? number : first;
		next = next == 0 && number > line->source ? number : next;
	}
	return next != 0 ? next : first;
}

/*! Addresses of special purposes (RFC 6890) that nobody on the internet has. */
static const char *special_kind(const struct address *address)
{
	static const char *const prefixes[] = {
		"192.0.0.0/24",   // IETF protocol assignments.
		"198.18.0.0/15",  // Benchmarks, and by default our aliases.
		"::ffff:0:0/96",  // IPv4 in disguise.
		"64:ff9b::/96",   // The same, of NAT64.
		"64:ff9b:1::/48", // The same, RFC 8215.
		"100::/64",       // To be thrown away.
		"2001:2::/48",    // Benchmarks.
	};
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		struct prefix prefix;
		if (prefix_parse(prefixes[i], &prefix) == 0 && prefix_contains(&prefix, address)) {
			return "of a special purpose (RFC 6890)";
		}
	}
	return NULL;
}

/*! Why an address cannot be what the world sees of an uplink, or NULL. */
static const char *address_fault(const struct address *address, unsigned family)
{
	const char *kind = address_unpublishable(address);
	kind = kind != NULL ? kind : address_private(address);
	kind = kind != NULL ? kind : special_kind(address);
	return address->family != family_number(family) ? "of another family" : kind;
}

static void fail(struct discover_line *line, bool refused, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void fail(struct discover_line *line, bool refused, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	(void)vsnprintf(line->fault, sizeof(line->fault), format, args);
	va_end(args);
	line->refused = refused;
	line->failures++;
	line->failed++;
	line->candidate = (struct address){ 0 };
}

/*! One whose connections get other ports shares its address: what comes in is nobody's. */
static void note_port(struct discover_line *line, const struct discover_answer *answer)
{
	line->shifts = answer->port_known && answer->port_changed ? line->shifts + 1 : 0;
	line->shared = line->shifts >= DISCOVER_SHIFTS || (line->shared && line->shifts > 0);
}

void discover_note(struct discover_line *line, const struct discover_answer *answer,
                   const struct uplink *owner, uint64_t now_ms)
{
	const struct address *address = &answer->address;
	char text[ADDRESS_TEXT_MAX];
	line->tried_ms = now_ms;
	line->source = answer->source;
	if (answer->fault[0] != '\0') {
		fail(line, false, "%s", answer->fault);
		return;
	}
	const char *kind = address_fault(address, line->family);
	if (kind != NULL) {
		fail(line, true, "%s is refused, since it is %s", address_format(address, text),
		     kind);
		return;
	}
	if (owner != NULL) {
		fail(line, true, "%s is refused, since it is that of uplink '%s'",
		     address_format(address, text), owner->id);
		return;
	}
	line->failures = 0;
	line->refused = false;
	line->fault[0] = '\0';
	note_port(line, answer);
	bool first = line->doubted || (line->known.family == 0 && line->shifts != 1);
	line->doubted = line->cut;
	if (first || address_equal(&line->candidate, address)) {
		line->known = *address;
		line->since_ms = now_ms;
	}
	bool same = address_equal(&line->known, address);
	line->heard_ms = same ? now_ms : line->heard_ms;
	line->candidate = same ? (struct address){ 0 } : *address;
}

uint64_t discover_wait(const struct discover_line *line, uint64_t interval_ms)
{
	uint64_t wait = interval_ms;
	if (line->failures > 0) {
		unsigned doublings = line->failures - 1;
		wait = (uint64_t)RETRY_MS
		       << (doublings < RETRY_DOUBLINGS ? doublings : RETRY_DOUBLINGS);
	} else if (line->candidate.family != 0 || (line->shifts > 0 && !line->shared)) {
		wait = CONFIRM_MS;
	}
	return wait < interval_ms ? wait : interval_ms;
}

void discover_judge(const struct discover_line *line, const struct address *own,
                    const struct address *gateway, bool held, struct discover_verdict *verdict)
{
	char text[ADDRESS_TEXT_MAX];
	*verdict = (struct discover_verdict){ .address = { 0 } };
	bool elsewhere =
		line == NULL || (line->own.family == 0 ? !held : is_elsewhere(line, own, gateway));
	if (elsewhere || line->known.family == 0) {
		bool silent = elsewhere || line->fault[0] == '\0';
		(void)snprintf(verdict->reason, sizeof(verdict->reason),
		               "its public address is not known%s%s", silent ? " yet" : ": ",
		               silent ? "" : line->fault);
		return;
	}
	verdict->address = line->known;
	if (line->doubted) {
		(void)snprintf(verdict->reason, sizeof(verdict->reason),
		               "its public address may be another one after the interruption%s%s",
		               line->fault[0] != '\0' ? ": " : "", line->fault);
	} else if (line->shared) {
		(void)snprintf(verdict->reason, sizeof(verdict->reason),
		               "behind CGNAT: inbound impossible (%s gives connections other "
		               "ports); remedy: ask the provider for an address of its own",
		               address_format(&line->known, text));
	}
}

const char *discover_state_name(const struct discover_line *line)
{
	return line->own.family != 0 && !line->asking && address_private(&line->own) == NULL
	               ? "not needed"
	       : line->known.family == 0 ? "unknown"
	       : line->shared            ? "shared"
	                                 : "learnt";
}
