/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Servers in the providers' prefixes: what a site file may say of them, which address each has where,
 * and what follows for routes and answers.
 */

#include "plan_text.h"
#include "site/provider.h"
#include "site_file.h"

#define SITE "site: {domain: example.com, lan: [lan0]}\n"
#define MAPPED "site: {domain: example.com, lan: [lan0], lan-prefix: \"fd00:10::/64\"}\n"
#define UPLINKS(first, second)                                                         \
	"uplink:\n"                                                                    \
	"- {id: a, interface: w0, address: [192.0.2.1, \"2001:db8:1::2\"]" first "}\n" \
	"- {id: b, interface: w1, address: [198.51.100.1, \"2001:db8:2::2\"]" second "}\n"
#define PREFIX_A ", prefix: \"2001:db8:1:10::/64\""
#define PREFIX_B ", prefix: \"2001:db8:2:10::/64\""
#define SERVER(id, address, held)                                           \
	"- {id: " id ", address: " address ", reply-path: source-address, " \
	"uplink-address: [" held "]}\n"
#define HOST "host:\n- {domain: w.example.com, server: web, port: tcp/80}\n"
#define WEB "server:\n- {id: web, address: [10.0.0.10, \"fd00:10::10\"]}\n"

// clang-format off
static const struct bad_file bad_sites[] = {
	// Either way is good, also both at once, and also without any IPv4 beside it.
	{ SITE UPLINKS(PREFIX_A, "") "server:\n"
	  SERVER("web", "[10.0.0.10, \"fd00::1\"]",
	         "\"a=2001:db8:1:10::1\", \"b=2001:db8:2:10::1\"") HOST, "" },
	{ MAPPED UPLINKS(PREFIX_A, PREFIX_B) WEB HOST, "" },
	{ MAPPED UPLINKS(PREFIX_A, "") "server:\n"
	  SERVER("web", "\"fd00:10::1\"", "\"a=fd00:10::1\", \"b=2001:db8:2:10::1\"") HOST, "" },
	// A prefix.
	{ SITE UPLINKS(", prefix: \"fd00::/64\"", ", prefix: \"2001:db8:2::/48\"") WEB,
	  "3:73: prefix fd00::/64 is not global: write what the provider routes to this "
	  "gateway, out of 2000::/3\n" },
	{ SITE UPLINKS(PREFIX_A, ", prefix: \"2001:db8:1::/48\"") WEB,
	  "4:76: prefix 2001:db8:1::/48 overlaps that of uplink 'a': each provider routes "
	  "its own\n" },
	{ SITE "uplink:\n- {id: a, interface: w0, address: 192.0.2.1" PREFIX_A "}\n",
	  "3:54: warning: prefix 2001:db8:1:10::/64 has no effect while the uplink has no "
	  "IPv6 address: add one to 'address'\n" },
	// The LAN's.
	{ "site: {domain: example.com, lan-prefix: \"2001:db8::/64\"}\n" UPLINKS("", ""),
	  "1:41: lan-prefix has no effect: write what is mapped onto it as 'prefix' of the "
	  "uplinks\n"
	  "1:41: lan-prefix is not unique local: write the LAN's network out of fc00::/7, or "
	  "leave it out if servers hold the providers' addresses\n" },
	{ MAPPED UPLINKS(", prefix: \"2001:db8:1:10::/60\"", "") WEB,
	  "3:73: prefix 2001:db8:1:10::/60 is not as long as lan-prefix, onto which it is "
	  "mapped: write two of one length\n" },
	{ MAPPED UPLINKS(PREFIX_A, "") "server:\n"
	  SERVER("web", "[\"fd00:10::1\"]", "\"a=2001:db8:1:10::1\", \"b=fd00:10::1\"") HOST,
	  "6:83: uplink-address 2001:db8:1:10::1 is in the prefix that is mapped onto "
	  "lan-prefix: write the server's address in lan-prefix, or no lan-prefix\n" },
	{ MAPPED UPLINKS(", prefix: \"2001:db8:1::/64\"", "")
	  "server:\n- {id: web, address: \"fd00:10::2\"}\n",
	  "6:8: server 'web' would be 2001:db8:1::2 outside, which is the gateway's own "
	  "address: give it another address in lan-prefix\n" },
	// An address that a server holds.
	{ SITE UPLINKS(PREFIX_A, PREFIX_B) "server:\n"
	  SERVER("web", "10.0.0.10", "\"a=2001:db8:3::1\", \"b=2001:db8:1:10::1\"") HOST,
	  "6:78: uplink-address 2001:db8:3::1 is not in the uplink's prefix "
	  "2001:db8:1:10::/64: its replies would leave with a foreign address\n"
	  "6:97: uplink-address 2001:db8:1:10::1 is in the prefix of uplink 'a': it can "
	  "serve that one only\n" },
	{ SITE UPLINKS("", "") "server:\n"
	  SERVER("web", "10.0.0.10", "\"a=2001:db8:1::2\", \"b=2001:db8:2:10::1\"") HOST,
	  "6:78: uplink-address 2001:db8:1::2 is the gateway's own on uplink 'a': write one "
	  "that only the server has\n" },
	// What goes through it.
	{ MAPPED UPLINKS(PREFIX_A, "") WEB
	  "host:\n- {domain: w.example.com, server: web, port: [tcp/80, tcp/443:8443]}\n"
	  "- {domain: v.example.com, server: web, port: tcp/81:80, uplink: b}\n",
	  "8:55: port 443 cannot become 8443 on the way to server 'web', which has an "
	  "address in a provider's prefix: let it listen at 443 too and write that port alone\n" },
	{ MAPPED UPLINKS(PREFIX_A, "") WEB "- {id: two, address: 10.0.0.11}\n"
	  "mail:\n- {domain: example.com, server: two, port: tcp/26}\n"
	  "- {domain: example.org, server: web}\n",
	  "10:33: mail domains share the uplinks' mail gateways, and server 'two' and 'web' "
	  "do not have the same addresses in the providers' prefixes: let one take all mail\n" },
};
// clang-format on

START_TEST(contradiction_is_named_with_its_place)
{
	assert_reported(&bad_sites[_i]);
}
END_TEST

START_TEST(no_more_addresses_than_the_table_has_room_for)
{
	for (unsigned count = SITE_OWN_MAX; count <= SITE_OWN_MAX + 1; count++) {
		struct text text = TEXT_EMPTY;
		text_add(&text, MAPPED "uplink:\n");
		for (unsigned i = 1; i <= count; i++) {
			text_add(&text,
			         "- {id: u%u, interface: w%u, prefix: \"2001:db8:%u::/64\"}\n", i,
			         i, i);
		}
		text_add(&text, WEB);
		char *file = text_take(&text);
		const struct bad_file row = { file, count == SITE_OWN_MAX
			                                    ? ""
			                                    : "21:8: server 'web' has addresses in "
			                                      "the prefixes of 17 uplinks: 16 are "
			                                      "the most\n" };
		assert_reported(&row);
		free(file);
	}
}
END_TEST

static const struct {
	const char *lan;
	const char *prefix;
	const char *inside;
	const char *outside;
} maps[] = {
	{ "fd00:10::/64", "2001:db8:1:10::/64", "fd00:10::10", "2001:db8:1:10::10" },
	{ "fd00:10::/48", "2001:db8:7::/48", "fd00:10:0:5:1:2:3:4", "2001:db8:7:5:1:2:3:4" },
	{ "fd00:10::/60", "2001:db8:1:ab0::/60", "fd00:10:0:f::1", "2001:db8:1:abf::1" },
	{ "fd00:10::/61", "2001:db8:1:ab8::/61", "fd00:10:0:7::1", "2001:db8:1:abf::1" },
	{ "fd00:10::/64", "2001:db8:1:10::/64", "fd00:11::10", "none" },
};

START_TEST(address_is_mapped_wrongly)
{
	struct text text = TEXT_EMPTY;
	text_add(&text,
	         "site: {domain: example.com, lan-prefix: \"%s\"}\n"
	         "uplink:\n- {id: a, interface: w0, prefix: \"%s\"}\n"
	         "server:\n- {id: web, address: [10.0.0.10, \"%s\"]}\n",
	         maps[_i].lan, maps[_i].prefix, maps[_i].inside);
	struct site *site = site_from_text(text.data);
	struct address address = provider_address(site, &site->servers[0], 1, AF_INET6);
	char outside[ADDRESS_TEXT_MAX];
	ck_assert_str_eq(address_format(&address, outside), maps[_i].outside);
	address = provider_address(site, &site->servers[0], 1, AF_INET);
	ck_assert_uint_eq(address.family, 0);
	site_free(site);
	text_free(&text);
}
END_TEST

#define HELD                                           \
	SITE UPLINKS(PREFIX_A, "") "server:\n" SERVER( \
		"web", "[10.0.0.10, \"fd00:10::10\"]", \
		"\"a=2001:db8:1:10::10\", \"b=2001:db8:2:10::10\"") HOST
#define WELL                                                                                       \
	"link lan0 up carrier\nlink w0 up carrier\nlink w1 up carrier\n"                           \
	"address w0 192.0.2.1/29\naddress w0 2001:db8:1::2/64\n"                                   \
	"address w1 198.51.100.1/29\naddress w1 2001:db8:2::2/64\n"                                \
	"route 0.0.0.0/0 dev w0 via 192.0.2.6\nroute 0.0.0.0/0 dev w1 via 198.51.100.6 metric 9\n" \
	"route ::/0 dev w0 via fe80::1 metric 1\nroute ::/0 dev w1 via fe80::1 metric 9\n"
#define INSIDE_A "route 2001:db8:1:10::/64 dev lan0 metric 256\n"
#define INSIDE_B "route 2001:db8:2:10::/64 dev lan0 metric 256\n"

static const struct {
	const char *site;
	const char *routes;
	const char *ready6;
	const char *own; /*!< On uplink 1 and 2. */
} rows[] = {
	{ HELD, INSIDE_A INSIDE_B, "12", "2001:db8:1:10::10 2001:db8:2:10::10" },
	// A prefix that the LAN does not have, or only as part of everything.
	{ HELD, INSIDE_A, "1", "2001:db8:1:10::10 2001:db8:2:10::10" },
	{ HELD, INSIDE_A "route 2000::/3 dev lan0 metric 1\n", "1",
	  "2001:db8:1:10::10 2001:db8:2:10::10" },
	{ HELD, "", "", "2001:db8:1:10::10 2001:db8:2:10::10" },
	// The best route counts: by its length, then by its metric.
	{ HELD, INSIDE_A INSIDE_B "route 2001:db8:2:10::10/128 dev w1 metric 1\n", "1",
	  "2001:db8:1:10::10 2001:db8:2:10::10" },
	{ HELD, INSIDE_A INSIDE_B "route 2001:db8:2:10::/64 dev w1 metric 1\n", "1",
	  "2001:db8:1:10::10 2001:db8:2:10::10" },
	{ HELD,
	  INSIDE_A "route 2001:db8:2::/48 dev w1 metric 1\nroute 2001:db8:2:10::10/128 dev "
	           "lan0 metric 9\n",
	  "12", "2001:db8:1:10::10 2001:db8:2:10::10" },
	// What is mapped is as inside as what is not.
	{ MAPPED UPLINKS(PREFIX_A, "") WEB HOST, "", "12", "2001:db8:1:10::10 none" },
	{ SITE UPLINKS(PREFIX_A, PREFIX_B) WEB HOST, "", "12", "none none" },
};

START_TEST(address_is_answered_that_leads_nowhere)
{
	struct text observed = TEXT_EMPTY;
	struct text own = TEXT_EMPTY;
	text_add(&observed, WELL "%s", rows[_i].routes);
	struct planned planned = planned_from_text(rows[_i].site, observed.data);
	const struct table_host *row = &planned.plan->table->hosts[0];
	ck_assert_uint_eq(row->ready4, set_from_digits("12"));
	ck_assert_uint_eq(row->ready6, set_from_digits(rows[_i].ready6));
	for (unsigned number = 1; number <= 2; number++) {
		const struct address none = { 0 };
		const struct address *address = table_host_own(row, number, AF_INET6);
		char text[ADDRESS_TEXT_MAX];
		text_add(&own, "%s%s", number > 1 ? " " : "",
		         address_format(address != NULL ? address : &none, text));
		ck_assert_ptr_null(table_host_own(row, number, AF_INET));
	}
	ck_assert_str_eq(own.data, rows[_i].own);
	planned_free(&planned);
	text_free(&own);
	text_free(&observed);
}
END_TEST

static unsigned count_rules(const struct plan *plan, const char *from, uint32_t table)
{
	struct prefix prefix = { 0 };
	unsigned count = 0;
	ck_assert_int_eq(prefix_parse(from, &prefix), 0);
	for (size_t i = 0; i < plan->rule_count; i++) {
		count += plan->rules[i].table == table &&
		         prefix_compare(&plan->rules[i].from, &prefix) == 0;
	}
	return count;
}

START_TEST(reply_leaves_by_a_foreign_uplink)
{
	struct planned held = planned_from_text(HELD, WELL INSIDE_A INSIDE_B);
	ck_assert_uint_eq(count_rules(held.plan, "2001:db8:1:10::10/128", 20101), 1);
	ck_assert_uint_eq(count_rules(held.plan, "2001:db8:2:10::10/128", 20102), 1);
	ck_assert_uint_eq(count_rules(held.plan, "2001:db8:1:10::/64", 20101), 1);
	// IPv4 goes by marks: the server's address has no rule.
	ck_assert(server_marked4(&held.site->servers[0]));
	ck_assert_uint_eq(count_rules(held.plan, "10.0.0.10/32", 20101), 0);
	planned_free(&held);

	struct planned mapped =
		planned_from_text(MAPPED UPLINKS(PREFIX_A, PREFIX_B) WEB HOST, WELL);
	ck_assert_uint_eq(count_rules(mapped.plan, "2001:db8:1:10::/64", 20101), 0);
	planned_free(&mapped);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("provider");
	TCase *cases = tcase_create("provider");
	suite_add_tcase(suite, cases);
	tcase_add_loop_test(cases, contradiction_is_named_with_its_place, 0, COUNT(bad_sites));
	tcase_add_test(cases, no_more_addresses_than_the_table_has_room_for);
	tcase_add_loop_test(cases, address_is_mapped_wrongly, 0, COUNT(maps));
	tcase_add_loop_test(cases, address_is_answered_that_leads_nowhere, 0, COUNT(rows));
	tcase_add_test(cases, reply_leaves_by_a_foreign_uplink);
	return suite_run(suite);
}
