/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Scheduling of cross-probes.
 *
 * One timer starts the attempt that is due next, at most some at a time. A source port is not used
 * again before the traces of its last probe are gone, which bounds the rate whatever the site asks for.
 */

#include "daemon/cross_prober.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "daemon/cross_attempt.h"
#include "daemon/cross_basis.h"
#include "daemon/cross_blocked.h"
#include "daemon/cross_log.h"
#include "daemon/cross_ports.h"
#include "daemon/cross_seen.h"

#define FLIGHTS_MOST 8
#define ROUND_MOST 64
/*! Between two attempts, so that a round is no burst. */
#define GAP_MS 20
/*! After a change, until things have come to rest. */
#define SETTLE_MS 500
/*! Between two rounds because of changes. */
#define CHANGES_MS 10000
/*! A failure is looked at again so soon; each further one doubles that, up to the usual time. */
#define RETRY_MS 1000
#define RETRY_DOUBLINGS 8
/*! So often there is a port that has rested. */
#define SHARE_MS 100

#define NEVER UINT64_MAX

/*! An attempt under way; free without one. */
struct flight {
	struct cross_prober *prober;
	struct cross_attempt *attempt;
	size_t line;
	unsigned source;
	uint16_t port;
};

/*! What of a line the scheduler alone needs. */
struct schedule {
	uint64_t due_ms;
	bool flying;
	bool spread; /*!< Probed because of a change: the next one goes to its place in the interval. */
};

struct cross_prober {
	uv_loop_t *loop;
	struct nfnl *nfnl;
	uv_timer_t timer;
	uv_timer_t tell; /*!< Fires at once: several changes are one pass. */
	cross_prober_changed changed;
	void *context;
	unsigned closing;        /*!< Handles that are not closed yet. */
	const struct site *site; /*!< Borrowed; NULL before the first pass. */
	const struct plan *plan; /*!< Borrowed, of the last pass. */
	struct cross_basis basis;
	uint64_t since_ms;   /*!< When something last changed, by table_now_ms(). */
	uint64_t changed_ms; /*!< When a change last led to a round. */
	struct cross_list list;
	struct cross_blocked blocked;
	struct schedule *schedules; /*!< One a line. */
	struct flight flights[FLIGHTS_MOST];
	struct cross_ports ports;
};

static void on_timer(uv_timer_t *timer);

static void wake_at(struct cross_prober *prober, uint64_t due_ms)
{
	uint64_t now_ms = uv_now(prober->loop);
	(void)uv_timer_start(&prober->timer, on_timer, due_ms > now_ms ? due_ms - now_ms : 0, 0);
}

/*! The line that is due next and not under way, or the count. */
static size_t next_line(const struct cross_prober *prober)
{
	size_t next = prober->list.count;
	for (size_t i = 0; i < prober->list.count; i++) {
		const struct schedule *schedule = &prober->schedules[i];
		if (!schedule->flying && schedule->due_ms != NEVER &&
		    (next == prober->list.count ||
		     schedule->due_ms < prober->schedules[next].due_ms)) {
			next = i;
		}
	}
	return next;
}

static void wake_for_next(struct cross_prober *prober)
{
	size_t next = next_line(prober);
	if (next == prober->list.count) {
		(void)uv_timer_stop(&prober->timer);
		return;
	}
	uint64_t soon = uv_now(prober->loop) + GAP_MS;
	uint64_t due = prober->schedules[next].due_ms;
	wake_at(prober, due > soon ? due : soon);
}

/*! How long a line waits from one attempt to the next. */
static uint64_t period_of(const struct cross_prober *prober)
{
	size_t rounds = (prober->list.count + ROUND_MOST - 1) / ROUND_MOST;
	uint64_t period = (uint64_t)prober->site->cross_interval_ms * (rounds > 0 ? rounds : 1);
	uint64_t least = (uint64_t)prober->list.count * SHARE_MS;
	return period > least ? period : least;
}

static void on_tell(uv_timer_t *timer)
{
	struct cross_prober *prober = timer->data;
	prober->changed(prober->context);
}

/*! Find anew what must not be answered; a pass follows if that is something else. */
static void renew_blocked(struct cross_prober *prober)
{
	bool required = prober->site != NULL && prober->site->cross_probe == CROSS_PROBE_REQUIRE;
	if (cross_blocked_renew(&prober->blocked, &prober->list, required)) {
		(void)uv_timer_start(&prober->tell, on_tell, 0, 0);
	}
}

static void note_outcome(struct cross_prober *prober, size_t index,
                         const struct cross_outcome *outcome)
{
	struct cross_line *line = &prober->list.items[index];
	struct schedule *schedule = &prober->schedules[index];
	enum cross_state before = line->state;
	uint64_t wait = period_of(prober);
	if (cross_note(line, outcome, table_now_ms())) {
		cross_log(prober->site, line, before);
	}
	if (line->failures > 0) {
		unsigned doublings = line->failures - 1;
		uint64_t retry = (uint64_t)RETRY_MS
		                 << (doublings < RETRY_DOUBLINGS ? doublings : RETRY_DOUBLINGS);
		wait = retry < wait ? retry : wait;
	} else if (schedule->spread) {
		schedule->spread = false;
		wait = wait * (index + 1) / prober->list.count;
	}
	schedule->due_ms = uv_now(prober->loop) + wait;
	renew_blocked(prober);
}

static void on_done(void *context, const struct cross_outcome *outcome)
{
	struct flight *flight = context;
	struct cross_prober *prober = flight->prober;
	struct cross_outcome whole = *outcome;
	const struct cross_line *line = &prober->list.items[flight->line];
	struct schedule *schedule = &prober->schedules[flight->line];
	flight->attempt = NULL;
	schedule->flying = false;
	whole.source = flight->source;
	int ret = cross_seen(prober->nfnl, site_uplink(prober->site, flight->source)->interface,
	                     site_uplink(prober->site, line->uplink)->interface, flight->port,
	                     &whole.seen);
	if (ret == 0) {
		note_outcome(prober, flight->line, &whole);
	} else {
		// The table is being replaced, or somebody has taken it away: a pass will come.
		schedule->due_ms = uv_now(prober->loop) + RETRY_MS;
	}
	wake_for_next(prober);
}

static struct flight *free_flight(struct cross_prober *prober)
{
	for (size_t i = 0; i < FLIGHTS_MOST; i++) {
		if (prober->flights[i].attempt == NULL) {
			return &prober->flights[i];
		}
	}
	return NULL;
}

/*! Begin an attempt. \return 0 or -errno; -EBUSY: not now. */
static int begin_flight(struct cross_prober *prober, size_t index, unsigned source)
{
	const struct cross_line *line = &prober->list.items[index];
	struct flight *flight = free_flight(prober);
	uint16_t port = flight != NULL ? cross_ports_take(&prober->ports, uv_now(prober->loop)) : 0;
	if (port == 0) {
		return -EBUSY;
	}
	const struct uplink_view *view = &prober->plan->uplinks[source - 1];
	const struct cross_request request = {
		.interface = view->uplink->interface,
		.mark = site_mark(prober->site, source),
		.source = view->family[line->family].address,
		.source_port = port,
		.alias = site_cross_alias(prober->site, family_number(line->family), line->uplink),
		.port = line->port,
		.zone = line->zone,
	};
	*flight = (struct flight){
		.prober = prober,
		.line = index,
		.source = source,
		.port = port,
	};
	return cross_attempt_begin(prober->loop, &request, on_done, flight, &flight->attempt);
}

/*! Whether a real client was just there, so that a metered line need not carry a probe. */
static bool is_spared(struct cross_prober *prober, size_t index)
{
	struct cross_line *line = &prober->list.items[index];
	enum cross_state before = line->state;
	uint64_t now_ms = table_now_ms();
	uint64_t age_ms = 0;
	bool changed = false;
	if (cross_client(prober->nfnl, site_uplink(prober->site, line->uplink)->interface,
	                 line->family, line->port, prober->site->cross_interval_ms, &age_ms) != 0 ||
	    age_ms >= now_ms) {
		return false;
	}
	bool spared = cross_note_client(line, now_ms - age_ms, prober->since_ms, now_ms, &changed);
	if (changed) {
		cross_log(prober->site, line, before);
		renew_blocked(prober);
	}
	return spared;
}

static void on_timer(uv_timer_t *timer)
{
	struct cross_prober *prober = timer->data;
	size_t index = next_line(prober);
	if (index == prober->list.count || prober->schedules[index].due_ms > uv_now(prober->loop)) {
		wake_for_next(prober);
		return;
	}
	struct schedule *schedule = &prober->schedules[index];
	unsigned source = cross_source(&prober->list.items[index], prober->plan,
	                               prober->basis.drained, table_now_ms());
	bool spared = source != 0 && is_spared(prober, index);
	int ret = source != 0 && !spared ? begin_flight(prober, index, source) : 0;
	if (source == 0) {
		schedule->due_ms = NEVER;
	} else if (spared) {
		schedule->due_ms = uv_now(prober->loop) + period_of(prober);
	} else if (ret == 0) {
		schedule->flying = true;
	} else if (ret != -EBUSY) {
		// Its port is somebody else's, or a pass is about to tell that the way is gone.
		log_line(LOG_LEVEL_DEBUG, "cross-probe, failed to begin (%s)", strerror(-ret));
		schedule->due_ms = uv_now(prober->loop) + RETRY_MS;
	}
	wake_for_next(prober);
}

int cross_prober_open(uv_loop_t *loop, struct nfnl *nfnl, cross_prober_changed changed,
                      void *context, struct cross_prober **prober)
{
	struct cross_prober *opened = calloc(1, sizeof(*opened));
	if (opened == NULL) {
		return -ENOMEM;
	}
	opened->loop = loop;
	opened->nfnl = nfnl;
	(void)uv_timer_init(loop, &opened->timer);
	(void)uv_timer_init(loop, &opened->tell);
	opened->timer.data = opened;
	opened->tell.data = opened;
	opened->closing = 2;
	opened->changed = changed;
	opened->context = context;
	*prober = opened;
	return 0;
}

static void cancel_flights(struct cross_prober *prober)
{
	for (size_t i = 0; i < FLIGHTS_MOST; i++) {
		struct flight *flight = &prober->flights[i];
		if (flight->attempt != NULL) {
			cross_attempt_cancel(flight->attempt);
			flight->attempt = NULL;
			prober->schedules[flight->line].flying = false;
		}
	}
}

static void on_closed(uv_handle_t *handle)
{
	struct cross_prober *prober = handle->data;
	if (--prober->closing == 0) {
		free(prober);
	}
}

void cross_prober_close(struct cross_prober *prober)
{
	if (prober != NULL) {
		cancel_flights(prober);
		free(prober->list.items);
		free(prober->schedules);
		cross_blocked_deinit(&prober->blocked);
		uv_close((uv_handle_t *)&prober->timer, on_closed);
		uv_close((uv_handle_t *)&prober->tell, on_closed);
	}
}

/*! Lines of another site; what is known of the same services stays. */
static void follow_site(struct cross_prober *prober, const struct site *site)
{
	struct cross_list list = { 0 };
	struct cross_blocked blocked = { .now = { 0 } };
	int ret = cross_list_build(site, &list);
	struct schedule *schedules = calloc(list.count + 1, sizeof(*schedules));
	if (ret == 0) {
		ret = schedules != NULL ? cross_blocked_init(&blocked, &list) : -ENOMEM;
	}
	if (ret != 0) {
		log_error("cross-probes, failed to set up (%s)", strerror(-ret));
		free(list.items);
		list = (struct cross_list){ 0 };
	} else if (cross_basis_same_uplinks(&prober->basis, site)) {
		cross_list_inherit(&list, &prober->list);
	}
	free(prober->list.items);
	free(prober->schedules);
	cross_blocked_deinit(&prober->blocked);
	prober->list = list;
	prober->schedules = schedules;
	prober->blocked = blocked;
	prober->site = site;
}

/*! A round because of a change: as soon as things have come to rest, but not again and again. */
static void begin_round(struct cross_prober *prober)
{
	uint64_t now_ms = uv_now(prober->loop);
	uint64_t interval = prober->site->cross_interval_ms;
	uint64_t rest = interval < CHANGES_MS ? interval : CHANGES_MS;
	uint64_t first = now_ms + SETTLE_MS;
	size_t place = 0;
	if (prober->changed_ms > now_ms) {
		// One is due already: changes without end must not put it off for ever.
		first = prober->changed_ms;
	} else if (prober->changed_ms != 0 && prober->changed_ms + rest > first) {
		first = prober->changed_ms + rest;
	}
	prober->changed_ms = first;
	prober->since_ms = table_now_ms();
	for (size_t i = 0; i < prober->list.count; i++) {
		struct schedule *schedule = &prober->schedules[i];
		unsigned source = cross_source(&prober->list.items[i], prober->plan,
		                               prober->basis.drained, table_now_ms());
		schedule->due_ms = NEVER;
		schedule->spread = true;
		if (source != 0) {
			schedule->due_ms =
				first + place % ROUND_MOST * GAP_MS + place / ROUND_MOST * interval;
			place++;
		}
	}
}

void cross_prober_follow(struct cross_prober *prober, const struct standing *standing)
{
	bool other = standing->plan == NULL || standing->site != prober->site;
	prober->plan = standing->plan;
	if (other) {
		cancel_flights(prober);
		follow_site(prober, standing->site);
	}
	if (standing->plan == NULL || (!cross_basis_changed(&prober->basis, standing) && !other)) {
		return;
	}
	cancel_flights(prober);
	begin_round(prober);
	renew_blocked(prober);
	wake_for_next(prober);
}

const struct cross_list *cross_prober_list(const struct cross_prober *prober)
{
	return prober != NULL && prober->list.count > 0 ? &prober->list : NULL;
}

const struct blocked_list *cross_prober_blocked(const struct cross_prober *prober)
{
	return &prober->blocked.now;
}
