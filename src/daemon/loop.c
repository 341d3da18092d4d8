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
#include "daemon/notify.h"
#include "daemon/reconcile.h"
#include "daemon/report.h"

/*! Heartbeat, watchdog and a pass that no event has asked for. plan_table.c knows this number. */
#define TICK_MS 10000

/*! A pass that failed is tried again after that. */
#define RETRY_MS 1000

struct server {
	const char *path;
	struct reconcile *reconcile;
	struct control *control;
	uint64_t started_ms;
	uv_loop_t loop;
	uv_poll_t rtnl;
	uv_poll_t nfnl;
	uv_timer_t tick;
	uv_timer_t retry;
	uv_signal_t signals[3];
};

static void on_retry(uv_timer_t *timer);

/*! Try again soon what did not work, and tell the service manager where we are. */
static void after_pass(struct server *server, int ret)
{
	if (ret != 0) {
		(void)uv_timer_start(&server->retry, on_retry, RETRY_MS, 0);
	} else {
		(void)uv_timer_stop(&server->retry);
	}
}

static void on_retry(uv_timer_t *timer)
{
	struct server *server = timer->data;
	after_pass(server, reconcile_run(server->reconcile));
}

static void on_kernel_event(uv_poll_t *poll, int status, int events)
{
	struct server *server = poll->data;
	after_pass(server, reconcile_events(server->reconcile));
}

static void on_tick(uv_timer_t *timer)
{
	struct server *server = timer->data;
	after_pass(server, reconcile_run(server->reconcile));
	(void)reconcile_heartbeat(server->reconcile);
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
static int reload(struct server *server, json_t *messages)
{
	struct site *site = NULL;
	struct text report = TEXT_EMPTY;
	int ret = site_load(server->path, &site, &report);
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

	struct standing standing = reconcile_standing(server->reconcile);
	if (ret == 0 && strcmp(site->run_dir, standing.site->run_dir) != 0) {
		const char *message = "run-dir cannot change while the daemon runs: restart it";
		json_array_append_new(messages, json_string(message));
		log_error("%s", message);
		ret = -EINVAL;
	}
	if (ret != 0) {
		site_free(site);
		log_error("site file '%s', refused: the old plan stays", server->path);
		return ret;
	}
	ret = reconcile_set_site(server->reconcile, site);
	after_pass(server, ret);
	log_info("site file '%s', loaded again", server->path);
	return 0;
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct server *server = handle->data;
	if (number != SIGHUP) {
		log_info("stopping: data plane and answers stay");
		notify_send("STOPPING=1");
		uv_stop(&server->loop);
		return;
	}
	json_t *messages = json_array();
	char text[64];
	(void)snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%llu",
		       (unsigned long long)(uv_hrtime() / 1000));
	notify_send(text);
	(void)reload(server, messages);
	notify_send("READY=1");
	json_decref(messages);
}

static json_t *fail(const char *error)
{
	return json_pack("{s:b, s:s}", "ok", 0, "error", error);
}

static json_t *answer_status(struct server *server, const json_t *request)
{
	struct standing standing = reconcile_standing(server->reconcile);
	json_t *status = report_status(&standing, server->started_ms);
	return status == NULL ? fail("nothing was observed yet")
			      : json_pack("{s:b, s:o}", "ok", 1, "status", status);
}

static json_t *answer_explain(struct server *server, const json_t *request)
{
	struct standing standing = reconcile_standing(server->reconcile);
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

static json_t *answer_reload(struct server *server, const json_t *request)
{
	json_t *messages = json_array();
	if (reload(server, messages) == 0) {
		return json_pack("{s:b, s:o}", "ok", 1, "messages", messages);
	}
	return json_pack("{s:b, s:s, s:o}", "ok", 0, "error",
			 "the site file was refused: the old plan stays", "messages", messages);
}

static const struct {
	const char *command;
	json_t *(*answer)(struct server *server, const json_t *request);
} commands[] = {
	{ "status", answer_status },
	{ "explain", answer_explain },
	{ "reload", answer_reload },
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

static int start_poll(struct server *server, uv_poll_t *poll, int fd)
{
	poll->data = server;
	int ret = uv_poll_init(&server->loop, poll, fd);
	return ret != 0 ? ret : uv_poll_start(poll, UV_READABLE, on_kernel_event);
}

static int start_handles(struct server *server)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };
	int ret = start_poll(server, &server->rtnl, reconcile_rtnl_fd(server->reconcile));
	if (ret == 0) {
		ret = start_poll(server, &server->nfnl, reconcile_nfnl_fd(server->reconcile));
	}
	server->tick.data = server;
	server->retry.data = server;
	(void)uv_timer_init(&server->loop, &server->tick);
	(void)uv_timer_init(&server->loop, &server->retry);
	(void)uv_timer_start(&server->tick, on_tick, TICK_MS, TICK_MS);
	for (size_t i = 0; ret == 0 && i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		server->signals[i].data = server;
		ret = uv_signal_init(&server->loop, &server->signals[i]);
		if (ret == 0) {
			ret = uv_signal_start(&server->signals[i], on_signal, numbers[i]);
		}
	}
	return ret;
}

static int start_control(struct server *server, const char *run_dir)
{
	char *path = NULL;
	if (asprintf(&path, "%s/control.sock", run_dir) < 0) {
		return -ENOMEM;
	}
	int ret = control_open(&server->loop, path, on_request, server, &server->control);
	if (ret != 0) {
		log_error("control socket '%s', failed to open (%s)", path, strerror(-ret));
	}
	free(path);
	return ret;
}

static void close_handle(uv_handle_t *handle, void *context)
{
	if (!uv_is_closing(handle)) {
		uv_close(handle, NULL);
	}
}

int loop_run(const char *path, struct site *site)
{
	struct server server = { .path = path, .started_ms = table_now_ms() };
	(void)signal(SIGPIPE, SIG_IGN);
	int ret = uv_loop_init(&server.loop);
	if (ret != 0) {
		site_free(site);
		return ret;
	}
	ret = reconcile_open(site, &server.reconcile);
	if (ret != 0) {
		site_free(site);
		goto cleanup;
	}
	// Events are subscribed to already: what happens from here on leads to another pass.
	ret = start_handles(&server);
	if (ret == 0) {
		ret = start_control(&server, site->run_dir);
	}
	if (ret != 0) {
		goto cleanup;
	}
	after_pass(&server, reconcile_run(server.reconcile));
	reconcile_look_around(server.reconcile);
	(void)reconcile_heartbeat(server.reconcile);
	notify_send("READY=1");
	(void)uv_run(&server.loop, UV_RUN_DEFAULT);
	ret = 0;

cleanup:
	control_close(server.control);
	(void)uv_run(&server.loop, UV_RUN_NOWAIT);
	uv_walk(&server.loop, close_handle, NULL);
	(void)uv_run(&server.loop, UV_RUN_DEFAULT);
	(void)uv_loop_close(&server.loop);
	reconcile_close(server.reconcile);
	return ret;
}
