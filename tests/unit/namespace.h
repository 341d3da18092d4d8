/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Kernel tests in a network namespace of their own, which ends with the process.
 */

#pragma once

#include <check.h>
#include <stdbool.h>

/*! \brief Run a suite whose tests enter namespaces; 77 (skip) if that is not permitted. */
int namespace_suite_run(Suite *suite);

/*! \brief Enter a fresh network namespace with the loopback interface up (a checked fixture). */
void namespace_enter(void);

/*! \brief Run a shell command that must succeed. */
void run(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*! \brief The output of a shell command, to free. */
char *output_of(const char *command);

/*! \brief Become user 65534 with CAP_NET_ADMIN and CAP_NET_RAW and nothing else. */
void capabilities_drop(void);

/*! \brief After a change of user: let LeakSanitizer look at the process all the same. */
void leaks_stay_visible(void);

/*! \brief Number of open descriptors, and resident memory in KiB (0 under AddressSanitizer). */
unsigned descriptors_open(void);
unsigned long memory_resident(void);

/*! \brief Wait until a descriptor is readable; fails the test after two seconds. */
void wait_readable(int fd);
