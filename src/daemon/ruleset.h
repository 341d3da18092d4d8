/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The ruleset in the kernel: loading a plan's, and knowing whether it is still there.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/kernel.h"
#include "daemon/nft_forwards.h"
#include "daemon/plan.h"

/*! What follows from a site file. */
struct ruleset_source {
	const struct site *site; /*!< Borrowed. */
	char *frame; /*!< All but the forwards' and the live elements: see nft_text.h. */
	struct nft_forwards *forwards;
};

struct ruleset {
	struct nfnl *nfnl;
	struct nft_apply *nft;
	struct ruleset_source source;
	struct ruleset_source former; /*!< Of the site before, until ruleset_forget_site(). */
	bool former_loaded;           /*!< The former was loaded last. */
	bool kept;   /*!< What was installed for it still is, but for what others do. */
	bool loaded; /*!< The source was loaded last. */
	bool installed; /*!< What was loaded last and the last plan's elements, as far as events tell. */
	unsigned commits;    /*!< Of ours so far. */
	uint32_t generation; /*!< Of our last commit; 0: others came since all was loaded. */
};

/*! What of the ruleset a pass loads. */
enum refill { REFILL_NOTHING, REFILL_LIVE, REFILL_SITE, REFILL_ALL };

/*! \brief Open the sockets. \return 0 or -errno, logged; ruleset_close() is right in either case. */
int ruleset_open(struct ruleset *ruleset);
void ruleset_close(struct ruleset *ruleset);

/*!
 * \brief Take over a site; it must stay as long as it is that of the ruleset.
 * \return 0 or -ENOMEM: the one before stays.
 */
int ruleset_set_site(struct ruleset *ruleset, const struct site *site);

/*! \brief The site is taken, or not: what was rendered for it, or for the one before, is freed. */
void ruleset_forget_site(struct ruleset *ruleset);
void ruleset_reset_site(struct ruleset *ruleset);

/*!
 * \brief Whether what was installed before still is, after ruleset_load() failed.
 *
 * A transaction is all or nothing, but its answer can be lost where the transaction is not.
 */
bool ruleset_kept(const struct ruleset *ruleset);

/*!
 * \brief How much has to be loaded: all if the ruleset is lost; what differs if it follows from another
 *        site file.
 * \param last  The plan that was loaded last, or NULL.
 */
enum refill ruleset_needed(const struct ruleset *ruleset, const struct plan *last,
                           const struct plan *plan);

/*!
 * \brief Load a plan's ruleset in one transaction, and delete what our table holds beyond it.
 *
 * If the table cannot take it (others changed a chain's priority or a map's type), it is replaced.
 * \return 0 or -errno, logged.
 */
int ruleset_load(struct ruleset *ruleset, const struct plan *plan, enum refill refill);

/*!
 * \brief Whether lost events are those of our own last commit: a large one fills every buffer.
 *
 * To load the ruleset again because of them would lose as many, and so on for ever.
 */
bool ruleset_lost_own_events(const struct ruleset *ruleset);

/*! \brief Delete our table. \return 0 (also if there is none) or -errno, logged. */
int ruleset_remove(struct ruleset *ruleset);
