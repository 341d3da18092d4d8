/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The difference of two sorted arrays, written as strings of letters.
 */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/diff.h"

static int compare_letters(const void *a, const void *b)
{
	return *(const char *)a - *(const char *)b;
}

/*! What was called for, in order: missing letters as they are, surplus ones in upper case. */
struct calls {
	char text[64];
	char stop; // The call for this letter ends the walk.
};

static int note(struct calls *calls, char letter, char shown)
{
	strncat(calls->text, &shown, 1);
	return calls->stop == letter ? 42 : 0;
}

static int on_missing(const void *item, void *context)
{
	return note(context, *(const char *)item, *(const char *)item);
}

static int on_surplus(const void *item, void *context)
{
	return note(context, *(const char *)item, (char)(*(const char *)item - 'a' + 'A'));
}

static const struct {
	const char *wanted;
	const char *actual;
	const char *calls;
} walks[] = {
	{ "", "", "" },
	{ "abc", "abc", "" },
	{ "abc", "", "abc" },
	{ "", "abc", "ABC" },
	{ "ace", "bdf", "aBcDeF" },
	{ "abc", "b", "ac" },
	{ "b", "abc", "AC" },
	{ "abx", "aby", "xY" },
	{ "aby", "abx", "Xy" },
	{ "a", "z", "aZ" },
	{ "z", "a", "Az" },
	// Equal items pair off one by one.
	{ "aab", "ab", "a" },
	{ "ab", "aab", "A" },
};

START_TEST(each_difference_is_called_for_once_in_order)
{
	struct calls calls = { .text = "" };
	const char *wanted = walks[_i].wanted;
	const char *actual = walks[_i].actual;
	ck_assert_int_eq(diff_run(wanted, strlen(wanted), actual, strlen(actual), 1,
	                          compare_letters, on_missing, on_surplus, &calls),
	                 0);
	ck_assert_str_eq(calls.text, walks[_i].calls);
}
END_TEST

START_TEST(side_without_a_call_is_skipped)
{
	struct calls calls = { .text = "" };
	ck_assert_int_eq(diff_run("ace", 3, "bdf", 3, 1, compare_letters, on_missing, NULL, &calls),
	                 0);
	ck_assert_str_eq(calls.text, "ace");
	calls.text[0] = '\0';
	ck_assert_int_eq(diff_run("ace", 3, "bdf", 3, 1, compare_letters, NULL, on_surplus, &calls),
	                 0);
	ck_assert_str_eq(calls.text, "BDF");
	ck_assert_int_eq(diff_run("ace", 3, "bdf", 3, 1, compare_letters, NULL, NULL, NULL), 0);
}
END_TEST

START_TEST(call_that_returns_something_ends_the_walk)
{
	struct calls calls = { .stop = 'c' };
	ck_assert_int_eq(
		diff_run("ace", 3, "bdf", 3, 1, compare_letters, on_missing, on_surplus, &calls),
		42);
	ck_assert_str_eq(calls.text, "aBc");
	calls = (struct calls){ .stop = 'd' };
	ck_assert_int_eq(
		diff_run("ace", 3, "bdf", 3, 1, compare_letters, on_missing, on_surplus, &calls),
		42);
	ck_assert_str_eq(calls.text, "aBcD");
}
END_TEST

static int compare_numbers(const void *a, const void *b)
{
	return (*(const int *)a > *(const int *)b) - (*(const int *)a < *(const int *)b);
}

static int add_up(const void *item, void *context)
{
	*(int *)context += *(const int *)item;
	return 0;
}

START_TEST(items_larger_than_a_byte_are_walked_in_their_size)
{
	static const int wanted[] = { -5, 1000, 70000 };
	static const int actual[] = { -5, 70000, 80000 };
	int missing = 0;
	int surplus = 0;
	ck_assert_int_eq(diff_run(wanted, 3, actual, 3, sizeof(int), compare_numbers, add_up, NULL,
	                          &missing),
	                 0);
	ck_assert_int_eq(diff_run(wanted, 3, actual, 3, sizeof(int), compare_numbers, NULL, add_up,
	                          &surplus),
	                 0);
	ck_assert_int_eq(missing, 1000);
	ck_assert_int_eq(surplus, 80000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("diff");
	TCase *tcase = tcase_create("diff");
	tcase_add_loop_test(tcase, each_difference_is_called_for_once_in_order, 0,
	                    sizeof(walks) / sizeof(walks[0]));
	tcase_add_test(tcase, side_without_a_call_is_skipped);
	tcase_add_test(tcase, call_that_returns_something_ends_the_walk);
	tcase_add_test(tcase, items_larger_than_a_byte_are_walked_in_their_size);
	suite_add_tcase(suite, tcase);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
