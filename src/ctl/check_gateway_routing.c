/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Policy rules and routes of other programs that take what ours should steer.
 */

#include <inttypes.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "ctl/check_gateway_parts.h"

#define ROUTING "routing"

/*! Behind the rule priority of the site file: all rules of ours. */
#define PRIORITIES 50

/*! Whether our packets come in by an interface. */
static bool is_inside(const struct site *site, const char *interface)
{
	for (size_t i = 0; i < site->lan.count; i++) {
		if (strcmp(site->lan.items[i], interface) == 0) {
			return true;
		}
	}
	for (size_t i = 0; i < site->uplink_count; i++) {
		if (strcmp(site->uplinks[i].interface, interface) == 0) {
			return true;
		}
	}
	return strcmp(interface, "lo") == 0;
}

static bool holds_any(const struct prefix *prefix, const struct address_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		if (prefix_contains(prefix, &list->items[i])) {
			return true;
		}
	}
	return false;
}

/*! Whether a source prefix holds addresses of servers or uplinks. */
static bool is_ours(const struct site *site, const char *from)
{
	struct prefix prefix;
	bool found = false;
	if (prefix_parse(from, &prefix) != 0) {
		return true;
	}
	for (size_t i = 0; i < site->server_count; i++) {
		found |= holds_any(&prefix, &site->servers[i].address);
	}
	for (size_t i = 0; i < site->uplink_count; i++) {
		found |= holds_any(&prefix, &site->uplinks[i].address);
	}
	return found;
}

/*! Whether our packets meet the rule's selectors. Bits that are not ours are not in our packets. */
static bool takes_ours(const struct site *site, const json_t *rule)
{
	uint32_t mark = (uint32_t)member_number(rule, "mark", 0);
	uint32_t mask = (uint32_t)member_number(rule, "mask", 0);
	const char *iif = member_text(rule, "iif");
	const char *from = member_text(rule, "from");
	bool inverted = json_is_true(json_object_get(rule, "inverted"));
	bool marked = (mark & mask & ~site->fwmark_mask) != 0;
	return !json_is_true(json_object_get(rule, "narrow")) &&
	       (inverted || (!marked && (iif[0] == '\0' || is_inside(site, iif)) &&
	                     (from[0] == '\0' || is_ours(site, from))));
}

/*! Bits that others use in marks. */
static uint32_t used_bits(const struct gateway_facts *facts)
{
	const json_t *rules = json_object_get(facts->observed, "rules");
	const json_t *effects = json_object_get(facts->observed, "effects");
	uint32_t used = 0;
	for (size_t i = 0; i < json_array_size(rules); i++) {
		const json_t *rule = json_array_get(rules, i);
		uint32_t mask = (uint32_t)member_number(rule, "mask", 0);
		// A rule without a mask of its own compares all bits, but means those that it sets.
		used |= mask == UINT32_MAX ? (uint32_t)member_number(rule, "mark", 0) : mask;
	}
	for (size_t i = 0; i < json_array_size(effects); i++) {
		used |= (uint32_t)member_number(json_array_get(effects, i), "bits", 0);
	}
	return used;
}

/*! A mask as wide as the site's that nobody else uses; 0: there is none. */
static uint32_t free_mask(const struct gateway_facts *facts)
{
	uint32_t used = used_bits(facts);
	uint32_t mask = facts->site->fwmark_mask;
	while ((mask & 1) == 0) {
		mask >>= 1;
	}
	for (unsigned shift = 0; shift < 32; shift++) {
		uint32_t moved = mask << shift;
		if (moved >> shift == mask && (moved & used) == 0) {
			return moved;
		}
	}
	return 0;
}

void remedy_mask(const struct gateway_facts *facts, const char *else_remedy,
                 struct findings *findings)
{
	uint32_t mask = free_mask(facts);
	if (mask != 0) {
		findings_remedy(findings,
		                "write 'fwmark-mask: 0x%08x' below 'site:' in the site file", mask);
	} else {
		findings_remedy(findings, "%s", else_remedy);
	}
}

static void check_rule(const struct gateway_facts *facts, const json_t *rule,
                       struct findings *findings)
{
	const struct site *site = facts->site;
	int64_t priority = member_number(rule, "priority", 0);
	uint32_t mark = (uint32_t)member_number(rule, "mark", 0);
	uint32_t mask = (uint32_t)member_number(rule, "mask", 0);
	const char *family = member_text(rule, "family");
	bool inverted = json_is_true(json_object_get(rule, "inverted"));
	if (!inverted && (mark & mask & site->fwmark_mask) != 0) {
		findings_add(findings, FINDING_WRONG, ROUTING, "mark", family,
		             "rule '%s' of another program uses bits of our mask 0x%08x",
		             member_text(rule, "rule"), site->fwmark_mask);
		remedy_mask(facts, "give that program other bits, or us by 'fwmark-mask'",
		            findings);
	} else if (priority < (int64_t)site->rule_priority + PRIORITIES && takes_ours(site, rule)) {
		findings_add(findings, FINDING_WRONG, ROUTING, "rules", family,
		             "rule '%s' of another program stands before ours and takes their "
		             "packets",
		             member_text(rule, "rule"));
		// The lowest one that the site file may name is 1.
		char other[80] = "";
		if (priority - PRIORITIES > 1) {
			(void)snprintf(other, sizeof(other),
			               ", or write a 'rule-priority' below %" PRId64
			               " into the site file",
			               priority - PRIORITIES);
		}
		findings_remedy(findings, "give it a priority from %u on%s",
		                site->rule_priority + PRIORITIES, other);
	}
}

/*! The kernel's words for a route that leads nowhere. */
static bool is_reject(const char *route)
{
	return strncmp(route, "blackhole", 9) == 0 || strncmp(route, "unreachable", 11) == 0 ||
	       strncmp(route, "prohibit", 8) == 0;
}

static void check_route(const struct gateway_facts *facts, const json_t *route,
                        struct findings *findings)
{
	const char *text = member_text(route, "route");
	const char *family = member_text(route, "family");
	const char *option = strcmp(family, "IPv4") == 0 ? "-4" : "-6";
	if (member_number(route, "table", 0) != RT_TABLE_MAIN) {
		findings_add(findings, FINDING_WRONG, ROUTING, "routes", family,
		             "route '%s' of another program is in a table of ours", text);
		findings_remedy(findings, "ip %s route del %s", option, text);
		return;
	}
	bool harmless = is_reject(text) && inbound_all_proven(facts);
	findings_add(findings, harmless ? FINDING_NOTE : FINDING_WARNING, ROUTING, "alias", family,
	             "route '%s' covers the addresses of cross-probes%s", text,
	             harmless ? ", which get through all the same" : "");
	findings_remedy(findings, "ip %s route del %s, or another 'cross-alias' in the site file",
	                option, text);
}

void check_gateway_routing(const struct gateway_facts *facts, struct findings *findings)
{
	const json_t *rules = json_object_get(facts->observed, "rules");
	const json_t *routes = json_object_get(facts->observed, "routes");
	for (size_t i = 0; i < json_array_size(rules); i++) {
		check_rule(facts, json_array_get(rules, i), findings);
	}
	for (size_t i = 0; i < json_array_size(routes); i++) {
		check_route(facts, json_array_get(routes, i), findings);
	}
	good_if_silent(findings, ROUTING, "rules", "none of another program is before ours");
	good_if_silent(findings, ROUTING, "routes", "our tables are ours alone");
	good_if_silent(findings, ROUTING, "mark", "no rule of another program uses our bits");
}
