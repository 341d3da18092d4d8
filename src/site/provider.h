/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Addresses that a server has in the prefixes of the providers: held by itself, or mapped onto it.
 *
 * Held: with reply-path source-address, an uplink-address that is global IPv6 is the server's own on
 * that uplink. Packets to it are forwarded as they are. Mapped: with a lan-prefix, each uplink's prefix
 * stands for the inside one, 1:1 (RFC 6296), and only the part behind the prefix tells the hosts apart.
 * Either way the name is answered with the server's address instead of the uplink's.
 */

#pragma once

#include "site/site.h"

/*! Addresses out of providers' prefixes that a server may have, as in the answer table. */
#define SITE_OWN_MAX 16

/*! \brief Whether it is a global unicast IPv6 address, 2000::/3 (RFC 4291 section 2.4, IANA). */
bool address_is_global6(const struct address *address);

/*! \brief Whether two prefixes have an address in common. */
bool prefix_overlaps(const struct prefix *a, const struct prefix *b);

/*! \brief The address that a server holds in the prefix of an uplink's provider, or NULL. */
const struct address *provider_held(const struct server *server, unsigned uplink);

/*! \brief Whether a server holds such an address for any uplink. */
bool provider_server(const struct server *server);

/*! \brief Whether an uplink's prefix is mapped onto the one of the LAN. */
bool provider_maps(const struct site *site, const struct uplink *uplink);

/*! \brief Whether an uplink's prefix is used inside as it is: not mapped. */
bool provider_inside(const struct site *site, const struct uplink *uplink);

/*! \brief Whether anything here concerns a site: an uplink has a prefix, or a server holds an address. */
bool provider_used(const struct site *site);

/*!
 * \brief The address by which the outside reaches a server on an uplink instead of the uplink's own.
 * \return Family 0: there is none, it is reached by the uplink's address.
 */
struct address provider_address(const struct site *site, const struct server *server,
                                unsigned uplink, uint8_t family);
