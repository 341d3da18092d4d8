/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Names that queries leave for the signer.
 */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arrival/owners.h"

static const knot_dname_t *name(unsigned number)
{
	static knot_dname_storage_t dname;
	char text[32];
	(void)snprintf(text, sizeof(text), "x%u.example.com.", number);
	return knot_dname_from_str(dname, text, sizeof(dname));
}

START_TEST(test_box_takes_a_second_name)
{
	struct owner_box box = { 0 };
	struct owners owners = { 0 };
	ck_assert(!owners_take(&owners, &box));
	ck_assert_uint_eq(owners.count, 0);
	ck_assert(!owner_box_full(&box));
	ck_assert(owner_box_put(&box, name(1)));
	ck_assert(owner_box_full(&box));
	ck_assert(!owner_box_put(&box, name(2)));
	ck_assert(owners_take(&owners, &box));
	ck_assert(!owner_box_full(&box));
	ck_assert_uint_eq(owners.count, 1);
	ck_assert(knot_dname_is_equal(owners.list[0], name(1)));
	owners_deinit(&owners);
}
END_TEST

START_TEST(test_list_grows_without_end)
{
	struct owner_box box = { 0 };
	struct owners owners = { 0 };
	for (unsigned i = 0; i < 3 * OWNERS_MAX; i++) {
		ck_assert(owner_box_put(&box, name(i / 2)));
		// What is there already, or has no place, is nothing to act on.
		ck_assert(owners_take(&owners, &box) == (i % 2 == 0 && i / 2 < OWNERS_MAX));
		ck_assert(!owner_box_full(&box));
		ck_assert_uint_eq(owners.count, i / 2 < OWNERS_MAX ? i / 2 + 1 : OWNERS_MAX);
	}
	owners_remove(&owners, 0);
	ck_assert(knot_dname_is_equal(owners.list[0], name(OWNERS_MAX - 1)));
	owners_deinit(&owners);
	ck_assert_uint_eq(owners.count, 0);
}
END_TEST

START_TEST(test_box_that_was_emptied_keeps_its_name)
{
	struct owner_box box = { 0 };
	struct owners owners = { 0 };
	ck_assert(owner_box_put(&box, name(1)));
	owner_box_empty(&box);
	ck_assert(!owner_box_full(&box));
	ck_assert(!owners_take(&owners, &box));
	ck_assert(owner_box_put(&box, name(2)));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("owners");
	TCase *tests = tcase_create("owners");
	tcase_add_test(tests, test_box_takes_a_second_name);
	tcase_add_test(tests, test_list_grows_without_end);
	tcase_add_test(tests, test_box_that_was_emptied_keeps_its_name);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
