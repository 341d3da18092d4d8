/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Elements of sets and maps that follow the state of the uplinks. Private to nft_*.c.
 *
 * Each function prints the elements of the set or map of its name, separated by commas, or nothing.
 */

#pragma once

#include "daemon/nft_maps.h"

/*! All addresses of the uplinks' interfaces; «home» with the interface. */
void nft_live_own(const struct nft_source *source, unsigned uplink, uint8_t family,
                  struct text *text);
void nft_live_home(const struct nft_source *source, unsigned uplink, uint8_t family,
                   struct text *text);

/*! The addresses that DNS answers, with what a packet of the LAN to them does. */
void nft_live_hairpin(const struct nft_source *source, unsigned uplink, uint8_t family,
                      struct text *text);
void nft_live_dns_port(const struct nft_source *source, unsigned uplink, uint8_t family,
                       struct text *text);

/*! Prefixes that the main table routes by an uplink's interface, other than by a default route. */
void nft_live_specific(const struct nft_source *source, unsigned uplink, uint8_t family,
                       struct text *text);

/*! By family, the uplink that takes new connections of the LAN. */
void nft_live_first(const struct nft_source *source, unsigned uplink, uint8_t family,
                    struct text *text);

/*! Aliases of uplinks and the addresses that the outside knows of them; «home» with the interface. */
void nft_live_alias(const struct nft_source *source, unsigned uplink, uint8_t family,
                    struct text *text);
void nft_live_public(const struct nft_source *source, unsigned uplink, uint8_t family,
                     struct text *text);
void nft_live_public_home(const struct nft_source *source, unsigned uplink, uint8_t family,
                          struct text *text);

/*! Addresses of mail servers: the uplink of what they send, and the source it gets there. */
void nft_live_mail(const struct nft_source *source, unsigned uplink, uint8_t family,
                   struct text *text);
void nft_live_mail_source(const struct nft_source *source, unsigned uplink, uint8_t family,
                          struct text *text);
