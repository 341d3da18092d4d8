/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The judgement of uplinks: what each has, what keeps it from working, in which words.
 */

#include <sys/socket.h>

#include "plan_text.h"

/*! A site of one uplink (wan0), whose further keys are given. */
#define SITE(keys, server)                                                                     \
	"site:\n    domain: example.com\n    lan: [lan0]\n"                                    \
	"uplink:\n  - id: primary\n    interface: wan0\n" keys "server:\n  - id: web\n" server \
	"host:\n  - domain: www.example.com\n    server: web\n    port: tcp/80\n"

#define ADDRESS "    address: 192.168.2.1\n"
#define BOTH "    address: [192.168.2.1, \"2001:db8:1::2\"]\n"
#define GATEWAY "    gateway: 192.168.2.6\n"
#define GATEWAYS "    gateway: [192.168.2.6, \"2001:db8:1::1\"]\n"
#define WEB "    address: [10.0.0.10, \"fd00:10::10\"]\n"
#define WEB_BY_SOURCE WEB "    reply-path: source-address\n    uplink-address: primary=10.0.1.1\n"

#define LINK "link wan0 up carrier\nlink wan1 up carrier\n"
#define STRICT "link wan0 up carrier rp-filter 1\nlink wan1 up carrier rp-filter 0\n"
#define LOOSE "link wan0 up carrier rp-filter 2\nlink wan1 up carrier rp-filter 1\n"
#define OWN4 "address wan0 192.168.2.1/29\n"
#define OWN6 "address wan0 2001:db8:1::2/64\n"
#define DEFAULT4 "route 0.0.0.0/0 dev wan0 via 192.168.2.6\n"
#define DEFAULT6 "route ::/0 dev wan0 via fe80::1\n"
#define OTHER4 "route 0.0.0.0/0 dev wan1 via 172.16.1.2\n"

#define REMEDY                                                   \
	" on wan0 drops what arrives for the forwards; remedy: " \
	"sysctl -w net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.wan0.rp_filter=0"

#define NOBODY ": nobody outside reaches it; remedy: write what they reach as public-address"

/*! «routed usable ADDRESS PUBLIC GATEWAY», or «-» for what is not there. */
struct verdict {
	const char *state;
	const char *reason;
};

static const struct {
	const char *site;
	const char *observed;
	struct verdict family[FAMILIES];
	const char *line; // Of the whole uplink.
} judgements[] = {
	// All is there.
	{ SITE(BOTH GATEWAYS, WEB),
	  LINK OWN4 OWN6,
	  { { "routed usable 192.168.2.1 192.168.2.1 192.168.2.6", "" },
	    { "routed usable 2001:db8:1::2 2001:db8:1::2 2001:db8:1::1", "" } },
	  "up" },
	// The link.
	{ SITE(BOTH GATEWAYS, WEB),
	  "link wan1 up carrier\n",
	  { { "- - none none none", "interface wan0 does not exist" },
	    { "- - none none none", "interface wan0 does not exist" } },
	  "interface wan0 does not exist" },
	{ SITE(BOTH GATEWAYS, WEB),
	  "link wan0 carrier\n" OWN4 OWN6,
	  { { "- - 192.168.2.1 none none", "interface wan0 is down" },
	    { "- - 2001:db8:1::2 none none", "interface wan0 is down" } },
	  "interface wan0 is down" },
	{ SITE(ADDRESS GATEWAY, WEB),
	  "link wan0 up\n" OWN4 OWN6,
	  { { "- - 192.168.2.1 none none", "interface wan0 has no carrier" },
	    { "- - none none none", "interface wan0 has no carrier" } },
	  "interface wan0 has no carrier" },
	// The address.
	{ SITE(BOTH GATEWAYS, WEB),
	  LINK "address wan1 192.168.2.1/29\n" OWN6,
	  { { "- - none none none", "address 192.168.2.1 is not on interface wan0" },
	    { "routed usable 2001:db8:1::2 2001:db8:1::2 2001:db8:1::1", "" } },
	  "address 192.168.2.1 is not on interface wan0" },
	{ SITE(BOTH GATEWAYS, WEB),
	  LINK OWN4 "address wan0 2001:db8:1::2/64 unusable\n",
	  { { "routed usable 192.168.2.1 192.168.2.1 192.168.2.6", "" },
	    { "- - none none none", "address 2001:db8:1::2 is not on interface wan0" } },
	  "address 2001:db8:1::2 is not on interface wan0" },
	{ SITE("    address: [192.168.2.1, 192.168.2.2]\n" GATEWAY, WEB),
	  LINK "address wan0 192.168.2.2/29\naddress wan0 192.168.2.3/29\n",
	  { { "routed usable 192.168.2.2 192.168.2.2 192.168.2.6", "" },
	    { "- - none none none", "" } },
	  "up" },
	{ SITE("", WEB),
	  LINK DEFAULT4,
	  { { "- - none none none", "interface wan0 has no IPv4 address" },
	    { "- - none none none", "" } },
	  "interface wan0 has no IPv4 address" },
	{ SITE("", WEB),
	  LINK
	  "address wan0 192.0.2.1/29 unusable\naddress wan0 192.0.2.3/29\n" OWN6 DEFAULT4 DEFAULT6,
	  { { "routed usable 192.0.2.3 192.0.2.3 192.168.2.6", "" },
	    { "routed usable 2001:db8:1::2 2001:db8:1::2 fe80::1", "" } },
	  "up" },
	// Of those that nobody has named, one that the outside can reach.
	{ SITE("", WEB),
	  LINK "address wan0 10.1.1.1/29\naddress wan0 198.51.100.7/29\n"
	       "address wan0 fc00::1/64\n" OWN6 DEFAULT4 DEFAULT6,
	  { { "routed usable 198.51.100.7 198.51.100.7 192.168.2.6", "" },
	    { "routed usable 2001:db8:1::2 2001:db8:1::2 fe80::1", "" } },
	  "up" },
	{ SITE("", WEB),
	  LINK OWN4 "address wan0 fd00:9::1/64\n" DEFAULT4 DEFAULT6,
	  { { "routed - 192.168.2.1 192.168.2.1 192.168.2.6",
	      "address 192.168.2.1 is private (RFC 1918)" NOBODY },
	    { "- - none none none", "" } },
	  "address 192.168.2.1 is private (RFC 1918)" NOBODY },
	{ SITE("", WEB),
	  LINK "address wan0 100.64.0.9/10\n" DEFAULT4,
	  { { "routed - 100.64.0.9 100.64.0.9 192.168.2.6",
	      "address 100.64.0.9 is of the provider's own NAT (RFC 6598)" NOBODY },
	    { "- - none none none", "" } },
	  "address 100.64.0.9 is of the provider's own NAT (RFC 6598)" NOBODY },
	{ SITE("    public-address: 198.51.100.1\n", WEB),
	  LINK OWN4 DEFAULT4,
	  { { "routed usable 192.168.2.1 198.51.100.1 192.168.2.6", "" },
	    { "- - none none none", "" } },
	  "up" },
	{ SITE("    public-address: \"2001:db8:9::1\"\n", WEB),
	  LINK OWN4 OWN6 DEFAULT4 DEFAULT6,
	  { { "routed - 192.168.2.1 192.168.2.1 192.168.2.6",
	      "address 192.168.2.1 is private (RFC 1918)" NOBODY },
	    { "routed usable 2001:db8:1::2 2001:db8:9::1 fe80::1", "" } },
	  "address 192.168.2.1 is private (RFC 1918)" NOBODY },
	// An address of the file is the only one that counts.
	{ SITE(ADDRESS GATEWAY, WEB),
	  LINK OWN4 OWN6 DEFAULT6,
	  { { "routed usable 192.168.2.1 192.168.2.1 192.168.2.6", "" },
	    { "- - none none none", "" } },
	  "up" },
	{ SITE("    address: \"2001:db8:1::2\"\n", WEB),
	  LINK OWN4 OWN6 DEFAULT4 DEFAULT6,
	  { { "- - none none none", "" },
	    { "routed usable 2001:db8:1::2 2001:db8:1::2 fe80::1", "" } },
	  "up" },
	// What the outside sees.
	{ SITE(BOTH GATEWAYS "    public-address: 198.51.100.1\n", WEB),
	  LINK OWN4 OWN6,
	  { { "routed usable 192.168.2.1 198.51.100.1 192.168.2.6", "" },
	    { "routed usable 2001:db8:1::2 2001:db8:1::2 2001:db8:1::1", "" } },
	  "up" },
	// The gateway.
	{ SITE(BOTH, WEB),
	  LINK OWN4 OWN6 OTHER4,
	  { { "- - 192.168.2.1 none none", "no IPv4 gateway is known on interface wan0" },
	    { "- - 2001:db8:1::2 none none", "no IPv6 gateway is known on interface wan0" } },
	  "no IPv4 gateway is known on interface wan0" },
	{ SITE(ADDRESS GATEWAY, WEB),
	  LINK OWN4 "route 0.0.0.0/0 dev wan0 via 192.168.2.5\n",
	  { { "routed usable 192.168.2.1 192.168.2.1 192.168.2.6", "" },
	    { "- - none none none", "" } },
	  "up" },
	{ SITE(ADDRESS, WEB),
	  LINK OWN4 "route 0.0.0.0/0 dev wan0 via 192.168.2.5 metric 300\n"
	            "route 0.0.0.0/0 dev wan0 via 192.168.2.4 metric 100\n"
	            "route 0.0.0.0/0 dev wan1 via 172.16.1.2\n"
	            "route 0.0.0.0/1 dev wan0 via 192.168.2.3\n",
	  { { "routed usable 192.168.2.1 192.168.2.1 192.168.2.4", "" },
	    { "- - none none none", "" } },
	  "up" },
	{ SITE(ADDRESS, WEB),
	  "link wan0 up carrier point-to-point\n" OWN4,
	  { { "routed usable 192.168.2.1 192.168.2.1 none", "" }, { "- - none none none", "" } },
	  "up" },
	{ SITE(ADDRESS, WEB),
	  LINK OWN4 "route 0.0.0.0/0 dev wan0\n",
	  { { "routed usable 192.168.2.1 192.168.2.1 none", "" }, { "- - none none none", "" } },
	  "up" },
	// Forwarding.
	{ SITE(BOTH GATEWAYS, WEB),
	  LINK OWN4 OWN6 "forwarding4 off\n",
	  { { "routed - 192.168.2.1 192.168.2.1 192.168.2.6",
	      "IPv4 forwarding is off; remedy: sysctl -w net.ipv4.ip_forward=1" },
	    { "routed usable 2001:db8:1::2 2001:db8:1::2 2001:db8:1::1", "" } },
	  "IPv4 forwarding is off; remedy: sysctl -w net.ipv4.ip_forward=1" },
	{ SITE(BOTH GATEWAYS, WEB),
	  LINK OWN4 OWN6 "forwarding6 off\n",
	  { { "routed usable 192.168.2.1 192.168.2.1 192.168.2.6", "" },
	    { "routed - 2001:db8:1::2 2001:db8:1::2 2001:db8:1::1",
	      "IPv6 forwarding is off; remedy: sysctl -w net.ipv6.conf.all.forwarding=1" } },
	  "IPv6 forwarding is off; remedy: sysctl -w net.ipv6.conf.all.forwarding=1" },
	// The reverse path filter: strict wants the main default here, loose wants any.
	{ SITE(BOTH GATEWAYS, WEB),
	  STRICT OWN4 OWN6,
	  { { "routed - 192.168.2.1 192.168.2.1 192.168.2.6", "rp_filter 1" REMEDY },
	    { "routed usable 2001:db8:1::2 2001:db8:1::2 2001:db8:1::1", "" } },
	  "rp_filter 1" REMEDY },
	{ SITE(ADDRESS GATEWAY, WEB),
	  STRICT OWN4 DEFAULT4 "route 0.0.0.0/0 dev wan1 via 172.16.1.2 metric 5\n",
	  { { "routed usable 192.168.2.1 192.168.2.1 192.168.2.6", "" },
	    { "- - none none none", "" } },
	  "up" },
	{ SITE(ADDRESS GATEWAY, WEB),
	  STRICT OWN4 OTHER4 "route 0.0.0.0/0 dev wan0 via 192.168.2.6 metric 5\n",
	  { { "routed - 192.168.2.1 192.168.2.1 192.168.2.6", "rp_filter 1" REMEDY },
	    { "- - none none none", "" } },
	  "rp_filter 1" REMEDY },
	{ SITE(ADDRESS GATEWAY, WEB),
	  LOOSE OWN4 OTHER4,
	  { { "routed usable 192.168.2.1 192.168.2.1 192.168.2.6", "" },
	    { "- - none none none", "" } },
	  "up" },
	{ SITE(ADDRESS GATEWAY, WEB),
	  LOOSE OWN4,
	  { { "routed - 192.168.2.1 192.168.2.1 192.168.2.6", "rp_filter 2" REMEDY },
	    { "- - none none none", "" } },
	  "rp_filter 2" REMEDY },
	{ SITE(ADDRESS GATEWAY, WEB_BY_SOURCE),
	  STRICT OWN4 OTHER4,
	  { { "routed usable 192.168.2.1 192.168.2.1 192.168.2.6", "" },
	    { "- - none none none", "" } },
	  "up" },
};

START_TEST(verdict_names_what_is_missing)
{
	struct planned planned = planned_from_text(judgements[_i].site, judgements[_i].observed);
	const struct uplink_view *view = &planned.plan->uplinks[0];
	for (unsigned i = 0; i < FAMILIES; i++) {
		const struct uplink_family *family = &view->family[i];
		char address[ADDRESS_TEXT_MAX];
		struct text text = TEXT_EMPTY;
		text_add(&text, "%s %s", family->routed ? "routed" : "-",
		         family->usable ? "usable" : "-");
		text_add(&text, " %s", address_format(&family->address, address));
		text_add(&text, " %s", address_format(&family->public, address));
		text_add(&text, " %s", address_format(&family->gateway, address));
		ck_assert_str_eq(text.data, judgements[_i].family[i].state);
		ck_assert_str_eq(family->reason, judgements[_i].family[i].reason);
		text_free(&text);
	}
	ck_assert_str_eq(uplink_view_reason(view), judgements[_i].line);
	ck_assert_int_eq(uplink_view_usable(view),
	                 view->family[FAMILY_4].usable || view->family[FAMILY_6].usable);
	planned_free(&planned);
}
END_TEST

START_TEST(one_server_by_conntrack_is_enough_for_the_filter_to_matter)
{
	static const char *const sites[] = {
		SITE(ADDRESS GATEWAY, WEB_BY_SOURCE "  - id: mail\n    address: 10.0.0.25\n"),
		SITE(ADDRESS GATEWAY, WEB "  - id: own\n" WEB_BY_SOURCE),
	};
	struct planned planned = planned_from_text(sites[_i], STRICT OWN4 OTHER4);
	ck_assert_str_eq(uplink_view_reason(planned.plan->uplinks), "rp_filter 1" REMEDY);
	planned_free(&planned);
}
END_TEST

START_TEST(longest_reason_fits_and_names_a_vlan_as_sysctl_does)
{
	char site[1024];
	char observed[512];
	// The longest name that an interface can have.
	const char *name = "wan0.abcdefghij";
	(void)snprintf(site, sizeof(site),
	               "site:\n    domain: example.com\nuplink:\n  - id: a\n    interface: %s\n"
	               "    address: 192.168.2.1\n    gateway: 192.168.2.6\n"
	               "server:\n  - id: web\n    address: 10.0.0.10\n",
	               name);
	(void)snprintf(observed, sizeof(observed),
	               "link %s up carrier rp-filter 1\naddress %s 192.168.2.1/29\n", name, name);
	struct planned planned = planned_from_text(site, observed);
	const char *reason = uplink_view_reason(planned.plan->uplinks);
	const char *end = "net.ipv4.conf.wan0/abcdefghij.rp_filter=0";
	ck_assert_str_eq(reason + strlen(reason) - strlen(end), end);
	planned_free(&planned);
}
END_TEST

START_TEST(families_have_their_names_and_numbers)
{
	ck_assert_str_eq(family_name(FAMILY_4), "IPv4");
	ck_assert_str_eq(family_name(FAMILY_6), "IPv6");
	ck_assert_uint_eq(family_number(FAMILY_4), AF_INET);
	ck_assert_uint_eq(family_number(FAMILY_6), AF_INET6);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("plan_uplinks");
	TCase *tcase = tcase_create("plan_uplinks");
	tcase_add_loop_test(tcase, verdict_names_what_is_missing, 0, COUNT(judgements));
	tcase_add_loop_test(tcase, one_server_by_conntrack_is_enough_for_the_filter_to_matter, 0,
	                    2);
	tcase_add_test(tcase, longest_reason_fits_and_names_a_vlan_as_sysctl_does);
	tcase_add_test(tcase, families_have_their_names_and_numbers);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
