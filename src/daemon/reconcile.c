/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The pass of the daemon.
 *
 * Theory of operation. One pass is: observe the kernel; derive the plan; withdraw from the answer
 * table what the plan does not want any more or the kernel has lost; install the ruleset (one atomic
 * transaction), routes before the rules that point at them, then delete what is surplus, rules before
 * routes; observe again; publish what is really there.
 *
 * If we are killed between any two of these steps, either nothing was answered that does not hold, or
 * the next start adopts what is installed: it runs the same pass. Events of the kernel that our own
 * requests cause are recognised by their sender and ignored.
 */

#include "daemon/reconcile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "daemon/answers.h"
#include "daemon/apply.h"
#include "daemon/drains.h"
#include "daemon/foreign.h"
#include "daemon/lost.h"
#include "daemon/moved.h"
#include "daemon/orphans.h"
#include "daemon/publisher.h"

struct reconcile {
	struct site *site;
	struct rtnl *rtnl;
	struct nfnl *nfnl;
	struct nft_apply *nft;
	struct publisher publisher;

	struct observed observed; /*!< Of the last pass, after it applied. */
	struct observed before;   /*!< Of the last pass, before: the plan's views point here. */
	struct plan *plan;        /*!< Of the last pass. */
	uint32_t mask;            /*!< The site's fwmark-mask in that pass. */
	bool ruleset;             /*!< The plan's ruleset is installed, as far as events tell. */
	uint32_t generation;      /*!< Of the commit that installed it; 0: others came between. */
	struct uplink_sets broken;
	struct drains drains;
	char culprit[LOST_CULPRIT_MAX]; /*!< Who removed routes or rules of ours last. */
	char *foreign_drops;
	struct uplink_history history[SITE_UPLINKS_MAX + 1];
};

int reconcile_open(struct site *site, struct reconcile **reconcile)
{
	struct reconcile *opened = calloc(1, sizeof(*opened));
	if (opened == NULL) {
		return -ENOMEM;
	}
	opened->site = site;

	int ret = publisher_open(&opened->publisher, site->run_dir);
	if (ret != 0) {
		goto cleanup;
	}
	drains_restore(&opened->drains, opened->publisher.table, site);
	ret = rtnl_open(&opened->rtnl);
	if (ret != 0) {
		log_error("rtnetlink, failed to open (%s)", strerror(-ret));
		goto cleanup;
	}
	ret = nfnl_open(&opened->nfnl);
	if (ret != 0) {
		log_error("netfilter events, failed to open (%s)", strerror(-ret));
		goto cleanup;
	}
	ret = nft_apply_open(&opened->nft);
	if (ret != 0) {
		log_error("libnftables, failed to open (%s)", strerror(-ret));
		goto cleanup;
	}
	*reconcile = opened;
	return 0;

cleanup:
	opened->site = NULL;
	reconcile_close(opened);
	return ret;
}

void reconcile_close(struct reconcile *reconcile)
{
	if (reconcile == NULL) {
		return;
	}
	plan_free(reconcile->plan);
	observed_deinit(&reconcile->before);
	observed_deinit(&reconcile->observed);
	nft_apply_close(reconcile->nft);
	nfnl_close(reconcile->nfnl);
	rtnl_close(reconcile->rtnl);
	publisher_close(&reconcile->publisher);
	site_free(reconcile->site);
	free(reconcile->foreign_drops);
	free(reconcile);
}

int reconcile_rtnl_fd(const struct reconcile *reconcile)
{
	return rtnl_fd(reconcile->rtnl);
}

int reconcile_nfnl_fd(const struct reconcile *reconcile)
{
	return nfnl_fd(reconcile->nfnl);
}

static struct uplink_sets all_uplinks(void)
{
	return (struct uplink_sets){ { ~(uplink_set)0, ~(uplink_set)0 } };
}

/*! Whether the ruleset has to be loaded: it is lost, or another one. */
static bool ruleset_needed(const struct reconcile *reconcile, const struct plan *plan)
{
	return !reconcile->ruleset || reconcile->plan == NULL ||
	       strcmp(reconcile->plan->ruleset, plan->ruleset) != 0;
}

/*! Load the plan's ruleset, and note the generation if it is of this commit alone. */
static int install_ruleset(struct reconcile *reconcile, const struct plan *plan)
{
	uint32_t before = 0;
	uint32_t after = 0;
	int asked = nfnl_generation(reconcile->nfnl, &before);
	int ret = apply_ruleset(reconcile->nft, reconcile->nfnl, plan->ruleset);
	if (asked == 0) {
		asked = nfnl_generation(reconcile->nfnl, &after);
	}
	reconcile->ruleset = ret == 0;
	reconcile->generation = ret == 0 && asked == 0 && after == before + 1 ? after : 0;
	return ret;
}

/*!
 * Whether lost events are those of our own last commit: a large one fills every buffer.
 *
 * To load the ruleset again because of them would lose as many, and so on for ever.
 */
static bool lost_our_own(const struct reconcile *reconcile)
{
	uint32_t now = 0;
	return reconcile->ruleset && reconcile->generation != 0 &&
	       nfnl_generation(reconcile->nfnl, &now) == 0 && now == reconcile->generation;
}

/*! Steps of a pass that change something; the caller has observed and planned. */
static int install(struct reconcile *reconcile, const struct plan *plan,
                   const struct observed *observed, bool refill)
{
	int ret = 0;
	if (refill) {
		ret = install_ruleset(reconcile, plan);
	}
	if (apply_routing_needed(plan, observed)) {
		int routing = apply_routing(reconcile->rtnl, plan, observed);
		ret = ret == 0 ? routing : ret;
	}
	return ret;
}

/*! Keep what a pass saw and wanted, for the next one and for status. */
static void keep_pass(struct reconcile *reconcile, struct plan *plan, const struct observed *before,
                      const struct observed *after)
{
	plan_free(reconcile->plan);
	observed_deinit(&reconcile->before);
	observed_deinit(&reconcile->observed);
	reconcile->plan = plan;
	reconcile->mask = reconcile->site->fwmark_mask;
	reconcile->before = *before;
	reconcile->observed = *after;
	(void)snprintf(reconcile->culprit, sizeof(reconcile->culprit), "somebody");
	uplink_history_note(reconcile->history, plan, reconcile->publisher.table);
}

int reconcile_run(struct reconcile *reconcile)
{
	struct observed before = { 0 };
	struct observed after = { 0 };
	struct plan *plan = NULL;
	int ret = rtnl_observe(reconcile->rtnl, &before);
	if (ret == 0) {
		ret = plan_build(reconcile->site, &before, reconcile->drains.uplinks, &plan);
	}
	if (ret != 0) {
		// Too much is changing to see it whole; the events of that lead here again.
		log_line(ret == -EAGAIN ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR,
		         "kernel, failed to observe (%s)", strerror(-ret));
		observed_deinit(&before);
		return ret;
	}

	struct uplink_sets lost = { { 0 } };
	if (reconcile->plan != NULL) {
		lost = reconcile->ruleset ? lost_find(reconcile->site, &reconcile->observed, plan,
		                                      &before, reconcile->culprit)
		                          : all_uplinks();
	}
	uplink_set moved = moved_find(reconcile->publisher.table, reconcile->plan, plan);
	uint32_t mask = reconcile->plan != NULL ? reconcile->mask : reconcile->site->fwmark_mask;
	if (mask != reconcile->site->fwmark_mask) {
		moved = ~(uplink_set)0;
	}
	bool refill = ruleset_needed(reconcile, plan);
	ret = publisher_publish(&reconcile->publisher,
	                        answers_withdrawn(reconcile->publisher.table, plan->table, &lost));
	if (ret != 0 && lost.family[FAMILY_4] == 0 && lost.family[FAMILY_6] == 0) {
		// Still answered: what serves it stays as it is, and so does the last plan.
		plan_free(plan);
		observed_deinit(&before);
		return ret;
	}
	// What cannot be withdrawn must at least be repaired.
	int installed = install(reconcile, plan, &before, refill);
	ret = ret == 0 ? installed : ret;
	moved_end(moved, mask);

	int read_back = rtnl_observe(reconcile->rtnl, &after);
	reconcile->broken = read_back == 0 && reconcile->ruleset
	                            ? plan_missing(reconcile->site, plan, NULL, &after)
	                            : all_uplinks();
	int published = publisher_publish(&reconcile->publisher,
	                                  answers_installed(plan->table, &reconcile->broken));
	if (refill && reconcile->ruleset) {
		(void)orphans_end(reconcile->site, plan, &before);
	}

	keep_pass(reconcile, plan, &before, &after);
	return ret != 0 ? ret : read_back != 0 ? read_back : published;
}

void reconcile_look_around(struct reconcile *reconcile)
{
	foreign_look(reconcile->nfnl, &reconcile->foreign_drops);
}

/*! Take note of what events tell, and log what others did. */
static void note_events(struct reconcile *reconcile, const struct rtnl_events *routing,
                        const struct nfnl_events *netfilter)
{
	if (routing->overrun || netfilter->overrun) {
		log_warning("kernel events, lost some (ENOBUFS): reading everything anew");
	}
	if (netfilter->ours_changed) {
		log_warning("ruleset, changed by %s (pid %u): withdrawn, repairing",
		            netfilter->process[0] != '\0' ? netfilter->process : "a process",
		            netfilter->pid);
	}
	if (netfilter->ours_changed || netfilter->overrun) {
		reconcile->ruleset = false;
	}
	lost_culprit(routing->lost_by, reconcile->culprit, sizeof(reconcile->culprit));
}

/*!
 * Withdraw at once what events say is lost: a look at the kernel may have to wait for its lock, which
 * others can hold for a long time.
 */
static void withdraw_lost(struct reconcile *reconcile, const struct rtnl_events *routing)
{
	struct uplink_sets lost =
		reconcile->ruleset ? lost_by_events(reconcile->site, routing) : all_uplinks();
	if (reconcile->plan != NULL && (lost.family[FAMILY_4] | lost.family[FAMILY_6]) != 0) {
		(void)publisher_publish(&reconcile->publisher,
		                        answers_withdrawn(reconcile->publisher.table,
		                                          reconcile->plan->table, &lost));
	}
}

int reconcile_events(struct reconcile *reconcile, bool *passed)
{
	struct rtnl_events routing = { 0 };
	struct nfnl_events netfilter = { 0 };
	int ret = rtnl_drain(reconcile->rtnl, &routing);
	if (ret == 0) {
		ret = nfnl_drain(reconcile->nfnl, &netfilter);
	}
	*passed = false;
	if (ret != 0) {
		// What was read before the failure is not known any more.
		reconcile->ruleset = false;
		log_error("kernel events, failed to read (%s)", strerror(-ret));
		return ret;
	}

	bool look = netfilter.foreign_changed || netfilter.ours_changed || netfilter.overrun;
	if (netfilter.overrun && lost_our_own(reconcile)) {
		netfilter.overrun = false;
		netfilter.ours_changed = false;
	}
	note_events(reconcile, &routing, &netfilter);
	withdraw_lost(reconcile, &routing);
	*passed = !reconcile->ruleset || routing.links || routing.routes || routing.own_lost ||
	          routing.settings || routing.overrun;
	ret = *passed ? reconcile_run(reconcile) : 0;
	if (look) {
		reconcile_look_around(reconcile);
	}
	return ret;
}

int reconcile_set_site(struct reconcile *reconcile, struct site *site, bool *taken)
{
	// The last plan's views point into the old site: it goes after the pass that replaces both.
	struct site *old = reconcile->site;
	struct drains drains = reconcile->drains;
	reconcile->site = site;
	drains_restore(&reconcile->drains, reconcile->publisher.table, site);
	int ret = reconcile_run(reconcile);
	bool planned =
		reconcile->plan != NULL && reconcile->plan->uplinks[0].uplink == site->uplinks;
	*taken = planned && reconcile->ruleset;
	if (*taken) {
		site_free(old);
		return ret;
	}
	if (planned) {
		plan_free(reconcile->plan);
		reconcile->plan = NULL;
	}
	reconcile->site = old;
	reconcile->drains = drains;
	ret = reconcile_run(reconcile);
	site_free(site);
	return ret;
}

int reconcile_drain(struct reconcile *reconcile, unsigned uplink, bool drain)
{
	const struct uplink *which = site_uplink(reconcile->site, uplink);
	return drains_set(&reconcile->drains, which, drain) ? reconcile_run(reconcile) : 0;
}

int reconcile_heartbeat(struct reconcile *reconcile)
{
	return publisher_heartbeat(&reconcile->publisher);
}

int reconcile_remove(struct reconcile *reconcile)
{
	struct plan nothing = { .table = table_new() };
	struct uplink_sets all = all_uplinks();
	struct nft_objects objects = { 0 };
	struct observed observed = { 0 };
	char *error = NULL;
	if (nothing.table == NULL) {
		return -ENOMEM;
	}
	int ret = publisher_publish(
		&reconcile->publisher,
		answers_withdrawn(reconcile->publisher.table, nothing.table, &all));
	if (ret == 0) {
		ret = rtnl_observe(reconcile->rtnl, &observed);
	}
	if (ret == 0) {
		ret = apply_routing(reconcile->rtnl, &nothing, &observed);
	}
	if (ret == 0) {
		ret = nfnl_objects(reconcile->nfnl, &objects);
	}
	if (ret == 0 && objects.table) {
		ret = nft_apply_run(reconcile->nft, "delete table inet " OUR_NFT_TABLE "\n",
		                    &error);
	}
	if (ret != 0) {
		log_error("data plane, failed to remove (%s)",
		          error != NULL ? error : strerror(-ret));
	}
	free(error);
	nft_objects_deinit(&objects);
	observed_deinit(&observed);
	table_free(nothing.table);
	return ret;
}

struct standing reconcile_standing(const struct reconcile *reconcile)
{
	return (struct standing){
		.site = reconcile->site,
		.observed = &reconcile->observed,
		.plan = reconcile->plan,
		.published = reconcile->publisher.table,
		.broken = reconcile->broken,
		.ruleset = reconcile->ruleset,
		.foreign_drops = reconcile->foreign_drops != NULL ? reconcile->foreign_drops : "",
		.drains = &reconcile->drains,
		.history = reconcile->history,
	};
}
