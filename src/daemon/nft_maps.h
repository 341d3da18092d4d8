/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Sets and maps of the ruleset as text. Private to nft_*.c.
 */

#pragma once

#include "base/text.h"
#include "daemon/nft_forwards.h"
#include "daemon/plan.h"
#include "site/site.h"

/*! Everything the ruleset is rendered from. */
struct nft_source {
	const struct site *site;
	const struct uplink_view *uplinks;
	const struct observed *observed;
	const struct nft_forwards *forwards;
};

/*! The parts of the ruleset in which each set and map appears. */
enum nft_maps_part { NFT_MAPS_DECLARE, NFT_MAPS_FLUSH, NFT_MAPS_FILL };

/*! \brief Print one part for every set and map of a site. */
void nft_maps_print(const struct nft_source *source, enum nft_maps_part part, struct text *text);
