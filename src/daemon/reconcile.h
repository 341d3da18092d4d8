/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The pass: observe, plan, withdraw, apply, read back, publish. Read this first.
 *
 * Every event leads to the same pass, and the pass looks at the kernel, not at what was done before.
 * The invariant it keeps: DNS answers an address only while the kernel forwards that address's
 * service and routes its replies back by the same uplink.
 */

#pragma once

#include <stdint.h>

#include "daemon/cross.h"
#include "daemon/drains.h"
#include "daemon/kernel.h"
#include "daemon/plan.h"
#include "daemon/probed.h"
#include "daemon/recorder.h"
#include "daemon/uplink_history.h"
#include "site/site.h"
#include "table/table.h"

struct reconcile;
struct ruleset;

/*! The outcome of the last pass, for status and explain. All pointers are borrowed. */
struct standing {
	const struct site *site;
	const struct observed *observed;
	const struct plan *plan;
	const struct table *published;
	struct uplink_sets broken;    /*!< Uplinks that lack something in the kernel. */
	const struct ruleset *loaded; /*!< For who lists it, or asks whether it was loaded anew. */
	bool ruleset;                 /*!< Our ruleset is installed. */
	const char *foreign_drops;    /*!< Foreign forward chains that drop, a line each. */
	const struct drains *drains;
	const struct uplink_history *history;   /*!< By uplink number. */
	const struct probed_list *probed;       /*!< NULL: nothing is probed. */
	const struct cross_list *crossed;       /*!< NULL: no uplink probes another one. */
	const struct discover_list *discovered; /*!< NULL: nothing is learnt from others. */
};

/*!
 * \brief Open the kernel and the answer table of a site. Changes nothing yet.
 * \param site       Owned by the reconciler from then on (not on failure).
 * \param recorder   Is told what happens; may be NULL.
 * \param reconcile  Out.
 * \return 0 or -errno; what failed is logged.
 */
int reconcile_open(struct site *site, struct recorder *recorder, struct reconcile **reconcile);

/*! \brief Close; what is installed and published stays. */
void reconcile_close(struct reconcile *reconcile);

/*! \brief Descriptors whose events call for reconcile_events(). */
int reconcile_rtnl_fd(const struct reconcile *reconcile);
int reconcile_nfnl_fd(const struct reconcile *reconcile);

/*!
 * \brief Read pending events; run a pass if one of them may concern us.
 * \param passed  Out: whether a pass was run. If not, 0 says nothing about the pass before.
 * \return 0 or -errno (logged).
 */
int reconcile_events(struct reconcile *reconcile, bool *passed);

/*! \brief Run a pass now. \return 0 if all is installed, or -errno of what failed (logged). */
int reconcile_run(struct reconcile *reconcile);

/*! \brief Look for forward chains of others that drop by policy; log what is new. */
void reconcile_look_around(struct reconcile *reconcile);

/*!
 * \brief Replace the site and run a pass. The run-dir must be the same.
 * \param site   Owned from then on, whatever happens.
 * \param taken  Out: whether the new site is in force. If not, the old one still is.
 * \return As reconcile_run(): a site that is taken may lack something that is tried again.
 */
int reconcile_set_site(struct reconcile *reconcile, struct site *site, bool *taken);

/*!
 * \brief Stop or start offering an uplink to new clients; its connections stay. Kept over restarts.
 * \param uplink  Its number.
 * \return 0 or -errno of the pass (logged).
 */
int reconcile_drain(struct reconcile *reconcile, unsigned uplink, bool drain);

/*!
 * \brief Where each pass finds what probes say.
 * \param verdicts  Borrowed; may change between two passes.
 */
void reconcile_set_verdicts(struct reconcile *reconcile, const struct verdicts *verdicts);

/*! \brief Renew the heartbeat and look after dead readers. \return 0 or -errno. */
int reconcile_heartbeat(struct reconcile *reconcile);

/*! \brief Withdraw all answers, then remove all rules, routes and the ruleset. \return 0 or -errno. */
int reconcile_remove(struct reconcile *reconcile);

/*! \brief The outcome of the last pass. */
struct standing reconcile_standing(const struct reconcile *reconcile);
