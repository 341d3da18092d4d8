/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Validation of a site: what the values of one key alone cannot tell.
 */

#pragma once

#include "site/marks.h"
#include "site/report.h"
#include "site/site.h"

/*! What a check works on. The site may have holes where its file has errors: NULL, or empty lists. */
struct check {
	const struct site *site;
	const struct marks *marks;
	struct report *report;
};

/*!
 * \brief Find every error of meaning in a site.
 * \return 0 (also if there are errors, which are in the report), or -ENOMEM.
 */
int check_site(const struct check *check);

/*! \brief Uplinks: interfaces, addresses, gateways, probes. \return 0 or -ENOMEM. */
int check_uplinks(const struct check *check);

/*! \brief The networks of the aliases for cross-probes. */
void check_cross(const struct check *check);

/*! \brief The probes of one uplink. */
void check_probes(const struct check *check, const struct uplink *uplink);

/*! \brief How the public addresses of one uplink are to be learnt. */
void check_discover(const struct check *check, const struct uplink *uplink);

/*! \brief Servers, and what forwards need of them. \return 0 or -ENOMEM. */
int check_servers(const struct check *check);

/*! \brief Providers' prefixes, and servers that have addresses in them. \return 0 or -ENOMEM. */
int check_provider(const struct check *check);

/*! \brief Ids, domains and aliases. \return 0 or -ENOMEM. */
int check_names(const struct check *check);

/*! \brief What mail domains publish, and names that zones make. \return 0. */
int check_mail(const struct check *check);

/*! \brief Ports that are taken twice or are needed by the gateway. \return 0 or -ENOMEM. */
int check_ports(const struct check *check);

/*! \brief Whether a name is below or at a domain. */
bool check_is_inside(const char *name, const char *domain);

/*! A name and its place, for the search of duplicates. */
struct named {
	const char *name;
	struct mark mark;
};

/*!
 * \brief Report every name that is there twice.
 * \param names  Sorted by name and place afterwards.
 * \param what   Object of the message, «interface».
 * \param remedy End of the message.
 */
void check_duplicates(const struct check *check, struct named *names, size_t count,
                      const char *what, const char *remedy);

/*! An address, who has it, and its place, for the search of duplicates. */
struct owned_address {
	struct address address;
	unsigned uplink;
	struct mark mark;
};

/*!
 * \brief Report every address that is there twice.
 * \param same_uplink  Whether twice at one uplink is an error as well.
 */
void check_address_duplicates(const struct check *check, struct owned_address *addresses,
                              size_t count, bool same_uplink, const char *what);
