/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * What a query does when the zone has another serial than the answers that were signed for it.
 */

#include <check.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "arrival/mirror.h"

#define PATIENCE 5

static const struct {
	uint32_t kicked; /*!< When another query has seen it; 0: none has. */
	uint32_t serial;
	uint32_t now;
	bool answers; /*!< Whether the old ones are served. */
	bool wakes;
} cases[] = {
	{ 0, 7, 100, true, false },   { 50, 7, 100, true, false },
	{ 0, 8, 100, true, true },    { 99, 8, 100, true, false },
	{ 95, 8, 100, true, false },  { 94, 8, 100, false, false },
	{ 1, 8, 100, false, false },  { UINT32_MAX, 8, 4, true, false },
	{ 200, 8, 100, true, false }, { 7, 8, UINT32_MAX, true, false },
};

START_TEST(test_old_answers_are_served_for_too_long)
{
	struct signed_answers *answers = signed_answers_new(7, 0, 0);
	struct mirror_zone zone = { .current = answers,
		                    .kicked = cases[_i].kicked,
		                    .patience = PATIENCE,
		                    .wake_fd = eventfd(0, EFD_NONBLOCK) };
	for (int again = 0; again < 2; again++) {
		const struct signed_answers *found =
			mirror_answers(&zone, cases[_i].serial, cases[_i].now);
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
	struct mirror_zone zone = { .patience = PATIENCE, .wake_fd = eventfd(0, EFD_NONBLOCK) };
	ck_assert_ptr_null(mirror_answers(&zone, 0, 100));
	eventfd_t count = 0;
	ck_assert_int_eq(eventfd_read(zone.wake_fd, &count), 0);
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
