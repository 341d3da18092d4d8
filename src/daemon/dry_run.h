/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief What would be installed, as text: --check and --dry-run.
 */

#pragma once

#include "site/site.h"

/*!
 * \brief Print the ruleset, routes, rules and answers of a site to standard output.
 * \param observed  A file in the form of observed_text.h, or NULL: ask the kernel.
 * \return 0, -EINVAL (the file, told on standard error), or another -errno (logged).
 */
int dry_run_print(const struct site *site, const char *observed);

/*! \brief Build the plan and print one line of summary. \return 0 or -errno (logged). */
int dry_run_check(const char *path, const struct site *site);
