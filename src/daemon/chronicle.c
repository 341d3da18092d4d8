/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Journal, notifications and the parent zone, fed by one recorder.
 */

#include "daemon/chronicle.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "daemon/hook.h"
#include "daemon/journal_keeper.h"
#include "table/journal_json.h"

/*! For a command of «notify». */
#define NOTIFY_TIMEOUT_MS 30000

struct notifier {
	char *command;
	struct hook *hook;
};

struct chronicle {
	uv_loop_t *loop;
	struct recorder *recorder;
	struct journal_keeper *keeper;
	struct parent *parent;
	char *domain;
	struct notifier *notifiers;
	size_t notifier_count;
	uint64_t failures; /*!< Of notifiers that are not there any more. */
};

/*! A text for the environment; NULL if memory ran out. */
static char *variable(const char *name, const char *value)
{
	char *text = NULL;
	return asprintf(&text, "%s=%s", name, value) < 0 ? NULL : text;
}

static void notify_one(const struct chronicle *chronicle, const struct notifier *notifier,
                       const struct journal_entry *entry, const char *input)
{
	const struct {
		const char *name;
		const char *value;
	} variables[] = {
		{ "MULTIHOME_EVENT", journal_event_name(entry->event) },
		{ "MULTIHOME_SITE", chronicle->domain },
		{ "MULTIHOME_UPLINK", entry->uplink },
		{ "MULTIHOME_REASON", entry->reason },
	};
	const size_t count = sizeof(variables) / sizeof(variables[0]);
	char *environment[sizeof(variables) / sizeof(variables[0]) + 1] = { NULL };
	bool whole = true;
	for (size_t i = 0; i < count; i++) {
		environment[i] = variable(variables[i].name, variables[i].value);
		whole = whole && environment[i] != NULL;
	}
	const char *const arguments[] = { "/bin/sh", "-c", notifier->command, NULL };
	struct hook_job job = { .arguments = arguments,
		                .environment = (const char *const *)environment,
		                .input = input };
	if (whole) {
		(void)hook_run(notifier->hook, &job);
	}
	for (size_t i = 0; i < count; i++) {
		free(environment[i]);
	}
}

/*! Whether an entry is a change of what an uplink is answered with. */
static bool is_change(const struct journal_entry *entry)
{
	return journal_event_is_uplink(entry->event) &&
	       (entry->event != JOURNAL_UPLINK_CHANGED || entry->after.count > 0);
}

static void on_entry(const struct journal_entry *entry, void *context)
{
	struct chronicle *chronicle = context;
	journal_keeper_append(chronicle->keeper, entry);
	if (chronicle->notifier_count == 0 || !is_change(entry)) {
		return;
	}
	json_t *object = journal_entry_json(entry);
	// The keeper, another process, counts them.
	(void)json_object_set_new(object, "number", json_null());
	char *input = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
	for (size_t i = 0; input != NULL && i < chronicle->notifier_count; i++) {
		notify_one(chronicle, &chronicle->notifiers[i], entry, input);
	}
	free(input);
	json_decref(object);
}

static void on_confirmed(const struct journal_confirmed *confirmed, void *context)
{
	struct chronicle *chronicle = context;
	parent_restore(chronicle->parent, confirmed);
}

static void on_ready(void *context)
{
	struct chronicle *chronicle = context;
	parent_ready(chronicle->parent);
}

static void keep_confirmed(const struct journal_confirmed *confirmed, void *context)
{
	const struct chronicle *chronicle = context;
	journal_keeper_confirm(chronicle->keeper, confirmed);
}

static void close_notifiers(struct chronicle *chronicle)
{
	for (size_t i = 0; i < chronicle->notifier_count; i++) {
		chronicle->failures += hook_failures(chronicle->notifiers[i].hook);
		hook_close(chronicle->notifiers[i].hook);
		free(chronicle->notifiers[i].command);
	}
	free(chronicle->notifiers);
	chronicle->notifiers = NULL;
	chronicle->notifier_count = 0;
}

static bool same_notifiers(const struct chronicle *chronicle, const struct site *site)
{
	bool same = chronicle->notifier_count == site->notify.count;
	for (size_t i = 0; same && i < site->notify.count; i++) {
		same = strcmp(chronicle->notifiers[i].command, site->notify.items[i]) == 0;
	}
	return same;
}

static int open_notifiers(struct chronicle *chronicle, const struct site *site)
{
	// What runs goes on if the commands stay.
	if (same_notifiers(chronicle, site)) {
		return 0;
	}
	close_notifiers(chronicle);
	chronicle->notifiers = calloc(site->notify.count + 1, sizeof(struct notifier));
	for (size_t i = 0; chronicle->notifiers != NULL && i < site->notify.count; i++) {
		struct notifier *notifier = &chronicle->notifiers[i];
		notifier->command = strdup(site->notify.items[i]);
		if (notifier->command == NULL ||
		    hook_open(chronicle->loop, notifier->command, NOTIFY_TIMEOUT_MS, NULL, NULL,
		              &notifier->hook) != 0) {
			free(notifier->command);
			return -ENOMEM;
		}
		chronicle->notifier_count++;
	}
	return chronicle->notifiers != NULL ? 0 : -ENOMEM;
}

static int take_site(struct chronicle *chronicle, const struct site *site)
{
	char *domain = strdup(site->domain);
	if (domain == NULL) {
		return -ENOMEM;
	}
	free(chronicle->domain);
	chronicle->domain = domain;
	int ret = open_notifiers(chronicle, site);
	return ret == 0 ? parent_set_site(chronicle->parent, site) : ret;
}

static void start_keeper(struct chronicle *chronicle, const char *state_dir)
{
	const struct keeper_calls calls = { .confirmed = on_confirmed,
		                            .ready = on_ready,
		                            .context = chronicle };
	int ret = journal_keeper_open(chronicle->loop, state_dir, &calls, &chronicle->keeper);
	if (ret != 0) {
		// Better without a history than not at all.
		log_warning(
			"journal in '%s', failed to start its process (%s): there is no history",
			state_dir, strerror(-ret));
		parent_ready(chronicle->parent);
	}
}

int chronicle_open(uv_loop_t *loop, const char *config, const struct site *site,
                   struct chronicle **chronicle)
{
	struct chronicle *opened = calloc(1, sizeof(*opened));
	int ret = opened == NULL ? -ENOMEM : 0;
	if (ret == 0) {
		opened->loop = loop;
		opened->recorder = recorder_new();
		ret = opened->recorder == NULL ? -ENOMEM : 0;
	}
	if (ret == 0) {
		ret = parent_open(loop, config, opened->recorder, keep_confirmed, opened,
		                  &opened->parent);
	}
	if (ret == 0) {
		ret = take_site(opened, site);
	}
	if (ret != 0) {
		log_error("history and notifications, failed to start (%s)", strerror(-ret));
		chronicle_close(opened);
		return ret;
	}
	recorder_set_sink(opened->recorder, on_entry, opened);
	start_keeper(opened, site->state_dir);
	*chronicle = opened;
	return 0;
}

void chronicle_close(struct chronicle *chronicle)
{
	if (chronicle == NULL) {
		return;
	}
	close_notifiers(chronicle);
	parent_close(chronicle->parent);
	journal_keeper_close(chronicle->keeper);
	recorder_free(chronicle->recorder);
	free(chronicle->domain);
	free(chronicle);
}

struct recorder *chronicle_recorder(struct chronicle *chronicle)
{
	return chronicle->recorder;
}

void chronicle_set_site(struct chronicle *chronicle, const struct site *site)
{
	int ret = take_site(chronicle, site);
	if (ret != 0) {
		log_error("notifications and on-change, failed to take over (%s)", strerror(-ret));
	}
}

void chronicle_look(struct chronicle *chronicle, const struct table *published)
{
	parent_look(chronicle->parent, published);
}

void chronicle_tick(struct chronicle *chronicle)
{
	journal_keeper_tick(chronicle->keeper);
}

struct parent *chronicle_parent(struct chronicle *chronicle)
{
	return chronicle->parent;
}

uint64_t chronicle_lost(const struct chronicle *chronicle)
{
	return journal_keeper_lost(chronicle->keeper);
}

uint64_t chronicle_failures(const struct chronicle *chronicle)
{
	uint64_t failures = chronicle->failures;
	for (size_t i = 0; i < chronicle->notifier_count; i++) {
		failures += hook_failures(chronicle->notifiers[i].hook);
	}
	return failures;
}
