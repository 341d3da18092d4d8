/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The records of mail domains: MX, the gateways that they name, SPF.
 */

#pragma once

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
