/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Ordering, finding and printing of the kernel's objects.
 */

#include <check.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "daemon/state.h"

static struct prefix prefix_of(const char *text)
{
	struct prefix prefix = { 0 };
	ck_assert_int_eq(prefix_parse(text, &prefix), 0);
	return prefix;
}

static struct address address_of(const char *text)
{
	struct address address = { 0 };
	ck_assert_int_eq(address_parse(text, &address), 0);
	return address;
}

static struct route route_sample(void)
{
	return (struct route){
		.family = AF_INET,
		.table = 20101,
		.destination = prefix_of("10.0.0.0/24"),
		.metric = 5,
		.type = RTN_UNICAST,
		.gateway = address_of("192.168.2.6"),
		.link = 3,
	};
}

static struct rule rule_sample(void)
{
	return (struct rule){
		.family = AF_INET,
		.priority = 1010,
		.mark = 0x01000000,
		.mask = 0x3f000000,
		.from = prefix_of("192.168.2.1"),
		.iif = "lan0",
		.table = 20101,
	};
}

#define ROUTE_FIELDS 9
static void route_change(struct route *route, int field)
{
	switch (field) {
	case 0:
		route->family = AF_INET6;
		break;
	case 1:
		route->table++;
		break;
	case 2:
		route->destination = prefix_of("10.0.1.0/24");
		break;
	case 3:
		route->destination.length = 25;
		break;
	case 4:
		route->metric = 0;
		break;
	case 5:
		route->type = RTN_THROW;
		break;
	case 6:
		route->gateway = address_of("fe80::1");
		break;
	case 7:
		route->link = 4;
		break;
	case 8:
		route->onlink = true;
		break;
	}
}

START_TEST(route_that_differs_in_one_field_is_another)
{
	struct route a = route_sample();
	struct route b = route_sample();
	ck_assert_int_eq(route_compare(&a, &b), 0);
	route_change(&b, _i);
	int order = route_compare(&a, &b);
	ck_assert_int_ne(order, 0);
	ck_assert_int_eq((order > 0) - (order < 0),
	                 (route_compare(&b, &a) < 0) - (route_compare(&b, &a) > 0));
}
END_TEST

#define RULE_FIELDS 7
static void rule_change(struct rule *rule, int field)
{
	switch (field) {
	case 0:
		rule->family = AF_INET6;
		break;
	case 1:
		rule->priority = 0;
		break;
	case 2:
		rule->mark = 0;
		break;
	case 3:
		rule->mask = 0xffffffff;
		break;
	case 4:
		rule->from.length = 0;
		break;
	case 5:
		rule->iif[0] = '\0';
		break;
	case 6:
		rule->table = 0xffffffff;
		break;
	}
}

START_TEST(rule_that_differs_in_one_field_is_another)
{
	struct rule a = rule_sample();
	struct rule b = rule_sample();
	ck_assert_int_eq(rule_compare(&a, &b), 0);
	rule_change(&b, _i);
	int order = rule_compare(&a, &b);
	ck_assert_int_ne(order, 0);
	ck_assert_int_eq((order > 0) - (order < 0),
	                 (rule_compare(&b, &a) < 0) - (rule_compare(&b, &a) > 0));
}
END_TEST

START_TEST(default_route_is_one_however_it_is_written)
{
	struct route a = route_sample();
	a.family = AF_INET6;
	a.destination = prefix_of("::/0");
	a.gateway = address_of("fe80::1");
	a.metric = 0;
	struct route b = a;
	b.destination = (struct prefix){ 0 };
	b.metric = 1024;
	ck_assert_int_eq(route_compare(&a, &b), 0);
	b.metric = 1;
	ck_assert_int_gt(route_compare(&a, &b), 0);
	a.family = b.family = AF_INET;
	b.metric = 1024;
	ck_assert_int_ne(route_compare(&a, &b), 0);
}
END_TEST

START_TEST(address_that_became_unusable_is_another)
{
	struct link_address a = { .link = 2, .prefix = prefix_of("10.0.0.1/24"), .usable = true };
	struct link_address b = a;
	ck_assert_int_eq(link_address_compare(&a, &b), 0);
	b.usable = false;
	ck_assert_int_gt(link_address_compare(&a, &b), 0);
	b.link = 3;
	ck_assert_int_lt(link_address_compare(&a, &b), 0);
	b = a;
	b.prefix.length = 25;
	ck_assert_int_lt(link_address_compare(&a, &b), 0);
}
END_TEST

START_TEST(links_are_sorted_together_with_their_rp_filter)
{
	enum { COUNT = 257 };
	struct observed observed = { .link_count = COUNT };
	observed.links = calloc(COUNT, sizeof(*observed.links));
	observed.rp_filter = calloc(COUNT, 1);
	ck_assert(observed.links != NULL && observed.rp_filter != NULL);
	for (int i = 0; i < COUNT; i++) {
		observed.links[i].index = i * 101 % COUNT;
		observed.rp_filter[i] = (uint8_t)(observed.links[i].index % 251);
	}
	observed_sort(&observed);
	for (int i = 0; i < COUNT; i++) {
		ck_assert_int_eq(observed.links[i].index, i);
		ck_assert_uint_eq(observed.rp_filter[i], i % 251);
	}
	strcpy(observed.links[7].name, "wan0");
	ck_assert_ptr_eq(observed_link(&observed, "wan0"), &observed.links[7]);
	ck_assert_ptr_null(observed_link(&observed, "wan"));
	observed_deinit(&observed);
	ck_assert_ptr_null(observed.links);
	ck_assert_uint_eq(observed.link_count, 0);
	observed_sort(&observed);
	ck_assert_ptr_null(observed_link(&observed, "wan0"));
}
END_TEST

static const struct {
	uint8_t family;
	const char *destination; // NULL: default.
	uint8_t type;
	const char *gateway;
	int link;
	uint32_t metric;
	bool onlink;
	const char *printed;
} printed_routes[] = {
	{ AF_INET, NULL, RTN_UNICAST, "192.168.2.6", 3, 0, false,
	  "default via 192.168.2.6 dev wan0 table 20101" },
	{ AF_INET, "192.168.2.0/29", RTN_UNICAST, NULL, 3, 0, false,
	  "192.168.2.0/29 dev wan0 table 20101" },
	{ AF_INET, NULL, RTN_UNICAST, "fe80::1", 3, 7, true,
	  "default via inet6 fe80::1 dev wan0 table 20101 metric 7 onlink" },
	{ AF_INET6, "fd00:10::/64", RTN_THROW, NULL, 0, 1024, false,
	  "throw fd00:10::/64 table 20101 metric 1024" },
	{ AF_INET6, NULL, RTN_UNREACHABLE, NULL, 0, UINT32_MAX, false,
	  "unreachable default table 20101 metric 4294967295" },
	{ AF_INET, NULL, RTN_UNICAST, NULL, 9, 0, false, "default dev if 9 table 20101" },
};

START_TEST(route_is_printed_as_iproute2_reads_it)
{
	struct link wan0 = { .index = 3, .name = "wan0" };
	struct observed observed = { .links = &wan0, .link_count = 1 };
	struct route route = {
		.family = printed_routes[_i].family,
		.table = 20101,
		.metric = printed_routes[_i].metric,
		.type = printed_routes[_i].type,
		.link = printed_routes[_i].link,
		.onlink = printed_routes[_i].onlink,
	};
	if (printed_routes[_i].destination != NULL) {
		route.destination = prefix_of(printed_routes[_i].destination);
	}
	if (printed_routes[_i].gateway != NULL) {
		route.gateway = address_of(printed_routes[_i].gateway);
	}
	struct text text = TEXT_EMPTY;
	route_print(&route, &observed, &text);
	ck_assert_str_eq(text.data, printed_routes[_i].printed);
	text_free(&text);
}
END_TEST

START_TEST(route_is_printed_without_an_observation)
{
	struct route route = route_sample();
	struct text text = TEXT_EMPTY;
	route_print(&route, NULL, &text);
	ck_assert_str_eq(text.data, "10.0.0.0/24 via 192.168.2.6 dev if 3 table 20101 metric 5");
	text_free(&text);
}
END_TEST

START_TEST(rule_is_printed_as_iproute2_reads_it)
{
	struct rule rule = rule_sample();
	struct text text = TEXT_EMPTY;
	rule_print(&rule, &text);
	ck_assert_str_eq(text.data, "pref 1010 from 192.168.2.1/32 fwmark 0x1000000/0x3f000000 "
	                            "iif lan0 lookup 20101");
	text_free(&text);
	rule = (struct rule){ .family = AF_INET6, .priority = 1, .mask = 0x3f, .table = 5 };
	rule_print(&rule, &text);
	ck_assert_str_eq(text.data, "pref 1 from all fwmark 0x0/0x3f lookup 5");
	text_free(&text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("state");
	TCase *cases = tcase_create("state");
	suite_add_tcase(suite, cases);
	tcase_add_loop_test(cases, route_that_differs_in_one_field_is_another, 0, ROUTE_FIELDS);
	tcase_add_loop_test(cases, rule_that_differs_in_one_field_is_another, 0, RULE_FIELDS);
	tcase_add_test(cases, default_route_is_one_however_it_is_written);
	tcase_add_test(cases, address_that_became_unusable_is_another);
	tcase_add_test(cases, links_are_sorted_together_with_their_rp_filter);
	tcase_add_loop_test(cases, route_is_printed_as_iproute2_reads_it, 0,
	                    sizeof(printed_routes) / sizeof(printed_routes[0]));
	tcase_add_test(cases, route_is_printed_without_an_observation);
	tcase_add_test(cases, rule_is_printed_as_iproute2_reads_it);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
