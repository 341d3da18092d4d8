/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Servers in the providers' prefixes, in the ruleset. Private to nft_*.c.
 *
 * All of them print nothing for a site that has neither a prefix nor such a server.
 */

#pragma once

#include "daemon/nft_maps.h"

/*! \brief Declare the chains. */
void nft_provider_declare(const struct site *site, struct text *text);

/*! \brief Fill the chains of nft_provider_declare(). */
void nft_provider_fill(const struct site *site, struct text *text);

/*! \brief Rules of chain nat_in, before those for the gateway's own addresses. */
void nft_provider_map_in(const struct site *site, struct text *text);

/*! \brief Rules of chain nat_out, before masquerading. */
void nft_provider_map_out(const struct site *site, struct text *text);

/*! \brief Rules of chain guard: what of those prefixes must not pass. */
void nft_provider_guard(const struct site *site, struct text *text);

/*! \brief Rules of chain leave: the prefixes leave by their own uplink alone. */
void nft_provider_leave(const struct site *site, struct text *text);

/*! Elements, as those of nft_live.h. «mapped»: prefixes, each with the chain that maps it. */
void nft_provider_held(const struct nft_source *source, unsigned uplink, uint8_t family,
                       struct text *text);
void nft_provider_mapped(const struct nft_source *source, unsigned uplink, uint8_t family,
                         struct text *text);
void nft_provider_unmapped(const struct nft_source *source, unsigned uplink, uint8_t family,
                           struct text *text);
void nft_provider_homes(const struct nft_source *source, unsigned uplink, uint8_t family,
                        struct text *text);
void nft_provider_translates(const struct nft_source *source, unsigned uplink, uint8_t family,
                             struct text *text);
void nft_provider_reaches(const struct nft_source *source, unsigned uplink, uint8_t family,
                          struct text *text);
void nft_provider_single(const struct nft_source *source, unsigned uplink, uint8_t family,
                         struct text *text);
void nft_provider_range(const struct nft_source *source, unsigned uplink, uint8_t family,
                        struct text *text);
