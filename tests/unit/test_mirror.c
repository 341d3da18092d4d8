/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * What a query does when the zone has another version than the answers that were signed for it.
 */

#include <check.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "arrival/mirror.h"

#define PATIENCE 5

static const struct {
	uint32_t kicked; /*!< When another query has seen it; 0: none has. */
	uint32_t now;
	bool same_keys; /*!< The zone has and is signed by those that the answers were made for. */
	bool answers;   /*!< Whether the old ones are served. */
	bool wakes;
} cases[] = {
	{ 0, 100, false, true, true },    { 99, 100, false, true, false },
	{ 95, 100, false, true, false },  { 94, 100, false, false, false },
	{ 94, 100, true, true, false },   { 1, 100, false, false, false },
	{ 1, 100, true, true, false },    { UINT32_MAX, 4, false, true, false },
	{ 200, 100, false, true, false }, { 7, UINT32_MAX, false, true, false },
};

START_TEST(test_old_answers_are_served_for_too_long)
{
	struct signed_answers *answers = signed_answers_new(0, 0);
	answers->version = (struct signed_version){ .soa = 7, .keys = 1 };
	const struct signed_version version = { .soa = 8, .keys = cases[_i].same_keys ? 1 : 2 };
	struct mirror_zone zone = { .current = answers,
		                    .kicked = cases[_i].kicked,
		                    .patience = PATIENCE,
		                    .wake_fd = eventfd(0, EFD_NONBLOCK) };
	for (int again = 0; again < 2; again++) {
		const struct signed_answers *found =
			mirror_kick(&zone, mirror_answers(&zone), &version, cases[_i].now);
		ck_assert_ptr_eq(found, cases[_i].answers ? answers : NULL);
		eventfd_t count = 0;
		(void)eventfd_read(zone.wake_fd, &count);
		// One query alone wakes the signer.
		ck_assert_uint_eq(count, cases[_i].wakes && again == 0);
	}
	close(zone.wake_fd);
	signed_answers_free(answers);
}
END_TEST

START_TEST(test_zone_without_answers_wakes_nobody)
{
	const struct signed_version version = { 0 };
	struct mirror_zone zone = { .patience = PATIENCE, .wake_fd = eventfd(0, EFD_NONBLOCK) };
	for (uint32_t now = 100; now < 200; now += 99) {
		ck_assert_ptr_null(mirror_kick(&zone, mirror_answers(&zone), &version, now));
	}
	eventfd_t count = 0;
	ck_assert_int_eq(eventfd_read(zone.wake_fd, &count), 0);
	ck_assert_uint_eq(count, 1);
	close(zone.wake_fd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mirror");
	TCase *tests = tcase_create("mirror");
	tcase_add_loop_test(tests, test_old_answers_are_served_for_too_long, 0,
	                    sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tests, test_zone_without_answers_wakes_nobody);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
