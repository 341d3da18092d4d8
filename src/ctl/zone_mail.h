/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The records of mail domains: MX, the gateways that they name, SPF.
 */

#pragma once

#include <stdint.h>

#include "base/text.h"
#include "ctl/command.h"
#include "ctl/zone.h"
#include "site/site.h"

/*!
 * \brief Add the MX records of a mail domain, one for each uplink that mail can come in by.
 * \return 0 or -ENOMEM.
 */
int zone_mail_add_mx(struct zone *zone, const struct site *site, const struct mail *mail);

/*! \brief Add the mail gateways' addresses, in the site's domain. \return 0 or -ENOMEM. */
int zone_mail_add_gateways(struct zone *zone, const struct site *site);

/*! \brief Add the TXT records of a mail domain. \return 0 or -ENOMEM. */
int zone_mail_add_policies(struct zone *zone, const struct site *site, const struct mail *mail);

/*!
 * \brief Add the PTR records that only the providers can set.
 *
 * A mail server greets by the name of the gateway, and receivers look for the same name at its address.
 *
 * \return 0 or -ENOMEM.
 */
int zone_mail_add_pointers(struct zone *zone, const struct site *site);

/*!
 * \brief Write the whole zone of a mail domain, with all that a parent zone holds of names in it.
 *
 * \param text   The zone file's text is added to it, or nothing on failure.
 * \param error  The reason is added to it, object first.
 * \return 0, -EINVAL (a name is too long, an uplink has no address, or the records belong into the
 *         zone of a host), -EBADMSG or -ENOMEM.
 */
int zone_mail_write(const struct site *site, const struct mail *mail, uint32_t serial,
                    struct text *text, struct text *error);

/*!
 * \brief Write a mail domain's zone for the file that it will replace, see serial_write().
 * \param path  The file, or NULL.
 * \return 0 or -errno; the reason has been written on standard error.
 */
int zone_mail_make(const struct command_line *line, const struct site *site,
                   const struct mail *mail, const char *path, struct text *text);
