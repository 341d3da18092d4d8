/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief What a zone itself holds at its hosts, with knotd's signatures, learnt by asking.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arrival/self_query.h"
#include "arrival/signed_answers.h"

/*! All that is known of a zone at one SOA serial; zeroed memory knows nothing. */
struct learnt {
	struct signed_set *soa;
	struct signed_set *dnskey;
	/*! Sorted by owner and type; without records where there are none. */
	struct signed_set **sets;
	size_t count;
	struct region region; /*!< Of all that. */
};

/*! \brief Free the content. */
void learnt_deinit(struct learnt *learnt);

/*! \brief Find what there is at an owner. \return NULL if nobody has asked yet. */
struct signed_set *learnt_find(const struct learnt *learnt, const uint8_t *owner, size_t owner_size,
                               uint16_t type);

/*! \brief Forget what there is at an owner, as if nobody had asked; borrowed sets of it are gone. */
void learnt_forget(struct learnt *learnt, const uint8_t *owner, size_t owner_size, uint16_t type);

/*! \brief The version of the zone. */
struct signed_version learnt_version(const struct learnt *learnt);

/*!
 * \brief Learn about owners, anew if the zone has changed.
 * \param zone    Wire form, lower case.
 * \param wanted  Sets whose owner and type are asked for.
 * \param learnt  In: what is known. Out: what is known now; as it was on errors.
 * \return 0; -ENODATA: the zone is not signed; -EAGAIN: it is not loaded; -EBUSY: it keeps changing; -EACCES:
 *         the questions are refused; others as self_query_ask().
 */
int learn_zone(struct self_query *query, const uint8_t *zone, struct signed_set *const *wanted,
               size_t wanted_count, struct learnt *learnt);
