/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The forms in which people hand records over to whoever hosts their zone.
 */

#pragma once

#include "ctl/zone_parent.h"

/*!
 * \brief Write the records of a parent zone in a format.
 *
 * \param format  zone, nsupdate, octodns, dnscontrol or json; NULL for zone.
 * \param domain  The site's domain.
 * \param text    The text is added to it, or nothing on failure.
 * \param error   The reason is added to it.
 * \return 0, -EINVAL (no such format) or -ENOMEM.
 */
int zone_format(const char *format, const char *domain, const struct zone_parent *parent,
                struct text *text, struct text *error);

/*!
 * \brief Add lines for people: the records of a zone behind the sign of a comment, after a title.
 * \param sign  «;», «#» or «//». A zone without records adds nothing.
 * \return 0 or -errno.
 */
int zone_format_comments(const struct zone *zone, const char *sign, const char *title,
                         struct text *text);

/*! What the providers are asked for, as the title of the comments with it. */
#define ZONE_POINTERS_TITLE \
	"PTR records to ask the providers for; the mail server greets by the same names:"
