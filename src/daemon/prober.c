/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Scheduling of probes.
 *
 * A task is one probe with one timer, which fires when its next attempt is due and when that one has
 * taken too long. A target is an uplink with its tasks; the prober keeps one for each uplink with probes.
 */

#include "daemon/prober.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/log.h"
#include "daemon/probe_attempt.h"

/*! Most that the probes of a round are spread over. */
#define SPREAD_MS 100

struct target;

struct task {
	uv_timer_t timer;
	struct target *target; /*!< NULL: given up, being closed. */
	struct probed_line *line;
	size_t index; /*!< In the line. */
	struct probe probe;
	uint64_t due_ms; /*!< Of the next attempt, by the loop's clock. */
	struct probe_attempt *attempt;
};

struct target {
	struct probed probed; // First: the list for the report points here.
	struct prober *prober;
	char *interface;
	uint32_t mark;
	uint32_t interval_ms;
	uint32_t timeout_ms;
	struct address source[FAMILIES];
	bool started;        /*!< A pass has seen it: its tasks run. */
	struct task **tasks; // One for each probe of the site file, in its order.
	size_t task_count;
};

struct prober {
	uv_loop_t *loop;
	uv_timer_t tell; // Fires at once: several changes are one pass.
	prober_changed changed;
	void *context;
	struct probed_list targets;
	struct verdicts verdicts;
};

static void on_task_closed(uv_handle_t *handle)
{
	struct task *task = handle->data;
	free(task->probe.text);
	free(task);
}

static void free_target(struct target *target)
{
	if (target == NULL) {
		return;
	}
	for (size_t i = 0; i < target->task_count; i++) {
		struct task *task = target->tasks[i];
		probe_attempt_cancel(task->attempt);
		task->attempt = NULL;
		task->target = NULL;
		uv_close((uv_handle_t *)&task->timer, on_task_closed);
	}
	free(target->tasks);
	free(target->interface);
	probed_deinit(&target->probed);
	free(target);
}

static void free_targets(struct probed_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free_target((struct target *)list->items[i]);
	}
	free(list->items);
	*list = (struct probed_list){ 0 };
}

/*! Write down what the probes say; the room for it is there. \return Whether it has changed. */
static bool renew_verdicts(struct prober *prober)
{
	bool changed = prober->verdicts.count != prober->targets.count;
	prober->verdicts.count = prober->targets.count;
	for (size_t i = 0; i < prober->targets.count; i++) {
		struct verdict verdict;
		probed_verdict(prober->targets.items[i], &verdict);
		changed |= memcmp(&verdict, &prober->verdicts.items[i], sizeof(verdict)) != 0;
		prober->verdicts.items[i] = verdict;
	}
	return changed;
}

static void on_tell(uv_timer_t *timer)
{
	struct prober *prober = timer->data;
	prober->changed(prober->context);
}

static void tell_if_changed(struct prober *prober)
{
	if (renew_verdicts(prober)) {
		(void)uv_timer_start(&prober->tell, on_tell, 0, 0);
	}
}

static void log_probe(const struct target *target, const struct health *health,
                      const struct health_probe *probe, unsigned failures)
{
	if (!probe->good && probe->failures == health->rules.down_after) {
		log_info("uplink '%s', probe '%s' fails (%s)", target->probed.id, probe->text,
		         probe->fault);
	} else if (probe->good && failures >= health->rules.down_after) {
		log_info("uplink '%s', probe '%s' is good again (%u.%03u ms)", target->probed.id,
		         probe->text, probe->rtt_us / 1000, probe->rtt_us % 1000);
	}
}

/*! What is answered or not is logged by the pass. */
static void log_loss(const struct target *target, const struct health *health,
                     enum health_state before)
{
	if (health->state == HEALTH_DEGRADED) {
		log_warning("uplink '%s', degraded: %s", target->probed.id, health->reason);
	} else if (before == HEALTH_DEGRADED && health->state == HEALTH_UP) {
		log_info("uplink '%s', not degraded any more", target->probed.id);
	}
}

static void note_result(struct task *task, const char *fault, uint32_t rtt_us)
{
	struct target *target = task->target;
	struct health *health = &task->line->health;
	const struct health_probe *probe = &health->probes[task->index];
	enum health_state before = health->state;
	unsigned failures = probe->failures;
	bool changed = health_result(health, task->index, fault, rtt_us, table_now_ms());
	log_probe(target, health, probe, failures);
	if (changed) {
		log_loss(target, health, before);
	}
	// Also an outage of a round may end a wait without a change of state.
	tell_if_changed(target->prober);
}

static void on_due(uv_timer_t *timer);

/*! Wait for the next round: the first one that is not over yet. */
static void wait_for_round(struct task *task)
{
	uv_loop_t *loop = task->timer.loop;
	uint64_t now = uv_now(loop);
	uint64_t interval = task->target->interval_ms;
	task->due_ms += interval;
	if (task->due_ms + interval <= now) {
		task->due_ms += (now - task->due_ms) / interval * interval;
	}
	(void)uv_timer_start(&task->timer, on_due, task->due_ms > now ? task->due_ms - now : 0, 0);
}

static void on_done(void *context, const char *fault, uint32_t rtt_us)
{
	struct task *task = context;
	task->attempt = NULL;
	wait_for_round(task);
	note_result(task, fault, rtt_us);
}

static void on_expired(uv_timer_t *timer)
{
	struct task *task = timer->data;
	probe_attempt_expire(task->attempt);
}

static void on_due(uv_timer_t *timer)
{
	struct task *task = timer->data;
	struct target *target = task->target;
	unsigned family = task->line->family;
	if (family == FAMILIES) {
		family = target->source[FAMILY_4].family != 0 ? FAMILY_4 : FAMILY_6;
	}
	const struct probe_request request = {
		.probe = &task->probe,
		.uplink = target->probed.id,
		.interface = target->interface,
		.source = target->source[family],
		.mark = target->mark,
	};
	if (task->line->health.paused) {
		wait_for_round(task);
		return;
	}
	int ret = probe_attempt_begin(timer->loop, &request, on_done, task, &task->attempt);
	if (ret != 0) {
		wait_for_round(task);
		note_result(task, strerror(-ret), 0);
		return;
	}
	(void)uv_timer_start(timer, on_expired, target->timeout_ms, 0);
}

static int add_task(struct target *target, const struct probe *probe, struct probed_line *line,
                    size_t index)
{
	struct task *task = calloc(1, sizeof(*task));
	char *text = strdup(probe->text);
	if (task == NULL || text == NULL) {
		free(task);
		free(text);
		return -ENOMEM;
	}
	task->target = target;
	task->line = line;
	task->index = index;
	task->probe = *probe;
	task->probe.text = text;
	(void)uv_timer_init(target->prober->loop, &task->timer);
	task->timer.data = task;
	target->tasks[target->task_count++] = task;
	return 0;
}

static int new_target(struct prober *prober, const struct site *site, const struct uplink *uplink,
                      const struct table *published, struct target **target)
{
	const struct table_uplink *row = NULL;
	for (size_t i = 0; i < published->uplink_count; i++) {
		bool same = strcmp(published->uplinks[i].id, uplink->id) == 0;
		row = same ? &published->uplinks[i] : row;
	}
	struct target *made = calloc(1, sizeof(*made));
	if (made == NULL) {
		return -ENOMEM;
	}
	made->prober = prober;
	made->mark = site_mark(site, uplink->number);
	made->interval_ms = uplink->interval_ms;
	made->timeout_ms = uplink->timeout_ms;
	made->interface = strdup(uplink->interface);
	made->tasks = calloc(uplink->probe.count, sizeof(struct task *));
	int ret = made->interface == NULL || made->tasks == NULL ? -ENOMEM : 0;
	if (ret == 0) {
		ret = probed_init(&made->probed, uplink, row, table_now_ms());
	}
	for (size_t i = 0; ret == 0 && i < made->probed.line_count; i++) {
		struct probed_line *line = &made->probed.lines[i];
		for (size_t k = 0; ret == 0 && k < line->health.probe_count; k++) {
			ret = add_task(made, &uplink->probe.items[line->members[k]], line, k);
		}
	}
	if (ret != 0) {
		free_target(made);
		return ret;
	}
	*target = made;
	return 0;
}

int prober_open(uv_loop_t *loop, prober_changed changed, void *context, struct prober **prober)
{
	struct prober *opened = calloc(1, sizeof(*opened));
	if (opened == NULL) {
		return -ENOMEM;
	}
	opened->loop = loop;
	opened->changed = changed;
	opened->context = context;
	(void)uv_timer_init(loop, &opened->tell);
	opened->tell.data = opened;
	*prober = opened;
	return 0;
}

static void on_prober_closed(uv_handle_t *handle)
{
	struct prober *prober = handle->data;
	free(prober->verdicts.items);
	free(prober);
}

void prober_close(struct prober *prober)
{
	if (prober != NULL) {
		free_targets(&prober->targets);
		uv_close((uv_handle_t *)&prober->tell, on_prober_closed);
	}
}

/*! Take over histories from what was probed before. */
static void inherit(struct target *target, const struct probed_list *older)
{
	for (size_t i = 0; i < older->count; i++) {
		struct target *other = (struct target *)older->items[i];
		if (strcmp(other->probed.id, target->probed.id) == 0 &&
		    strcmp(other->interface, target->interface) == 0) {
			probed_inherit(&target->probed, &other->probed);
		}
	}
}

int prober_set_site(struct prober *prober, const struct site *site, const struct table *published)
{
	struct probed_list list = { .items = calloc(site->uplink_count + 1, sizeof(*list.items)) };
	struct verdict *verdicts = calloc(site->uplink_count + 1, sizeof(*verdicts));
	int ret = list.items == NULL || verdicts == NULL ? -ENOMEM : 0;
	for (size_t i = 0; ret == 0 && i < site->uplink_count; i++) {
		struct target *target = NULL;
		if (site->uplinks[i].probe.count == 0) {
			continue;
		}
		ret = new_target(prober, site, &site->uplinks[i], published, &target);
		if (ret == 0) {
			list.items[list.count++] = &target->probed;
		}
	}
	if (ret != 0) {
		free_targets(&list);
		free(verdicts);
		return ret;
	}
	for (size_t i = 0; i < list.count; i++) {
		inherit((struct target *)list.items[i], &prober->targets);
	}
	free_targets(&prober->targets);
	free(prober->verdicts.items);
	prober->targets = list;
	prober->verdicts.items = verdicts;
	prober->verdicts.count = 0;
	(void)renew_verdicts(prober);
	return 0;
}

/*! Spread the probes of a round, and the uplinks' among each other. */
static void start_tasks(struct target *target, size_t position)
{
	uint64_t spread = target->interval_ms / 10;
	spread = spread < SPREAD_MS ? spread : SPREAD_MS;
	uint64_t uplinks = target->prober->targets.count;
	for (size_t i = 0; i < target->task_count; i++) {
		struct task *task = target->tasks[i];
		uint64_t delay = spread * (i * uplinks + position) / (target->task_count * uplinks);
		task->due_ms = uv_now(task->timer.loop) + delay;
		(void)uv_timer_start(&task->timer, on_due, delay, 0);
	}
}

void prober_follow(struct prober *prober, const struct plan *plan)
{
	uint64_t now_ms = table_now_ms();
	for (size_t i = 0; i < prober->targets.count; i++) {
		struct target *target = (struct target *)prober->targets.items[i];
		for (size_t k = 0; k < plan->uplink_count; k++) {
			const struct uplink_view *view = &plan->uplinks[k];
			if (strcmp(view->uplink->id, target->probed.id) != 0) {
				continue;
			}
			for (unsigned family = 0; family < FAMILIES; family++) {
				const struct uplink_family *state = &view->family[family];
				target->source[family] =
					state->routed ? state->address : (struct address){ 0 };
			}
			probed_follow(&target->probed, view, now_ms);
		}
		if (!target->started) {
			target->started = true;
			start_tasks(target, i);
		}
	}
	tell_if_changed(prober);
}

void prober_set_others(struct prober *prober, const struct blocked_list *blocked,
                       const struct discover_list *discovered)
{
	prober->verdicts.blocked = blocked;
	prober->verdicts.discovered = discovered;
}

const struct verdicts *prober_verdicts(const struct prober *prober)
{
	return &prober->verdicts;
}

const struct probed_list *prober_list(const struct prober *prober)
{
	return &prober->targets;
}
