/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Site files made of texts, for tests that load them.
 */

#pragma once

#include <stddef.h>

#include "site/site.h"

/*!
 * \brief Load a site from bytes by way of a temporary file.
 * \param report  Out: the report with the name of the file cut off each line; to free.
 * \return As site_load().
 */
int load_bytes(const char *bytes, size_t size, struct site **site, char **report);

/*! \brief The bytes of a file of the source tree, zero-terminated; to free. */
char *read_source(const char *name, size_t *size);

/*! A text that must be refused or warned about, with exactly these lines. */
struct bad_file {
	const char *text;
	const char *report;
};

/*! \brief Assert that a text gives its report, and loads only if that has warnings alone. */
void assert_reported(const struct bad_file *file);
