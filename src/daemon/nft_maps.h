/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Sets and maps of the ruleset as text. Private to nft_*.c.
 */

#pragma once

#include "base/text.h"
#include "daemon/mail_senders.h"
#include "daemon/nft_forwards.h"
#include "daemon/plan.h"
#include "site/site.h"

/*! What the ruleset is rendered from: the site file, and for live elements the state too. */
struct nft_source {
	const struct site *site;
	const struct nft_forwards *forwards; /*!< NULL: they are left out. */
	const struct uplink_view *uplinks;
	const struct observed *observed;
	uplink_set drained;
	const struct mail_senders *senders;
};

/*! The parts of the ruleset in which sets and maps appear. */
enum nft_maps_part { NFT_MAPS_DECLARE, NFT_MAPS_FLUSH, NFT_MAPS_FILL };

/*!
 * \brief Print one part for the sets and maps of a site.
 *
 * Declared are all. Flushed and filled are those whose elements follow from the site file alone, or,
 * if live, those whose elements follow the state of the uplinks.
 */
void nft_maps_print(const struct nft_source *source, enum nft_maps_part part, bool live,
                    struct text *text);

/*! \brief Separate the next element from those that a list has since its start. */
void nft_separator(struct text *text, size_t start);
