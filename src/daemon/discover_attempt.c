/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Asking for a public address.
 *
 * A server is asked by DNS for a name that it answers with the address of whoever asks; which type of
 * record that is need not be said, the second question is for the other one. Another uplink is sent a
 * cookie through both providers (see nft_cross.c for the way): what it comes from is the answer, and
 * nobody else knows the cookie. What is lost is sent once more.
 */

#include "daemon/discover_attempt.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "daemon/dns_message.h"
#include "daemon/nft_cross.h"
#include "daemon/probe_protocol.h"

#define TIMEOUT_MS 3000
#define REPEAT_MS 1000

#define DNS_PORT 53

/*! Messages that are looked at before others have their turn. */
#define READS_MOST 64

/*! What a cookie begins with, for who sees one on the wire. */
static const char greeting[] = "multihome cookie";
#define GREETING_SIZE (sizeof(greeting) - 1)

struct discover_attempt {
	discover_done done; /*!< NULL: called, or given up. */
	void *context;
	int fd;        /*!< Where the answer comes in. */
	int sender;    /*!< Where questions go out; of DNS the same. */
	uint16_t port; /*!< Its source port; 0: nothing follows from another one. */
	char *name;    /*!< What the server is asked for; NULL: another uplink is asked. */
	bool resolver;
	bool second; /*!< The other type is asked for. */
	bool repeated;
	uint8_t family;  /*!< AF_INET or AF_INET6. */
	char server[48]; /*!< Who is asked. */
	size_t size;     /*!< Of the question: a query or a cookie. */
	uint8_t question[DNS_QUERY_MAX];
	unsigned closing; /*!< Handles that are not closed yet. */
	uv_poll_t poll;
	uv_timer_t timer;
};

static void close_sockets(struct discover_attempt *attempt)
{
	if (attempt->sender >= 0 && attempt->sender != attempt->fd) {
		(void)close(attempt->sender);
	}
	if (attempt->fd >= 0) {
		(void)close(attempt->fd);
	}
}

static void free_attempt(struct discover_attempt *attempt)
{
	free(attempt->name);
	free(attempt);
}

static void on_closed(uv_handle_t *handle)
{
	struct discover_attempt *attempt = handle->data;
	if (--attempt->closing == 0) {
		free_attempt(attempt);
	}
}

static void end_attempt(struct discover_attempt *attempt, const struct discover_answer *answer)
{
	discover_done done = attempt->done;
	void *context = attempt->context;
	attempt->done = NULL;
	uv_close((uv_handle_t *)&attempt->poll, on_closed);
	uv_close((uv_handle_t *)&attempt->timer, on_closed);
	close_sockets(attempt);
	if (done != NULL) {
		done(context, answer);
	}
}

static void end_with_fault(struct discover_attempt *attempt, const char *fault)
{
	struct discover_answer answer = { .port_known = false };
	(void)snprintf(answer.fault, sizeof(answer.fault), "%s %s", attempt->server, fault);
	end_attempt(attempt, &answer);
}

/*! A new query, of the type that is asked for now. \return 0 or -errno. */
static int write_query(struct discover_attempt *attempt)
{
	uint8_t id[2];
	uint8_t type = attempt->family == AF_INET ? DNS_TYPE_A : DNS_TYPE_AAAA;
	if (getrandom(id, sizeof(id), GRND_NONBLOCK) < 0) {
		return -errno;
	}
	attempt->size = dns_query_write(attempt->name, attempt->second ? DNS_TYPE_TXT : type, id,
	                                attempt->question);
	return 0;
}

static int send_question(const struct discover_attempt *attempt)
{
	return send(attempt->sender, attempt->question, attempt->size, 0) < 0 ? -errno : 0;
}

/*! The server has no record of that type: perhaps it has one of the other. */
static void ask_again(struct discover_attempt *attempt)
{
	attempt->second = true;
	if (write_query(attempt) != 0 || send_question(attempt) != 0) {
		end_with_fault(attempt, "cannot be asked again");
	}
}

static void end_with_reply(struct discover_attempt *attempt, const uint8_t *message, size_t size)
{
	struct discover_answer answer = { .port_known = false };
	char fault[40];
	unsigned rcode = dns_rcode(message);
	int ret =
		dns_read_address(message, size, attempt->question, attempt->size, &answer.address);
	if (rcode != 0) {
		(void)snprintf(fault, sizeof(fault), "answers with rcode %u", rcode);
		end_with_fault(attempt, fault);
	} else if (ret == -ENOENT && !attempt->second) {
		ask_again(attempt);
	} else if (ret != 0) {
		end_with_fault(attempt, ret == -ENOENT   ? "answers with no address"
		                        : ret == -EEXIST ? "answers with several addresses"
		                                         : "answers with a damaged message");
	} else if (!attempt->resolver && !dns_has_authority(message)) {
		// A resolver on the way has asked in its own name, and was told its own address.
		end_with_fault(attempt, "answers without authority");
	} else {
		end_attempt(attempt, &answer);
	}
}

/*! \return Whether the attempt has ended, or nothing more is to be read. */
static bool read_reply(struct discover_attempt *attempt)
{
	uint8_t message[4096];
	ssize_t size = recv(attempt->fd, message, sizeof(message), 0);
	if (size < 0) {
		if (errno != EAGAIN && errno != EINTR) {
			end_with_fault(attempt, errno == ECONNREFUSED ? "refuses to be asked"
			                                              : strerror(errno));
		}
		return true;
	}
	if (dns_is_reply(message, (size_t)size, attempt->question, attempt->size)) {
		end_with_reply(attempt, message, (size_t)size);
	}
	return attempt->done == NULL;
}

static bool read_cookie(struct discover_attempt *attempt)
{
	uint8_t message[64];
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} peer = { .any = { .sa_family = AF_UNSPEC } };
	socklen_t length = sizeof(peer);
	ssize_t size = recvfrom(attempt->fd, message, sizeof(message), 0, &peer.any, &length);
	if (size < 0) {
		return true;
	}
	if ((size_t)size != attempt->size ||
	    memcmp(message, attempt->question, (size_t)size) != 0) {
		return false;
	}
	bool v4 = peer.any.sa_family == AF_INET;
	const void *bytes = v4 ? (const void *)&peer.v4.sin_addr : &peer.v6.sin6_addr;
	uint16_t port = ntohs(v4 ? peer.v4.sin_port : peer.v6.sin6_port);
	const struct discover_answer answer = {
		.address = address_from_bytes((uint8_t)peer.any.sa_family, bytes),
		.port_known = true,
		.port_changed = port != attempt->port,
	};
	end_attempt(attempt, &answer);
	return true;
}

static void on_event(uv_poll_t *poll, int status, int events)
{
	struct discover_attempt *attempt = poll->data;
	bool over = false;
	// Whoever floods the port must not keep the loop from its other work.
	for (unsigned i = 0; !over && i < READS_MOST; i++) {
		over = attempt->name != NULL ? read_reply(attempt) : read_cookie(attempt);
	}
	if (status < 0 && attempt->done != NULL) {
		// A socket with an error, read by now, is not polled any further by libuv.
		(void)uv_poll_start(poll, UV_READABLE, on_event);
	}
}

static void on_timer(uv_timer_t *timer)
{
	struct discover_attempt *attempt = timer->data;
	if (!attempt->repeated) {
		attempt->repeated = true;
		(void)send_question(attempt);
		(void)uv_timer_start(timer, on_timer, TIMEOUT_MS - REPEAT_MS, 0);
		return;
	}
	end_with_fault(attempt, attempt->name != NULL ? "does not answer" : "is not reached");
}

/*! A socket at one end, connected to a target unless that is NULL. \return Its descriptor, or -errno. */
static int open_end(const struct discover_end *end, uint16_t own_port, const struct address *target,
                    uint16_t port)
{
	const struct probe probe = { .address = target != NULL ? *target : end->address };
	const struct probe_request way = {
		.probe = &probe,
		.interface = end->interface,
		.source = end->address,
		.source_port = own_port,
		.mark = end->mark,
	};
	struct sockaddr_storage address;
	socklen_t size = probe_socket_target(&way, port, &address);
	int fd = probe_socket_open(&way, SOCK_DGRAM, IPPROTO_UDP);
	if (fd >= 0 && target != NULL &&
	    connect(fd, (const struct sockaddr *)&address, size) != 0) {
		int ret = -errno;
		(void)close(fd);
		return ret;
	}
	return fd;
}

static int begin_query(struct discover_attempt *attempt, const struct discover_request *request)
{
	attempt->name = strdup(request->how->name);
	if (attempt->name == NULL) {
		return -ENOMEM;
	}
	attempt->resolver = request->how->resolver;
	char text[ADDRESS_TEXT_MAX];
	(void)snprintf(attempt->server, sizeof(attempt->server), "%.45s",
	               address_format(&request->how->address, text));
	attempt->fd = open_end(&request->from, 0, &request->how->address, DNS_PORT);
	attempt->sender = attempt->fd;
	return attempt->fd < 0 ? attempt->fd : write_query(attempt);
}

static int begin_cookie(struct discover_attempt *attempt, const struct discover_request *request)
{
	struct sockaddr_storage own;
	socklen_t size = sizeof(own);
	(void)snprintf(attempt->server, sizeof(attempt->server), "%s", request->to.interface);
	memcpy(attempt->question, greeting, GREETING_SIZE);
	attempt->size = GREETING_SIZE + sizeof(struct probe_token);
	if (getrandom(attempt->question + GREETING_SIZE, sizeof(struct probe_token),
	              GRND_NONBLOCK) < 0) {
		return -errno;
	}
	attempt->fd = open_end(&request->to, CROSS_PORT_DISCOVER, NULL, 0);
	if (attempt->fd < 0) {
		return attempt->fd;
	}
	attempt->sender = open_end(&request->from, 0, &request->alias, CROSS_PORT_DISCOVER);
	if (attempt->sender < 0) {
		return attempt->sender;
	}
	if (getsockname(attempt->sender, (struct sockaddr *)&own, &size) != 0) {
		return -errno;
	}
	attempt->port =
		ntohs(own.ss_family == AF_INET ? ((const struct sockaddr_in *)&own)->sin_port
	                                       : ((const struct sockaddr_in6 *)&own)->sin6_port);
	return 0;
}

int discover_attempt_begin(uv_loop_t *loop, const struct discover_request *request,
                           discover_done done, void *context, struct discover_attempt **attempt)
{
	struct discover_attempt *begun = calloc(1, sizeof(*begun));
	if (begun == NULL) {
		return -ENOMEM;
	}
	begun->fd = begun->sender = -1;
	begun->family = request->from.address.family;
	int ret = request->how->address.family != 0 ? begin_query(begun, request)
	                                            : begin_cookie(begun, request);
	if (ret == 0) {
		ret = send_question(begun);
	}
	if (ret == 0) {
		ret = uv_poll_init(loop, &begun->poll, begun->fd);
	}
	if (ret != 0) {
		close_sockets(begun);
		free_attempt(begun);
		return ret;
	}
	begun->closing = 2;
	begun->poll.data = begun;
	begun->timer.data = begun;
	(void)uv_timer_init(loop, &begun->timer);
	(void)uv_timer_start(&begun->timer, on_timer, REPEAT_MS, 0);
	ret = uv_poll_start(&begun->poll, UV_READABLE, on_event);
	if (ret != 0) {
		discover_attempt_cancel(begun);
		return ret;
	}
	begun->done = done;
	begun->context = context;
	*attempt = begun;
	return 0;
}

void discover_attempt_cancel(struct discover_attempt *attempt)
{
	if (attempt != NULL) {
		attempt->done = NULL;
		end_attempt(attempt, NULL);
	}
}
