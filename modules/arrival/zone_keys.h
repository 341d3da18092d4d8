/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The private keys with which knotd signs a zone, found by what they have signed. Read only.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libknot/rdataset.h>

#include "arrival/sign.h"

struct zone_keys;

/*!
 * \brief The keys of a zone; nothing is read yet.
 * \param zone     Wire form, lower case.
 * \param folders  Keystores of PEM files in their order, ended by NULL; not kept.
 * \return NULL if memory ran out.
 */
struct zone_keys *zone_keys_new(const uint8_t *zone, char *const *folders);

/*! \brief Free; NULL is legal. */
void zone_keys_free(struct zone_keys *keys);

/*!
 * \brief Begin a round: each key must prove itself anew. Those are forgotten that are neither needed nor
 * published any more.
 * \param dnskeys  The zone's DNSKEY set, borrowed until the end of the round.
 */
void zone_keys_begin(struct zone_keys *keys, const knot_rdataset_t *dnskeys);

/*!
 * \brief Find the key that has made a signature.
 *
 * In each round the first signature of a key is verified: a key tag is no proof (RFC 4034 appendix B).
 *
 * \param set        RRset that is signed.
 * \param signature  One of its RRSIG records.
 * \param missing    Out: there is no such key, and in this round nobody was told so before.
 * \return Its context, or NULL.
 */
dnssec_sign_ctx_t *zone_keys_find(struct zone_keys *keys, const struct signed_set *set,
                                  const knot_rdata_t *signature, bool *missing);

/*! \brief Whether the zone's DNSKEY set has the key of each signature of a set. */
bool zone_keys_published(const struct zone_keys *keys, const struct signed_set *set);
