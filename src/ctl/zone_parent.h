/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief What zones elsewhere must hold for a site: delegations, name servers' addresses, mail.
 */

#pragma once

#include "base/text.h"
#include "ctl/zone.h"
#include "site/site.h"

/*! The records, by who has to enter them. */
struct zone_parent {
	struct zone *domain; /*!< In the zone of the site's domain. */
	struct zone *
		elsewhere; /*!< For hosts and mail domains outside of it: in the zones above them. */
	struct zone *pointers; /*!< At the providers; none without mail. */
	struct zone *earlier;  /*!< What the domain held before, to be replaced; NULL: not known. */
};

/*!
 * \brief Collect the records.
 *
 * Hosts and mail domains below another host are left out: the zone of that host has them.
 *
 * \param parent  Out: to be freed by zone_parent_free(), also on failure.
 * \param error   The reason is added to it, object first.
 * \return 0, -EINVAL, -EBADMSG or -ENOMEM.
 */
int zone_parent_make(const struct site *site, struct zone_parent *parent, struct text *error);

/*! \brief Free the records. */
void zone_parent_free(struct zone_parent *parent);

/*! \brief Add the delegation of a zone, without addresses. \return 0 or -ENOMEM. */
int zone_parent_delegate(struct zone *zone, const struct site *site, const char *domain);

/*! \brief Add the addresses of a zone's name servers, in the site's domain. \return 0 or -ENOMEM. */
int zone_parent_name_servers(struct zone *zone, const struct site *site, const char *domain);
