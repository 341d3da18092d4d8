/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * What the control socket is asked for; and reading the site file again, which a signal asks for too.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "daemon/kernel.h"
#include "daemon/loop_private.h"
#include "daemon/metrics.h"
#include "daemon/observe.h"
#include "daemon/report.h"

static void log_report(char *report)
{
	char *rest = NULL;
	for (char *line = strtok_r(report, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		log_warning("%s", line);
	}
}

/*! What only a restart can change: a message, or NULL. */
static const char *fixed_folder_changed(const struct site *old, const struct site *site)
{
	return strcmp(site->run_dir, old->run_dir) != 0
	               ? "run-dir cannot change while the daemon runs: restart it"
	       : strcmp(site->state_dir, old->state_dir) != 0
	               ? "state-dir cannot change while the daemon runs: restart it"
	               : NULL;
}

/*! Record what became of a site file, and why. */
static void note_site(struct daemon *daemon, enum journal_event event, enum log_level level,
                      const json_t *messages, const char *outcome)
{
	struct journal_entry entry = journal_entry_new(event);
	const char *first = json_string_value(json_array_get(messages, 0));
	(void)snprintf(entry.reason, sizeof(entry.reason), "%s", first != NULL ? first : outcome);
	recorder_write(chronicle_recorder(daemon->chronicle), &entry, level, "site file '%s', %s",
	               daemon->path, outcome);
}

int daemon_reload(struct daemon *daemon, json_t *messages)
{
	struct site *site = NULL;
	struct text report = TEXT_EMPTY;
	int ret = site_load(daemon->path, &site, &report);
	char *lines = text_take(&report);
	for (const char *line = lines; line != NULL && *line != '\0';) {
		size_t length = strcspn(line, "\n");
		json_array_append_new(messages, json_stringn(line, length));
		line += length + (line[length] == '\n');
	}
	if (lines != NULL) {
		log_report(lines);
	}
	free(lines);

	const struct site *old = reconcile_standing(daemon->reconcile).site;
	const char *message = ret != 0 ? NULL : fixed_folder_changed(old, site);
	if (message != NULL) {
		json_array_append_new(messages, json_string(message));
		log_error("%s", message);
		ret = -EINVAL;
	}
	if (ret != 0) {
		site_free(site);
		note_site(daemon, JOURNAL_SITE_REFUSED, LOG_LEVEL_ERROR, messages,
		          "refused: the old plan stays");
		return ret;
	}
	bool taken = false;
	// Known by their ids, the verdicts of both sites are there whichever of them the pass is for.
	ret = prober_set_site(daemon->prober, site,
	                      reconcile_standing(daemon->reconcile).published);
	if (ret == 0) {
		ret = discoverer_set_site(daemon->discoverer, site,
		                          reconcile_standing(daemon->reconcile).published);
	}
	if (ret != 0) {
		site_free(site);
		log_error("probes, failed to set up (%s): the old plan stays", strerror(-ret));
		return ret;
	}
	ret = reconcile_set_site(daemon->reconcile, site, &taken);
	if (taken) {
		chronicle_set_site(daemon->chronicle, reconcile_standing(daemon->reconcile).site);
	}
	daemon_after_pass(daemon, ret);
	if (!taken) {
		struct standing standing = reconcile_standing(daemon->reconcile);
		(void)prober_set_site(daemon->prober, standing.site, standing.published);
		(void)discoverer_set_site(daemon->discoverer, standing.site, standing.published);
		daemon_after_pass(daemon, reconcile_run(daemon->reconcile));
		message = "the new site could not be installed (see the log)";
		json_array_append_new(messages, json_string(message));
		note_site(daemon, JOURNAL_SITE_REFUSED, LOG_LEVEL_ERROR, messages,
		          "could not be installed: the old plan stays");
		return -EIO;
	}
	note_site(daemon, JOURNAL_SITE_RELOADED, LOG_LEVEL_INFO, NULL, "loaded again");
	return 0;
}

static json_t *fail(const char *error)
{
	return json_pack("{s:b, s:s}", "ok", 0, "error", error);
}

/*! The outcome of the last pass, and what the probes say. */
static struct standing whole_standing(const struct daemon *daemon)
{
	struct standing standing = reconcile_standing(daemon->reconcile);
	standing.probed = prober_list(daemon->prober);
	standing.crossed = cross_prober_list(daemon->cross);
	standing.discovered = discoverer_list(daemon->discoverer);
	return standing;
}

static json_t *answer_status(struct daemon *daemon, const json_t *request)
{
	struct standing standing = whole_standing(daemon);
	json_t *status = report_status(&standing, daemon->started_ms);
	if (status == NULL) {
		return fail("nothing was observed yet");
	}
	(void)json_object_set_new(status, "parent",
	                          parent_report(chronicle_parent(daemon->chronicle)));
	return json_pack("{s:b, s:o}", "ok", 1, "status", status);
}

static json_t *answer_observe(struct daemon *daemon, const json_t *request)
{
	struct standing standing = whole_standing(daemon);
	const char *error = NULL;
	json_t *observed = observe_report(&standing, &error);
	return observed == NULL ? fail(error)
	                        : json_pack("{s:b, s:o}", "ok", 1, "observed", observed);
}

static json_t *answer_explain(struct daemon *daemon, const json_t *request)
{
	struct standing standing = whole_standing(daemon);
	const char *name = json_string_value(json_object_get(request, "name"));
	const char *uplink = json_string_value(json_object_get(request, "uplink"));
	const char *error = NULL;
	if (name == NULL) {
		return fail("name is missing");
	}
	json_t *explanation = report_explain(&standing, name, uplink, &error);
	return explanation == NULL ? fail(error)
	                           : json_pack("{s:b, s:o}", "ok", 1, "explain", explanation);
}

static json_t *answer_reload(struct daemon *daemon, const json_t *request)
{
	json_t *messages = json_array();
	if (daemon_reload(daemon, messages) == 0) {
		return json_pack("{s:b, s:o}", "ok", 1, "messages", messages);
	}
	return json_pack("{s:b, s:s, s:o}", "ok", 0, "error",
	                 "the site file was refused: the old plan stays", "messages", messages);
}

static json_t *set_drain(struct daemon *daemon, const json_t *request, bool drain)
{
	struct standing standing = reconcile_standing(daemon->reconcile);
	const char *id = json_string_value(json_object_get(request, "uplink"));
	const struct uplink *uplink = id != NULL ? site_uplink_by_id(standing.site, id) : NULL;
	if (uplink == NULL) {
		return fail("no uplink has that id");
	}
	daemon_after_pass(daemon, reconcile_drain(daemon->reconcile, uplink->number, drain));
	standing = reconcile_standing(daemon->reconcile);
	return json_pack("{s:b, s:o}", "ok", 1, "drain", report_drain(&standing, uplink->number));
}

static json_t *answer_drain(struct daemon *daemon, const json_t *request)
{
	return set_drain(daemon, request, true);
}

static json_t *answer_undrain(struct daemon *daemon, const json_t *request)
{
	return set_drain(daemon, request, false);
}

/*! A connection table that is larger is not searched for the sake of a number. */
#define COUNTED_MAX 20000

static bool connections_are_few(void)
{
	unsigned count = 0;
	FILE *file = fopen("/proc/sys/net/netfilter/nf_conntrack_count", "re");
	bool few = file != NULL && fscanf(file, "%u", &count) == 1 && count <= COUNTED_MAX;
	if (file != NULL) {
		(void)fclose(file);
	}
	return few;
}

static void count_connections(const struct site *site, struct metrics_source *source)
{
	bool few = connections_are_few();
	for (unsigned number = 1; number <= site->uplink_count; number++) {
		size_t count = 0;
		source->connections[number] = -1;
		if (few &&
		    conntrack_count(site_mark(site, number), site->fwmark_mask, &count) == 0) {
			source->connections[number] = (int64_t)count;
		}
	}
}

static json_t *answer_metrics(struct daemon *daemon, const json_t *request)
{
	struct standing standing = whole_standing(daemon);
	struct metrics_source source = {
		.standing = &standing,
		.counters = recorder_counters(chronicle_recorder(daemon->chronicle)),
		.started_ms = daemon->started_ms,
		.parent_pending = parent_pending(chronicle_parent(daemon->chronicle)),
		.journal_lost = chronicle_lost(daemon->chronicle),
		.hook_failures = chronicle_failures(daemon->chronicle),
	};
	if (standing.plan == NULL) {
		return fail("nothing was observed yet");
	}
	count_connections(standing.site, &source);
	struct text text = TEXT_EMPTY;
	json_t *answer = metrics_write(&source, &text) == 0
	                         ? json_pack("{s:b, s:s}", "ok", 1, "metrics", text.data)
	                         : NULL;
	text_free(&text);
	return answer;
}

static json_t *answer_parent_confirm(struct daemon *daemon, const json_t *request)
{
	struct parent *parent = chronicle_parent(daemon->chronicle);
	parent_confirm(parent);
	return json_pack("{s:b, s:o}", "ok", 1, "parent", parent_report(parent));
}

static const struct {
	const char *command;
	json_t *(*answer)(struct daemon *daemon, const json_t *request);
} commands[] = {
	{ "status", answer_status },   { "observe", answer_observe },
	{ "explain", answer_explain }, { "reload", answer_reload },
	{ "drain", answer_drain },     { "undrain", answer_undrain },
	{ "metrics", answer_metrics }, { "parent-confirm", answer_parent_confirm },
};

json_t *commands_answer(const json_t *request, void *context)
{
	const char *command = json_string_value(json_object_get(request, "command"));
	for (size_t i = 0; command != NULL && i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].command, command) == 0) {
			return commands[i].answer(context, request);
		}
	}
	return fail("unknown command");
}
