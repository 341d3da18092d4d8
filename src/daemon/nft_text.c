/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The ruleset of a site as nft text.
 *
 * Theory of operation. The first packet of a flow from an uplink is stamped: the uplink's mark goes
 * into the connection (ct mark). Whatever belongs to that connection and does not come from an uplink
 * gets the mark back (meta mark), and a policy rule sends it into the uplink's own table. New flows
 * from the LAN take the uplink that the main table would choose, and keep it. So every packet from
 * the LAN that has passed here carries a mark, which is what the guard rule of plan_rules.c relies on.
 * Replies never choose: one whose connection has no mark (another program emptied a chain) stays
 * unmarked, and the guard keeps it from leaving by another uplink.
 *
 * Marks are set with constants under the site's mask, other bits survive. Forwards live in maps, one
 * set an uplink: exact ports in hash maps, only real ranges in interval maps, which are slow to build.
 * Nothing on the inbound path knows an address, so a new address on an uplink works at once.
 *
 * The text is in two parts, so that an uplink that comes or goes costs the same however many forwards
 * there are: rules and elements that follow from the site file alone, and live elements.
 *
 * DNS of the gateway on the uplinks passes conntrack by: a flood of queries must not fill its table.
 */

#include "daemon/nft_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "daemon/nft_cross.h"
#include "daemon/nft_maps.h"
#include "daemon/nft_provider.h"

static void declare(const struct nft_source *source, struct text *text)
{
	static const char *const uplink_chains[] = { "stamp", "use", "forward" };
	bool port = source->site->dns_binding == DNS_BINDING_PORT;

	text_add(text, "table inet " OUR_NFT_TABLE " {\n");
	nft_maps_print(source, NFT_MAPS_DECLARE, false, text);
	for (size_t i = 0; i < source->site->uplink_count; i++) {
		unsigned number = source->site->uplinks[i].number;
		for (size_t j = 0; j < 3; j++) {
			text_add(text, "\tchain %s_%u { }\n", uplink_chains[j], number);
		}
		if (port) {
			text_add(text, "\tchain dns_%u { }\n", number);
		}
	}
	text_add(text, "\tchain restore { }\n\tchain choose_main { }\n\tchain choose { }\n%s",
	         port ? "\tchain dns_reply { }\n" : "");
	text_add(text,
	         "\tchain mark_in { type filter hook prerouting priority mangle; policy accept; }\n"
	         "\tchain mark_local { type route hook output priority mangle; policy accept; }\n"
	         "\tchain mark_out { type filter hook postrouting priority mangle; policy accept; "
	         "}\n"
	         "\tchain guard { type filter hook forward priority mangle; policy accept; }\n"
	         "\tchain nat_in { type nat hook prerouting priority dstnat; policy accept; }\n"
	         "\tchain nat_out { type nat hook postrouting priority srcnat; policy accept; }\n"
	         "\tchain leave { type filter hook postrouting priority srcnat + 10; policy "
	         "accept; }\n"
	         "\tchain dns_in { type filter hook prerouting priority raw; policy accept; }\n"
	         "\tchain dns_out { type route hook output priority raw; policy accept; }\n");
	nft_provider_declare(source->site, text);
	nft_cross_declare(source->site, text);
	text_add(text, "}\n");
}

static void flush(const struct nft_source *source, struct text *text)
{
	// Flushing the table empties its rules only: old elements would stay.
	text_add(text, "flush table inet " OUR_NFT_TABLE "\n");
	nft_maps_print(source, NFT_MAPS_FLUSH, false, text);
}

static void fill_uplink_chains(const struct nft_source *source, struct text *text)
{
	uint32_t mask = source->site->fwmark_mask;
	for (size_t i = 0; i < source->site->uplink_count; i++) {
		unsigned number = source->site->uplinks[i].number;
		uint32_t mark = site_mark(source->site, number);
		text_add(text,
		         "\tchain stamp_%u {\n\t\tct mark set ct mark & 0x%08x | 0x%08x\n\t}\n",
		         number, ~mask, mark);
		text_add(text,
		         "\tchain use_%u {\n\t\tmeta mark set meta mark & 0x%08x | 0x%08x\n\t}\n",
		         number, ~mask, mark);
		text_add(text,
		         "\tchain forward_%u {\n"
		         "\t\tdnat ip to meta l4proto . th dport map @single4_%u\n"
		         "\t\tmeta l4proto { tcp, udp } dnat ip to meta l4proto . th dport map "
		         "@range4_%u\n"
		         "\t\tdnat ip6 to meta l4proto . th dport map @single6_%u\n"
		         "\t\tmeta l4proto { tcp, udp } dnat ip6 to meta l4proto . th dport map "
		         "@range6_%u\n"
		         "\t}\n",
		         number, number, number, number, number);
	}
}

/*!
 * New flows from inside. Where the main table has more than a default route to say, it decides, and
 * also where its default leads elsewhere than to an uplink. What a mail server sends takes the uplink
 * that its map says; the rest the first one in use, if the site wants so and the source is not bound to
 * an uplink, as a server's address for it or a global IPv6 address is. Both also work while the main
 * table has lost its only default route.
 */
static void fill_choose(const struct nft_source *source, struct text *text)
{
	// The type of «fib ... oifname» is string, that of a named map's key ifname: hence literals.
	struct text names = TEXT_EMPTY;
	struct text jumps = TEXT_EMPTY;
	for (size_t i = 0; i < source->site->uplink_count; i++) {
		const struct uplink *uplink = &source->site->uplinks[i];
		const char *separator = i > 0 ? ", " : "";
		text_add(&names, "%s\"%s\"", separator, uplink->interface);
		text_add(&jumps, "%s\"%s\" : jump use_%u", separator, uplink->interface,
		         uplink->number);
	}
	text->failed |= names.failed || jumps.failed;
	text_add(text,
	         "\tchain choose_main {\n"
	         "\t\tfib daddr oifname vmap { %s }\n"
	         "\t}\n"
	         "\tchain choose {\n"
	         "\t\tip daddr @specific4 goto choose_main\n"
	         "\t\tip6 daddr @specific6 goto choose_main\n"
	         "\t\ttcp dport 25 fib daddr oif missing ip saddr vmap @mail4\n"
	         "\t\ttcp dport 25 fib daddr oif missing ip6 saddr vmap @mail6\n"
	         "\t\ttcp dport 25 fib daddr oifname { %s } ip saddr vmap @mail4\n"
	         "\t\ttcp dport 25 fib daddr oifname { %s } ip6 saddr vmap @mail6\n"
	         "\t\tip saddr @bound4 goto choose_main\n"
	         "\t\tip6 saddr @bound6 goto choose_main\n"
	         "\t\tip6 saddr != fc00::/7 goto choose_main\n"
	         "\t\tfib daddr oif missing meta nfproto vmap @first\n"
	         "\t\tfib daddr oifname { %s } meta nfproto vmap @first\n"
	         "\t\tgoto choose_main\n"
	         "\t}\n",
	         jumps.data, names.data, names.data, names.data);
	text_free(&names);
	text_free(&jumps);
}

static void fill_mark_chains(const struct nft_source *source, struct text *text)
{
	uint32_t mask = source->site->fwmark_mask;
	fill_choose(source, text);
	text_add(text,
	         "\tchain restore {\n"
	         "\t\tct mark & 0x%08x vmap @use\n"
	         "\t}\n"
	         "\tchain mark_in {\n"
	         "\t\tct state new iifname vmap @stamp\n"
	         "\t\tiifname @uplinks return\n"
	         "\t\tjump restore\n"
	         "\t\tiifname @inside ct direction original ct mark & 0x%08x == 0 jump choose\n"
	         "\t}\n"
	         "\tchain mark_local {\n"
	         "\t\tjump restore\n"
	         "\t}\n"
	         "\tchain mark_out {\n"
	         "\t\tct state new ct mark & 0x%08x == 0 oifname vmap @stamp\n"
	         "\t}\n"
	         "\tchain guard {\n"
	         "\t\toifname @uplinks ct state invalid counter drop\n",
	         mask, mask, mask);
	nft_provider_guard(source->site, text);
	text_add(text, "\t}\n");
}

static void fill_nat_chains(const struct nft_source *source, struct text *text)
{
	text_add(text, "\tchain nat_in {\n");
	nft_provider_map_in(source->site, text);
	text_add(text, "\t\tfib daddr type != local return\n"
	               "\t\tiifname vmap @forward\n"
	               "\t\tiifname @inside ip daddr vmap @hairpin4\n"
	               "\t\tiifname @inside ip6 daddr vmap @hairpin6\n");
	if (source->site->dns_binding != DNS_BINDING_ADDRESS) {
		text_add(text, "\t\tiifname @inside meta l4proto { tcp, udp } th dport 53 redirect "
		               "to : ip daddr map @dns_port4\n"
		               "\t\tiifname @inside meta l4proto { tcp, udp } th dport 53 redirect "
		               "to : ip6 daddr map @dns_port6\n");
	}
	text_add(text, "\t}\n\tchain nat_out {\n");
	nft_cross_spare(source->site, text);
	text_add(text, "\t\ttcp dport 25 snat ip to oifname . ip saddr map @mail_source4\n"
	               "\t\ttcp dport 25 snat ip6 to oifname . ip6 saddr map @mail_source6\n");
	nft_provider_map_out(source->site, text);
	if (source->site->masquerade) {
		// A unique local address (RFC 4193) leads nowhere outside; a global one needs no help.
		text_add(text, "\t\toifname @uplinks meta nfproto ipv4 masquerade\n"
		               "\t\toifname @uplinks ip6 saddr fc00::/7 masquerade\n");
	}
	text_add(text, "\t\tiifname @inside oifname @inside ct status dnat masquerade\n\t}\n");
	// The last look at what leaves, also while rules are lost or another program has emptied a
	// chain: an uplink's address leaves by that uplink alone (BCP 38), an inside one not at all.
	text_add(text, "\tchain leave {\n"
	               "\t\toifname != @uplinks return\n"
	               "\t\tip saddr @own4 ip saddr . oifname != @home4 counter drop\n"
	               "\t\tip6 saddr @own6 ip6 saddr . oifname != @home6 counter drop\n");
	nft_provider_leave(source->site, text);
	if (source->site->masquerade) {
		text_add(text, "\t\tiifname != @inside return\n"
		               "\t\tmeta nfproto ipv4 ct status & (snat | dnat) == 0 counter drop\n"
		               "\t\tip6 saddr fc00::/7 counter drop\n");
	}
	text_add(text, "\t}\n");
}

static void fill_dns_in(const struct nft_source *source, struct text *text)
{
	unsigned first = site_dns_port(1);
	unsigned last = site_dns_port((unsigned)source->site->uplink_count);

	text_add(text, "\tchain dns_in {\n\t\tiifname != @uplinks return\n");
	if (source->site->dns_binding != DNS_BINDING_ADDRESS) {
		// From outside these ports are not there: the answer would come from port 53.
		text_add(text,
		         "\t\tmeta l4proto { tcp, udp } th dport %u-%u fib daddr type local drop\n",
		         first, last);
	}
	// An address of one uplink asked for on another would be answered for the wrong one. Of an IPv4
	// address that two interfaces have, the kernel's lookup knows but the first.
	text_add(text, "\t\tmeta l4proto != { tcp, udp } return\n"
	               "\t\tth dport != 53 return\n"
	               "\t\tfib daddr type != local return\n"
	               "\t\tfib daddr . iif type != local ip daddr . iifname != @home4 drop\n"
	               "\t\tfib daddr . iif type != local meta nfproto ipv6 drop\n");
	nft_cross_note_queries(source->site, text);
	text_add(text, "\t\tnotrack\n");
	if (source->site->dns_binding == DNS_BINDING_PORT) {
		// «th dport set» would leave the checksums as they were.
		text_add(text, "\t\tudp dport 53 udp dport set iifname map @dns_port\n"
		               "\t\ttcp dport 53 tcp dport set iifname map @dns_port\n");
	}
	text_add(text, "\t}\n");
}

/*! Answers from a port. */
static void fill_dns_out_port(const struct nft_source *source, struct text *text)
{
	unsigned first = site_dns_port(1);
	unsigned last = site_dns_port((unsigned)source->site->uplink_count);

	text_add(text,
	         "\tchain dns_out {\n"
	         "\t\toifname @uplinks meta l4proto { tcp, udp } th sport vmap @dns_reply\n\t}\n");
	for (size_t i = 0; i < source->site->uplink_count; i++) {
		unsigned number = source->site->uplinks[i].number;
		text_add(text,
		         "\tchain dns_%u {\n"
		         "\t\tmeta mark set meta mark & 0x%08x | 0x%08x\n"
		         "\t\tgoto dns_reply\n"
		         "\t}\n",
		         number, ~source->site->fwmark_mask, site_mark(source->site, number));
	}
	text_add(text,
	         "\tchain dns_reply {\n"
	         "\t\tnotrack\n"
	         "\t\tudp sport %u-%u udp sport set 53\n"
	         "\t\ttcp sport %u-%u tcp sport set 53\n"
	         "\t}\n",
	         first, last, first, last);
}

/*!
 * Answers from port 53. A socket that is bound to a device has been routed out by that device, or on
 * link if the tables of its source address know no way there, as of an address that two uplinks have:
 * the mark leads it into the uplink's table.
 */
static void fill_dns_out(const struct nft_source *source, struct text *text)
{
	const struct site *site = source->site;
	text_add(text, "\tchain dns_out {\n"
	               "\t\toifname @uplinks meta l4proto { tcp, udp } th sport 53 notrack\n");
	if (site->dns_binding == DNS_BINDING_DEVICE) {
		text_add(text, "\t\tmeta l4proto { tcp, udp } th sport 53 oifname vmap { ");
		for (size_t i = 0; i < site->uplink_count; i++) {
			text_add(text, "%s\"%s\" : goto use_%u", i > 0 ? ", " : "",
			         site->uplinks[i].interface, site->uplinks[i].number);
		}
		text_add(text, " }\n");
	}
	text_add(text, "\t}\n");
}

static int render(const struct site *site, const struct nft_forwards *forwards, char **ruleset)
{
	struct nft_source source = { .site = site, .forwards = forwards };
	struct text text = TEXT_EMPTY;
	declare(&source, &text);
	flush(&source, &text);
	text_add(&text, "table inet " OUR_NFT_TABLE " {\n");
	nft_maps_print(&source, NFT_MAPS_FILL, false, &text);
	fill_uplink_chains(&source, &text);
	fill_mark_chains(&source, &text);
	fill_nat_chains(&source, &text);
	fill_dns_in(&source, &text);
	(site->dns_binding == DNS_BINDING_PORT ? fill_dns_out_port : fill_dns_out)(&source, &text);
	nft_provider_fill(site, &text);
	nft_cross_fill(site, &text);
	text_add(&text, "}\n");

	char *rendered = text_take(&text);
	if (rendered == NULL) {
		return -ENOMEM;
	}
	*ruleset = rendered;
	return 0;
}

int nft_text(const struct site *site, char **ruleset)
{
	struct nft_forwards *forwards = NULL;
	int ret = nft_forwards_build(site, &forwards);
	if (ret == 0) {
		ret = render(site, forwards, ruleset);
		nft_forwards_free(forwards);
	}
	return ret;
}

int nft_text_frame(const struct site *site, char **frame)
{
	return render(site, NULL, frame);
}

int nft_live(const struct site *site, const struct uplink_view *uplinks,
             const struct observed *observed, uplink_set drained, char **live)
{
	struct mail_senders senders = { 0 };
	int ret = mail_senders_build(site, uplinks, drained, &senders);
	if (ret != 0) {
		return ret;
	}
	struct nft_source source = {
		.site = site,
		.uplinks = uplinks,
		.observed = observed,
		.drained = drained,
		.senders = &senders,
	};
	struct text text = TEXT_EMPTY;
	nft_maps_print(&source, NFT_MAPS_FLUSH, true, &text);
	nft_maps_print(&source, NFT_MAPS_FILL, true, &text);
	free(senders.items);
	*live = text_take(&text);
	return *live == NULL ? -ENOMEM : 0;
}

/*! Whether the declarations of a ruleset name an object. */
static bool declares(const char *ruleset, const char *kind, const char *name)
{
	char line[128];
	(void)snprintf(line, sizeof(line), "\t%s %s { ", kind, name);
	return strstr(ruleset, line) != NULL;
}

void nft_text_delete_surplus(const char *ruleset, const struct nft_objects *objects,
                             struct text *text)
{
	// A chain that an element jumps to is busy, so maps go first, emptied.
	for (size_t i = 0; i < objects->set_count; i++) {
		const char *kind = objects->is_map[i] ? "map" : "set";
		const char *name = objects->sets[i];
		if (!declares(ruleset, kind, name)) {
			text_add(text, "flush %s inet " OUR_NFT_TABLE " %s\n", kind, name);
			text_add(text, "delete %s inet " OUR_NFT_TABLE " %s\n", kind, name);
		}
	}
	for (size_t i = 0; i < objects->chain_count; i++) {
		if (!declares(ruleset, "chain", objects->chains[i])) {
			text_add(text, "delete chain inet " OUR_NFT_TABLE " %s\n",
			         objects->chains[i]);
		}
	}
}
