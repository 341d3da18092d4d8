/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief What all zones of a site agree on: names that follow from it, fixed addresses, lifetimes.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "ctl/zone.h"
#include "site/site.h"

/*! Static records: a day, as their addresses change when a provider is changed. */
#define ZONE_TTL 86400

/*!
 * \brief Name of a name server of a zone for one uplink: «www-ns1.example.com».
 *
 * The label is the zone's name below the site's domain, with dots turned to hyphens; of a zone
 * outside the site's domain it is the whole name, and of the site's domain itself it is «ns1» alone.
 *
 * \param domain  The zone, in lower case without the last dot.
 * \param number  The uplink's number.
 * \param name    The name is added to it, without the last dot.
 */
void zone_name_server(const struct site *site, const char *domain, unsigned number,
                      struct text *name);

/*! \brief Name of the mail gateway of an uplink, «mail-gw-1.example.com»; added to name. */
void zone_mail_gateway(const struct site *site, unsigned number, struct text *name);

/*! \brief Whether a name is a domain or below it. */
bool zone_contains(const char *domain, const char *name);

/*!
 * \brief The host in whose zone a name lies: the deepest one that contains it, or NULL.
 * \param below  Only hosts that are above the name: whose zone delegates a zone of that name.
 */
const struct host *zone_of_name(const struct site *site, const char *name, bool below);

/*!
 * \brief The addresses of a family that the outside sees of an uplink, as the file or --addresses tells.
 * \return A list: the public addresses if there is one of the family, else the uplink's own.
 */
const struct address_list *zone_addresses(const struct uplink *uplink, uint8_t family);

/*!
 * \brief Take addresses over that the file does not have, «uplink=address,uplink=address».
 * \param error  The reason is added to it.
 * \return 0, -EINVAL or -ENOMEM.
 */
int zone_learn_addresses(struct site *site, const char *list, struct text *error);

/*! \brief The first of zone_addresses(), or NULL. */
const struct address *zone_address(const struct uplink *uplink, uint8_t family);

/*!
 * \brief The address that stands for a server on an uplink: its own there, else the uplink's.
 * \param address  Out.
 * \return Whether there is one that is known.
 */
bool zone_server_address(const struct site *site, const struct server *server,
                         const struct uplink *uplink, uint8_t family, struct address *address);

/*! \brief Lifetime of NS records: a day, or an hour if an uplink's address is followed. */
uint32_t zone_name_server_ttl(const struct site *site);

/*!
 * \brief Whether every uplink has an address in the file, as zones need that nobody rewrites.
 * \param error  The reason why not is added to it.
 */
bool zone_addresses_fixed(const struct site *site, struct text *error);

/*! \brief Add the SOA record that all zones of a site have in common but for name and serial. */
void zone_add_site_soa(struct zone *zone, const struct site *site, const char *mname,
                       uint32_t serial);
