/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * What other programs have in the kernel: whether their chains drop a packet, what their rules write,
 * and which of their rules and routes are in our way.
 */

#include <check.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "daemon/kernel.h"
#include "daemon/others.h"
#include "namespace.h"

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

static void load(const char *ruleset)
{
	struct nft_apply *apply = NULL;
	char *error = NULL;
	ck_assert_int_eq(nft_apply_open(&apply), 0);
	int ret = nft_apply_run(apply, ruleset, &error);
	ck_assert_msg(ret == 0, "%s: %s", ruleset, error != NULL ? error : "");
	nft_apply_close(apply);
}

/*! A packet of a client to a forward, tcp/80 of 10.0.0.10, that came in by lo. */
static struct walk_packet client(uint8_t family)
{
	struct walk_packet packet = {
		.family = family,
		.protocol = IPPROTO_TCP,
		.port = 80,
		.iif = "lo",
		.state = 8,
		.status = 32,
	};
	ck_assert_int_eq(
		address_parse(family == AF_INET ? "10.0.0.10" : "fd00:10::10", &packet.destination),
		0);
	ck_assert_int_eq(
		address_parse(family == AF_INET ? "198.18.0.2" : "2001:2::2", &packet.source), 0);
	return packet;
}

static const struct {
	const char *policy;
	const char *rules;
	const char *end; // «KIND sure»; empty: it passes.
} walks[] = {
	{ "drop", "", "policy sure" },
	{ "accept", "", "" },
	{ "drop", "ct status dnat accept;", "" },
	{ "drop", "ct state established,related accept;", "policy sure" },
	{ "drop", "ct state new accept;", "" },
	{ "drop", "ct state vmap { established : accept, new : accept };", "" },
	{ "accept", "ct state vmap { established : accept, new : drop };", "rule sure" },
	{ "accept", "ct state vmap { established : accept, invalid : drop };", "" },
	{ "drop", "ct direction original accept;", "" },
	{ "accept", "drop;", "rule sure" },
	{ "accept", "reject;", "rule sure" },
	{ "accept", "counter log prefix \"x\" drop;", "rule sure" },
	// Ports and addresses.
	{ "accept", "tcp dport 80 drop;", "rule sure" },
	{ "accept", "tcp dport 81 drop;", "" },
	{ "accept", "udp dport 80 drop;", "" },
	{ "accept", "tcp dport != 80 drop;", "" },
	{ "accept", "tcp dport { 25, 80 } drop;", "rule sure" },
	{ "accept", "tcp dport { 25, 443 } drop;", "" },
	{ "accept", "tcp dport != { 25, 80 } drop;", "" },
	{ "accept", "tcp dport 70-90 reject;", "rule sure" },
	{ "accept", "tcp dport { 25, 70-90 } drop;", "rule sure" },
	{ "accept", "tcp dport { 25, 70-79 } drop;", "" },
	{ "accept", "tcp dport >= 1024 drop;", "" },
	{ "accept", "th dport 80 drop;", "rule sure" },
	{ "accept", "ip daddr 10.0.0.10 tcp dport 80 drop;", "rule sure" },
	{ "accept", "ip daddr . tcp dport { 10.0.0.10 . 80, 10.0.0.11 . 80 } drop;", "rule sure" },
	{ "accept", "ip daddr . tcp dport { 10.0.0.0/24 . 70-80 } drop;", "rule sure" },
	{ "accept", "ip daddr . tcp dport { 10.0.0.11 . 80 } drop;", "" },
	{ "accept", "ip saddr 198.18.0.0/15 drop;", "rule sure" },
	{ "accept", "ip saddr 198.18.0.0/16 drop;", "rule sure" },
	{ "accept", "ip saddr 198.19.0.0/16 drop;", "" },
	{ "accept", "ip saddr { 127.0.0.0/8, 198.18.0.0/15, 240.0.0.0/4 } drop;", "rule sure" },
	{ "accept", "ip saddr { 127.0.0.0/8, 240.0.0.0/4 } drop;", "" },
	{ "accept", "ip6 saddr ::/0 drop;", "" },
	{ "accept", "iifname \"lo\" drop;", "rule sure" },
	{ "accept", "iifname \"l*\" drop;", "rule sure" },
	{ "accept", "iifname { \"eth0\", \"lo\" } drop;", "rule sure" },
	{ "accept", "iif lo drop;", "rule sure" },
	{ "accept", "iifname != \"lo\" drop;", "" },
	{ "accept", "meta nfproto ipv6 drop;", "" },
	{ "accept", "meta l4proto { tcp, udp } drop;", "rule sure" },
	{ "accept", "meta l4proto icmp drop;", "" },
	// What is not known: only what asks for this very packet is told.
	{ "accept", "meta mark 5 drop;", "" },
	{ "accept", "meta mark 5 tcp dport 80 drop;", "rule unsure" },
	{ "accept", "meta mark 5 tcp dport 81 drop;", "" },
	{ "accept", "tcp dport 80 limit rate over 10/second drop;", "rule unsure" },
	{ "drop", "meta mark 5 accept;", "policy unsure" },
	{ "drop", "meta mark vmap { 5 : accept };", "policy unsure" },
	{ "drop", "oifname \"lan0\" accept;", "policy unsure" },
	{ "accept", "meta mark 5 accept; tcp dport 80 drop;", "rule unsure" },
	{ "accept", "tcp dport 80 accept; drop;", "" },
	// Chains.
	{ "accept", "jump more;", "rule sure" },
	{ "accept", "tcp dport 81 jump more;", "" },
	{ "accept", "meta mark 5 jump more;", "rule unsure" },
	{ "drop", "jump passes;", "" },
	{ "drop", "meta mark 5 jump passes;", "policy unsure" },
	{ "drop", "jump returns; accept;", "" },
	{ "drop", "goto returns; accept;", "policy sure" },
	{ "accept", "tcp dport vmap { 80 : jump more, 81 : accept };", "rule sure" },
	{ "accept", "tcp dport vmap { 80 : jump passes, 81 : drop }; drop;", "" },
};

static void walk_all(struct other_nft *nft, const struct walk_packet *packet, struct walk_end *end)
{
	for (size_t i = 0; i < nft->chain_count; i++) {
		if (nft->chains[i].base) {
			ck_assert_int_eq(other_chain_walk(nft, &nft->chains[i], packet, end), 0);
		}
	}
}

START_TEST(packet_ends_where_nftables_ends_it)
{
	struct text text = TEXT_EMPTY;
	struct other_nft *nft = NULL;
	struct walk_end end = { 0 };
	struct walk_packet packet = client(AF_INET);
	text_add(&text,
	         "table inet multihome { chain c { type filter hook forward priority 0; policy "
	         "drop; }; }\n"
	         "table inet t { chain more { tcp dport 80 drop; }; chain passes { accept; }\n"
	         "chain returns { return; }\n"
	         "chain c { type filter hook forward priority 0; policy %s; %s }; }\n",
	         walks[_i].policy, walks[_i].rules);
	load(text.data);
	ck_assert_int_eq(other_nft_open(&nft), 0);
	walk_all(nft, &packet, &end);
	const char *found = end.chain == NULL             ? ""
	                    : end.handle != 0 && end.sure ? "rule sure"
	                    : end.handle != 0             ? "rule unsure"
	                    : end.sure                    ? "policy sure"
	                                                  : "policy unsure";
	ck_assert_msg(strcmp(found, walks[_i].end) == 0, "%s policy %s: wanted «%s», got «%s»",
	              walks[_i].rules, walks[_i].policy, walks[_i].end, found);
	other_nft_close(nft);
	text_free(&text);
}
END_TEST

/*! Options of iptables-nft(8), and where the packet ends or what is written. */
static const struct {
	const char *options;
	const char *end;
} iptables[] = {
	{ "-A FORWARD -p tcp --dport 80 -j DROP", "rule sure\n" },
	{ "-A FORWARD -p tcp --dport 81 -j DROP", "" },
	{ "-A FORWARD -p tcp -m multiport --dports 25,70:90 -j DROP", "rule sure\n" },
	{ "-A FORWARD -p tcp -m multiport --dports 25,70:79 -j DROP", "" },
	{ "-A FORWARD -p tcp -m multiport ! --dports 25,80 -j DROP", "" },
	{ "-A FORWARD -p tcp -m multiport --sports 80 -j DROP", "" },
	{ "-A FORWARD -s 198.18.0.0/15 -m comment --comment bogons -j REJECT", "rule sure\n" },
	{ "-A FORWARD -m conntrack --ctstate NEW -j DROP", "rule sure\n" },
	{ "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j DROP", "" },
	{ "-A FORWARD -m conntrack ! --ctstate RELATED,ESTABLISHED -j DROP", "rule sure\n" },
	{ "-P FORWARD DROP", "policy sure\n" },
	{ "-P FORWARD DROP && iptables-nft -A FORWARD -m conntrack --ctstate DNAT -j ACCEPT", "" },
	{ "-P FORWARD DROP && iptables-nft -A FORWARD -m length --length 1:99 -j ACCEPT",
	  "policy unsure\n" },
	{ "-t mangle -A PREROUTING -j MARK --set-mark 0x40/0xff", "mark ff 1\n" },
	{ "-t mangle -A PREROUTING -j MARK --set-xmark 0x1/0xffffffff", "mark ffffffff 1\n" },
	{ "-t mangle -A PREROUTING -j CONNMARK --restore-mark --nfmask 0xff --ctmask 0xff",
	  "mark ff 1\n" },
	{ "-t mangle -A PREROUTING -j CONNMARK --save-mark --nfmask 0xf0 --ctmask 0xf0",
	  "ct-mark f0 1\n" },
	{ "-t mangle -A PREROUTING -j CONNMARK --set-mark 0x7/0xf", "ct-mark f 1\n" },
};

static int print_effect(const struct other_effect *effect, void *context)
{
	static const char *const kinds[] = { "mark", "ct-mark", "offload", "path" };
	text_add(context, "%s %x %x\n", kinds[effect->kind], effect->bits, effect->hooks);
	return 0;
}

START_TEST(iptables_are_read_as_well)
{
	struct other_nft *nft = NULL;
	struct text text = TEXT_EMPTY;
	struct walk_end end = { 0 };
	struct walk_packet packet = client(AF_INET);
	if (system("command -v iptables-nft >/dev/null") != 0) {
		return;
	}
	run("iptables-nft %s", iptables[_i].options);
	ck_assert_int_eq(other_nft_open(&nft), 0);
	walk_all(nft, &packet, &end);
	if (end.chain != NULL) {
		text_add(&text, "%s %s\n", end.handle != 0 ? "rule" : "policy",
		         end.sure ? "sure" : "unsure");
	}
	ck_assert_int_eq(other_nft_scan(nft, print_effect, &text), 0);
	ck_assert_msg(strcmp(text.data != NULL ? text.data : "", iptables[_i].end) == 0,
	              "%s: wanted «%s», got «%s»", iptables[_i].options, iptables[_i].end,
	              text.data);
	text_free(&text);
	other_nft_close(nft);
}
END_TEST

START_TEST(ipv6_is_walked_too)
{
	struct other_nft *nft = NULL;
	struct walk_end end = { 0 };
	struct walk_packet packet = client(AF_INET6);
	load("table ip6 t { chain c { type filter hook forward priority 0; "
	     "ip6 saddr { 2001:2::/48 } ip6 daddr fd00:10::10 drop; }; }");
	ck_assert_int_eq(other_nft_open(&nft), 0);
	walk_all(nft, &packet, &end);
	ck_assert(end.chain != NULL && end.sure && strcmp(end.chain->name, "c") == 0);
	ck_assert_str_eq(other_chain_family(end.chain), "ip6");
	other_nft_close(nft);
}
END_TEST

static const struct {
	const char *hook;
	const char *rule;
	const char *effect;
} effects[] = {
	{ "prerouting", "meta mark set 0x1;", "mark ffffffff 1\n" },
	{ "prerouting", "meta mark set meta mark | 0x40;", "mark 40 1\n" },
	{ "prerouting", "meta mark set meta mark & 0xff00ffff | 0x40000;", "mark ff0000 1\n" },
	{ "prerouting", "meta mark set ct mark & 0xff;", "mark ffffffff 1\n" },
	{ "output", "meta mark set meta mark & 0xffffff00;", "mark ff 8\n" },
	{ "forward", "ct mark set ct mark & 0xffff0000 | 0x7;", "ct-mark ffff 4\n" },
	{ "postrouting", "ct mark set meta mark;", "ct-mark ffffffff 10\n" },
	{ "prerouting", "meta mark 5 accept;", "" },
	{ "prerouting", "fib saddr . iif oif missing drop;", "path 0 1\n" },
	{ "prerouting", "meta nfproto ipv6 fib saddr . mark . iif oif missing drop;",
	  "path 0 1\n" },
	{ "prerouting", "fib saddr oif missing drop;", "" },
	{ "prerouting", "fib daddr type local accept;", "" },
};

START_TEST(effect_is_found)
{
	struct text text = TEXT_EMPTY;
	struct text found = TEXT_EMPTY;
	struct other_nft *nft = NULL;
	text_add(&text,
	         "table inet t { chain more { %s }; "
	         "chain c { type filter hook %s priority 0; jump more; }; }",
	         effects[_i].rule, effects[_i].hook);
	load(text.data);
	ck_assert_int_eq(other_nft_open(&nft), 0);
	ck_assert_int_eq(other_nft_scan(nft, print_effect, &found), 0);
	ck_assert_str_eq(found.data != NULL ? found.data : "", effects[_i].effect);
	other_nft_close(nft);
	text_free(&found);
	text_free(&text);
}
END_TEST

START_TEST(rules_and_routes_in_our_way_are_listed)
{
	const uint32_t table = 20101;
	struct prefix alias;
	struct others others;
	struct text text = TEXT_EMPTY;
	const struct others_wanted wanted = { &table, 1, &alias, 1 };
	ck_assert_int_eq(prefix_parse("198.18.0.0/24", &alias), 0);
	run("ip rule add priority 1010 fwmark 0x1000000/0x3f000000 lookup 20101 protocol 109");
	run("ip rule add priority 5 from 10.0.0.0/8 iif lo lookup 77");
	run("ip rule add not fwmark 0xca6c priority 6 lookup 78");
	run("ip rule add priority 7 lookup main suppress_prefixlength 0");
	run("ip -6 rule add priority 8 fwmark 0x1/0x3 prohibit");
	run("ip route add unreachable default metric 9 table 20101 protocol 109");
	run("ip route add 192.0.2.0/24 dev lo table 20101");
	run("ip route add blackhole 198.18.0.0/15");
	run("ip route add blackhole 198.20.0.0/15");
	ck_assert_int_eq(rtnl_others(&wanted, &others), 0);
	for (size_t i = 0; i < others.rule_count; i++) {
		other_rule_print(&others.rules[i], &text);
		text_add(&text, "%s\n", others.rules[i].narrow ? " narrow" : "");
	}
	for (size_t i = 0; i < others.route_count; i++) {
		other_route_print(&others.routes[i], &text);
		text_add(&text, "\n");
	}
	ck_assert_str_eq(text.data, "5: from 10.0.0.0/8 iif lo lookup 77\n"
	                            "6: not from all fwmark 0xca6c/0xffffffff lookup 78\n"
	                            "7: from all lookup 254 narrow\n"
	                            "8: from all fwmark 0x1/0x3\n"
	                            "192.0.2.0/24 dev lo table 20101 proto 3\n"
	                            "blackhole 198.18.0.0/15 table 254 proto 3\n");
	// They are words for ip(8).
	for (size_t i = 0; i < others.route_count; i++) {
		struct text route = TEXT_EMPTY;
		other_route_print(&others.routes[i], &route);
		run("ip -4 route del %s", route.data);
		text_free(&route);
	}
	text_free(&text);
	others_deinit(&others);
}
END_TEST

/*! Nobody writes such rules on purpose, but the daemon must live with them. */
START_TEST(way_that_doubles_with_every_chain_is_given_up)
{
	struct text text = TEXT_EMPTY;
	struct other_nft *nft = NULL;
	struct walk_packet packet = client(AF_INET);
	struct walk_end end = { 0 };
	text_add(&text, "table ip t {\n");
	for (unsigned i = 9; i > 0; i--) {
		text_add(&text, "chain c%u {", i);
		for (unsigned k = 0; i < 9 && k < 4; k++) {
			text_add(&text, " meta mark %u jump c%u;", k, i + 1);
		}
		text_add(&text, " meta mark 1 counter; }\n");
	}
	text_add(&text, "chain c { type filter hook forward priority 0; jump c1; }; }\n");
	load(text.data);
	ck_assert_int_eq(other_nft_open(&nft), 0);
	const struct other_chain *base = nft->chains;
	while (!base->base) {
		base++;
	}
	ck_assert_int_eq(other_chain_walk(nft, base, &packet, &end), -E2BIG);
	ck_assert_uint_le(nft->work, OTHER_WORK_MOST + 10);
	ck_assert_int_eq(other_chain_walk(nft, base, &packet, &end), -E2BIG);
	ck_assert_ptr_null(end.chain);
	other_nft_close(nft);
	text_free(&text);
}
END_TEST

static const struct other_chain *chain_of(const struct other_nft *nft, const char *name)
{
	for (size_t i = 0; i < nft->chain_count; i++) {
		if (strcmp(nft->chains[i].name, name) == 0) {
			return &nft->chains[i];
		}
	}
	return NULL;
}

/*! A list of addresses as rules: what stands before it is judged, what stands behind is not guessed. */
START_TEST(more_rules_than_are_looked_at_end_the_listing)
{
	static const char *const ends[][2] = { { "first", "first" },
		                               { "jumps", NULL },
		                               { "last", NULL } };
	struct text text = TEXT_EMPTY;
	struct other_nft *nft = NULL;
	text_add(&text, "table inet t {\nset ports { type inet_service; elements = { 80 }; }\n"
	                "chain first { type filter hook forward priority 0; "
	                "tcp dport @ports drop; }\nchain many {\n");
	for (unsigned i = 0; i < 60000; i++) {
		text_add(&text, "ip saddr 10.%u.%u.0/24 counter drop\n", i / 256, i % 256);
	}
	text_add(&text, "}\nchain jumps { type filter hook forward priority 1; policy drop; "
	                "jump many; }\n"
	                "chain last { type filter hook forward priority 2; policy drop; }\n}\n");
	load(text.data);
	unsigned before = descriptors_open();
	ck_assert_int_eq(other_nft_open(&nft), 0);
	ck_assert(nft->cut);
	ck_assert_uint_le(nft->listed, OTHER_LIST_MOST);
	ck_assert_uint_gt(nft->rule_count, 10000);
	for (unsigned i = 0; i < 3; i++) {
		struct walk_packet packet = client(AF_INET);
		struct walk_end end = { 0 };
		ck_assert_int_eq(other_chain_walk(nft, chain_of(nft, ends[i][0]), &packet, &end),
		                 0);
		ck_assert_str_eq(end.chain != NULL ? end.chain->name : "",
		                 ends[i][1] != NULL ? ends[i][1] : "");
	}
	other_nft_close(nft);
	ck_assert_uint_eq(descriptors_open(), before);
	text_free(&text);
}
END_TEST

START_TEST(looks_leave_no_descriptors)
{
	struct other_nft *nft = NULL;
	unsigned before = descriptors_open();
	load("table inet t { set s { type ipv4_addr; elements = { 192.0.2.1 }; }; "
	     "chain c { type filter hook forward priority 0; ip saddr @s drop; }; }");
	for (int i = 0; i < 20; i++) {
		ck_assert_int_eq(other_nft_open(&nft), 0);
		other_nft_close(nft);
	}
	ck_assert_uint_eq(descriptors_open(), before);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("others");
	TCase *cases = tcase_create("others");
	tcase_set_timeout(cases, 60);
	tcase_add_checked_fixture(cases, namespace_enter, NULL);
	suite_add_tcase(suite, cases);
	tcase_add_loop_test(cases, packet_ends_where_nftables_ends_it, 0, COUNT(walks));
	tcase_add_loop_test(cases, iptables_are_read_as_well, 0, COUNT(iptables));
	tcase_add_test(cases, ipv6_is_walked_too);
	tcase_add_loop_test(cases, effect_is_found, 0, COUNT(effects));
	tcase_add_test(cases, rules_and_routes_in_our_way_are_listed);
	tcase_add_test(cases, way_that_doubles_with_every_chain_is_given_up);
	tcase_add_test(cases, more_rules_than_are_looked_at_end_the_listing);
	tcase_add_test(cases, looks_leave_no_descriptors);
	return namespace_suite_run(suite);
}
