/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief A program's one suite.
 */

#pragma once

#include <check.h>
#include <stdlib.h>

/*! \brief Run the one suite of a program. \return Its exit code. */
static inline int suite_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))
