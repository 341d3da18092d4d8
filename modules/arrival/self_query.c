/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * A small DNS client: libknot's packets, a non-blocking socket, questions sent some at a time.
 */

#include "arrival/self_query.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libknot/errcode.h>
#include <libknot/packet/wire.h>
#include <libknot/rrtype/opt.h>

/*! A server that is just starting accepts connections before it answers. */
#define TIMEOUT_MS 10000

/*! Questions that are on their way at a time: what they are in octets fits any socket's buffer. */
#define WINDOW 16

#define QUESTION_SIZE_MAX 512

struct self_query {
	int fd;
	int stop_fd;
	uint16_t port;
	uint8_t buffer[UINT16_MAX]; /*!< Of the response. */
};

/*! Wait for the socket; the stop comes first. */
static int wait_for(const struct self_query *query, short events)
{
	struct pollfd fds[] = { { .fd = query->stop_fd, .events = POLLIN },
		                { .fd = query->fd, .events = events } };
	int count = poll(fds, 2, TIMEOUT_MS);
	if (count < 0) {
		return errno == EINTR ? 0 : -errno;
	}
	return count == 0 ? -ETIMEDOUT : fds[0].revents != 0 ? -ECANCELED : 0;
}

static socklen_t size_of(const struct sockaddr_storage *address)
{
	return address->ss_family == AF_INET ? sizeof(struct sockaddr_in)
	                                     : sizeof(struct sockaddr_in6);
}

/*! The same address without a port. */
static struct sockaddr_storage without_port(const struct sockaddr_storage *address)
{
	struct sockaddr_storage found = *address;
	if (address->ss_family == AF_INET) {
		((struct sockaddr_in *)(void *)&found)->sin_port = 0;
	} else {
		((struct sockaddr_in6 *)(void *)&found)->sin6_port = 0;
	}
	return found;
}

static uint16_t local_port(int fd)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);
	if (getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
		return 0;
	}
	return ntohs(address.ss_family == AF_INET
	                     ? ((struct sockaddr_in *)(void *)&address)->sin_port
	                     : ((struct sockaddr_in6 *)(void *)&address)->sin6_port);
}

/*!
 * Let a socket be heard by those of its device. Linux takes a packet to an address of its own for one that came in
 * by the device that it was to leave by, for others than the sender never (__mkroute_output(), ip6_rcv_core()).
 */
static bool bind_device(int fd, const char *device)
{
	return device[0] == '\0' ||
	       setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, (socklen_t)strlen(device)) == 0;
}

/*! Connect from the very address, so that nobody else is ever spoken to. */
static int connect_self(struct self_query *query, const struct self_address *address)
{
	const struct sockaddr_storage *server = &address->address;
	struct sockaddr_storage client = without_port(server);
	socklen_t size = size_of(server);
	query->fd = socket(server->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (query->fd < 0 || !bind_device(query->fd, address->device) ||
	    bind(query->fd, (struct sockaddr *)&client, size) != 0) {
		return -errno;
	}
	if (connect(query->fd, (const struct sockaddr *)server, size) != 0) {
		int ret = errno == EINPROGRESS ? wait_for(query, POLLOUT) : -errno;
		int error = 0;
		socklen_t length = sizeof(error);
		if (ret == 0 && getsockopt(query->fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) {
			ret = -errno;
		}
		if (ret != 0 || error != 0) {
			return ret != 0 ? ret : -error;
		}
	}
	query->port = local_port(query->fd);
	return query->port != 0 ? 0 : -EADDRNOTAVAIL;
}

int self_query_open(const struct self_address *address, int stop_fd, struct self_query **query)
{
	struct self_query *created = malloc(sizeof(*created));
	if (created == NULL) {
		return -ENOMEM;
	}
	created->fd = -1;
	created->stop_fd = stop_fd;
	int ret = connect_self(created, address);
	if (ret != 0) {
		self_query_close(created);
		return ret;
	}
	*query = created;
	return 0;
}

void self_query_close(struct self_query *query)
{
	if (query != NULL && query->fd >= 0) {
		close(query->fd);
	}
	free(query);
}

uint16_t self_query_port(const struct self_query *query)
{
	return query->port;
}

/*! Write a question with its length in front. \return Octets, or 0. */
static size_t write_question(const struct self_question *question, uint16_t id, uint8_t *wire)
{
	knot_rrset_t opt;
	// libknot takes the header as it is.
	memset(wire, 0, QUESTION_SIZE_MAX);
	knot_pkt_t *pkt = knot_pkt_new(wire + 2, QUESTION_SIZE_MAX - 2, NULL);
	if (pkt == NULL) {
		return 0;
	}
	int ret = knot_pkt_put_question(pkt, question->name, KNOT_CLASS_IN, question->type);
	if (ret == KNOT_EOK) {
		ret = knot_edns_init(&opt, UINT16_MAX, 0, KNOT_EDNS_VERSION, NULL);
	}
	if (ret == KNOT_EOK) {
		knot_wire_set_id(pkt->wire, id);
		knot_edns_set_do(&opt);
		(void)knot_pkt_begin(pkt, KNOT_ADDITIONAL);
		ret = knot_pkt_put(pkt, KNOT_COMPR_HINT_NONE, &opt, KNOT_PF_FREE);
	}
	size_t size = ret == KNOT_EOK ? pkt->size : 0;
	knot_wire_write_u16(wire, (uint16_t)size);
	knot_pkt_free(pkt);
	return size > 0 ? size + 2 : 0;
}

static int send_all(const struct self_query *query, const uint8_t *bytes, size_t size)
{
	while (size > 0) {
		ssize_t sent = send(query->fd, bytes, size, MSG_NOSIGNAL);
		if (sent >= 0) {
			bytes += sent;
			size -= (size_t)sent;
			continue;
		}
		int ret = errno == EAGAIN ? wait_for(query, POLLOUT) : -errno;
		if (ret != 0 && ret != -EINTR) {
			return ret;
		}
	}
	return 0;
}

/*!
 * Wait for octets. What has come is acknowledged at once, not after the 40 ms of a conversation: knotd does not
 * send the next response before (Nagle's algorithm, RFC 9293 section 3.7.4). The option lasts for a while only.
 */
static int wait_to_receive(const struct self_query *query)
{
	int on = 1;
	(void)setsockopt(query->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
	return wait_for(query, POLLIN);
}

static int receive_all(const struct self_query *query, uint8_t *bytes, size_t size)
{
	while (size > 0) {
		ssize_t got = recv(query->fd, bytes, size, 0);
		if (got == 0) {
			return -ECONNRESET;
		}
		if (got > 0) {
			bytes += got;
			size -= (size_t)got;
			continue;
		}
		int ret = errno == EAGAIN ? wait_to_receive(query) : -errno;
		if (ret != 0 && ret != -EINTR) {
			return ret;
		}
	}
	return 0;
}

static int receive_response(struct self_query *query, size_t index, self_query_answer answer,
                            void *context)
{
	uint8_t length[2];
	int ret = receive_all(query, length, sizeof(length));
	uint16_t size = knot_wire_read_u16(length);
	if (ret == 0) {
		ret = receive_all(query, query->buffer, size);
	}
	if (ret != 0) {
		return ret;
	}
	knot_pkt_t *pkt = knot_pkt_new(query->buffer, size, NULL);
	if (pkt == NULL) {
		return -ENOMEM;
	}
	bool good = knot_pkt_parse(pkt, 0) == KNOT_EOK && knot_wire_get_qr(pkt->wire) &&
	            knot_wire_get_id(pkt->wire) == (uint16_t)index;
	ret = good ? answer(context, index, pkt) : -EBADMSG;
	knot_pkt_free(pkt);
	return ret;
}

int self_query_ask(struct self_query *query, const struct self_question *questions, size_t count,
                   self_query_answer answer, void *context)
{
	for (size_t first = 0; first < count; first += WINDOW) {
		uint8_t wire[WINDOW * QUESTION_SIZE_MAX];
		size_t size = 0;
		size_t end = count - first < WINDOW ? count : first + WINDOW;
		for (size_t i = first; i < end; i++) {
			size_t written = write_question(&questions[i], (uint16_t)i, wire + size);
			if (written == 0) {
				return -ENOMEM;
			}
			size += written;
		}
		int ret = send_all(query, wire, size);
		for (size_t i = first; ret == 0 && i < end; i++) {
			ret = receive_response(query, i, answer, context);
		}
		if (ret != 0) {
			return ret;
		}
	}
	return 0;
}
