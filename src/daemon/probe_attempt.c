/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Attempts: a socket or a process, and a callback.
 *
 * Each has a socket of its own, so an address or interface that changes is followed by itself, and
 * nothing is left that could be delivered to a later attempt.
 */

#include "daemon/probe_attempt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "daemon/probe_protocol.h"

static const struct probe_protocol *const protocols[] = {
	[PROBE_ICMP] = &probe_icmp,
	[PROBE_TCP] = &probe_tcp,
	[PROBE_DNS] = &probe_dns,
};

struct probe_attempt {
	const struct probe *probe;
	struct probe_token token;
	probe_done done; /*!< NULL: called, or given up. */
	void *context;
	uint64_t begun_ns;
	int fd;
	union {
		uv_handle_t any;
		uv_poll_t poll;
		uv_process_t process;
	} handle;
};

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

/*! The attempt is over. A process is still waited for; the socket is gone. */
static void end_attempt(struct probe_attempt *attempt, const char *fault)
{
	probe_done done = attempt->done;
	void *context = attempt->context;
	uint64_t rtt_us = (uv_hrtime() - attempt->begun_ns) / 1000;
	attempt->done = NULL;
	if (attempt->probe->kind != PROBE_EXEC) {
		uv_close(&attempt->handle.any, on_closed);
		(void)close(attempt->fd);
	}
	if (done != NULL) {
		done(context, fault, rtt_us < UINT32_MAX ? (uint32_t)rtt_us : UINT32_MAX);
	}
}

/*! \return Whether the attempt is over. */
static bool look_at_socket(struct probe_attempt *attempt)
{
	int ret =
		protocols[attempt->probe->kind]->look(attempt->fd, attempt->probe, &attempt->token);
	if (ret != 0) {
		end_attempt(attempt, ret > 0 ? NULL : strerror(-ret));
	}
	return ret != 0;
}

static void on_event(uv_poll_t *poll, int status, int events)
{
	struct probe_attempt *attempt = poll->data;
	const struct probe_protocol *protocol = protocols[attempt->probe->kind];
	if (!look_at_socket(attempt) && status < 0) {
		// A socket with an error, read by now, is not polled any further by libuv.
		(void)uv_poll_start(poll, protocol->events, on_event);
	}
}

static void end_process(struct probe_attempt *attempt, int64_t status, int number)
{
	char fault[64];
	if (number != 0) {
		(void)snprintf(fault, sizeof(fault), "ended by signal %d", number);
	} else {
		(void)snprintf(fault, sizeof(fault), "exit status %d", (int)status);
	}
	end_attempt(attempt, status == 0 && number == 0 ? NULL : fault);
}

static void on_exit_of_process(uv_process_t *process, int64_t status, int number)
{
	struct probe_attempt *attempt = process->data;
	if (attempt->done != NULL) {
		end_process(attempt, status, number);
	}
	uv_close(&attempt->handle.any, on_closed);
}

static int begin_process(uv_loop_t *loop, const struct probe_request *request,
                         struct probe_attempt *attempt)
{
	int ret = probe_exec_spawn(loop, &attempt->handle.process, request, on_exit_of_process);
	attempt->handle.any.data = attempt;
	if (ret != 0) {
		// A handle that uv_spawn() has refused must still be closed.
		uv_close(&attempt->handle.any, on_closed);
	}
	return ret;
}

static int begin_socket(uv_loop_t *loop, const struct probe_request *request,
                        struct probe_attempt *attempt)
{
	const struct probe_protocol *protocol = protocols[request->probe->kind];
	if (getrandom(&attempt->token, sizeof(attempt->token), GRND_NONBLOCK) < 0) {
		int ret = -errno;
		free(attempt);
		return ret;
	}
	int fd = protocol->ask(request, &attempt->token);
	int ret = fd < 0 ? fd : uv_poll_init(loop, &attempt->handle.poll, fd);
	if (ret != 0) {
		if (fd >= 0) {
			(void)close(fd);
		}
		free(attempt);
		return ret;
	}
	attempt->fd = fd;
	attempt->handle.any.data = attempt;
	ret = uv_poll_start(&attempt->handle.poll, protocol->events, on_event);
	if (ret != 0) {
		probe_attempt_cancel(attempt);
	}
	return ret;
}

int probe_attempt_begin(uv_loop_t *loop, const struct probe_request *request, probe_done done,
                        void *context, struct probe_attempt **attempt)
{
	struct probe_attempt *begun = calloc(1, sizeof(*begun));
	if (begun == NULL) {
		return -ENOMEM;
	}
	begun->probe = request->probe;
	begun->begun_ns = uv_hrtime();
	int ret = request->probe->kind == PROBE_EXEC ? begin_process(loop, request, begun)
	                                             : begin_socket(loop, request, begun);
	if (ret == 0) {
		begun->done = done;
		begun->context = context;
		*attempt = begun;
	}
	return ret;
}

void probe_attempt_expire(struct probe_attempt *attempt)
{
	int status = 0;
	int number = 0;
	if (attempt->probe->kind != PROBE_EXEC) {
		if (!look_at_socket(attempt)) {
			end_attempt(attempt, "no reply");
		}
	} else if (probe_exec_look(&attempt->handle.process, &status, &number) != 0) {
		end_process(attempt, status, number);
	} else {
		probe_exec_kill(&attempt->handle.process);
		end_attempt(attempt, "did not end in time");
	}
}

void probe_attempt_cancel(struct probe_attempt *attempt)
{
	if (attempt == NULL) {
		return;
	}
	attempt->done = NULL;
	if (attempt->probe->kind == PROBE_EXEC) {
		probe_exec_kill(&attempt->handle.process);
	}
	end_attempt(attempt, NULL);
}
