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

#include "daemon/reconcile_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "daemon/answers.h"
#include "daemon/apply.h"
#include "daemon/foreign.h"
#include "daemon/moved.h"
#include "daemon/orphans.h"
#include "daemon/pass_notes.h"

int reconcile_open(struct site *site, struct recorder *recorder, struct reconcile **reconcile)
{
	struct reconcile *opened = calloc(1, sizeof(*opened));
	if (opened == NULL) {
		return -ENOMEM;
	}
	opened->site = site;
	opened->recorder = recorder;

	int ret = publisher_open(&opened->publisher, site->run_dir);
	if (ret != 0) {
		goto cleanup;
	}
	drains_restore(&opened->drains, opened->publisher.table, site);
	uplink_history_adopt(opened->history, opened->publisher.table, site);
	ret = rtnl_open(&opened->rtnl);
	if (ret != 0) {
		log_error("rtnetlink, failed to open (%s)", strerror(-ret));
		goto cleanup;
	}
	ret = ruleset_open(&opened->ruleset);
	if (ret == 0) {
		ret = ruleset_set_site(&opened->ruleset, site);
	}
	if (ret != 0) {
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
	ruleset_close(&reconcile->ruleset);
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
	return nfnl_fd(reconcile->ruleset.nfnl);
}

static struct uplink_sets all_uplinks(void)
{
	return (struct uplink_sets){ { ~(uplink_set)0, ~(uplink_set)0 } };
}

/*! What follows the loading of the ruleset, whatever came of that. */
static int install(struct reconcile *reconcile, const struct plan *plan,
                   const struct observed *observed, enum refill refill, int loaded)
{
	bool routing_needed = apply_routing_needed(plan, observed);
	int ret = loaded;
	if (routing_needed) {
		int routing = apply_routing(reconcile->rtnl, plan, observed);
		ret = ret == 0 ? routing : ret;
	}
	if (routing_needed || refill != REFILL_NOTHING) {
		recorder_step(reconcile->recorder, JOURNAL_KERNEL);
	}
	return ret;
}

/*! End the connections that would otherwise go nowhere for ever. */
static void end_connections(struct reconcile *reconcile, const struct plan *plan,
                            const struct observed *observed, enum refill refill, size_t ended,
                            bool installed)
{
	size_t orphans = 0;
	size_t stranded = 0;
	// What comes in knows no address, so only a ruleset that was not there has left orphans.
	if (refill >= REFILL_SITE && reconcile->ruleset.installed) {
		(void)orphans_end(reconcile->ruleset.source.forwards, plan, observed, &orphans);
	}
	(void)stranded_end(reconcile->site, plan, installed, &reconcile->stranded, &stranded);
	recorder_connections(reconcile->recorder, ended + orphans + stranded);
}

/*! Keep what a pass saw and wanted, for the next one and for status. */
static void keep_pass(struct reconcile *reconcile, struct plan *plan, const struct observed *before,
                      const struct observed *after)
{
	struct standing last = reconcile_standing(reconcile);
	pass_note_end(reconcile->recorder, &last, plan, reconcile->history);
	plan_free(reconcile->plan);
	observed_deinit(&reconcile->before);
	observed_deinit(&reconcile->observed);
	reconcile->plan = plan;
	reconcile->mask = reconcile->site->fwmark_mask;
	reconcile->before = *before;
	reconcile->observed = *after;
	(void)snprintf(reconcile->culprit, sizeof(reconcile->culprit), "somebody");
}

/*! What is still answered, or still serves, stays as it is, and so does the last plan. */
static int give_up(struct reconcile *reconcile, struct plan *plan, struct observed *before, int ret)
{
	recorder_pass_end(reconcile->recorder, (const bool[FOREIGN_KINDS]){ false });
	plan_free(plan);
	observed_deinit(before);
	return ret;
}

int reconcile_pass(struct reconcile *reconcile, bool tentative)
{
	struct observed before = { 0 };
	struct observed after = { 0 };
	struct plan *plan = NULL;
	uint64_t begin = recorder_now_us();
	int ret = rtnl_observe(reconcile->rtnl, &before);
	if (ret == 0) {
		ret = plan_build(reconcile->site, &before, reconcile->drains.uplinks,
		                 damper_judge(&reconcile->damper, reconcile->site, &before,
		                              reconcile->verdicts, table_now_ms()),
		                 &plan);
	}
	if (ret != 0) {
		// Too much is changing to see it whole; the events of that lead here again.
		log_line(ret == -EAGAIN ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR,
		         "kernel, failed to observe (%s)", strerror(-ret));
		observed_deinit(&before);
		return ret;
	}

	recorder_pass_begin(reconcile->recorder, begin);
	struct uplink_sets lost = { { 0 } };
	if (reconcile->plan == NULL) {
		pass_note_started(reconcile->recorder, reconcile->publisher.table, &before);
	} else {
		lost = reconcile->ruleset.installed
		               ? lost_find(reconcile->site, &reconcile->observed, plan, &before,
		                           reconcile->culprit, reconcile->recorder)
		               : all_uplinks();
	}
	uplink_set moved = moved_find(reconcile->publisher.table, reconcile->plan, plan);
	uint32_t mask = reconcile->plan != NULL ? reconcile->mask : reconcile->site->fwmark_mask;
	if (mask != reconcile->site->fwmark_mask) {
		moved = moved_all(reconcile->plan);
	}
	enum refill refill = ruleset_needed(&reconcile->ruleset, reconcile->plan, plan);
	ret = publisher_step(&reconcile->publisher, reconcile->recorder, JOURNAL_WITHDRAWN,
	                     answers_withdrawn(reconcile->publisher.table, plan->table, &lost));
	if (ret != 0 && lost.family[FAMILY_4] == 0 && lost.family[FAMILY_6] == 0) {
		return give_up(reconcile, plan, &before, ret);
	}
	int loaded = ruleset_load(&reconcile->ruleset, plan, refill);
	if (loaded != 0 && tentative && ruleset_kept(&reconcile->ruleset)) {
		return give_up(reconcile, plan, &before, loaded);
	}
	// What cannot be withdrawn must at least be repaired.
	int installed = install(reconcile, plan, &before, refill, loaded);
	ret = ret == 0 ? installed : ret;
	size_t ended = moved_end(moved, mask);

	int read_back = rtnl_observe(reconcile->rtnl, &after);
	reconcile->broken = read_back == 0 && reconcile->ruleset.installed
	                            ? plan_missing(reconcile->site, plan, NULL, &after)
	                            : all_uplinks();
	int published =
		publisher_step(&reconcile->publisher, reconcile->recorder, JOURNAL_PUBLISHED,
	                       answers_installed(plan->table, &reconcile->broken));
	end_connections(reconcile, plan, &before, refill, ended, installed == 0 && read_back == 0);

	keep_pass(reconcile, plan, &before, &after);
	return ret != 0 ? ret : read_back != 0 ? read_back : published;
}

int reconcile_run(struct reconcile *reconcile)
{
	return reconcile_pass(reconcile, false);
}

void reconcile_look_around(struct reconcile *reconcile)
{
	foreign_look(reconcile->ruleset.nfnl, &reconcile->foreign_drops);
}

/*! Take note of what events tell, and log what others did. */
static void note_events(struct reconcile *reconcile, const struct rtnl_events *routing,
                        const struct nfnl_events *netfilter)
{
	if (routing->overrun || netfilter->overrun) {
		log_warning("kernel events, lost some (ENOBUFS): reading everything anew");
	}
	if (netfilter->ours_changed) {
		pass_note_ruleset(reconcile->recorder, netfilter->process, netfilter->pid);
	}
	if (netfilter->ours_changed || netfilter->overrun) {
		reconcile->ruleset.installed = false;
	}
	lost_culprit(routing->lost_by, reconcile->culprit, sizeof(reconcile->culprit));
}

/*!
 * Withdraw at once what events say is lost: a look at the kernel may have to wait for its lock, which
 * others can hold for a long time.
 */
static void withdraw_lost(struct reconcile *reconcile, const struct rtnl_events *routing)
{
	struct uplink_sets lost = reconcile->ruleset.installed
	                                  ? lost_by_events(reconcile->site, routing)
	                                  : all_uplinks();
	if (reconcile->plan != NULL && (lost.family[FAMILY_4] | lost.family[FAMILY_6]) != 0) {
		(void)publisher_step(&reconcile->publisher, reconcile->recorder, JOURNAL_WITHDRAWN,
		                     answers_withdrawn(reconcile->publisher.table,
		                                       reconcile->plan->table, &lost));
	}
}

int reconcile_events(struct reconcile *reconcile, bool *passed)
{
	struct rtnl_events routing = { 0 };
	struct nfnl_events netfilter = { 0 };
	recorder_event(reconcile->recorder, recorder_now_us());
	int ret = rtnl_drain(reconcile->rtnl, &routing);
	if (ret == 0) {
		ret = nfnl_drain(reconcile->ruleset.nfnl, &netfilter);
	}
	*passed = false;
	if (ret != 0) {
		// What was read before the failure is not known any more.
		reconcile->ruleset.installed = false;
		log_error("kernel events, failed to read (%s)", strerror(-ret));
		return ret;
	}

	bool look = netfilter.foreign_changed || netfilter.ours_changed || netfilter.overrun;
	if (netfilter.overrun && ruleset_lost_own_events(&reconcile->ruleset)) {
		netfilter.overrun = false;
		netfilter.ours_changed = false;
	}
	note_events(reconcile, &routing, &netfilter);
	withdraw_lost(reconcile, &routing);
	*passed = !reconcile->ruleset.installed || routing.links || routing.routes ||
	          routing.own_lost || routing.settings || routing.overrun;
	ret = *passed ? reconcile_run(reconcile) : 0;
	if (!*passed) {
		recorder_event_over(reconcile->recorder);
	}
	if (look) {
		reconcile_look_around(reconcile);
	}
	return ret;
}

int reconcile_drain(struct reconcile *reconcile, unsigned uplink, bool drain)
{
	const struct uplink *which = site_uplink(reconcile->site, uplink);
	if (!drains_set(&reconcile->drains, which, drain)) {
		return 0;
	}
	int ret = reconcile_run(reconcile);
	pass_note_drain(reconcile->recorder, which, drain);
	return ret;
}

void reconcile_set_verdicts(struct reconcile *reconcile, const struct verdicts *verdicts)
{
	reconcile->verdicts = verdicts;
}

int reconcile_heartbeat(struct reconcile *reconcile)
{
	return publisher_heartbeat(&reconcile->publisher);
}

int reconcile_remove(struct reconcile *reconcile)
{
	struct plan nothing = { .table = table_new() };
	struct uplink_sets all = all_uplinks();
	struct observed observed = { 0 };
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
	if (ret != 0) {
		log_error("data plane, failed to remove (%s)", strerror(-ret));
	} else {
		ret = ruleset_remove(&reconcile->ruleset);
	}
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
		.loaded = &reconcile->ruleset,
		.ruleset = reconcile->ruleset.installed,
		.foreign_drops = reconcile->foreign_drops != NULL ? reconcile->foreign_drops : "",
		.drains = &reconcile->drains,
		.history = reconcile->history,
	};
}
