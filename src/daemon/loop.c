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
#include "daemon/loop_private.h"
#include "daemon/notify.h"
#include "daemon/prober.h"
#include "daemon/ruleset.h"

/*! Heartbeat, watchdog and a pass that no event has asked for. plan_table.c knows this number. */
#define TICK_MS 10000

/*! A pass that failed is tried again after that; each further failure doubles it up to the most. */
#define RETRY_FIRST_MS 20
#define RETRY_MOST_MS 5000

static void on_retry(uv_timer_t *timer);

/*! Try again soon what did not work. */
void daemon_after_pass(struct daemon *daemon, int ret)
{
	struct standing standing = reconcile_standing(daemon->reconcile);
	if (standing.plan != NULL) {
		prober_follow(daemon->prober, standing.plan);
	}
	cross_prober_follow(daemon->cross, &standing);
	discoverer_follow(daemon->discoverer, &standing);
	chronicle_look(daemon->chronicle, reconcile_standing(daemon->reconcile).published);
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
	daemon_after_pass(daemon, reconcile_run(daemon->reconcile));
}

static void on_verdict(void *context)
{
	struct daemon *daemon = context;
	// It took some rounds to be sure: the outage began with the first one that was lost.
	uint64_t since_ms = probed_failing_since(prober_list(daemon->prober), table_now_ms());
	recorder_event(chronicle_recorder(daemon->chronicle), since_ms * 1000);
	daemon_after_pass(daemon, reconcile_run(daemon->reconcile));
}

static void on_discovered(void *context)
{
	struct daemon *daemon = context;
	recorder_event(chronicle_recorder(daemon->chronicle), recorder_now_us());
	daemon_after_pass(daemon, reconcile_run(daemon->reconcile));
}

static void on_kernel_event(uv_poll_t *poll, int status, int events)
{
	struct daemon *daemon = poll->data;
	bool passed = false;
	int ret = reconcile_events(daemon->reconcile, &passed);
	if (passed || ret != 0) {
		// Events that concern nobody, such as our own, leave a retry that is due alone.
		daemon_after_pass(daemon, ret);
	}
	if (status < 0) {
		// A socket with an error (ENOBUFS, read by now) is not polled any further by libuv.
		(void)uv_poll_start(poll, UV_READABLE, on_kernel_event);
	}
}

static void on_tick(uv_timer_t *timer)
{
	struct daemon *daemon = timer->data;
	daemon_after_pass(daemon, reconcile_run(daemon->reconcile));
	(void)reconcile_heartbeat(daemon->reconcile);
	chronicle_tick(daemon->chronicle);
	int ret = control_renew(daemon->control);
	if (ret != 0) {
		log_warning("control socket, removed by others: %s",
		            ret > 0 ? "made anew" : strerror(-ret));
	}
	notify_send("WATCHDOG=1");
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct daemon *daemon = handle->data;
	if (daemon->stopping) {
		return;
	}
	if (number != SIGHUP) {
		daemon->stopping = true;
		struct journal_entry entry = journal_entry_new(JOURNAL_DAEMON_STOPPED);
		(void)snprintf(entry.reason, sizeof(entry.reason), "%s",
		               number == SIGTERM ? "SIGTERM" : "SIGINT");
		recorder_write(chronicle_recorder(daemon->chronicle), &entry, LOG_LEVEL_INFO,
		               "stopping: data plane and answers stay");
		notify_send("STOPPING=1");
		uv_stop(&daemon->loop);
		return;
	}
	json_t *messages = json_array();
	char text[64];
	(void)snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%llu",
	               (unsigned long long)(uv_hrtime() / 1000));
	notify_send(text);
	(void)daemon_reload(daemon, messages);
	notify_send("READY=1");
	json_decref(messages);
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
	int ret = control_open(&daemon->loop, path, commands_answer, daemon, &daemon->control);
	if (ret != 0) {
		log_error("control socket '%s', failed to open (%s)", path, strerror(-ret));
	}
	free(path);
	return ret;
}

/*! No pass any more: what it needs is about to go. Signals stay caught, lest a second one kill us. */
static void stop_passes(struct daemon *daemon)
{
	uv_handle_t *handles[] = { (uv_handle_t *)&daemon->rtnl, (uv_handle_t *)&daemon->nfnl,
		                   (uv_handle_t *)&daemon->tick, (uv_handle_t *)&daemon->retry };
	daemon->stopping = true;
	for (size_t i = 0; i < sizeof(handles) / sizeof(handles[0]); i++) {
		// Those that were never started have no loop.
		if (handles[i]->loop != NULL) {
			uv_close(handles[i], NULL);
		}
	}
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
		ret = cross_prober_open(&daemon->loop, standing.loaded->nfnl, on_verdict, daemon,
		                        &daemon->cross);
	}
	if (ret == 0) {
		ret = discoverer_open(&daemon->loop, chronicle_recorder(daemon->chronicle),
		                      on_discovered, daemon, &daemon->discoverer);
	}
	if (ret == 0) {
		ret = discoverer_set_site(daemon->discoverer, standing.site, standing.published);
	}
	if (ret != 0) {
		log_error("probes, failed to set up (%s)", strerror(-ret));
		return ret;
	}
	prober_set_others(daemon->prober, cross_prober_blocked(daemon->cross),
	                  discoverer_list(daemon->discoverer));
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
	ret = chronicle_open(&daemon.loop, path, site, &daemon.chronicle);
	if (ret == 0) {
		ret = reconcile_open(site, chronicle_recorder(daemon.chronicle), &daemon.reconcile);
	}
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
	daemon_after_pass(&daemon, reconcile_run(daemon.reconcile));
	reconcile_look_around(daemon.reconcile);
	(void)reconcile_heartbeat(daemon.reconcile);
	notify_send("READY=1");
	(void)uv_run(&daemon.loop, UV_RUN_DEFAULT);
	ret = 0;

cleanup:
	stop_passes(&daemon);
	control_close(daemon.control);
	discoverer_close(daemon.discoverer);
	cross_prober_close(daemon.cross);
	prober_close(daemon.prober);
	chronicle_close(daemon.chronicle);
	(void)uv_run(&daemon.loop, UV_RUN_NOWAIT);
	uv_walk(&daemon.loop, close_handle, NULL);
	(void)uv_run(&daemon.loop, UV_RUN_DEFAULT);
	(void)uv_loop_close(&daemon.loop);
	reconcile_close(daemon.reconcile);
	return ret;
}
