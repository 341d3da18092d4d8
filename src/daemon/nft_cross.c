/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Cross-probes in the ruleset.
 *
 * The gateway cannot connect to its own address by way of the internet: the local table would keep the
 * packet, and one with an own source that comes in is a martian. So inside the gateway «uplink A as
 * seen from outside» is a foreign host, the alias of A. Where packets leave, behind all that sees
 * connections, the alias becomes A's public address; where they come in, before all that, a public
 * address of another uplink becomes that one's alias. On the wire there are real addresses alone,
 * and to the kernel a probe that comes in by A is an ordinary client.
 *
 * A forged packet with an own source was a martian and would now be a client named by its alias. So
 * only packets of the probes' ports are rewritten, and never the address of the uplink they came in by.
 */

#include "daemon/nft_cross.h"

#include <netinet/in.h>

#include "daemon/nft_live.h"

/*! The last port of the probes. */
#define CROSS_PORT_LAST (CROSS_PORT_FIRST + CROSS_PORT_COUNT - 1)

/*! Whether an earlier uplink is known outside by the same address (one provider's carrier-grade NAT). */
static bool is_shared(const struct nft_source *source, size_t uplink, unsigned family)
{
	const struct address *address = &source->uplinks[uplink].family[family].public;
	for (size_t i = 0; i < uplink; i++) {
		if (address_equal(&source->uplinks[i].family[family].public, address)) {
			return true;
		}
	}
	return false;
}

enum pair { ALIAS_OF_PUBLIC, PUBLIC_OF_ALIAS, PUBLIC_HOME };

static void list_pairs(const struct nft_source *source, uint8_t family, enum pair pair,
                       struct text *text)
{
	size_t start = text->length;
	unsigned index = family == AF_INET ? FAMILY_4 : FAMILY_6;
	for (size_t i = 0; i < source->site->uplink_count; i++) {
		const struct uplink_view *view = &source->uplinks[i];
		const struct address *public = &view->family[index].public;
		char outside[ADDRESS_TEXT_MAX];
		char inside[ADDRESS_TEXT_MAX];
		if (public->family == 0 || (pair != PUBLIC_HOME && is_shared(source, i, index))) {
			continue;
		}
		const struct address alias =
			site_cross_alias(source->site, family, view->uplink->number);
		address_format(public, outside);
		address_format(&alias, inside);
		nft_separator(text, start);
		if (pair == PUBLIC_HOME) {
			text_add(text, "%s . \"%s\"", outside, view->uplink->interface);
		} else {
			bool known = pair == ALIAS_OF_PUBLIC;
			text_add(text, "%s : %s", known ? outside : inside,
			         known ? inside : outside);
		}
	}
}

void nft_live_alias(const struct nft_source *source, unsigned uplink, uint8_t family,
                    struct text *text)
{
	list_pairs(source, family, ALIAS_OF_PUBLIC, text);
}

void nft_live_public(const struct nft_source *source, unsigned uplink, uint8_t family,
                     struct text *text)
{
	list_pairs(source, family, PUBLIC_OF_ALIAS, text);
}

void nft_live_public_home(const struct nft_source *source, unsigned uplink, uint8_t family,
                          struct text *text)
{
	list_pairs(source, family, PUBLIC_HOME, text);
}

void nft_cross_declare(const struct site *site, struct text *text)
{
	if (!site_crosses(site)) {
		return;
	}
	// Raw is where others begin to look, and srcnat + 10 our own last look at what leaves.
	text_add(text,
	         "\tchain cross_request { }\n"
	         "\tchain cross_reply { }\n"
	         "\tchain cross_leave { }\n"
	         "\tchain cross_client { }\n"
	         "\tchain cross_in { type filter hook prerouting priority raw - 10; policy accept; "
	         "}\n"
	         "\tchain cross_out { type filter hook postrouting priority srcnat + 200; policy "
	         "accept; }\n"
	         "\tchain cross_clients { type filter hook forward priority mangle; policy accept; "
	         "}\n");
}

/*! What comes in: addresses of other uplinks become aliases, in packets of the probes alone. */
static void fill_rewrite(const char *chain, const char *set, const char *port, const char *alias4,
                         const char *alias6, struct text *text)
{
	text_add(text,
	         "\tchain %s {\n"
	         "\t\tip saddr . iifname @public_home4 return\n"
	         "\t\tip6 saddr . iifname @public_home6 return\n"
	         "\t\tip saddr set ip saddr map @alias4\n"
	         "\t\tip6 saddr set ip6 saddr map @alias6\n"
	         "\t\tip saddr %s add @%s { iifname . th %s }\n"
	         "\t\tip6 saddr %s add @%s { iifname . th %s }\n"
	         "\t}\n",
	         chain, alias4, set, port, alias6, set, port);
}

/*! Clients, but not the probes. */
static void note_clients(const struct site *site, const char *protocols, const char *port,
                         struct text *text)
{
	static const char *const names[] = { [FAMILY_4] = "ip", [FAMILY_6] = "ip6" };
	for (unsigned family = 0; family < FAMILIES; family++) {
		char alias[ADDRESS_TEXT_MAX];
		const struct prefix prefix = site_cross_prefix(site, family_number(family));
		text_add(text,
		         "\t\tmeta l4proto %s %s saddr != %s update @" CROSS_SET_CLIENTS
		         " { %s . iifname . meta nfproto timeout %ums }\n",
		         protocols, names[family], prefix_format(&prefix, alias), port,
		         site->cross_interval_ms);
	}
}

void nft_cross_fill(const struct site *site, struct text *text)
{
	char alias4[ADDRESS_TEXT_MAX];
	char alias6[ADDRESS_TEXT_MAX];
	if (!site_crosses(site)) {
		return;
	}
	const struct prefix prefix4 = site_cross_prefix(site, AF_INET);
	const struct prefix prefix6 = site_cross_prefix(site, AF_INET6);
	(void)prefix_format(&prefix4, alias4);
	(void)prefix_format(&prefix6, alias6);

	fill_rewrite("cross_request", CROSS_SET_ARRIVED, "sport", alias4, alias6, text);
	fill_rewrite("cross_reply", CROSS_SET_RETURNED, "dport", alias4, alias6, text);
	// Nobody outside may claim an alias, and none ever leaves.
	text_add(text,
	         "\tchain cross_in {\n"
	         "\t\tiifname != @uplinks return\n"
	         "\t\tip saddr %s counter drop\n"
	         "\t\tip6 saddr %s counter drop\n"
	         "\t\tmeta l4proto != { tcp, udp } return\n"
	         "\t\tth sport %u-%u goto cross_request\n"
	         "\t\tth dport %u-%u goto cross_reply\n"
	         "\t}\n",
	         alias4, alias6, CROSS_PORT_FIRST, CROSS_PORT_LAST, CROSS_PORT_FIRST,
	         CROSS_PORT_LAST);
	text_add(text,
	         "\tchain cross_out {\n"
	         "\t\toifname != @uplinks return\n"
	         "\t\tip daddr %s goto cross_leave\n"
	         "\t\tip6 daddr %s goto cross_leave\n"
	         "\t}\n"
	         "\tchain cross_leave {\n"
	         "\t\tmeta l4proto != { tcp, udp } counter drop\n"
	         "\t\tth sport %u-%u add @" CROSS_SET_SENT " { oifname . th sport }\n"
	         "\t\tth dport %u-%u add @" CROSS_SET_REPLIED " { oifname . th dport }\n"
	         "\t\tth sport != %u-%u th dport != %u-%u counter drop\n"
	         "\t\tip daddr set ip daddr map @public4 accept\n"
	         "\t\tip6 daddr set ip6 daddr map @public6 accept\n"
	         "\t\tcounter drop\n"
	         "\t}\n",
	         alias4, alias6, CROSS_PORT_FIRST, CROSS_PORT_LAST, CROSS_PORT_FIRST,
	         CROSS_PORT_LAST, CROSS_PORT_FIRST, CROSS_PORT_LAST, CROSS_PORT_FIRST,
	         CROSS_PORT_LAST);
	// The third packet of a handshake: the server's answer has arrived at the client.
	text_add(text, "\tchain cross_clients {\n"
	               "\t\tiifname != @uplinks return\n"
	               "\t\tct status dnat ct state established ct direction original tcp flags & "
	               "(syn | ack | rst) == ack ct original packets 2 jump cross_client\n"
	               "\t}\n"
	               "\tchain cross_client {\n");
	note_clients(site, "tcp", "ct original proto-dst", text);
	text_add(text, "\t}\n");
}

void nft_cross_note_queries(const struct site *site, struct text *text)
{
	if (site_crosses(site)) {
		note_clients(site, "{ tcp, udp }", "th dport", text);
	}
}

void nft_cross_spare(const struct site *site, struct text *text)
{
	if (site_crosses(site)) {
		char alias[ADDRESS_TEXT_MAX];
		const struct prefix prefix4 = site_cross_prefix(site, AF_INET);
		const struct prefix prefix6 = site_cross_prefix(site, AF_INET6);
		// Masquerading takes the first address of an interface, which need not be the probe's.
		text_add(text, "\t\tip daddr %s return\n", prefix_format(&prefix4, alias));
		text_add(text, "\t\tip6 daddr %s return\n", prefix_format(&prefix6, alias));
	}
}
