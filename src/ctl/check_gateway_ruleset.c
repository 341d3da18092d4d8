/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Rulesets of other programs that drop, mark or bypass what we forward.
 */

#include <netinet/in.h>

#include <inttypes.h>
#include <linux/netfilter.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "ctl/check_gateway_parts.h"

#define RULESET "nftables"

/*! Room for «table inet filter, chain forward». */
#define PLACE_SIZE 320

/*! Hooks behind which a route is looked up by the mark. */
#define ROUTED_HOOKS ((1u << NF_INET_PRE_ROUTING) | (1u << NF_INET_LOCAL_OUT))

static const char *place(const json_t *object, char text[static PLACE_SIZE])
{
	int64_t handle = member_number(object, "handle", 0);
	int length =
		snprintf(text, PLACE_SIZE, "table %s %s, chain %s", member_text(object, "family"),
	                 member_text(object, "table"), member_text(object, "chain"));
	if (handle != 0 && length > 0 && length < PLACE_SIZE) {
		(void)snprintf(text + length, PLACE_SIZE - (size_t)length, ", rule %" PRId64,
		               handle);
	}
	return text;
}

/*! What a drop concerns. */
enum concern { CONCERN_FORWARD, CONCERN_ALIAS, CONCERN_DNS };

static enum concern concern_of(const json_t *drop)
{
	return json_is_true(json_object_get(drop, "dns"))            ? CONCERN_DNS
	       : strstr(member_text(drop, "what"), "probes") != NULL ? CONCERN_ALIAS
	                                                             : CONCERN_FORWARD;
}

/*!
 * How bad it is. What is not sure, since it depends on things that a look at rules does not show, is told
 * by the cross-probe; what is sure needs no proof.
 */
static enum finding_level level_of(const struct gateway_facts *facts, const json_t *drop)
{
	bool dns = concern_of(drop) == CONCERN_DNS;
	const char *state =
		inbound_state(facts, member_text(drop, "uplink"), member_text(drop, "ip"),
	                      dns ? "dns" : member_text(drop, "service"));
	if (json_is_true(json_object_get(drop, "sure"))) {
		return concern_of(drop) == CONCERN_ALIAS ? FINDING_WARNING : FINDING_WRONG;
	}
	return strcmp(state, "proven") == 0     ? FINDING_NOTE
	       : strcmp(state, "unproven") == 0 ? FINDING_WRONG
	                                        : FINDING_WARNING;
}

/*! The same for what no forward translates: the server's own address in a provider's prefix. */
static void remedy_held(const json_t *drop, const char *held, struct findings *findings)
{
	bool reply = strcmp(member_text(drop, "what"), "answers") == 0;
	const char *service = member_text(drop, "service");
	int first = 0;
	char protocol[8] = "";
	char ports[16];
	(void)sscanf(service, "%7[a-z]/%d", protocol, &first);
	int last = (int)member_number(drop, "last", first);
	(void)snprintf(ports, sizeof(ports), last > first ? "%d-%d" : "%d", first, last);
	findings_remedy(findings, "nft insert rule %s %s %s ip6 %s %s %s %s %s accept",
	                member_text(drop, "family"), member_text(drop, "table"),
	                member_text(drop, "chain"), reply ? "saddr" : "daddr", held, protocol,
	                reply ? "sport" : "dport", ports);
}

/*! The command that lets a concern pass where it is dropped. */
static void remedy_drop(const struct gateway_facts *facts, const json_t *drop,
                        struct findings *findings)
{
	const struct site *site = facts->site;
	const char *family = member_text(drop, "family");
	const char *table = member_text(drop, "table");
	const char *chain = member_text(drop, "chain");
	int64_t hook = member_number(drop, "hook", 0);
	bool ipv4 = strcmp(member_text(drop, "ip"), "IPv4") == 0;
	const char *held = member_text(drop, "held");
	if (concern_of(drop) == CONCERN_DNS) {
		char ports[32] = "53";
		if (site->dns_binding == DNS_BINDING_PORT) {
			(void)snprintf(ports, sizeof(ports), "{ 53, %u-%u }", site_dns_port(1),
			               site_dns_port((unsigned)site->uplink_count));
		}
		findings_remedy(findings,
		                "nft 'insert rule %s %s %s meta l4proto { tcp, udp } th dport %s "
		                "accept'",
		                family, table, chain, ports);
	} else if (concern_of(drop) == CONCERN_ALIAS) {
		const struct prefix alias = site_cross_prefix(site, ipv4 ? AF_INET : AF_INET6);
		bool source = strcmp(member_text(drop, "what"), "cross-probes") == 0 &&
		              (hook == NF_INET_PRE_ROUTING || hook == NF_INET_FORWARD);
		char text[ADDRESS_TEXT_MAX];
		findings_remedy(findings, "nft insert rule %s %s %s %s %s %s accept", family, table,
		                chain, ipv4 ? "ip" : "ip6", source ? "saddr" : "daddr",
		                prefix_format(&alias, text));
	} else if (held[0] != '\0') {
		remedy_held(drop, held, findings);
	} else if (hook != NF_INET_PRE_ROUTING) {
		findings_remedy(findings, "nft insert rule %s %s %s ct status dnat accept", family,
		                table, chain);
	} else if (member_number(drop, "handle", 0) != 0) {
		findings_remedy(findings, "nft delete rule %s %s %s handle %" PRId64, family, table,
		                chain, member_number(drop, "handle", 0));
	} else {
		findings_remedy(findings, "let the ports of the forwards pass there");
	}
}

static void check_drop(const struct gateway_facts *facts, const json_t *drop,
                       struct findings *findings)
{
	static const struct {
		const char *check;
		const char *what;
	} concerns[] = {
		[CONCERN_FORWARD] = { "firewall", "what is forwarded" },
		[CONCERN_ALIAS] = { "bogon filter",
		                    "the addresses of cross-probes, which then prove nothing" },
		[CONCERN_DNS] = { "firewall", "questions to the name server" },
	};
	enum concern concern = concern_of(drop);
	bool policy = member_number(drop, "handle", 0) == 0;
	bool sure = json_is_true(json_object_get(drop, "sure"));
	enum finding_level level = level_of(facts, drop);
	char where[96];
	char text[PLACE_SIZE];
	(void)snprintf(where, sizeof(where), "%s %s", member_text(drop, "uplink"),
	               member_text(drop, "service"));
	findings_add(findings, level, RULESET, concerns[concern].check, where, "%s %s %s%s%s",
	             place(drop, text), sure ? "drops" : "may drop", concerns[concern].what,
	             policy ? ", by policy" : "",
	             level == FINDING_NOTE ? "; the cross-probe gets through" : "");
	remedy_drop(facts, drop, findings);
}

static void check_mark(const struct gateway_facts *facts, const json_t *effect, bool connection,
                       struct findings *findings)
{
	uint32_t bits = (uint32_t)member_number(effect, "bits", 0);
	unsigned hooks = (unsigned)member_number(effect, "hooks", 0);
	char text[PLACE_SIZE];
	char advice[160];
	// Behind the last look at the routes a packet's mark decides nothing any more.
	if ((bits & facts->site->fwmark_mask) == 0 ||
	    (!connection && (hooks & ROUTED_HOOKS) == 0)) {
		return;
	}
	findings_add(findings, FINDING_WRONG, RULESET, "mark", NULL,
	             "%s writes our bits 0x%08x of the %s mark", place(effect, text),
	             facts->site->fwmark_mask, connection ? "connection's" : "packet's");
	(void)snprintf(advice, sizeof(advice),
	               "let it keep our bits: %s mark set %s mark & 0x%08x | its own",
	               connection ? "ct" : "meta", connection ? "ct" : "meta",
	               facts->site->fwmark_mask);
	remedy_mask(facts, advice, findings);
}

static void remedy_delete(const json_t *effect, struct findings *findings)
{
	findings_remedy(findings, "nft delete rule %s %s %s handle %" PRId64,
	                member_text(effect, "family"), member_text(effect, "table"),
	                member_text(effect, "chain"), member_number(effect, "handle", 0));
}

static void check_effect(const struct gateway_facts *facts, const json_t *effect,
                         struct findings *findings)
{
	const char *kind = member_text(effect, "kind");
	char text[PLACE_SIZE];
	if (strcmp(kind, "mark") == 0 || strcmp(kind, "ct-mark") == 0) {
		check_mark(facts, effect, strcmp(kind, "ct-mark") == 0, findings);
	} else if (strcmp(kind, "offload") == 0) {
		findings_add(
			findings, FINDING_WARNING, RULESET, "offload", NULL,
			"%s hands connections to a flowtable: they pass our rules by, and keep "
			"their uplink when it fails",
			place(effect, text));
		remedy_delete(effect, findings);
	} else if (strcmp(kind, "reverse-path-filter") == 0) {
		findings_add(findings, FINDING_WARNING, RULESET, "reverse path", NULL,
		             "%s drops what would not be sent back by the same interface: of the "
		             "uplinks that is all but one",
		             place(effect, text));
		remedy_delete(effect, findings);
	}
}

void check_gateway_ruleset(const struct gateway_facts *facts, struct findings *findings)
{
	const json_t *drops = json_object_get(facts->observed, "drops");
	const json_t *effects = json_object_get(facts->observed, "effects");
	for (size_t i = 0; i < json_array_size(drops); i++) {
		check_drop(facts, json_array_get(drops, i), findings);
	}
	for (size_t i = 0; i < json_array_size(effects); i++) {
		check_effect(facts, json_array_get(effects, i), findings);
	}
	if (json_is_false(json_object_get(facts->observed, "complete"))) {
		findings_add(findings, FINDING_NOTE, RULESET, "rules", NULL,
		             "too many to look at all services, so only at the first ones");
	}
	if (json_is_false(json_object_get(facts->observed, "listed"))) {
		findings_add(findings, FINDING_WARNING, RULESET, "rules", NULL,
		             "other tables hold so many that the rest was not looked at");
		findings_remedy(findings, "put lists of addresses into sets: a rule looks them up");
		return;
	}
	good_if_silent(findings, RULESET, "firewall", "no other table is in the way");
	good_if_silent(findings, RULESET, "bogon filter", "none drops cross-probes");
	good_if_silent(findings, RULESET, "mark", "no other table writes our bits");
}
