/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The ruleset as text: what depends on the site, and what of an older one is deleted.
 */

#include "daemon/nft_text.h"
#include "plan_text.h"

#define HEAD "site:\n    domain: example.com\n    lan: [lan0, lan1]\n"
#define UPLINKS                                                                                 \
	"uplink:\n"                                                                             \
	"  - id: primary\n    interface: wan0\n    address: [192.168.2.1, \"2001:db8:1::2\"]\n" \
	"  - id: backup\n    interface: wan1\n    address: [172.16.1.1]\n"
#define SERVERS                                                                   \
	"server:\n  - id: web\n    address: [10.0.0.10, \"fd00:10::10\"]\n"       \
	"  - id: files\n    address: 10.0.0.20\n    reply-path: source-address\n" \
	"    uplink-address: [primary=10.0.1.1, backup=10.0.1.5]\n"
#define WELL                                                                        \
	"link wan0 up carrier\nlink wan1 up carrier\naddress wan0 192.168.2.1/29\n" \
	"address wan0 2001:db8:1::2/64\naddress wan1 172.16.1.1/30\n"
#define ROUTES                                       \
	"route 0.0.0.0/0 dev wan0 via 192.168.2.6\n" \
	"route 0.0.0.0/0 dev wan1 via 172.16.1.2 metric 100\n"
#define DEVICE HEAD "    dns-binding: device\n" UPLINKS SERVERS
#define PORT HEAD "    dns-binding: port\n" UPLINKS SERVERS
#define MAIL "mail:\n  - domain: example.com\n    server: web\n"
#define MASK "    fwmark-mask: 0x00000700\n"

/*! Parts that a ruleset has (or, with «!» in front, has not). */
static const struct {
	const char *site;
	const char *parts[10];
} rulesets[] = {
	{ HEAD UPLINKS SERVERS,
	  { "\tset uplinks {\n\t\ttype ifname;\n\t\telements = { \"wan0\",\n\t\t\t\"wan1\" }\n",
	    "\tset inside {\n\t\ttype ifname;\n\t\telements = { \"lan0\",\n\t\t\t\"lan1\" }\n",
	    "elements = { 0x01000000 : jump use_1,\n\t\t\t0x02000000 : jump use_2 }",
	    "oifname @uplinks meta nfproto ipv4 masquerade",
	    "oifname @uplinks ip6 saddr fc00::/7 masquerade", "!element inet multihome hairpin4",
	    "!dns_port", "!\tmap single4_1 {\n", "!5301", "th sport 53 notrack" } },
	{ HEAD "    masquerade: off\n" UPLINKS SERVERS,
	  { "!oifname @uplinks meta nfproto ipv4 masquerade", "!fc00::/7 masquerade",
	    "!fc00::/7 counter drop",
	    "iifname @inside oifname @inside ct status dnat masquerade" } },
	{ HEAD "    hairpin: on\n" UPLINKS SERVERS,
	  { "add element inet multihome hairpin4 { 192.168.2.1 : jump forward_1,\n\t\t\t"
	    "172.16.1.1 : jump forward_2 }\n",
	    "add element inet multihome hairpin6 { 2001:db8:1::2 : jump forward_1 }\n" } },
	{ HEAD MASK UPLINKS SERVERS,
	  { "ct mark set ct mark & 0xfffff8ff | 0x00000100",
	    "meta mark set meta mark & 0xfffff8ff | 0x00000200", "ct mark & 0x00000700 vmap @use",
	    "mark & 0x00000700 == 0 jump choose",
	    "ct state new ct mark & 0x00000700 == 0 oifname vmap @stamp", "!0x3f000000",
	    "!0xc0ffffff" } },
	{ HEAD UPLINKS SERVERS,
	  { "ip saddr 198.18.0.0/24 counter drop", "th sport 61000-61099 goto cross_request",
	    "th dport . iifname . meta nfproto timeout 60000ms" } },
	{ HEAD "    cross-probe: off\n" UPLINKS SERVERS,
	  { "!cross", "!alias", "!public", "!198.18", "!2001:2:", "!61000" } },
	{ HEAD "    cross-alias: [10.99.0.64/26]\n    cross-interval: 2s\n" UPLINKS SERVERS,
	  { "ip saddr 10.99.0.64/26 counter drop", "ip6 saddr 2001:2::/64 counter drop", "!198.18",
	    "timeout 2000ms" } },
	{ PORT,
	  { "elements = { \"wan0\" : 5301,\n\t\t\t\"wan1\" : 5302 }",
	    "dns_port4 { 192.168.2.1 : 5301,\n\t\t\t172.16.1.1 : 5302 }",
	    "dns_port6 { 2001:db8:1::2 : 5301 }",
	    "elements = { 5301 : jump dns_1,\n\t\t\t5302 : jump dns_2 }",
	    "th dport 5301-5302 fib daddr type local drop", "udp sport 5301-5302 udp sport set 53",
	    "tcp sport 5301-5302 tcp sport set 53", "!th sport 53 notrack" } },
	// Outside by the device, inside by the port; an answer leaves by the uplink of its device.
	{ DEVICE,
	  { "th sport 53 notrack\n\t\tmeta l4proto { tcp, udp } th sport 53 oifname vmap { "
	    "\"wan0\" : "
	    "goto use_1, \"wan1\" : goto use_2 }\n\t}\n",
	    "dns_port4 { 192.168.2.1 : 5301,\n\t\t\t172.16.1.1 : 5302 }",
	    "th dport 53 redirect to : ip6 daddr map @dns_port6",
	    "th dport 5301-5302 fib daddr type local drop", "!dport set", "!sport set",
	    "!dns_reply", "!map dns_port {" } },
	{ HEAD UPLINKS SERVERS
	  "host:\n"
	  "  - domain: a.example.com\n    server: web\n    port: [tcp/443:8443, udp/443]\n"
	  "  - domain: b.example.com\n    server: web\n    port: [tcp/443:8443, tcp/8080]\n"
	  "    uplink: primary\n"
	  "  - domain: c.example.com\n    server: files\n    port: [tcp/22, tcp/9000-9010]\n",
	  { "\tmap single4_1 {\n\t\ttype inet_proto . inet_service : ipv4_addr . inet_service;\n"
	    "\t\telements = { tcp . 22 : 10.0.1.1 . 22,\n"
	    "\t\t\ttcp . 443 : 10.0.0.10 . 8443,\n"
	    "\t\t\ttcp . 8080 : 10.0.0.10 . 8080,\n\t\t\tudp . 443 : 10.0.0.10 . 443 }\n",
	    "\t\telements = { tcp . 22 : 10.0.1.5 . 22,\n"
	    "\t\t\ttcp . 443 : 10.0.0.10 . 8443,\n\t\t\tudp . 443 : 10.0.0.10 . 443 }\n",
	    "\tmap single6_2 {\n\t\ttype inet_proto . inet_service : ipv6_addr . inet_service;\n"
	    "\t\telements = { tcp . 443 : fd00:10::10 . 8443,\n"
	    "\t\t\tudp . 443 : fd00:10::10 . 443 }\n",
	    "\tmap range4_2 {\n\t\ttype inet_proto . inet_service : ipv4_addr; flags interval;\n"
	    "\t\telements = { tcp . 9000-9010 : 10.0.1.5 }\n",
	    "!\tmap range6_1 {\n" } },
};

/*! What follows from the site alone, to free. */
static char *fixed_ruleset(const struct site *site)
{
	char *fixed = NULL;
	ck_assert_int_eq(nft_text(site, &fixed), 0);
	return fixed;
}

/*! Both parts of a ruleset, to free. */
static char *whole_ruleset(const struct planned *planned)
{
	struct text text = TEXT_EMPTY;
	char *fixed = fixed_ruleset(planned->site);
	text_add(&text, "%s%s", fixed, planned->plan->live);
	free(fixed);
	char *whole = text_take(&text);
	ck_assert_ptr_nonnull(whole);
	return whole;
}

START_TEST(ruleset_follows_from_the_site)
{
	struct planned planned = planned_from_text(rulesets[_i].site, WELL);
	char *ruleset = whole_ruleset(&planned);
	for (size_t i = 0; i < 10 && rulesets[_i].parts[i] != NULL; i++) {
		const char *part = rulesets[_i].parts[i];
		bool absent = part[0] == '!';
		bool found = strstr(ruleset, part + absent) != NULL;
		ck_assert_msg(found != absent, "%s: %s", absent ? "there" : "not there", part);
	}
	free(ruleset);
	planned_free(&planned);
}
END_TEST

START_TEST(every_set_is_declared_and_emptied_before_it_is_filled)
{
	struct planned planned = planned_from_text(PORT, WELL);
	char *ruleset = whole_ruleset(&planned);
	const char *flush = strstr(ruleset, "flush table inet multihome\n");
	ck_assert_ptr_nonnull(flush);
	size_t sets = 0;
	for (const char *line = ruleset; line < flush; line = strchr(line, '\n') + 1) {
		char kind[8];
		char name[32];
		if (line[0] == '\t' && sscanf(line, "%7s %31s {", kind, name) == 2 &&
		    strcmp(kind, "chain") != 0) {
			char command[96];
			sets++;
			(void)snprintf(command, sizeof(command), "\nflush %s inet multihome %s\n",
			               kind, name);
			ck_assert_msg(strstr(flush, command) != NULL, "%s", command);
		}
	}
	ck_assert_uint_ge(sets, 15 + 4 * 2 + 4);
	free(ruleset);
	planned_free(&planned);
}
END_TEST

/*! Names separated by spaces; a map has a star. */
static const struct {
	const char *sets;
	const char *chains;
	const char *commands;
} surpluses[] = {
	{ "", "", "" },
	{ "uplinks inside *stamp *use *single4_1", "stamp_1 use_2 restore nat_in dns_out", "" },
	// The third uplink, the port binding and somebody else's set.
	{ "*single4_3 *range6_3 *dns_port others", "forward_3 dns_reply nat_in",
	  "flush map inet multihome single4_3\ndelete map inet multihome single4_3\n"
	  "flush map inet multihome range6_3\ndelete map inet multihome range6_3\n"
	  "flush map inet multihome dns_port\ndelete map inet multihome dns_port\n"
	  "flush set inet multihome others\ndelete set inet multihome others\n"
	  "delete chain inet multihome forward_3\ndelete chain inet multihome dns_reply\n" },
	// Beginnings of names, and a name of another kind.
	{ "*single4 uplink *stamp_1 *uplinks", "stamp forward",
	  "flush map inet multihome single4\ndelete map inet multihome single4\n"
	  "flush set inet multihome uplink\ndelete set inet multihome uplink\n"
	  "flush map inet multihome stamp_1\ndelete map inet multihome stamp_1\n"
	  "flush map inet multihome uplinks\ndelete map inet multihome uplinks\n"
	  "delete chain inet multihome stamp\ndelete chain inet multihome forward\n" },
	// A tenth uplink beside the first.
	{ "*single4_10", "stamp_10 stamp_1",
	  "flush map inet multihome single4_10\ndelete map inet multihome single4_10\n"
	  "delete chain inet multihome stamp_10\n" },
};

START_TEST(objects_beyond_the_ruleset_are_deleted_maps_first)
{
	struct planned planned = planned_from_text(HEAD UPLINKS SERVERS, WELL);
	char sets[256];
	char chains[256];
	char *set_names[16];
	char *chain_names[16];
	bool is_map[16];
	struct nft_objects objects = {
		.table = true, .chains = chain_names, .sets = set_names, .is_map = is_map
	};
	char *rest = NULL;
	strcpy(sets, surpluses[_i].sets);
	strcpy(chains, surpluses[_i].chains);
	for (char *name = strtok_r(sets, " ", &rest); name != NULL;
	     name = strtok_r(NULL, " ", &rest)) {
		is_map[objects.set_count] = name[0] == '*';
		set_names[objects.set_count++] = name + (name[0] == '*');
	}
	for (char *name = strtok_r(chains, " ", &rest); name != NULL;
	     name = strtok_r(NULL, " ", &rest)) {
		chain_names[objects.chain_count++] = name;
	}
	struct text text = TEXT_EMPTY;
	text_add(&text, "%s", "");
	char *fixed = fixed_ruleset(planned.site);
	nft_text_delete_surplus(fixed, &objects, &text);
	free(fixed);
	ck_assert_str_eq(text.data, surpluses[_i].commands);
	text_free(&text);
	planned_free(&planned);
}
END_TEST

START_TEST(address_of_two_uplinks_is_listed_once)
{
	struct planned planned =
		planned_from_text("site:\n    domain: example.com\n    lan: lan0\n    hairpin: on\n"
	                          "    dns-binding: port\nuplink:\n  - id: a\n    interface: wan0\n"
	                          "  - id: b\n    interface: wan1\n",
	                          "link wan0 up carrier\nlink wan1 up carrier\n"
	                          "address wan0 192.168.178.2/24\naddress wan1 192.168.178.2/24\n"
	                          "address wan1 2001:db8::2/64\n");
	const char *live = planned.plan->live;
	ck_assert_ptr_nonnull(strstr(live, " hairpin4 { 192.168.178.2 : jump forward_1 }"));
	ck_assert_ptr_nonnull(strstr(live, " dns_port4 { 192.168.178.2 : 5301 }"));
	// What may leave by an uplink: the address by either.
	ck_assert_ptr_nonnull(strstr(live, " own4 { 192.168.178.2 }"));
	ck_assert_ptr_nonnull(strstr(live, " home4 { 192.168.178.2 . \"wan0\",\n\t\t\t"
	                                   "192.168.178.2 . \"wan1\" }"));
	// «None» is no address that two could share.
	ck_assert_ptr_nonnull(strstr(live, " hairpin6 { 2001:db8::2 : jump forward_2 }"));
	planned_free(&planned);
}
END_TEST

/*! What the LAN does: the elements that say so, or (with «!» in front) that are not there. */
static const struct {
	const char *keys;
	const char *observed;
	const char *parts[4];
} lans[] = {
	{ "", WELL ROUTES, { " first { ipv4 : goto use_1 }\n", "!specific4 {", "!specific6 {" } },
	{ "    outbound: leave\n", WELL ROUTES, { "!element inet multihome first" } },
	{ "",
	  "link wan0 up\nlink wan1 up carrier\naddress wan1 172.16.1.1/30\n" ROUTES,
	  { " first { ipv4 : goto use_2 }\n" } },
	{ "", WELL, { "!element inet multihome first" } },
	// Networks within networks, of the uplinks alone; a default in two halves is none of them.
	{ "",
	  WELL ROUTES "link lan0 up carrier\nroute 10.0.0.0/24 dev lan0\n"
	              "route 192.168.2.0/29 dev wan0\nroute 198.51.0.0/16 dev wan1 via 172.16.1.2\n"
	              "route 198.51.100.0/24 dev wan0 via 192.168.2.6\n"
	              "route 198.51.0.0/16 dev wan0 via 192.168.2.6 metric 9\n"
	              "route 0.0.0.0/1 dev wan0 via 192.168.2.6\n"
	              "route 2001:db8:1::/64 dev wan0\nroute fe80::/64 dev wan0\n",
	  { " specific4 { 192.168.2.0/29,\n\t\t\t198.51.0.0/16 }\n",
	    " specific6 { 2001:db8:1::/64 }\n" } },
};

START_TEST(lan_takes_the_first_uplink_but_where_a_route_knows_better)
{
	struct text site = TEXT_EMPTY;
	text_add(&site, HEAD "%s" UPLINKS SERVERS, lans[_i].keys);
	struct planned planned = planned_from_text(site.data, lans[_i].observed);
	for (size_t i = 0; i < COUNT(lans[_i].parts) && lans[_i].parts[i] != NULL; i++) {
		const char *part = lans[_i].parts[i];
		bool absent = part[0] == '!';
		bool found = strstr(planned.plan->live, part + absent) != NULL;
		ck_assert_msg(found != absent, "%s in %s", part, planned.plan->live);
	}
	text_free(&site);
	planned_free(&planned);
}
END_TEST

START_TEST(state_of_an_uplink_changes_live_elements_alone)
{
	struct planned up = planned_from_text(PORT MAIL, WELL ROUTES);
	struct planned down = planned_from_text(
		PORT MAIL,
		"link wan0 up\nlink wan1 up carrier\naddress wan1 172.16.1.1/30\n" ROUTES);
	ck_assert_str_ne(up.plan->live, down.plan->live);
	ck_assert_ptr_nonnull(strstr(up.plan->live, " mail4 { 10.0.0.10 : goto use_1 }"));
	ck_assert_ptr_nonnull(strstr(down.plan->live, " mail4 { 10.0.0.10 : goto use_2 }"));
	ck_assert_ptr_nonnull(strstr(up.plan->live,
	                             " mail_source4 { \"wan0\" . 10.0.0.10 : 192.168.2.1,\n\t\t\t"
	                             "\"wan1\" . 10.0.0.10 : 172.16.1.1 }"));
	ck_assert_ptr_nonnull(
		strstr(down.plan->live, " mail_source4 { \"wan1\" . 10.0.0.10 : 172.16.1.1 }"));
	planned_free(&up);
	planned_free(&down);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nft_text");
	TCase *tcase = tcase_create("nft_text");
	tcase_add_loop_test(tcase, ruleset_follows_from_the_site, 0, COUNT(rulesets));
	tcase_add_test(tcase, every_set_is_declared_and_emptied_before_it_is_filled);
	tcase_add_loop_test(tcase, objects_beyond_the_ruleset_are_deleted_maps_first, 0,
	                    COUNT(surpluses));
	tcase_add_test(tcase, address_of_two_uplinks_is_listed_once);
	tcase_add_loop_test(tcase, lan_takes_the_first_uplink_but_where_a_route_knows_better, 0,
	                    COUNT(lans));
	tcase_add_test(tcase, state_of_an_uplink_changes_live_elements_alone);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
