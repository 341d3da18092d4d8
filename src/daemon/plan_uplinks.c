/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Judging of uplinks: which address and gateway each has, and what keeps it from working.
 *
 * Only what provably cannot work makes an uplink unusable; the verdict carries its remedy, since it
 * is what status, explain and the log print.
 */

#include "daemon/plan_parts.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "daemon/discover.h"

static const struct address *first_of_family(const struct address_list *list, uint8_t family)
{
	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i].family == family) {
			return &list->items[i];
		}
	}
	return NULL;
}

static bool has_address(const struct observed *observed, const struct link *link,
                        const struct address *address)
{
	for (size_t i = 0; i < observed->address_count; i++) {
		const struct link_address *own = &observed->addresses[i];
		if (own->link == link->index && own->usable &&
		    address_equal(&own->prefix.address, address)) {
			return true;
		}
	}
	return false;
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

/*! Another uplink to which the site file gives an address, or NULL. */
static const struct uplink *named_elsewhere(const struct site *site, const struct uplink *uplink,
                                            const struct address *address)
{
	for (size_t i = 0; i < site->uplink_count; i++) {
		const struct uplink *other = &site->uplinks[i];
		if (other != uplink && (list_holds(&other->address, address) ||
		                        list_holds(&other->public_address, address))) {
			return other;
		}
	}
	return NULL;
}

/*! How little an address that nobody has named is worth: 0 is one that the outside can reach. */
static unsigned learnt_rank(const struct site *site, const struct uplink *uplink,
                            const struct address *address)
{
	return (address_private(address) != NULL ? 1 : 0) +
	       (named_elsewhere(site, uplink, address) != NULL ? 2 : 0);
}

/*!
 * The first configured address that the interface holds, else (none configured) its own first one,
 * rather one that the outside can reach. A unique local one beside it, or alone, is no way out.
 */
static struct address find_address(const struct site *site, const struct uplink *uplink,
                                   const struct observed *observed, const struct link *link,
                                   uint8_t family)
{
	struct address found = { 0 };
	for (size_t i = 0; i < uplink->address.count; i++) {
		const struct address *address = &uplink->address.items[i];
		if (address->family == family && has_address(observed, link, address)) {
			return *address;
		}
	}
	for (size_t i = 0; uplink->address.count == 0 && i < observed->address_count; i++) {
		const struct link_address *own = &observed->addresses[i];
		const struct address *address = &own->prefix.address;
		bool local = family == AF_INET6 && address_private(address) != NULL;
		if (own->link == link->index && own->usable && address->family == family &&
		    !local &&
		    (found.family == 0 ||
		     learnt_rank(site, uplink, address) < learnt_rank(site, uplink, &found))) {
			found = *address;
		}
	}
	return found;
}

const struct route *main_default(const struct observed *observed, uint8_t family, int link)
{
	const struct route *best = NULL;
	for (size_t i = 0; i < observed->main_route_count; i++) {
		const struct route *route = &observed->main_routes[i];
		if (route->family == family && route->destination.length == 0 &&
		    (link == 0 || route->link == link) &&
		    (best == NULL || route->metric < best->metric)) {
			best = route;
		}
	}
	return best;
}

static void set_reason(struct uplink_family *state, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void set_reason(struct uplink_family *state, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	(void)vsnprintf(state->reason, sizeof(state->reason), format, args);
	va_end(args);
}

/*!
 * Find what the link, address and gateway of one family are.
 * \return Whether packets can leave by it.
 */
static bool judge_route(const struct site *site, const struct observed *observed,
                        struct uplink_view *view, unsigned family)
{
	const struct uplink *uplink = view->uplink;
	struct uplink_family *state = &view->family[family];
	uint8_t number = family_number(family);
	const struct address *wanted = first_of_family(&uplink->address, number);
	bool expected = wanted != NULL || (uplink->address.count == 0 && family == FAMILY_4);
	char text[ADDRESS_TEXT_MAX];

	if (view->link == NULL) {
		set_reason(state, "interface %s does not exist", uplink->interface);
		return false;
	}
	state->address = find_address(site, uplink, observed, view->link, number);
	if (!view->link->up) {
		set_reason(state, "interface %s is down", uplink->interface);
		return false;
	}
	if (!view->link->carrier) {
		set_reason(state, "interface %s has no carrier", uplink->interface);
		return false;
	}
	if (state->address.family == 0) {
		if (wanted != NULL) {
			set_reason(state, "address %s is not on interface %s",
			           address_format(wanted, text), uplink->interface);
		} else if (expected) {
			set_reason(state, "interface %s has no IPv4 address", uplink->interface);
		}
		return false;
	}

	const struct address *gateway = first_of_family(&uplink->gateway, number);
	const struct route *learnt = main_default(observed, number, view->link->index);
	if (gateway != NULL) {
		state->gateway = *gateway;
	} else if (learnt != NULL) {
		state->gateway = learnt->gateway;
	} else if (!view->link->point_to_point) {
		set_reason(
			state,
			"no %s gateway is known on interface %s; remedy: write it as gateway, or "
			"give its default route a metric of its own",
			family_name(family), uplink->interface);
		return false;
	}
	return true;
}

/*!
 * Whether the reverse path filter drops what arrives for a forward (RFC 3704; dataplane matrix).
 *
 * Inbound packets carry no mark, so the kernel's reverse lookup sees the main table alone. Strict
 * wants the main default on this very uplink; loose wants some default. With source-address mode
 * everywhere the lookup has the inside server's address as its source and meets our own rules.
 */
static void judge_reverse_path(const struct site *site, const struct observed *observed,
                               const struct uplink_view *view, struct uplink_family *state)
{
	bool conntrack = false;
	for (size_t i = 0; i < site->server_count; i++) {
		conntrack |= server_marked4(&site->servers[i]);
	}
	uint8_t filter = observed->rp_filter[view->link - observed->links];
	const struct route *route = main_default(observed, AF_INET, 0);
	if (!conntrack || filter == 0 || (filter == 2 && route != NULL) ||
	    (filter == 1 && route != NULL && route->link == view->link->index)) {
		return;
	}
	// A dot in a name, as VLANs have it, is written as a slash: sysctl(8).
	char name[IFNAMSIZ];
	(void)snprintf(name, sizeof(name), "%s", view->uplink->interface);
	for (char *dot = name; (dot = strchr(dot, '.')) != NULL;) {
		*dot = '/';
	}
	set_reason(state,
	           "rp_filter %u on %s drops what arrives for the forwards; remedy: "
	           "sysctl -w net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.%s.rp_filter=0",
	           filter, view->uplink->interface, name);
}

/*!
 * Another uplink that has an address: the site file says so, or it comes first with what it learnt
 * itself. Two lines can lead to one address, but an answer stands for one of them.
 */
static const struct uplink *address_owner(const struct site *site, const struct plan *plan,
                                          const struct uplink_view *view, unsigned family)
{
	const struct address *address = &view->family[family].public;
	for (const struct uplink_view *other = plan->uplinks; other < view; other++) {
		const struct uplink_family *state = &other->family[family];
		if (state->usable && address_equal(&state->public, address)) {
			return other->uplink;
		}
	}
	return named_elsewhere(site, view->uplink, address);
}

/*! What the site file does not name is published only if the outside reaches this uplink by it. */
static void judge_learnt(const struct site *site, const struct plan *plan,
                         const struct uplink_view *view, unsigned family,
                         struct uplink_family *state)
{
	const char *kind = address_private(&state->public);
	const struct uplink *owner = address_owner(site, plan, view, family);
	char text[ADDRESS_TEXT_MAX];
	if (kind != NULL) {
		set_reason(state,
		           "address %s is %s: nobody outside reaches it; remedy: write what they "
		           "reach as public-address",
		           address_format(&state->public, text), kind);
	} else if (owner != NULL) {
		set_reason(state,
		           "address %s is also that of uplink '%s'; remedy: write what they reach "
		           "as public-address",
		           address_format(&state->public, text), owner->id);
	}
}

/*! Whether an earlier pass, also of before a restart, has seen an uplink with an own address. */
static bool has_rule(const struct site *site, const struct observed *observed,
                     const struct uplink *uplink, const struct address *own)
{
	bool found = false;
	for (size_t i = 0; i < observed->rule_count; i++) {
		const struct rule *rule = &observed->rules[i];
		found |= rule->table == site_table(site, uplink->number) &&
		         address_equal(&rule->from.address, own);
	}
	return found;
}

/*! Another uplink that holds an address on its interface, or has it in the site file, or NULL. */
static const struct uplink *held_elsewhere(const struct site *site, const struct observed *observed,
                                           const struct uplink *uplink,
                                           const struct address *address)
{
	for (size_t i = 0; i < site->uplink_count; i++) {
		const struct uplink *other = &site->uplinks[i];
		const struct link *link = observed_link(observed, other->interface);
		if (other != uplink && link != NULL && has_address(observed, link, address)) {
			return other;
		}
	}
	return NULL;
}

/*! What others say is published only if it is known, leads here, and is this uplink's alone. */
static void judge_discovered(const struct site *site, const struct observed *observed,
                             const struct plan *plan, const struct uplink_view *view,
                             unsigned family, struct uplink_family *state)
{
	char text[ADDRESS_TEXT_MAX];
	const struct uplink *owner = address_owner(site, plan, view, family);
	owner = owner != NULL ? owner
	                      : held_elsewhere(site, observed, view->uplink, &state->public);
	if (owner != NULL) {
		set_reason(state, "public address %s is also that of uplink '%s'",
		           address_format(&state->public, text), owner->id);
	}
}

static void judge_family(const struct site *site, const struct observed *observed,
                         const struct verdicts *verdicts, const struct plan *plan,
                         struct uplink_view *view, unsigned family)
{
	struct discover_verdict learnt = { .reason = "" };
	struct uplink_family *state = &view->family[family];
	uint8_t number = family_number(family);
	const struct uplink *uplink = view->uplink;

	state->routed = judge_route(site, observed, view, family);
	if (!state->routed) {
		return;
	}
	const struct address *public = first_of_family(&uplink->public_address, number);
	state->discovered =
		uplink_discover(uplink, number) != NULL && address_private(&state->address) != NULL;
	state->public = public != NULL ? *public : state->address;
	if (state->discovered) {
		discover_judge(discover_find(verdicts != NULL ? verdicts->discovered : NULL,
		                             uplink->id, family),
		               &state->address, &state->gateway,
		               has_rule(site, observed, uplink, &state->address), &learnt);
		state->public = learnt.address;
	}

	if (family == FAMILY_4 && !observed->forwarding4) {
		set_reason(state,
		           "IPv4 forwarding is off; remedy: sysctl -w net.ipv4.ip_forward=1");
	} else if (family == FAMILY_6 && !observed->forwarding6) {
		set_reason(state, "IPv6 forwarding is off; remedy: "
		                  "sysctl -w net.ipv6.conf.all.forwarding=1");
	} else if (family == FAMILY_4) {
		judge_reverse_path(site, observed, view, state);
	}
	state->open = state->reason[0] == '\0';
	if (state->open && learnt.reason[0] != '\0') {
		set_reason(state, "%s", learnt.reason);
	} else if (state->open && state->discovered) {
		judge_discovered(site, observed, plan, view, family, state);
	} else if (state->open && public == NULL && uplink->address.count == 0) {
		judge_learnt(site, plan, view, family, state);
	}
	state->hidden = state->open && state->discovered && state->reason[0] != '\0';
	state->usable = state->reason[0] == '\0';
}

int plan_uplinks(const struct site *site, const struct observed *observed,
                 const struct verdicts *verdicts, struct plan *plan)
{
	plan->uplinks = calloc(site->uplink_count, sizeof(*plan->uplinks));
	if (plan->uplinks == NULL) {
		return -ENOMEM;
	}
	plan->uplink_count = site->uplink_count;
	for (size_t i = 0; i < site->uplink_count; i++) {
		struct uplink_view *view = &plan->uplinks[i];
		view->uplink = &site->uplinks[i];
		view->link = observed_link(observed, view->uplink->interface);
		for (unsigned family = 0; family < FAMILIES; family++) {
			judge_family(site, observed, verdicts, plan, view, family);
		}
	}
	plan_verdicts(verdicts, plan);
	return 0;
}
