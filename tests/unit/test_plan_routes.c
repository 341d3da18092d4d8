/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Routes and rules of the plan, line by line in iproute2's words.
 */

#include <sys/socket.h>

#include "plan_text.h"

#define HEAD "site:\n    domain: example.com\n    lan: [lan0]\n"
#define UPLINK(id, interface, keys) "  - id: " id "\n    interface: " interface "\n" keys
#define ONE                                                                       \
	HEAD "uplink:\n" UPLINK("primary", "wan0",                                \
	                        "    address: [192.168.2.1, \"2001:db8:1::2\"]\n" \
	                        "    gateway: [192.168.2.6, \"2001:db8:1::1\"]\n") SERVER
#define SERVER "server:\n  - id: web\n    address: 10.0.0.10\n"

/*! Interfaces 1 lan0, 2 wan0, 3 wan1, 4 wg0. */
#define LINKS \
	"link lan0 up carrier\nlink wan0 up carrier\nlink wan1 up carrier\nlink wg0 up carrier\n"
#define OWN4 LINKS "address wan0 192.168.2.1/29\n"
#define OWN6 LINKS "address wan0 2001:db8:1::2/64\n"
#define WAN4 "route 192.168.2.0/29 dev wan0\n"

#define BEHIND(table) "unreachable default table " table " metric 4294967295\n"

#define PAIR(keys)                                                                    \
	HEAD keys "uplink:\n" UPLINK("primary", "wan0", "    gateway: 192.168.2.6\n") \
		UPLINK("backup", "wan1", "    gateway: 172.16.1.2\n") SERVER
#define PAIR_ADDRESSES "address wan0 192.168.2.1/29\naddress wan1 172.16.1.1/30\n"
#define PAIR_UP LINKS PAIR_ADDRESSES

static const struct {
	uint8_t family;
	uint32_t table;
	const char *site;
	const char *observed;
	const char *routes;
} tables[] = {
	// An uplink's table: default, its own networks, what is behind it; a wall behind all.
	{ AF_INET, 20101, ONE,
	  OWN4 WAN4 "route 198.51.100.0/24 dev wan0 via 192.168.2.5 metric 7\n",
	  "default via 192.168.2.6 dev wan0 table 20101\n" BEHIND(
		  "20101") "192.168.2.0/29 dev wan0 table 20101\n"
	                   "198.51.100.0/24 via 192.168.2.5 dev wan0 table 20101\n" },
	// Down: only the wall and the way inside.
	{ AF_INET, 20101, ONE, LINKS WAN4 "route 10.0.0.0/24 dev lan0\n",
	  BEHIND("20101") "throw 10.0.0.0/24 table 20101\n" },
	// The guard's table has no way out by an uplink.
	{ AF_INET, 20100, ONE,
	  OWN4 WAN4 "route 0.0.0.0/0 dev wan0 via 192.168.2.6\nroute 10.0.0.0/24 dev lan0\n",
	  BEHIND("20100") "throw 10.0.0.0/24 table 20100\n" },
	// A default by a VPN is a way inside for the guard, and nothing to an uplink.
	{ AF_INET, 20100, ONE, OWN4 WAN4 "route 0.0.0.0/0 dev wg0\n",
	  "throw default table 20100\n" BEHIND("20100") },
	{ AF_INET, 20101, ONE, OWN4 WAN4 "route 0.0.0.0/0 dev wg0\n",
	  "default via 192.168.2.6 dev wan0 table 20101\n" BEHIND(
		  "20101") "192.168.2.0/29 dev wan0 table 20101\n" },
	// «Everywhere» in two halves, down to the largest inside networks.
	{ AF_INET, 20101, ONE,
	  OWN4 WAN4 "route 0.0.0.0/1 dev wg0\nroute 128.0.0.0/1 dev wg0\n"
	            "route 64.0.0.0/7 dev wg0\nroute 10.0.0.0/8 dev wg0\n",
	  "default via 192.168.2.6 dev wan0 table 20101\n" BEHIND(
		  "20101") "throw 10.0.0.0/8 table 20101\n192.168.2.0/29 dev wan0 table 20101\n" },
	{ AF_INET, 20101, ONE, OWN4 WAN4 "route 0.0.0.0/1 dev wan0 via 192.168.2.5\n",
	  "default via 192.168.2.6 dev wan0 table 20101\n" BEHIND(
		  "20101") "192.168.2.0/29 dev wan0 table 20101\n" },
	{ AF_INET6, 20101, ONE,
	  OWN6 "route 2001:db8:1::/64 dev wan0\nroute 2000::/3 dev wg0\n"
	       "route f800::/6 dev wg0\nroute fc00::/7 dev wg0\n",
	  "default via 2001:db8:1::1 dev wan0 table 20101\n" BEHIND(
		  "20101") "2001:db8:1::/64 dev wan0 table 20101\nthrow fc00::/7 table 20101\n" },
	{ AF_INET6, 20100, ONE, OWN6 "route 2000::/3 dev wg0\nroute ::/0 dev wan0 via fe80::1\n",
	  BEHIND("20100") "throw 2000::/3 table 20100\n" },
	// Link-local networks are on every link and in no table.
	{ AF_INET6, 20101, ONE,
	  OWN6 "route 2001:db8:1::/64 dev wan0\nroute fe80::/64 dev wan0\n"
	       "route fe80::/64 dev lan0\nroute fe80::/10 dev wg0\nroute fec0::/10 dev lan0\n",
	  "default via 2001:db8:1::1 dev wan0 table 20101\n" BEHIND(
		  "20101") "2001:db8:1::/64 dev wan0 table 20101\nthrow fec0::/10 table 20101\n" },
	// Of several routes to one network the main table's choice counts.
	{ AF_INET, 20101, ONE,
	  OWN4 WAN4 "route 10.0.0.0/24 dev wg0 metric 50\nroute 10.0.0.0/24 dev lan0\n"
	            "route 10.0.0.0/25 dev wg0 metric 50\n",
	  "default via 192.168.2.6 dev wan0 table 20101\n" BEHIND(
		  "20101") "throw 10.0.0.0/24 table 20101\nthrow 10.0.0.0/25 table 20101\n"
	                   "192.168.2.0/29 dev wan0 table 20101\n" },
	{ AF_INET, 20101, ONE,
	  OWN4 WAN4 "route 10.0.0.0/24 dev wan0 metric 50\nroute 10.0.0.0/24 dev lan0\n",
	  "default via 192.168.2.6 dev wan0 table 20101\n" BEHIND(
		  "20101") "throw 10.0.0.0/24 table 20101\n192.168.2.0/29 dev wan0 table 20101\n" },
	{ AF_INET, 20101, ONE,
	  OWN4 WAN4 "route 10.0.0.0/24 dev lan0 metric 50\nroute 10.0.0.0/24 dev wan0\n",
	  "default via 192.168.2.6 dev wan0 table 20101\n" BEHIND(
		  "20101") "10.0.0.0/24 dev wan0 table 20101\n192.168.2.0/29 dev wan0 table "
	                   "20101\n" },
	{ AF_INET, 20101, ONE,
	  OWN4 WAN4 "route 10.0.0.0/24 dev lan0 via 10.1.0.1\nroute 10.0.0.0/24 dev wg0\n",
	  "default via 192.168.2.6 dev wan0 table 20101\n" BEHIND(
		  "20101") "throw 10.0.0.0/24 table 20101\n192.168.2.0/29 dev wan0 table 20101\n" },
	// The gateway: on-link if no connected network of this very link holds it.
	{ AF_INET, 20101, ONE, OWN4,
	  "default via 192.168.2.6 dev wan0 table 20101 onlink\n" BEHIND("20101") },
	{ AF_INET, 20101, ONE, OWN4 "route 192.168.2.0/24 dev lan0\n",
	  "default via 192.168.2.6 dev wan0 table 20101 onlink\n" BEHIND(
		  "20101") "throw 192.168.2.0/24 table 20101\n" },
	{ AF_INET, 20101, ONE, OWN4 "route 192.168.2.0/24 dev wan0 via 192.168.2.5\n",
	  "default via 192.168.2.6 dev wan0 table 20101 onlink\n" BEHIND(
		  "20101") "192.168.2.0/24 via 192.168.2.5 dev wan0 table 20101\n" },
	{ AF_INET, 20101, ONE, OWN4 "route 192.168.2.6/32 dev wan0\n",
	  "default via 192.168.2.6 dev wan0 table 20101\n" BEHIND(
		  "20101") "192.168.2.6/32 dev wan0 table 20101\n" },
	{ AF_INET6, 20101,
	  HEAD "uplink:\n" UPLINK("primary", "wan0",
	                          "    address: \"2001:db8:1::2\"\n    gateway: \"fe80::1\"\n")
	          SERVER,
	  OWN6, "default via fe80::1 dev wan0 table 20101\n" BEHIND("20101") },
	{ AF_INET, 20101, HEAD "uplink:\n" UPLINK("primary", "wan0", "") SERVER,
	  "link lan0 up carrier\nlink wan0 up carrier point-to-point\naddress wan0 "
	  "192.168.2.1/32\n",
	  "default dev wan0 table 20101\n" BEHIND("20101") },
	// Another uplink's networks are no inside.
	{ AF_INET, 20101,
	  HEAD "uplink:\n" UPLINK("primary", "wan0", "") UPLINK("backup", "wan1", "") SERVER,
	  OWN4 WAN4 "route 0.0.0.0/0 dev wan0 via 192.168.2.6\nroute 172.16.1.0/30 dev wan1\n",
	  "default via 192.168.2.6 dev wan0 table 20101\n" BEHIND(
		  "20101") "192.168.2.0/29 dev wan0 table 20101\n" },
	{ AF_INET, 302,
	  HEAD "    route-table: 300\nuplink:\n" UPLINK("primary", "wan0", "")
	          UPLINK("backup", "wan1", "") SERVER,
	  LINKS, BEHIND("302") },
	// Ways out for the gateway, in order; what the main table knows better stays there.
	{ AF_INET, 20164, PAIR(""),
	  PAIR_UP "route 0.0.0.0/0 dev wan1 via 172.16.1.2\nroute 10.0.0.0/24 dev lan0\n"
	          "route 0.0.0.0/1 dev wg0\nroute 10.0.0.0/24 dev wg0 metric 9\n",
	  "default via 192.168.2.6 dev wan0 table 20164 metric 1 onlink\n"
	  "default via 172.16.1.2 dev wan1 table 20164 metric 2 onlink\n"
	  "throw 0.0.0.0/1 table 20164\nthrow 10.0.0.0/24 table 20164\n" },
	{ AF_INET, 20164, PAIR(""), "link wan0 up\nlink wan1 up carrier\n" PAIR_ADDRESSES WAN4,
	  "default via 172.16.1.2 dev wan1 table 20164 metric 1 onlink\n"
	  "throw 192.168.2.0/29 table 20164\n" },
	// None: the main table may know one.
	{ AF_INET, 20164, PAIR(""), "link wan0 up\nlink wan1 up\n" PAIR_ADDRESSES WAN4, "" },
	{ AF_INET, 20164, PAIR("    outbound: leave\n"), PAIR_UP WAN4, "" },
	// The operator's way out is a tunnel.
	{ AF_INET, 20164, PAIR(""), PAIR_UP WAN4 "route 0.0.0.0/0 dev wg0\n", "" },
	{ AF_INET, 20164, PAIR(""),
	  PAIR_UP "route 0.0.0.0/0 dev wg0 metric 9\nroute 0.0.0.0/0 dev wan1 via 172.16.1.2\n",
	  "default via 192.168.2.6 dev wan0 table 20164 metric 1 onlink\n"
	  "default via 172.16.1.2 dev wan1 table 20164 metric 2 onlink\n" },
	// A route without a family in common stays out.
	{ AF_INET6, 20101, ONE, OWN4 WAN4 "route 10.0.0.0/24 dev lan0\n", BEHIND("20101") },
};

START_TEST(table_holds_these_routes_and_no_others)
{
	struct planned planned = planned_from_text(tables[_i].site, tables[_i].observed);
	struct text text = TEXT_EMPTY;
	for (size_t i = 0; i < planned.plan->route_count; i++) {
		const struct route *route = &planned.plan->routes[i];
		ck_assert(i == 0 || route_compare(route - 1, route) < 0);
		if (route->family == tables[_i].family && route->table == tables[_i].table) {
			route_print(route, &planned.observed, &text);
			text_add(&text, "\n");
		}
	}
	ck_assert_str_eq(text.data != NULL ? text.data : "", tables[_i].routes);
	text_free(&text);
	planned_free(&planned);
}
END_TEST

#define TWO(keys)                                                                          \
	"site:\n    domain: example.com\n    lan: [lan0, lan1]\n" keys                     \
	"uplink:\n" UPLINK("primary", "wan0", "    address: [192.168.2.1, 192.168.2.2]\n") \
		UPLINK("backup", "wan1", "")
#define OUT "pref 1040 from all iif lo lookup 20164\n"
#define GUARD(mask) "pref 1000 from all fwmark 0x0/" mask " iif "
#define MARKS                                                                                 \
	GUARD("0x3f000000")                                                                   \
	"lan0 lookup 20100\n" GUARD(                                                          \
		"0x3f000000") "lan1 lookup 20100\n"                                           \
			      "pref 1010 from all fwmark 0x1000000/0x3f000000 lookup 20101\n" \
			      "pref 1010 from all fwmark 0x2000000/0x3f000000 lookup 20102\n"

static const struct {
	uint8_t family;
	const char *site;
	const char *observed;
	const char *rules;
} rules[] = {
	// Addresses of the file are there though the interface is not.
	{ AF_INET, TWO("") SERVER, "link lan0 up carrier\n",
	  MARKS "pref 1020 from 192.168.2.1/32 lookup 20101\n"
	        "pref 1020 from 192.168.2.2/32 lookup 20101\n" OUT },
	{ AF_INET6, TWO("") SERVER, "link lan0 up carrier\n", MARKS OUT },
	// Each address of an uplink's interface, usable or not; one that is in the file too once.
	{ AF_INET, TWO("") SERVER,
	  LINKS "address wan0 192.168.2.2/29\naddress wan0 192.168.2.3/29 unusable\n"
	        "address wan1 172.16.1.1/30\naddress lan0 10.0.0.1/24\naddress wg0 10.9.0.1/24\n",
	  MARKS "pref 1020 from 192.168.2.1/32 lookup 20101\n"
	        "pref 1020 from 192.168.2.2/32 lookup 20101\n"
	        "pref 1020 from 192.168.2.3/32 lookup 20101\n"
	        "pref 1020 from 172.16.1.1/32 lookup 20102\n" OUT },
	{ AF_INET6, TWO("") SERVER, LINKS "address wan1 2001:db8:2::2/64\n",
	  MARKS "pref 1020 from 2001:db8:2::2/128 lookup 20102\n" OUT },
	// A server's address for an uplink.
	{ AF_INET,
	  TWO("") SERVER "    reply-path: source-address\n"
	                 "    uplink-address: [backup=10.0.1.5, primary=10.0.1.1]\n",
	  "",
	  MARKS "pref 1020 from 192.168.2.1/32 lookup 20101\n"
	        "pref 1020 from 192.168.2.2/32 lookup 20101\n"
	        "pref 1030 from 10.0.1.1/32 lookup 20101\n"
	        "pref 1030 from 10.0.1.5/32 lookup 20102\n" OUT },
	// A reverse path filter on an uplink would meet the IPv4 guard, so there is none.
	{ AF_INET, TWO("") SERVER, "link wan1 up carrier rp-filter 2\n",
	  "pref 1010 from all fwmark 0x1000000/0x3f000000 lookup 20101\n"
	  "pref 1010 from all fwmark 0x2000000/0x3f000000 lookup 20102\n"
	  "pref 1020 from 192.168.2.1/32 lookup 20101\n"
	  "pref 1020 from 192.168.2.2/32 lookup 20101\n" OUT },
	{ AF_INET6, TWO("") SERVER, "link wan1 up carrier rp-filter 2\n", MARKS OUT },
	{ AF_INET6, TWO("") SERVER, "link lan0 up carrier rp-filter 2\n", MARKS OUT },
	{ AF_INET, TWO("") SERVER, "link lan0 up carrier rp-filter 2\n",
	  MARKS "pref 1020 from 192.168.2.1/32 lookup 20101\n"
	        "pref 1020 from 192.168.2.2/32 lookup 20101\n" OUT },
	// The numbers of the file.
	{ AF_INET6,
	  TWO("    fwmark-mask: 0x30\n    route-table: 300\n    rule-priority: 7\n") SERVER, "",
	  "pref 7 from all fwmark 0x0/0x30 iif lan0 lookup 300\n"
	  "pref 7 from all fwmark 0x0/0x30 iif lan1 lookup 300\n"
	  "pref 17 from all fwmark 0x10/0x30 lookup 301\n"
	  "pref 17 from all fwmark 0x20/0x30 lookup 302\n"
	  "pref 47 from all iif lo lookup 364\n" },
	{ AF_INET6, TWO("    outbound: leave\n") SERVER, "link lan0 up carrier\n", MARKS },
};

START_TEST(these_rules_and_no_others_are_planned)
{
	struct planned planned = planned_from_text(rules[_i].site, rules[_i].observed);
	struct text text = TEXT_EMPTY;
	for (size_t i = 0; i < planned.plan->rule_count; i++) {
		const struct rule *rule = &planned.plan->rules[i];
		ck_assert(i == 0 || rule_compare(rule - 1, rule) < 0);
		if (rule->family == rules[_i].family) {
			rule_print(rule, &text);
			text_add(&text, "\n");
		}
	}
	ck_assert_str_eq(text.data, rules[_i].rules);
	text_free(&text);
	planned_free(&planned);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("plan_routes");
	TCase *tcase = tcase_create("plan_routes");
	tcase_add_loop_test(tcase, table_holds_these_routes_and_no_others, 0, COUNT(tables));
	tcase_add_loop_test(tcase, these_rules_and_no_others_are_planned, 0, COUNT(rules));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
