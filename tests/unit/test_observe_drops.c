/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * What other programs' chains do to the traffic of a whole site, and that looking at it has an end.
 */

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "daemon/observe.h"
#include "namespace.h"
#include "plan_text.h"

#define SITE                                                                \
	"site:\n    domain: example.com\n    lan: lan0\n"                   \
	"uplink:\n  - id: a\n    interface: wan0\n    address: 192.0.2.1\n" \
	"server:\n  - id: web\n    address: 10.0.0.10\n"                    \
	"host:\n  - domain: www.example.com\n    server: web\n    port: [tcp/1000"

static const struct {
	unsigned ports;
	const char *chain;
	unsigned drops; // Of clients and of answers to them; 0: not all.
} sites[] = {
	{ 2, "policy accept;", 0 },
	{ 2, "policy drop;", 4 },
	{ 2, "policy drop; ct state established accept;", 2 },
	{ 9000, "policy drop;", 0 },
};

START_TEST(look_at_a_large_site_ends)
{
	struct text text = TEXT_EMPTY;
	text_add(&text, SITE);
	for (unsigned i = 1; i < sites[_i].ports; i++) {
		text_add(&text, ", tcp/%u", 1000 + i);
	}
	text_add(&text, "]\n");
	struct planned planned =
		planned_from_text(text.data, "link wan0 up carrier\naddress wan0 192.0.2.1/30\n");
	struct standing standing = { .site = planned.site, .plan = planned.plan };
	struct other_nft *nft = NULL;
	bool complete = false;
	run("nft 'table inet t { chain c { type filter hook forward priority 0; %s }; }'",
	    sites[_i].chain);
	ck_assert_int_eq(other_nft_open(&nft), 0);
	json_t *drops = observe_drops(&standing, nft, &complete);
	ck_assert_ptr_nonnull(drops);
	ck_assert_int_eq(complete, sites[_i].ports < 9000);
	ck_assert_uint_le(json_array_size(drops), 5000);
	ck_assert(!complete || json_array_size(drops) == sites[_i].drops);
	json_decref(drops);
	other_nft_close(nft);
	planned_free(&planned);
	text_free(&text);
}
END_TEST

/*! A server with an address of a provider's prefix, held or mapped. */
#define OWN                                                                           \
	"site:\n    domain: example.com\n    lan: lan0\n%s"                           \
	"uplink:\n  - id: a\n    interface: wan0\n    address: \"2001:db8:1::2\"\n%s" \
	"server:\n  - id: web\n    address: \"fd00:10::10\"\n%s"                      \
	"host:\n  - domain: www.example.com\n    server: web\n    port: [tcp/80, udp/90-99]\n"
#define HELD_SERVER \
	"    reply-path: source-address\n    uplink-address: [\"a=2001:db8:1:10::10\"]\n"

static const struct {
	bool held;
	const char *chain;
	unsigned drops; // Of clients and of answers to them, of both services.
} owners[] = {
	{ true, "type filter hook forward priority 0; policy drop; ct status dnat accept;", 4 },
	{ true,
	  "type filter hook forward priority 0; policy drop; ip6 daddr 2001:db8:1:10::10 accept; "
	  "ip6 saddr 2001:db8:1:10::10 accept;",
	  0 },
	{ true,
	  "type filter hook forward priority 0; policy drop; ct state established accept; "
	  "ip6 daddr 2001:db8:1:10::10 tcp dport 80 accept;",
	  1 },
	{ true, "type filter hook prerouting priority -300; ip6 daddr 2001:db8:1:10::10 drop;", 2 },
	{ true,
	  "type filter hook prerouting priority -300; ip6 daddr 2001:db8:1::2 tcp dport 80 drop;",
	  0 },
	{ false, "type filter hook forward priority 0; policy drop; ct status dnat accept;", 0 },
	{ false, "type filter hook prerouting priority -300; ip6 daddr 2001:db8:1:10::10 drop;",
	  2 },
	{ false,
	  "type filter hook prerouting priority -300; ip6 daddr 2001:db8:1::2 tcp dport 80 drop;",
	  0 },
};

START_TEST(servers_own_address_is_where_clients_send_to)
{
	bool held = owners[_i].held;
	char file[1024];
	(void)snprintf(file, sizeof(file), OWN, held ? "" : "    lan-prefix: \"fd00:10::/64\"\n",
	               held ? "" : "    prefix: \"2001:db8:1:10::/64\"\n", held ? HELD_SERVER : "");
	struct planned planned =
		planned_from_text(file, "link wan0 up carrier\naddress wan0 2001:db8:1::2/64\n");
	struct standing standing = { .site = planned.site, .plan = planned.plan };
	struct other_nft *nft = NULL;
	bool complete = false;
	run("nft 'table inet t { chain c { %s }; }'", owners[_i].chain);
	ck_assert_int_eq(other_nft_open(&nft), 0);
	json_t *drops = observe_drops(&standing, nft, &complete);
	ck_assert_ptr_nonnull(drops);
	ck_assert_uint_eq(json_array_size(drops), owners[_i].drops);
	for (size_t i = 0; i < json_array_size(drops); i++) {
		const char *address =
			json_string_value(json_object_get(json_array_get(drops, i), "held"));
		ck_assert_str_eq(address != NULL ? address : "", held ? "2001:db8:1:10::10" : "");
	}
	json_decref(drops);
	other_nft_close(nft);
	planned_free(&planned);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("observe_drops");
	TCase *cases = tcase_create("observe_drops");
	tcase_set_timeout(cases, 60);
	tcase_add_checked_fixture(cases, namespace_enter, NULL);
	tcase_add_loop_test(cases, look_at_a_large_site_ends, 0, COUNT(sites));
	tcase_add_loop_test(cases, servers_own_address_is_where_clients_send_to, 0, COUNT(owners));
	suite_add_tcase(suite, cases);
	return namespace_suite_run(suite);
}
