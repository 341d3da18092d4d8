/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Servers in the providers' prefixes, in the ruleset.
 *
 * An address that a server holds itself is not translated. Of what comes for it by an uplink, the
 * ports of that uplink's forwards pass and nothing else does; what the server has begun may go on.
 * The rule is no replacement for the operator's filter: other machines in the prefix are not ours.
 *
 * A prefix that is mapped (RFC 6296, but with the connections that the forwards need) stands for the
 * LAN's. In comes what the forwards name, as the LAN's address; out goes the LAN's address as the
 * prefix of the uplink that the packet takes. What is left with a destination in such a prefix has
 * nobody behind it, and would go back to the provider and come again (RFC 7084, requirement WPD-5).
 */

#include "daemon/nft_provider.h"

#include <sys/socket.h>

#include "site/provider.h"

/*! Matches of a packet for an address and port that a forward of the uplink names. */
static const char *const reached[] = {
	"ip6 daddr . meta l4proto . th dport @outside_single",
	"meta l4proto { tcp, udp } ip6 daddr . meta l4proto . th dport @outside_range",
};

#define REACHED (sizeof(reached) / sizeof(reached[0]))

void nft_provider_declare(const struct site *site, struct text *text)
{
	static const char *const chains[] = { "reach", "home", "translate" };
	if (!provider_used(site)) {
		return;
	}
	for (size_t i = 0; i < 3 * site->uplink_count; i++) {
		text_add(text, "\tchain %s_%u { }\n", chains[i % 3], site->uplinks[i / 3].number);
	}
	text_add(text, "\tchain reach { }\n");
}

static void fill_uplink(const struct site *site, const struct uplink *uplink, struct text *text)
{
	char outside[ADDRESS_TEXT_MAX];
	char inside[ADDRESS_TEXT_MAX];
	prefix_format(&uplink->prefix, outside);
	prefix_format(&site->lan_prefix, inside);
	text_add(text, "\tchain reach_%u {\n", uplink->number);
	for (size_t i = 0; i < REACHED; i++) {
		text_add(text, "\t\t%s_%u accept\n", reached[i], uplink->number);
	}
	text_add(text,
	         "\t}\n"
	         "\tchain home_%u {\n\t\toifname != \"%s\" counter drop\n\t}\n"
	         "\tchain translate_%u {\n",
	         uplink->number, uplink->interface, uplink->number);
	for (size_t i = 0; provider_maps(site, uplink) && i < REACHED; i++) {
		text_add(text, "\t\t%s_%u dnat ip6 prefix to ip6 daddr map { %s : %s }\n",
		         reached[i], uplink->number, outside, inside);
	}
	text_add(text, "\t}\n");
}

void nft_provider_fill(const struct site *site, struct text *text)
{
	if (!provider_used(site)) {
		return;
	}
	for (size_t i = 0; i < site->uplink_count; i++) {
		fill_uplink(site, &site->uplinks[i], text);
	}
	text_add(text, "\tchain reach {\n\t\tiifname vmap @reach\n\t\tcounter drop\n\t}\n");
}

void nft_provider_map_in(const struct site *site, struct text *text)
{
	if (provider_used(site)) {
		text_add(text, "\t\tmeta nfproto ipv6 iifname vmap @translate\n");
	}
	if (provider_used(site) && site->hairpin) {
		text_add(text, "\t\tiifname @inside ip6 daddr vmap @mapped\n");
	}
}

void nft_provider_map_out(const struct site *site, struct text *text)
{
	for (size_t i = 0; i < site->uplink_count; i++) {
		const struct uplink *uplink = &site->uplinks[i];
		char outside[ADDRESS_TEXT_MAX];
		char inside[ADDRESS_TEXT_MAX];
		if (provider_maps(site, uplink)) {
			text_add(text,
			         "\t\toifname \"%s\" snat ip6 prefix to ip6 saddr map { %s : %s "
			         "}\n",
			         uplink->interface, prefix_format(&site->lan_prefix, inside),
			         prefix_format(&uplink->prefix, outside));
		}
	}
}

void nft_provider_guard(const struct site *site, struct text *text)
{
	if (provider_used(site)) {
		text_add(text, "\t\tip6 daddr @unmapped counter drop\n"
		               "\t\tiifname @uplinks ip6 daddr @held ct state != { established, "
		               "related } goto reach\n");
	}
}

void nft_provider_leave(const struct site *site, struct text *text)
{
	if (provider_used(site)) {
		text_add(text, "\t\tip6 saddr vmap @homes\n");
	}
}

void nft_provider_held(const struct nft_source *source, unsigned uplink, uint8_t family,
                       struct text *text)
{
	size_t start = text->length;
	for (size_t i = 0; i < source->site->server_count; i++) {
		const struct server *server = &source->site->servers[i];
		for (unsigned number = 1; number <= source->site->uplink_count; number++) {
			const struct address *held = provider_held(server, number);
			char address[ADDRESS_TEXT_MAX];
			if (held != NULL) {
				nft_separator(text, start);
				text_add(text, "%s", address_format(held, address));
			}
		}
	}
}

/*! The prefixes of uplinks, only mapped ones or all, each with a jump to a chain of its uplink. */
static void list_prefixes(const struct nft_source *source, bool all, const char *chain,
                          struct text *text)
{
	size_t start = text->length;
	for (size_t i = 0; i < source->site->uplink_count; i++) {
		const struct uplink *uplink = &source->site->uplinks[i];
		char prefix[ADDRESS_TEXT_MAX];
		if (uplink->prefix.address.family == 0 ||
		    !(all || provider_maps(source->site, uplink))) {
			continue;
		}
		nft_separator(text, start);
		text_add(text, "%s", prefix_format(&uplink->prefix, prefix));
		if (chain != NULL) {
			text_add(text, " : jump %s_%u", chain, uplink->number);
		}
	}
}

void nft_provider_mapped(const struct nft_source *source, unsigned uplink, uint8_t family,
                         struct text *text)
{
	list_prefixes(source, false, "translate", text);
}

void nft_provider_unmapped(const struct nft_source *source, unsigned uplink, uint8_t family,
                           struct text *text)
{
	list_prefixes(source, false, NULL, text);
}

/*! Prefixes, and addresses that lie in none: intervals must not overlap. */
void nft_provider_homes(const struct nft_source *source, unsigned uplink, uint8_t family,
                        struct text *text)
{
	size_t start = text->length;
	list_prefixes(source, true, "home", text);
	for (size_t i = 0; i < source->site->server_count; i++) {
		const struct server *server = &source->site->servers[i];
		for (unsigned number = 1; number <= source->site->uplink_count; number++) {
			const struct address *held = provider_held(server, number);
			const struct uplink *way = site_uplink(source->site, number);
			char address[ADDRESS_TEXT_MAX];
			if (held != NULL && !(way->prefix.address.family != 0 &&
			                      prefix_contains(&way->prefix, held))) {
				nft_separator(text, start);
				text_add(text, "%s : jump home_%u", address_format(held, address),
				         number);
			}
		}
	}
}

static void list_jumps(const struct nft_source *source, const char *chain, bool mapped,
                       struct text *text)
{
	size_t start = text->length;
	for (size_t i = 0; i < source->site->uplink_count; i++) {
		const struct uplink *uplink = &source->site->uplinks[i];
		if (!mapped || provider_maps(source->site, uplink)) {
			nft_separator(text, start);
			text_add(text, "\"%s\" : jump %s_%u", uplink->interface, chain,
			         uplink->number);
		}
	}
}

void nft_provider_translates(const struct nft_source *source, unsigned uplink, uint8_t family,
                             struct text *text)
{
	list_jumps(source, "translate", true, text);
}

void nft_provider_reaches(const struct nft_source *source, unsigned uplink, uint8_t family,
                          struct text *text)
{
	list_jumps(source, "reach", false, text);
}

void nft_provider_single(const struct nft_source *source, unsigned uplink, uint8_t family,
                         struct text *text)
{
	nft_forwards_print_outside(source->forwards, uplink, false, text);
}

void nft_provider_range(const struct nft_source *source, unsigned uplink, uint8_t family,
                        struct text *text)
{
	nft_forwards_print_outside(source->forwards, uplink, true, text);
}
