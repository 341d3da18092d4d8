/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The event loop of the daemon.
 *
 * Everything runs in this one thread, so a pass is never interrupted by another one. Stopping leaves
 * the data plane and the answers as they are: a restart adopts them.
 */

#include "daemon/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/log.h"
#include "daemon/control.h"
#include "daemon/cross_prober.h"
#include "daemon/notify.h"
#include "daemon/prober.h"
#include "daemon/reconcile.h"
#include "daemon/report.h"

/*! Heartbeat, watchdog and a pass that no event has asked for. plan_table.c knows this number. */
#define TICK_MS 10000

/*! A pass that failed is tried again after that; each further failure doubles it up to the most. */
#define RETRY_FIRST_MS 20
#define RETRY_MOST_MS 5000

struct daemon {
	const char *path;
	struct reconcile *reconcile;
	struct control *control;
	struct prober *prober;
	struct cross_prober *cross;
	uint64_t started_ms;
	uv_loop_t loop;
	uv_poll_t rtnl;
	uv_poll_t nfnl;
	uv_timer_t tick;
	uv_timer_t retry;
	uint64_t retry_ms; /*!< Delay of the next retry. */
	uv_signal_t signals[3];
};

static void on_retry(uv_timer_t *timer);

/*! Try again soon what did not work. */
static void after_pass(struct daemon *daemon, int ret)
{
	struct standing standing = reconcile_standing(daemon->reconcile);
	if (standing.plan != NULL) {
		prober_follow(daemon->prober, standing.plan);
	}
	cross_prober_follow(daemon->cross, &standing);
	if (ret == 0) {
		daemon->retry_ms = RETRY_FIRST_MS;
		(void)uv_timer_stop(&daemon->retry);
		return;
	}
	(void)uv_timer_start(&daemon->retry, on_retry, daemon->retry_ms, 0);
	daemon->retry_ms *= 2;
	if (daemon->retry_ms > RETRY_MOST_MS) {
		daemon->retry_ms = RETRY_MOST_MS;
	}
}

static void on_retry(uv_timer_t *timer)
{
	struct daemon *daemon = timer->data;
	after_pass(daemon, reconcile_run(daemon->reconcile));
}

static void on_verdict(void *context)
{
	struct daemon *daemon = context;
	after_pass(daemon, reconcile_run(daemon->reconcile));
}

static void on_kernel_event(uv_poll_t *poll, int status, int events)
{
	struct daemon *daemon = poll->data;
	bool passed = false;
	int ret = reconcile_events(daemon->reconcile, &passed);
	if (passed || ret != 0) {
		// Events that concern nobody, such as our own, leave a retry that is due alone.
		after_pass(daemon, ret);
	}
	if (status < 0) {
		// A socket with an error (ENOBUFS, read by now) is not polled any further by libuv.
		(void)uv_poll_start(poll, UV_READABLE, on_kernel_event);
	}
}

static void on_tick(uv_timer_t *timer)
{
	struct daemon *daemon = timer->data;
	after_pass(daemon, reconcile_run(daemon->reconcile));
	(void)reconcile_heartbeat(daemon->reconcile);
	notify_send("WATCHDOG=1");
}

static void log_report(char *report)
{
	char *rest = NULL;
	for (char *line = strtok_r(report, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		log_warning("%s", line);
	}
}

/*!
 * Read the site file again; a file with errors changes nothing.
 * \param messages  Array that gets every line of the report.
 */
static int reload(struct daemon *daemon, json_t *messages)
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

	struct standing standing = reconcile_standing(daemon->reconcile);
	if (ret == 0 && strcmp(site->run_dir, standing.site->run_dir) != 0) {
		const char *message = "run-dir cannot change while the daemon runs: restart it";
		json_array_append_new(messages, json_string(message));
		log_error("%s", message);
		ret = -EINVAL;
	}
	if (ret != 0) {
		site_free(site);
		log_error("site file '%s', refused: the old plan stays", daemon->path);
		return ret;
	}
	bool taken = false;
	// Known by their ids, the verdicts of both sites are there whichever of them the pass is for.
	ret = prober_set_site(daemon->prober, site, standing.published);
	if (ret != 0) {
		site_free(site);
		log_error("probes, failed to set up (%s): the old plan stays", strerror(-ret));
		return ret;
	}
	after_pass(daemon, reconcile_set_site(daemon->reconcile, site, &taken));
	if (!taken) {
		standing = reconcile_standing(daemon->reconcile);
		(void)prober_set_site(daemon->prober, standing.site, standing.published);
		after_pass(daemon, reconcile_run(daemon->reconcile));
		const char *message = "the new site could not be installed (see the log)";
		json_array_append_new(messages, json_string(message));
		log_error("site file '%s', could not be installed: the old plan stays",
		          daemon->path);
		return -EIO;
	}
	log_info("site file '%s', loaded again", daemon->path);
	return 0;
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct daemon *daemon = handle->data;
	if (number != SIGHUP) {
		log_info("stopping: data plane and answers stay");
		notify_send("STOPPING=1");
		uv_stop(&daemon->loop);
		return;
	}
	json_t *messages = json_array();
	char text[64];
	(void)snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%llu",
	               (unsigned long long)(uv_hrtime() / 1000));
	notify_send(text);
	(void)reload(daemon, messages);
	notify_send("READY=1");
	json_decref(messages);
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
	return standing;
}

static json_t *answer_status(struct daemon *daemon, const json_t *request)
{
	struct standing standing = whole_standing(daemon);
	json_t *status = report_status(&standing, daemon->started_ms);
	return status == NULL ? fail("nothing was observed yet")
	                      : json_pack("{s:b, s:o}", "ok", 1, "status", status);
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
	if (reload(daemon, messages) == 0) {
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
	after_pass(daemon, reconcile_drain(daemon->reconcile, uplink->number, drain));
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

static const struct {
	const char *command;
	json_t *(*answer)(struct daemon *daemon, const json_t *request);
} commands[] = {
	{ "status", answer_status }, { "explain", answer_explain }, { "reload", answer_reload },
	{ "drain", answer_drain },   { "undrain", answer_undrain },
};

static json_t *on_request(const json_t *request, void *context)
{
	const char *command = json_string_value(json_object_get(request, "command"));
	for (size_t i = 0; command != NULL && i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].command, command) == 0) {
			return commands[i].answer(context, request);
		}
	}
	return fail("unknown command");
}

static int start_poll(struct daemon *daemon, uv_poll_t *poll, int fd)
{
	poll->data = daemon;
	int ret = uv_poll_init(&daemon->loop, poll, fd);
	return ret != 0 ? ret : uv_poll_start(poll, UV_READABLE, on_kernel_event);
}

static int start_handles(struct daemon *daemon)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };
	int ret = start_poll(daemon, &daemon->rtnl, reconcile_rtnl_fd(daemon->reconcile));
	if (ret == 0) {
		ret = start_poll(daemon, &daemon->nfnl, reconcile_nfnl_fd(daemon->reconcile));
	}
	daemon->tick.data = daemon;
	daemon->retry.data = daemon;
	(void)uv_timer_init(&daemon->loop, &daemon->tick);
	(void)uv_timer_init(&daemon->loop, &daemon->retry);
	(void)uv_timer_start(&daemon->tick, on_tick, TICK_MS, TICK_MS);
	for (size_t i = 0; ret == 0 && i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		daemon->signals[i].data = daemon;
		ret = uv_signal_init(&daemon->loop, &daemon->signals[i]);
		if (ret == 0) {
			ret = uv_signal_start(&daemon->signals[i], on_signal, numbers[i]);
		}
	}
	return ret;
}

static int start_control(struct daemon *daemon, const char *run_dir)
{
	char *path = NULL;
	if (asprintf(&path, "%s/control.sock", run_dir) < 0) {
		return -ENOMEM;
	}
	int ret = control_open(&daemon->loop, path, on_request, daemon, &daemon->control);
	if (ret != 0) {
		log_error("control socket '%s', failed to open (%s)", path, strerror(-ret));
	}
	free(path);
	return ret;
}

/*! A process was killed: its end is waited for, else nobody would. */
static void close_handle(uv_handle_t *handle, void *context)
{
	if (!uv_is_closing(handle) && handle->type != UV_PROCESS) {
		uv_close(handle, NULL);
	}
}

static int start_prober(struct daemon *daemon)
{
	struct standing standing = reconcile_standing(daemon->reconcile);
	int ret = prober_open(&daemon->loop, on_verdict, daemon, &daemon->prober);
	if (ret == 0) {
		ret = prober_set_site(daemon->prober, standing.site, standing.published);
	}
	if (ret == 0) {
		ret = cross_prober_open(&daemon->loop, reconcile_nfnl(daemon->reconcile),
		                        on_verdict, daemon, &daemon->cross);
	}
	if (ret != 0) {
		log_error("probes, failed to set up (%s)", strerror(-ret));
		return ret;
	}
	prober_set_blocked(daemon->prober, cross_prober_blocked(daemon->cross));
	reconcile_set_verdicts(daemon->reconcile, prober_verdicts(daemon->prober));
	return 0;
}

int loop_run(const char *path, struct site *site)
{
	struct daemon daemon = { .path = path,
		                 .started_ms = table_now_ms(),
		                 .retry_ms = RETRY_FIRST_MS };
	(void)signal(SIGPIPE, SIG_IGN);
	int ret = uv_loop_init(&daemon.loop);
	if (ret != 0) {
		site_free(site);
		return ret;
	}
	ret = reconcile_open(site, &daemon.reconcile);
	if (ret != 0) {
		site_free(site);
		goto cleanup;
	}
	// Events are subscribed to already: what happens from here on leads to another pass.
	ret = start_handles(&daemon);
	if (ret == 0) {
		ret = start_control(&daemon, site->run_dir);
	}
	if (ret == 0) {
		ret = start_prober(&daemon);
	}
	if (ret != 0) {
		goto cleanup;
	}
	after_pass(&daemon, reconcile_run(daemon.reconcile));
	reconcile_look_around(daemon.reconcile);
	(void)reconcile_heartbeat(daemon.reconcile);
	notify_send("READY=1");
	(void)uv_run(&daemon.loop, UV_RUN_DEFAULT);
	ret = 0;

cleanup:
	control_close(daemon.control);
	cross_prober_close(daemon.cross);
	prober_close(daemon.prober);
	(void)uv_run(&daemon.loop, UV_RUN_NOWAIT);
	uv_walk(&daemon.loop, close_handle, NULL);
	(void)uv_run(&daemon.loop, UV_RUN_DEFAULT);
	(void)uv_loop_close(&daemon.loop);
	reconcile_close(daemon.reconcile);
	return ret;
}
