/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Adding and deleting routes and rules: what was asked is what is read back, and nothing of others
 * is touched.
 */

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/kernel.h"
#include "namespace.h"

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

static struct rtnl *rtnl;
static struct observed observed;

static void observe(void)
{
	observed_deinit(&observed);
	ck_assert_int_eq(rtnl_observe(rtnl, &observed), 0);
}

static void setup(void)
{
	namespace_enter();
	run("ip link add wan0 type veth peer name wan0p");
	run("ip link set wan0p up; ip link set wan0 up");
	run("ip tuntap add mode tun name ppp0; ip link set ppp0 up");
	run("ip addr add 192.168.2.1/29 dev wan0");
	run("ip addr add 2001:db8:1::2/64 dev wan0 nodad");
	ck_assert_int_eq(rtnl_open(&rtnl), 0);
	observe();
}

static void teardown(void)
{
	observed_deinit(&observed);
	rtnl_close(rtnl);
}

/*! A route as the tables below write it. */
struct route_words {
	uint8_t family;
	uint8_t type;
	const char *destination; // NULL: default.
	const char *gateway;
	const char *link;
	uint32_t metric;
	bool onlink;
};

static struct route route_of(const struct route_words *words)
{
	struct route route = {
		.family = words->family,
		.table = 20101,
		.metric = words->metric,
		.type = words->type,
		.onlink = words->onlink,
	};
	if (words->destination != NULL) {
		ck_assert_int_eq(prefix_parse(words->destination, &route.destination), 0);
	}
	if (words->gateway != NULL) {
		ck_assert_int_eq(address_parse(words->gateway, &route.gateway), 0);
	}
	if (words->link != NULL) {
		const struct link *link = observed_link(&observed, words->link);
		ck_assert_ptr_nonnull(link);
		route.link = link->index;
	}
	return route;
}

static bool route_is_there(const struct route *route)
{
	size_t count = 0;
	for (size_t i = 0; i < observed.route_count; i++) {
		count += route_compare(&observed.routes[i], route) == 0;
	}
	ck_assert_uint_le(count, 1);
	return count == 1;
}

static bool rule_is_there(const struct rule *rule)
{
	for (size_t i = 0; i < observed.rule_count; i++) {
		if (rule_compare(&observed.rules[i], rule) == 0) {
			return true;
		}
	}
	return false;
}

static const struct route_words routes[] = {
	{ AF_INET, RTN_UNICAST, NULL, "192.168.2.6", "wan0", 0, false },
	{ AF_INET, RTN_UNICAST, NULL, "192.168.2.6", "wan0", 10, false },
	{ AF_INET, RTN_UNICAST, NULL, "10.99.0.1", "wan0", 0, true },
	{ AF_INET, RTN_UNICAST, NULL, "fe80::1", "wan0", 0, false },
	{ AF_INET, RTN_UNICAST, NULL, "fd77::1", "wan0", 0, true },
	{ AF_INET, RTN_UNICAST, NULL, NULL, "ppp0", 0, false },
	{ AF_INET, RTN_UNICAST, "192.168.2.0/29", NULL, "wan0", 0, false },
	{ AF_INET, RTN_UNICAST, "10.0.1.1/32", "192.168.2.6", "wan0", 0, false },
	{ AF_INET, RTN_THROW, "10.0.0.0/24", NULL, NULL, 0, false },
	{ AF_INET, RTN_UNREACHABLE, NULL, NULL, NULL, UINT32_MAX, false },
	{ AF_INET6, RTN_UNICAST, NULL, "2001:db8:1::1", "wan0", 0, false },
	{ AF_INET6, RTN_UNICAST, NULL, "2001:db8:1::1", "wan0", 1024, false },
	{ AF_INET6, RTN_UNICAST, NULL, "fe80::1", "wan0", 10, false },
	{ AF_INET6, RTN_UNICAST, NULL, "fd77::1", "wan0", 0, true },
	{ AF_INET6, RTN_UNICAST, NULL, NULL, "ppp0", 0, false },
	{ AF_INET6, RTN_UNICAST, "2001:db8:1::/64", NULL, "wan0", 0, false },
	{ AF_INET6, RTN_THROW, "fd00:10::/64", NULL, NULL, 0, false },
	{ AF_INET6, RTN_THROW, "fd00:10::/64", NULL, NULL, 1024, false },
	{ AF_INET6, RTN_UNREACHABLE, NULL, NULL, NULL, UINT32_MAX, false },
};

START_TEST(route_is_read_back_as_it_was_asked)
{
	struct route route = route_of(&routes[_i]);
	struct rtnl_events events;
	ck_assert_int_eq(rtnl_drain(rtnl, &events), 0);
	ck_assert_int_eq(rtnl_route_add(rtnl, &route), 0);
	ck_assert_int_eq(rtnl_route_add(rtnl, &route), 0);
	observe();
	ck_assert_uint_eq(observed.route_count, 1);
	ck_assert(route_is_there(&route));

	// What we did ourselves is no event.
	ck_assert_int_eq(rtnl_route_delete(rtnl, &route), 0);
	ck_assert_int_eq(rtnl_route_delete(rtnl, &route), 0);
	ck_assert_int_eq(rtnl_drain(rtnl, &events), 0);
	ck_assert(events.routes == 0 && events.own_lost == 0 && !events.overrun);
	observe();
	ck_assert_uint_eq(observed.route_count, 0);
}
END_TEST

START_TEST(route_of_the_observation_can_be_deleted)
{
	struct route route = route_of(&routes[_i]);
	ck_assert_int_eq(rtnl_route_add(rtnl, &route), 0);
	observe();
	ck_assert_uint_eq(observed.route_count, 1);
	ck_assert_int_eq(rtnl_route_delete(rtnl, &observed.routes[0]), 0);
	observe();
	ck_assert_uint_eq(observed.route_count, 0);
}
END_TEST

START_TEST(printed_route_is_understood_by_iproute2)
{
	struct route route = route_of(&routes[_i]);
	struct text text = TEXT_EMPTY;
	route_print(&route, &observed, &text);
	run("ip %s route add %s proto 109", route.family == AF_INET6 ? "-6" : "-4", text.data);
	text_free(&text);
	observe();
	ck_assert_uint_eq(observed.route_count, 1);
	ck_assert(route_is_there(&route));
}
END_TEST

// Pairs of the same destination and metric: the second takes the place of the first at once, and
// deleting the first then, as a diff may order it, leaves the second alone.
static const struct route_words pairs[][2] = {
	{ { AF_INET, RTN_UNICAST, NULL, "192.168.2.6", "wan0", 0, false },
	  { AF_INET, RTN_UNICAST, NULL, "192.168.2.5", "wan0", 0, false } },
	{ { AF_INET, RTN_UNICAST, NULL, "192.168.2.6", "wan0", 0, false },
	  { AF_INET, RTN_UNICAST, NULL, "192.168.2.6", "wan0", 0, true } },
	{ { AF_INET, RTN_UNICAST, NULL, NULL, "wan0", 0, false },
	  { AF_INET, RTN_UNICAST, NULL, "192.168.2.6", "wan0", 0, false } },
	{ { AF_INET, RTN_UNICAST, NULL, "192.168.2.6", "wan0", 0, false },
	  { AF_INET, RTN_UNICAST, NULL, NULL, "ppp0", 0, false } },
	{ { AF_INET, RTN_THROW, "10.0.0.0/24", NULL, NULL, 0, false },
	  { AF_INET, RTN_UNREACHABLE, "10.0.0.0/24", NULL, NULL, 0, false } },
	{ { AF_INET, RTN_THROW, "10.0.0.0/24", NULL, NULL, 0, false },
	  { AF_INET, RTN_UNICAST, "10.0.0.0/24", NULL, "ppp0", 0, false } },
	{ { AF_INET6, RTN_UNICAST, NULL, "fe80::1", "wan0", 0, false },
	  { AF_INET6, RTN_UNICAST, NULL, "fe80::2", "wan0", 0, false } },
	{ { AF_INET6, RTN_UNICAST, NULL, "2001:db8:1::1", "wan0", 0, false },
	  { AF_INET6, RTN_UNICAST, NULL, "2001:db8:1::1", "wan0", 0, true } },
	{ { AF_INET6, RTN_UNICAST, NULL, NULL, "wan0", 0, false },
	  { AF_INET6, RTN_UNICAST, NULL, "fe80::2", "wan0", 0, false } },
	{ { AF_INET6, RTN_UNICAST, NULL, "fe80::2", "wan0", 0, false },
	  { AF_INET6, RTN_UNICAST, NULL, NULL, "wan0", 0, false } },
	{ { AF_INET6, RTN_UNICAST, NULL, "fe80::1", "wan0", 0, false },
	  { AF_INET6, RTN_UNICAST, NULL, NULL, "ppp0", 0, false } },
	{ { AF_INET6, RTN_THROW, "fd00:10::/64", NULL, NULL, 0, false },
	  { AF_INET6, RTN_UNREACHABLE, "fd00:10::/64", NULL, NULL, 0, false } },
	{ { AF_INET6, RTN_THROW, "fd00:10::/64", NULL, NULL, 0, false },
	  { AF_INET6, RTN_UNICAST, "fd00:10::/64", NULL, "ppp0", 0, false } },
	{ { AF_INET6, RTN_UNICAST, "fd00:10::/64", NULL, "ppp0", 0, false },
	  { AF_INET6, RTN_UNREACHABLE, "fd00:10::/64", NULL, NULL, 0, false } },
};

START_TEST(route_takes_the_place_of_ours_and_outlives_it)
{
	struct route first = route_of(&pairs[_i][0]);
	struct route second = route_of(&pairs[_i][1]);
	ck_assert_int_eq(rtnl_route_add(rtnl, &first), 0);
	ck_assert_int_eq(rtnl_route_add(rtnl, &second), 0);
	observe();
	ck_assert_uint_eq(observed.route_count, 1);
	ck_assert(route_is_there(&second));
	ck_assert_int_eq(rtnl_route_delete(rtnl, &first), 0);
	observe();
	ck_assert(route_is_there(&second));
}
END_TEST

// Of metrics, one that is left out would match any.
START_TEST(route_of_another_metric_stays)
{
	struct route_words words = {
		_i == 0 ? AF_INET : AF_INET6, RTN_UNREACHABLE, NULL, NULL, NULL, 0, false
	};
	struct route plain = route_of(&words);
	words.metric = UINT32_MAX;
	struct route last = route_of(&words);
	ck_assert_int_eq(rtnl_route_add(rtnl, &last), 0);
	ck_assert_int_eq(rtnl_route_delete(rtnl, &plain), 0);
	observe();
	ck_assert(route_is_there(&last));
	ck_assert_int_eq(rtnl_route_add(rtnl, &plain), 0);
	observe();
	ck_assert(route_is_there(&last) && route_is_there(&plain));
	ck_assert_int_eq(rtnl_route_delete(rtnl, &plain), 0);
	observe();
	ck_assert(route_is_there(&last) && !route_is_there(&plain));
}
END_TEST

static const struct {
	const char *foreign;
	struct route_words route;
} foreign_routes[] = {
	{ "-4 route add default via 192.168.2.5 dev wan0 table 20101",
	  { AF_INET, RTN_UNICAST, NULL, "192.168.2.6", "wan0", 0, false } },
	{ "-4 route add default via 192.168.2.6 dev wan0 table 20101 proto static",
	  { AF_INET, RTN_UNICAST, NULL, "192.168.2.6", "wan0", 0, false } },
	{ "-6 route add default via fe80::5 dev wan0 table 20101",
	  { AF_INET6, RTN_UNICAST, NULL, "fe80::6", "wan0", 0, false } },
	{ "-6 route add default via fe80::6 dev wan0 table 20101",
	  { AF_INET6, RTN_UNICAST, NULL, "fe80::6", "wan0", 0, false } },
	{ "-6 route add blackhole default table 20101",
	  { AF_INET6, RTN_UNREACHABLE, NULL, NULL, NULL, 0, false } },
};

START_TEST(route_of_another_owner_stays_and_is_told)
{
	struct route route = route_of(&foreign_routes[_i].route);
	char list[64];
	(void)snprintf(list, sizeof(list), "ip -%c route show table 20101",
	               route.family == AF_INET ? '4' : '6');
	run("ip %s", foreign_routes[_i].foreign);
	char *before = output_of(list);
	ck_assert_int_eq(rtnl_route_add(rtnl, &route), -EEXIST);
	ck_assert_int_eq(rtnl_route_delete(rtnl, &route), 0);
	char *after = output_of(list);
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
}
END_TEST

START_TEST(route_without_its_link_fails)
{
	struct route route = route_of(&routes[_i]);
	run("ip link set wan0 down; ip link set ppp0 down");
	int ret = rtnl_route_add(rtnl, &route);
	if (route.link == 0) {
		ck_assert_int_eq(ret, 0);
		return;
	}
	ck_assert(ret == -ENETDOWN || ret == -ENETUNREACH || ret == -EHOSTUNREACH);
	route.link = 9999;
	ck_assert_int_lt(rtnl_route_add(rtnl, &route), 0);
	observe();
	ck_assert_uint_eq(observed.route_count, 0);
}
END_TEST

/*! A rule as the tables below write it, for both families. */
struct rule_words {
	uint32_t mark;
	uint32_t mask;
	bool from;
	bool from_network;
	const char *iif;
};

static const struct rule_words rules[] = {
	{ 0x01000000, 0x3f000000, false, false, "" },
	{ 0, 0, true, false, "" },
	{ 0, 0, true, true, "" },
	{ 0, 0x3f000000, false, false, "lan0" },
	{ 0, 0, false, false, "lan0" },
	{ 0x01000000, 0x3f000000, true, false, "" },
	{ 0x01000000, 0x3f000000, true, false, "lan0" },
	{ 0, 0x3f000000, true, false, "lan0" },
	{ 0x01000000, 0xffffffff, false, false, "" },
	{ 0, 0, false, false, "" },
};

static struct rule rule_of(const struct rule_words *words, uint8_t family)
{
	struct rule rule = {
		.family = family,
		.priority = 1010,
		.mark = words->mark,
		.mask = words->mask,
		.table = 20101,
	};
	if (words->from_network) {
		ck_assert_int_eq(
			prefix_parse(family == AF_INET ? "10.0.0.0/24" : "fd00::/64", &rule.from),
			0);
	} else if (words->from) {
		ck_assert_int_eq(prefix_parse(family == AF_INET ? "192.168.2.1" : "2001:db8:1::2",
		                              &rule.from),
		                 0);
	}
	strcpy(rule.iif, words->iif);
	return rule;
}

START_TEST(rule_is_read_back_as_it_was_asked)
{
	struct rtnl_events events;
	ck_assert_int_eq(rtnl_drain(rtnl, &events), 0);
	for (int i = 0; i < 2; i++) {
		struct rule rule = rule_of(&rules[_i], i == 0 ? AF_INET : AF_INET6);
		ck_assert_int_eq(rtnl_rule_add(rtnl, &rule), 0);
		ck_assert_int_eq(rtnl_rule_add(rtnl, &rule), 0);
		observe();
		ck_assert_uint_eq(observed.rule_count, 1);
		ck_assert(rule_is_there(&rule));
		ck_assert_int_eq(rtnl_rule_delete(rtnl, &observed.rules[0]), 0);
		ck_assert_int_eq(rtnl_rule_delete(rtnl, &rule), 0);
		observe();
		ck_assert_uint_eq(observed.rule_count, 0);
	}
	ck_assert_int_eq(rtnl_drain(rtnl, &events), 0);
	ck_assert(events.routes == 0 && events.own_lost == 0);
}
END_TEST

START_TEST(printed_rule_is_understood_by_iproute2)
{
	for (int i = 0; i < 2; i++) {
		struct rule rule = rule_of(&rules[_i], i == 0 ? AF_INET : AF_INET6);
		struct text text = TEXT_EMPTY;
		rule_print(&rule, &text);
		run("ip %s rule add %s proto 109", i == 0 ? "-4" : "-6", text.data);
		text_free(&text);
		observe();
		ck_assert_uint_eq(observed.rule_count, (size_t)i + 1);
		ck_assert(rule_is_there(&rule));
	}
}
END_TEST

// All rules stand at one priority; whatever the order, only the one that was meant goes.
START_TEST(rule_with_fewer_selectors_is_deleted_alone)
{
	for (int i = 0; i < COUNT(rules); i++) {
		struct rule rule = rule_of(&rules[(i + _i) % COUNT(rules)], AF_INET6);
		ck_assert_int_eq(rtnl_rule_add(rtnl, &rule), 0);
	}
	struct rule deleted = rule_of(&rules[COUNT(rules) - 1], AF_INET6);
	ck_assert_int_eq(rtnl_rule_delete(rtnl, &deleted), 0);
	observe();
	ck_assert_uint_eq(observed.rule_count, COUNT(rules) - 1);
	ck_assert(!rule_is_there(&deleted));
	for (int i = 0; i < COUNT(rules) - 1; i++) {
		struct rule rule = rule_of(&rules[i], AF_INET6);
		ck_assert(rule_is_there(&rule));
	}
}
END_TEST

START_TEST(rule_of_another_owner_stays_beside_ours)
{
	struct rule rule = rule_of(&rules[0], AF_INET);
	run("ip rule add pref 1010 fwmark 0x01000000/0x3f000000 lookup 20101 proto static");
	run("ip rule add pref 1010 fwmark 0x01000000/0x3f000000 lookup 20101 dport 53");
	char *before = output_of("ip rule show");
	ck_assert_int_eq(rtnl_rule_delete(rtnl, &rule), 0);
	ck_assert_int_eq(rtnl_rule_add(rtnl, &rule), 0);
	observe();
	ck_assert_uint_eq(observed.rule_count, 1);
	ck_assert_int_eq(rtnl_rule_delete(rtnl, &rule), 0);
	observe();
	ck_assert_uint_eq(observed.rule_count, 0);
	char *after = output_of("ip rule show");
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
}
END_TEST

static const char *const other_rules[] = {
	"to 10.0.0.0/8",      "oif wan0",     "dport 53", "sport 53",
	"ipproto udp",        "uidrange 0-5", "tos 0x10", "suppress_prefixlength 0",
	"suppress_ifgroup 1", "not",
};

START_TEST(rule_that_says_more_is_not_taken_for_ours)
{
	run("ip rule add pref 1010 fwmark 1/3 %s lookup 20101 proto 109", other_rules[_i]);
	observe();
	ck_assert_uint_eq(observed.rule_count, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rtnl_change");
	TCase *cases = tcase_create("rtnl_change");
	tcase_set_timeout(cases, 60);
	tcase_add_checked_fixture(cases, setup, teardown);
	suite_add_tcase(suite, cases);
	tcase_add_loop_test(cases, route_is_read_back_as_it_was_asked, 0, COUNT(routes));
	tcase_add_loop_test(cases, route_of_the_observation_can_be_deleted, 0, COUNT(routes));
	tcase_add_loop_test(cases, printed_route_is_understood_by_iproute2, 0, COUNT(routes));
	tcase_add_loop_test(cases, route_takes_the_place_of_ours_and_outlives_it, 0, COUNT(pairs));
	tcase_add_loop_test(cases, route_of_another_metric_stays, 0, 2);
	tcase_add_loop_test(cases, route_of_another_owner_stays_and_is_told, 0,
	                    COUNT(foreign_routes));
	tcase_add_loop_test(cases, route_without_its_link_fails, 0, COUNT(routes));
	tcase_add_loop_test(cases, rule_is_read_back_as_it_was_asked, 0, COUNT(rules));
	tcase_add_loop_test(cases, printed_rule_is_understood_by_iproute2, 0, COUNT(rules));
	tcase_add_loop_test(cases, rule_with_fewer_selectors_is_deleted_alone, 0, COUNT(rules));
	tcase_add_test(cases, rule_of_another_owner_stays_beside_ours);
	tcase_add_loop_test(cases, rule_that_says_more_is_not_taken_for_ours, 0,
	                    COUNT(other_rules));
	return namespace_suite_run(suite);
}
