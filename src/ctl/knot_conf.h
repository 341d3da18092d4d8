/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The part of knot.conf that follows from the site, for an «include» of the operator's own file.
 */

#pragma once

#include <stdbool.h>

#include "base/text.h"
#include "site/site.h"

/*! \brief Whether the Knot DNS that this was built for listens on «ADDRESS%INTERFACE»: since 3.5.5. */
bool knot_conf_has_devices(void);

/*! What the site file does not say. */
struct knot_conf_options {
	const char *module_file; /*!< Path of arrival.so, or NULL if it is installed. */
	const char *sections;    /*!< «minimal», «full», or NULL for the module's default. */
	const char *zone_dir;    /*!< Folder of the zone files, or NULL: knotd's storage. */
	bool mail;               /*!< The zones of the mail domains too. */
	bool dnssec;             /*!< knotd signs the zones. */
};

/*!
 * \brief Write the part: listen, module, zones.
 *
 * \param text   It is added to this, or nothing on failure.
 * \param error  On failure the reason and the remedy are added to it.
 * \return 0, -EINVAL (the site or an option cannot be expressed) or -ENOMEM.
 */
int knot_conf_write(const struct site *site, const struct knot_conf_options *options,
                    struct text *text, struct text *error);
