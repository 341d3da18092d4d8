/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The forwards of a site as map elements: one list, sorted, without doubles.
 */

#pragma once

#include <stdbool.h>

#include "base/text.h"
#include "site/site.h"

struct nft_forwards;

/*! \brief Expand all services of a site, for each uplink and family. \return 0 or -ENOMEM. */
int nft_forwards_build(const struct site *site, struct nft_forwards **forwards);

void nft_forwards_free(struct nft_forwards *forwards);

/*!
 * \brief Print the elements of one map, separated by commas: of what is reached by the uplink's address.
 * \param range  The ranges (port kept) or the single ports.
 */
void nft_forwards_print(const struct nft_forwards *forwards, unsigned uplink, uint8_t family,
                        bool range, struct text *text);

/*!
 * \brief Print «address . protocol . port» of what is reached by an address of the server's own.
 * \param range  The ranges or the single ports.
 */
void nft_forwards_print_outside(const struct nft_forwards *forwards, unsigned uplink, bool range,
                                struct text *text);

/*! \brief Add commands that make one site's elements another's; none if they are the same. */
void nft_forwards_change(const struct nft_forwards *old, const struct nft_forwards *forwards,
                         struct text *text);

/*!
 * \brief Where an uplink forwards a port to.
 * \param inside  Out: port on the server.
 * \return The server's address, borrowed, or NULL if the port of the uplink's address is not forwarded.
 */
const struct address *nft_forwards_target(const struct nft_forwards *forwards, unsigned uplink,
                                          uint8_t family, uint8_t protocol, uint16_t port,
                                          uint16_t *inside);
