/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief What a site file leaves to be derived from the rest of it.
 */

#pragma once

#include "site/marks.h"
#include "site/site.h"

/*! \brief Numbers and times of the uplinks read so far; later sections refer to them. */
void complete_uplinks(struct site *site);

/*!
 * \brief Defaults that depend on other values, once all sections are read.
 * \param marks  What is derived gets the places of what it is derived from; not sorted yet.
 * \return 0 or -ENOMEM.
 */
int complete_site(struct site *site, struct marks *marks);
