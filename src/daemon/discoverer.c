/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Scheduling of the questions for public addresses: one timer, which fires when the next one is due.
 */

#include "daemon/discoverer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "daemon/discover_attempt.h"

/*! Between two attempts, and until the place where another one ends is free. */
#define GAP_MS 50

#define NEVER UINT64_MAX

/*! What of a line the scheduler alone needs. */
struct turn {
	struct discoverer *discoverer;
	struct discover_attempt *attempt; /*!< NULL: none is under way. */
	unsigned source; /*!< Who is asked by it: an uplink's number; 0: a server. */
	bool alone;      /*!< Nobody was there to be asked. */
	uint64_t due_ms;
};

struct discoverer {
	uv_loop_t *loop;
	struct recorder *recorder;
	uv_timer_t timer;
	uv_timer_t tell; /*!< Fires at once: several changes are one pass. */
	discoverer_changed changed;
	void *context;
	unsigned closing;        /*!< Handles that are not closed yet. */
	const struct site *site; /*!< Borrowed, of the last pass; NULL: none with these lines. */
	const struct plan *plan; /*!< The same. */
	struct discover_list list;
	struct turn *turns; /*!< One a line. */
};

static void on_timer(uv_timer_t *timer);

static void on_tell(uv_timer_t *timer)
{
	struct discoverer *discoverer = timer->data;
	discoverer->changed(discoverer->context);
}

static void wake_for_next(struct discoverer *discoverer)
{
	uint64_t now_ms = uv_now(discoverer->loop);
	uint64_t next = NEVER;
	for (size_t i = 0; i < discoverer->list.count; i++) {
		const struct turn *turn = &discoverer->turns[i];
		next = turn->attempt == NULL && turn->due_ms < next ? turn->due_ms : next;
	}
	if (next == NEVER) {
		(void)uv_timer_stop(&discoverer->timer);
	} else {
		(void)uv_timer_start(&discoverer->timer, on_timer,
		                     next > now_ms ? next - now_ms : 0, 0);
	}
}

/*! Tell of what the pass does not: an address is published, and whoever should confirm it does not. */
static void note_doubt(struct discoverer *discoverer, const struct discover_line *line,
                       const struct discover_line *before)
{
	bool doubted = before->refused || before->failures >= DISCOVER_FAILURES;
	bool doubts = line->refused || line->failures >= DISCOVER_FAILURES;
	char known[ADDRESS_TEXT_MAX];
	if (line->known.family == 0 || doubted == doubts) {
		return;
	}
	(void)address_format(&line->known, known);
	struct journal_entry entry = journal_entry_new(JOURNAL_UPLINK_CHANGED);
	(void)snprintf(entry.uplink, sizeof(entry.uplink), "%s", line->id);
	if (doubts) {
		(void)snprintf(entry.reason, sizeof(entry.reason),
		               "public address not confirmed: %s", line->fault);
	} else {
		(void)snprintf(entry.reason, sizeof(entry.reason),
		               "public address confirmed again");
	}
	recorder_write(discoverer->recorder, &entry, doubts ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO,
	               "uplink '%s', %s (%s)", line->id, entry.reason, known);
}

/*! An uplink whose address is known comes in as its alias. */
static void resolve_alias(const struct discoverer *discoverer, const struct discover_line *line,
                          struct address *address)
{
	for (size_t i = 0; i < discoverer->plan->uplink_count; i++) {
		const struct uplink_view *view = &discoverer->plan->uplinks[i];
		const struct address alias = site_cross_alias(
			discoverer->site, family_number(line->family), view->uplink->number);
		if (address_equal(address, &alias)) {
			*address = view->family[line->family].public;
			return;
		}
	}
}

static void note_answer(struct discoverer *discoverer, size_t index,
                        const struct discover_answer *answer)
{
	struct discover_line *line = &discoverer->list.items[index];
	const struct discover_line before = *line;
	struct discover_verdict was;
	struct discover_verdict is;
	discover_judge(line, &line->own, &line->gateway, false, &was);
	discover_note(line, answer, discover_owner(discoverer->plan, line, &answer->address),
	              table_now_ms());
	discover_judge(line, &line->own, &line->gateway, false, &is);
	note_doubt(discoverer, line, &before);
	if (!address_equal(&was.address, &is.address) || strcmp(was.reason, is.reason) != 0) {
		(void)uv_timer_start(&discoverer->tell, on_tell, 0, 0);
	}
	discoverer->turns[index].due_ms =
		uv_now(discoverer->loop) + discover_wait(line, discoverer->site->cross_interval_ms);
}

static void on_done(void *context, const struct discover_answer *answer)
{
	struct turn *turn = context;
	struct discoverer *discoverer = turn->discoverer;
	size_t index = (size_t)(turn - discoverer->turns);
	struct discover_answer whole = *answer;
	turn->attempt = NULL;
	whole.source = turn->source;
	if (whole.fault[0] == '\0' && whole.source != 0) {
		resolve_alias(discoverer, &discoverer->list.items[index], &whole.address);
	}
	note_answer(discoverer, index, &whole);
	wake_for_next(discoverer);
}

static struct discover_end end_of(const struct discoverer *discoverer, unsigned uplink,
                                  unsigned family)
{
	const struct uplink_view *view = &discoverer->plan->uplinks[uplink - 1];
	return (struct discover_end){
		.interface = view->uplink->interface,
		.address = view->family[family].address,
		.mark = site_mark(discoverer->site, uplink),
	};
}

/*! Whether another uplink is being asked, where one question at a time finds its place. */
static bool is_asking(const struct discoverer *discoverer)
{
	bool asking = false;
	for (size_t i = 0; i < discoverer->list.count; i++) {
		asking |= discoverer->turns[i].attempt != NULL && discoverer->turns[i].source != 0;
	}
	return asking;
}

/*! Begin an attempt, or note at once why there is none. */
static void take_turn(struct discoverer *discoverer, size_t index)
{
	const struct discover_line *line = &discoverer->list.items[index];
	struct turn *turn = &discoverer->turns[index];
	uint8_t family = family_number(line->family);
	struct discover_request request = {
		.from = end_of(discoverer, line->uplink, line->family),
		.how = uplink_discover(site_uplink(discoverer->site, line->uplink), family),
	};
	struct discover_answer nobody = { .fault = "no other uplink with a known one is there to "
		                                   "be asked" };
	bool server = request.how->address.family != 0;
	turn->source = server ? 0 : discover_source(line, discoverer->plan);
	turn->alone = !server && turn->source == 0;
	if (turn->alone) {
		note_answer(discoverer, index, &nobody);
		return;
	}
	if (turn->source != 0) {
		request.to = end_of(discoverer, turn->source, line->family);
		request.alias = site_cross_alias(discoverer->site, family, turn->source);
	}
	int ret = discover_attempt_begin(discoverer->loop, &request, on_done, turn, &turn->attempt);
	if (ret == -EADDRINUSE && is_asking(discoverer)) {
		turn->due_ms = uv_now(discoverer->loop) + GAP_MS;
	} else if (ret != 0) {
		nobody.source = turn->source;
		(void)snprintf(nobody.fault, sizeof(nobody.fault), "nobody can be asked (%s)",
		               strerror(-ret));
		note_answer(discoverer, index, &nobody);
	}
}

static void on_timer(uv_timer_t *timer)
{
	struct discoverer *discoverer = timer->data;
	for (size_t i = 0; i < discoverer->list.count; i++) {
		const struct turn *turn = &discoverer->turns[i];
		if (turn->attempt == NULL && turn->due_ms <= uv_now(discoverer->loop)) {
			take_turn(discoverer, i);
		}
	}
	wake_for_next(discoverer);
}

int discoverer_open(uv_loop_t *loop, struct recorder *recorder, discoverer_changed changed,
                    void *context, struct discoverer **discoverer)
{
	struct discoverer *opened = calloc(1, sizeof(*opened));
	if (opened == NULL) {
		return -ENOMEM;
	}
	opened->loop = loop;
	opened->recorder = recorder;
	opened->changed = changed;
	opened->context = context;
	opened->closing = 2;
	(void)uv_timer_init(loop, &opened->timer);
	(void)uv_timer_init(loop, &opened->tell);
	opened->timer.data = opened;
	opened->tell.data = opened;
	*discoverer = opened;
	return 0;
}

static void drop_lines(struct discoverer *discoverer)
{
	for (size_t i = 0; i < discoverer->list.count; i++) {
		discover_attempt_cancel(discoverer->turns[i].attempt);
	}
	free(discoverer->list.items);
	free(discoverer->turns);
	discoverer->list = (struct discover_list){ 0 };
	discoverer->turns = NULL;
}

static void on_closed(uv_handle_t *handle)
{
	struct discoverer *discoverer = handle->data;
	if (--discoverer->closing == 0) {
		free(discoverer);
	}
}

void discoverer_close(struct discoverer *discoverer)
{
	if (discoverer != NULL) {
		drop_lines(discoverer);
		uv_close((uv_handle_t *)&discoverer->timer, on_closed);
		uv_close((uv_handle_t *)&discoverer->tell, on_closed);
	}
}

int discoverer_set_site(struct discoverer *discoverer, const struct site *site,
                        const struct table *published)
{
	struct discover_list list = { 0 };
	int ret = discover_list_build(site, &list);
	struct turn *turns = calloc(list.count + 1, sizeof(*turns));
	if (ret != 0 || turns == NULL) {
		free(list.items);
		free(turns);
		return -ENOMEM;
	}
	for (size_t i = 0; i < list.count; i++) {
		turns[i] = (struct turn){ .discoverer = discoverer, .due_ms = NEVER };
	}
	discover_inherit(&list, &discoverer->list);
	discover_adopt(&list, published, table_now_ms());
	drop_lines(discoverer);
	(void)uv_timer_stop(&discoverer->timer);
	discoverer->list = list;
	discoverer->turns = turns;
	discoverer->site = NULL;
	discoverer->plan = NULL;
	return 0;
}

/*! The uplink of a line, if its address is to be learnt. While a site is refused, plan and lines differ. */
static const struct uplink_view *find_view(const struct discoverer *discoverer,
                                           const struct discover_line *line)
{
	const struct plan *plan = discoverer->plan;
	for (size_t i = 0; plan != NULL && i < plan->uplink_count; i++) {
		const struct uplink *uplink = plan->uplinks[i].uplink;
		if (strcmp(uplink->id, line->id) == 0 &&
		    uplink_discover(uplink, family_number(line->family)) != NULL) {
			return &plan->uplinks[i];
		}
	}
	return NULL;
}

static void follow_line(struct discoverer *discoverer, size_t index)
{
	static const struct uplink_family nothing = { .routed = false };
	struct discover_line *line = &discoverer->list.items[index];
	struct turn *turn = &discoverer->turns[index];
	const struct uplink_view *view = find_view(discoverer, line);
	bool renewed = discover_follow(line, view != NULL ? &view->family[line->family] : &nothing);
	line->uplink = view != NULL ? view->uplink->number : line->uplink;
	if (renewed || !line->asking) {
		discover_attempt_cancel(turn->attempt);
		turn->attempt = NULL;
	}
	if (!line->asking) {
		turn->due_ms = NEVER;
	} else if (renewed || (turn->alone && discover_source(line, discoverer->plan) != 0)) {
		turn->due_ms = uv_now(discoverer->loop);
	}
}

void discoverer_follow(struct discoverer *discoverer, const struct standing *standing)
{
	discoverer->site = standing->site;
	discoverer->plan = standing->plan;
	for (size_t i = 0; i < discoverer->list.count; i++) {
		follow_line(discoverer, i);
	}
	wake_for_next(discoverer);
}

const struct discover_list *discoverer_list(const struct discoverer *discoverer)
{
	return &discoverer->list;
}
