/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * When the connections of a dead uplink end: once, behind a plan that is installed, whatever the order
 * of the uplinks is.
 */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/stranded.h"
#include "namespace.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct uplink uplinks[] = { { .id = (char[]){ "a" }, .number = 1 },
	                                 { .id = (char[]){ "b" }, .number = 2 } };
static const struct uplink turned[] = { { .id = (char[]){ "b" }, .number = 1 },
	                                { .id = (char[]){ "a" }, .number = 2 } };

/*! A pass over two uplinks that are open or not, in IPv4. */
static void pass(const struct uplink *order, bool first_open, bool second_open, bool ready,
                 struct stranded *stranded)
{
	const struct site site = { .outbound = OUTBOUND_FAILOVER, .fwmark_mask = 0xff0000 };
	struct uplink_view views[] = {
		{ .uplink = &order[0], .family[FAMILY_4].open = first_open },
		{ .uplink = &order[1], .family[FAMILY_4].open = second_open },
	};
	const struct plan plan = { .uplinks = views, .uplink_count = COUNT(views) };
	size_t ended = 1;
	ck_assert_int_eq(stranded_end(&site, &plan, ready, stranded, &ended), 0);
	ck_assert_uint_eq(ended, 0);
}

static bool is_done(const struct stranded *stranded, const char *id)
{
	for (size_t i = 0; i < stranded->count; i++) {
		if (strcmp(stranded->uplinks[i].id, id) == 0) {
			return stranded->uplinks[i].family[FAMILY_4];
		}
	}
	return false;
}

START_TEST(a_pass_that_failed_leaves_it_to_the_next)
{
	struct stranded stranded = { 0 };
	pass(uplinks, false, true, false, &stranded);
	ck_assert(!is_done(&stranded, "a"));
	pass(uplinks, false, true, true, &stranded);
	ck_assert(is_done(&stranded, "a"));
	ck_assert(!is_done(&stranded, "b"));
}
END_TEST

START_TEST(another_order_of_uplinks_is_no_other_death)
{
	struct stranded stranded = { 0 };
	pass(uplinks, false, true, true, &stranded);
	// The other one has died instead, and has the number that the first one had.
	pass(turned, false, true, false, &stranded);
	ck_assert(!is_done(&stranded, "a"));
	ck_assert(!is_done(&stranded, "b"));
	pass(uplinks, false, true, true, &stranded);
	pass(turned, true, false, false, &stranded);
	ck_assert(is_done(&stranded, "a"));
}
END_TEST

START_TEST(one_that_came_back_can_die_again)
{
	struct stranded stranded = { 0 };
	pass(uplinks, false, true, true, &stranded);
	pass(uplinks, true, true, true, &stranded);
	ck_assert(!is_done(&stranded, "a"));
	pass(uplinks, false, true, true, &stranded);
	ck_assert(is_done(&stranded, "a"));
	// Without a way round they are kept, and end when there is one.
	pass(uplinks, false, false, true, &stranded);
	ck_assert(!is_done(&stranded, "a"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stranded");
	TCase *cases = tcase_create("stranded");
	tcase_add_checked_fixture(cases, namespace_enter, NULL);
	tcase_add_test(cases, a_pass_that_failed_leaves_it_to_the_next);
	tcase_add_test(cases, another_order_of_uplinks_is_no_other_death);
	tcase_add_test(cases, one_that_came_back_can_die_again);
	suite_add_tcase(suite, cases);
	return namespace_suite_run(suite);
}
