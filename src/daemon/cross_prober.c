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
#include "daemon/cross_seen.h"
#include "daemon/nft_cross.h"

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
/*! The elements of the sets live 5 s, the last one is made within the 3 s of an attempt. */
#define PORT_REST_MS 9000
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

/*! What a probe depends on, of a family of an uplink; compared as bytes. */
struct way {
	struct address address;
	struct address public;
	struct address gateway;
	bool routed;
	bool open;
	bool usable;
};

struct cross_prober {
	uv_loop_t *loop;
	struct nfnl *nfnl;
	uv_timer_t timer;
	const struct site *site; /*!< Borrowed; NULL before the first pass. */
	const struct plan *plan; /*!< Borrowed, of the last pass. */
	uplink_set drained;
	unsigned commits;
	struct uplink_sets broken;
	struct way ways[SITE_UPLINKS_MAX][FAMILIES];
	uint64_t since_ms;   /*!< When something last changed, by table_now_ms(). */
	uint64_t changed_ms; /*!< When a change last led to a round. */
	struct cross_list list;
	struct schedule *schedules; /*!< One a line. */
	struct flight flights[FLIGHTS_MOST];
	uint64_t used_ms[CROSS_PORT_COUNT];
	unsigned next_port;
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

static void log_change(const struct cross_prober *prober, const struct cross_line *line,
                       enum cross_state before)
{
	struct text service = TEXT_EMPTY;
	struct text where = TEXT_EMPTY;
	const char *id = site_uplink(prober->site, line->uplink)->id;
	cross_service(line, &service);
	cross_where(line, prober->site, &where);
	if (!service.failed && !where.failed && line->state == CROSS_PROVEN) {
		log_line(before == CROSS_UNKNOWN ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO,
		         "uplink '%s', %s is reachable from outside over %s", id, service.data,
		         family_name(line->family));
	} else if (!service.failed && !where.failed) {
		log_warning("uplink '%s', %s is not proven reachable from outside over %s (%s)", id,
		            service.data, family_name(line->family), where.data);
	}
	text_free(&service);
	text_free(&where);
}

/*! How long a line waits from one attempt to the next. */
static uint64_t period_of(const struct cross_prober *prober)
{
	size_t rounds = (prober->list.count + ROUND_MOST - 1) / ROUND_MOST;
	uint64_t period = (uint64_t)prober->site->cross_interval_ms * (rounds > 0 ? rounds : 1);
	uint64_t least = (uint64_t)prober->list.count * SHARE_MS;
	return period > least ? period : least;
}

static void note_outcome(struct cross_prober *prober, size_t index,
                         const struct cross_outcome *outcome)
{
	struct cross_line *line = &prober->list.items[index];
	struct schedule *schedule = &prober->schedules[index];
	enum cross_state before = line->state;
	uint64_t wait = period_of(prober);
	if (cross_note(line, outcome, table_now_ms())) {
		log_change(prober, line, before);
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

/*! A source port whose traces are gone, or 0. */
static uint16_t take_port(struct cross_prober *prober)
{
	uint64_t now_ms = uv_now(prober->loop);
	unsigned port = prober->next_port;
	if (prober->used_ms[port] != 0 && now_ms - prober->used_ms[port] < PORT_REST_MS) {
		return 0;
	}
	prober->used_ms[port] = now_ms;
	prober->next_port = (port + 1) % CROSS_PORT_COUNT;
	return (uint16_t)(CROSS_PORT_FIRST + port);
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
	uint16_t port = flight != NULL ? take_port(prober) : 0;
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
		log_change(prober, line, before);
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
	unsigned source = cross_source(&prober->list.items[index], prober->plan, prober->drained,
	                               table_now_ms());
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

int cross_prober_open(uv_loop_t *loop, struct nfnl *nfnl, struct cross_prober **prober)
{
	struct cross_prober *opened = calloc(1, sizeof(*opened));
	if (opened == NULL) {
		return -ENOMEM;
	}
	opened->loop = loop;
	opened->nfnl = nfnl;
	(void)uv_timer_init(loop, &opened->timer);
	opened->timer.data = opened;
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
	free(handle->data);
}

void cross_prober_close(struct cross_prober *prober)
{
	if (prober != NULL) {
		cancel_flights(prober);
		free(prober->list.items);
		free(prober->schedules);
		uv_close((uv_handle_t *)&prober->timer, on_closed);
	}
}

/*! Lines of another site; what is known of the same services stays. */
static void follow_site(struct cross_prober *prober, const struct site *site)
{
	struct cross_list list = { 0 };
	int ret = cross_list_build(site, &list);
	struct schedule *schedules = calloc(list.count + 1, sizeof(*schedules));
	if (ret != 0 || schedules == NULL) {
		log_error("cross-probes, failed to set up (%s)", strerror(ENOMEM));
		free(list.items);
		list = (struct cross_list){ 0 };
	} else {
		cross_list_inherit(&list, &prober->list);
	}
	free(prober->list.items);
	free(prober->schedules);
	prober->list = list;
	prober->schedules = schedules;
	prober->site = site;
}

static void read_ways(const struct plan *plan, struct way ways[SITE_UPLINKS_MAX][FAMILIES])
{
	for (size_t i = 0; i < plan->uplink_count; i++) {
		for (unsigned family = 0; family < FAMILIES; family++) {
			const struct uplink_family *state = &plan->uplinks[i].family[family];
			ways[i][family] =
				(struct way){ state->address, state->public, state->gateway,
				              state->routed,  state->open,   state->usable };
		}
	}
}

/*! Whether a pass has changed anything that a probe depends on. */
static bool note_changes(struct cross_prober *prober, const struct standing *standing)
{
	struct way ways[SITE_UPLINKS_MAX][FAMILIES] = { 0 };
	read_ways(standing->plan, ways);
	bool changed = prober->commits != standing->commits ||
	               prober->drained != standing->drains->uplinks ||
	               memcmp(&prober->broken, &standing->broken, sizeof(prober->broken)) != 0 ||
	               memcmp(prober->ways, ways, sizeof(ways)) != 0;
	prober->commits = standing->commits;
	prober->drained = standing->drains->uplinks;
	prober->broken = standing->broken;
	memcpy(prober->ways, ways, sizeof(ways));
	return changed;
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
		                               prober->drained, table_now_ms());
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
	if (standing->plan == NULL || (!note_changes(prober, standing) && !other)) {
		return;
	}
	cancel_flights(prober);
	begin_round(prober);
	wake_for_next(prober);
}

const struct cross_list *cross_prober_list(const struct cross_prober *prober)
{
	return prober != NULL && prober->list.count > 0 ? &prober->list : NULL;
}
