/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief What the reconciler keeps from one pass to the next. Private to reconcile*.c.
 */

#pragma once

#include "daemon/damper.h"
#include "daemon/lost.h"
#include "daemon/publisher.h"
#include "daemon/reconcile.h"
#include "daemon/ruleset.h"
#include "daemon/stranded.h"

struct reconcile {
	struct site *site;
	struct recorder *recorder; /*!< Borrowed; may be NULL. */
	struct rtnl *rtnl;
	struct ruleset ruleset;
	struct publisher publisher;

	struct observed observed; /*!< Of the last pass, after it applied. */
	struct observed before;   /*!< Of the last pass, before: the plan's views point here. */
	struct plan *plan;        /*!< Of the last pass. */
	uint32_t mask;            /*!< The site's fwmark-mask in that pass. */
	struct uplink_sets broken;
	struct drains drains;
	const struct verdicts *verdicts; /*!< Borrowed; NULL: nothing is probed. */
	char culprit[LOST_CULPRIT_MAX];  /*!< Who removed routes or rules of ours last. */
	char *foreign_drops;
	struct stranded stranded;
	struct damper damper;
	struct uplink_history history[SITE_UPLINKS_MAX + 1];
};

/*!
 * \brief A pass.
 * \param tentative  If the kernel does not take the ruleset, all stays as it is, the last plan too; only
 *                   what the new one does not answer is withdrawn already.
 * \return As reconcile_run().
 */
int reconcile_pass(struct reconcile *reconcile, bool tentative);
