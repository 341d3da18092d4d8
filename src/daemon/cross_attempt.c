/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Cross-probes: a TCP connection that is only opened, or a DNS query for a name that nobody has asked for.
 *
 * TCP repeats what is lost by itself; a query is sent again after a second. The name is new each time,
 * so that no cache can answer, and an answer counts only with authority: that there is no such name is
 * the best of answers.
 */

#include "daemon/cross_attempt.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "daemon/dns_message.h"
#include "daemon/probe_protocol.h"

/*! SYNs go out at 0, 1 and 3 s: two of them, and time for the answer to the second. */
#define TIMEOUT_MS 3000
#define REPEAT_MS 1000

/*! RFC 1035 section 4.1.1. */
#define DNS_NXDOMAIN 3

struct cross_attempt {
	cross_done done; /*!< NULL: called, or given up. */
	void *context;
	uint64_t begun_ns;
	int fd;
	bool repeated;
	size_t query_size; /*!< 0: TCP. */
	uint8_t query[DNS_QUERY_MAX];
	unsigned closing; /*!< Handles that are not closed yet. */
	uv_poll_t poll;
	uv_timer_t timer;
};

static void on_closed(uv_handle_t *handle)
{
	struct cross_attempt *attempt = handle->data;
	if (--attempt->closing == 0) {
		free(attempt);
	}
}

static void end_attempt(struct cross_attempt *attempt, enum cross_result result, const char *fault)
{
	cross_done done = attempt->done;
	void *context = attempt->context;
	uint64_t rtt_us = (uv_hrtime() - attempt->begun_ns) / 1000;
	struct cross_outcome outcome = {
		.result = result,
		.rtt_us = rtt_us < UINT32_MAX ? (uint32_t)rtt_us : UINT32_MAX,
	};
	(void)snprintf(outcome.fault, sizeof(outcome.fault), "%s", fault);
	attempt->done = NULL;
	uv_close((uv_handle_t *)&attempt->poll, on_closed);
	uv_close((uv_handle_t *)&attempt->timer, on_closed);
	(void)close(attempt->fd);
	if (done != NULL) {
		done(context, &outcome);
	}
}

static void look_at_connection(struct cross_attempt *attempt)
{
	int error = 0;
	struct sockaddr_storage peer;
	socklen_t size = sizeof(error);
	if (getsockopt(attempt->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
		error = errno;
	}
	size = sizeof(peer);
	if (error != 0) {
		end_attempt(attempt, error == ECONNREFUSED ? CROSS_REFUSED : CROSS_LOST,
		            error == ECONNREFUSED ? "refused" : strerror(error));
	} else if (getpeername(attempt->fd, (struct sockaddr *)&peer, &size) == 0) {
		end_attempt(attempt, CROSS_GOOD, "");
	}
}

static void end_with_reply(struct cross_attempt *attempt, const uint8_t *message)
{
	unsigned rcode = dns_rcode(message);
	char fault[32] = "answered without authority";
	if (rcode != 0 && rcode != DNS_NXDOMAIN) {
		(void)snprintf(fault, sizeof(fault), "answered with rcode %u", rcode);
	} else if (dns_has_authority(message)) {
		end_attempt(attempt, CROSS_GOOD, "");
		return;
	}
	end_attempt(attempt, CROSS_REFUSED, fault);
}

static void look_at_replies(struct cross_attempt *attempt)
{
	for (;;) {
		uint8_t message[4096];
		ssize_t size = recv(attempt->fd, message, sizeof(message), 0);
		if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
			return;
		}
		if (size < 0) {
			bool refused = errno == ECONNREFUSED;
			end_attempt(attempt, refused ? CROSS_REFUSED : CROSS_LOST,
			            refused ? "refused" : strerror(errno));
			return;
		}
		if (dns_is_reply(message, (size_t)size, attempt->query, attempt->query_size)) {
			end_with_reply(attempt, message);
			return;
		}
	}
}

static void on_event(uv_poll_t *poll, int status, int events)
{
	struct cross_attempt *attempt = poll->data;
	if (attempt->query_size == 0) {
		look_at_connection(attempt);
	} else {
		look_at_replies(attempt);
	}
	if (status < 0 && attempt->done != NULL) {
		// A socket with an error, read by now, is not polled any further by libuv.
		(void)uv_poll_start(poll, attempt->query_size == 0 ? UV_WRITABLE : UV_READABLE,
		                    on_event);
	}
}

static void on_timer(uv_timer_t *timer)
{
	struct cross_attempt *attempt = timer->data;
	if (attempt->query_size != 0 && !attempt->repeated) {
		attempt->repeated = true;
		(void)send(attempt->fd, attempt->query, attempt->query_size, 0);
		(void)uv_timer_start(timer, on_timer, TIMEOUT_MS - REPEAT_MS, 0);
		return;
	}
	end_attempt(attempt, CROSS_LOST, "no answer");
}

/*! The query of an attempt; a zone without room for a label more is asked for itself. */
static int write_query(struct cross_attempt *attempt, const char *zone)
{
	struct probe_token token;
	uint64_t number = 0;
	char name[320];
	if (getrandom(&token, sizeof(token), GRND_NONBLOCK) < 0) {
		return -errno;
	}
	memcpy(&number, token.bytes + 8, sizeof(number));
	(void)snprintf(name, sizeof(name), "x%016llx.%s", (unsigned long long)number, zone);
	attempt->query_size = dns_query_write(strlen(name) <= 253 ? name : zone, DNS_TYPE_A,
	                                      token.bytes, attempt->query);
	return 0;
}

/*! Connect, and ask if it is DNS. \return 0 or -errno. */
static int connect_to_alias(struct cross_attempt *attempt, const struct cross_request *request)
{
	const struct probe probe = { .address = request->alias };
	const struct probe_request way = {
		.probe = &probe,
		.interface = request->interface,
		.source = request->source,
		.source_port = request->source_port,
		.mark = request->mark,
	};
	struct sockaddr_storage target;
	socklen_t size = probe_socket_target(&way, request->port, &target);
	bool tcp = request->zone == NULL;
	attempt->fd = probe_socket_open(&way, tcp ? SOCK_STREAM : SOCK_DGRAM,
	                                tcp ? IPPROTO_TCP : IPPROTO_UDP);
	if (attempt->fd < 0) {
		return attempt->fd;
	}
	// Closing sends a reset: no connection is left waiting, here or there.
	const struct linger reset = { .l_onoff = 1 };
	if ((tcp && setsockopt(attempt->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) != 0) ||
	    (connect(attempt->fd, (const struct sockaddr *)&target, size) != 0 &&
	     errno != EINPROGRESS) ||
	    (!tcp && send(attempt->fd, attempt->query, attempt->query_size, 0) < 0)) {
		int ret = -errno;
		(void)close(attempt->fd);
		return ret;
	}
	return 0;
}

int cross_attempt_begin(uv_loop_t *loop, const struct cross_request *request, cross_done done,
                        void *context, struct cross_attempt **attempt)
{
	struct cross_attempt *begun = calloc(1, sizeof(*begun));
	bool tcp = request->zone == NULL;
	if (begun == NULL) {
		return -ENOMEM;
	}
	int ret = tcp ? 0 : write_query(begun, request->zone);
	begun->begun_ns = uv_hrtime();
	if (ret == 0) {
		ret = connect_to_alias(begun, request);
	}
	if (ret == 0) {
		ret = uv_poll_init(loop, &begun->poll, begun->fd);
		if (ret != 0) {
			(void)close(begun->fd);
		}
	}
	if (ret != 0) {
		free(begun);
		return ret;
	}
	begun->closing = 2;
	begun->poll.data = begun;
	begun->timer.data = begun;
	(void)uv_timer_init(loop, &begun->timer);
	(void)uv_timer_start(&begun->timer, on_timer, tcp ? TIMEOUT_MS : REPEAT_MS, 0);
	ret = uv_poll_start(&begun->poll, tcp ? UV_WRITABLE : UV_READABLE, on_event);
	if (ret != 0) {
		cross_attempt_cancel(begun);
		return ret;
	}
	begun->done = done;
	begun->context = context;
	*attempt = begun;
	return 0;
}

void cross_attempt_cancel(struct cross_attempt *attempt)
{
	if (attempt != NULL) {
		attempt->done = NULL;
		end_attempt(attempt, CROSS_LOST, "");
	}
}
