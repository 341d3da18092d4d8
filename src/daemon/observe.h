/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief What the daemon tells multihomectl check: facts that need its privilege, and no judgement.
 */

#pragma once

#include <jansson.h>

#include "daemon/others.h"
#include "daemon/reconcile.h"

/*!
 * \brief Look at settings, and at rules, routes and chains of other programs.
 * \param error  Out: a static message if the result is NULL.
 * \return New reference, or NULL.
 */
json_t *observe_report(const struct standing *standing, const char **error);

/*!
 * \brief Let one packet of each kind of traffic pass the chains of others.
 * \param complete  Out: whether it was all; of many services and rules only the first are looked at.
 * \return New reference: an array with an object for each end that one came to; NULL: it failed.
 */
json_t *observe_drops(const struct standing *standing, struct other_nft *nft, bool *complete);
