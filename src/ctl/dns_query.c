/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * A question to a DNS server: over UDP with retries, over TCP if need be.
 */

#include "ctl/dns_query.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

/*! What fits into every path's packets, dnsflagday.net/2020. */
#define EDNS_PAYLOAD 1232

/*! How often it is sent over UDP before the time is up. */
#define TRIES 3

/*! Of a reply over UDP; a server may send more than it was asked for. */
#define DATAGRAM_SIZE 4096

bool dns_question_equal(const struct dns_question *a, const struct dns_question *b)
{
	return a->type == b->type && a->port == b->port && a->recursive == b->recursive &&
	       a->tcp == b->tcp && address_equal(&a->server, &b->server) &&
	       knot_dname_is_equal(a->name, b->name);
}

void dns_query_fail(struct dns_query *query, int error)
{
	query->error = error;
	query->server->silent |= error == -ETIMEDOUT;
	talk_end(&query->talk);
}

static bool is_passing(int error)
{
	return error == EAGAIN || error == EINTR;
}

/*! The wire form of the question, behind its length as a stream needs it (RFC 1035 section 4.2.2). */
static int write_question(struct dns_query *query)
{
	const struct dns_question *question = &query->question;
	knot_pkt_t *packet = knot_pkt_new(query->wire + 2, DNS_QUESTION_MAX, NULL);
	if (packet == NULL) {
		return -ENOMEM;
	}
	knot_rrset_t opt;
	int ret = knot_pkt_put_question(packet, question->name, KNOT_CLASS_IN, question->type);
	if (ret == KNOT_EOK) {
		ret = knot_edns_init(&opt, EDNS_PAYLOAD, 0, KNOT_EDNS_VERSION, &packet->mm);
	}
	if (ret == KNOT_EOK) {
		(void)knot_pkt_begin(packet, KNOT_ADDITIONAL);
		ret = knot_pkt_put(packet, KNOT_COMPR_HINT_NONE, &opt, KNOT_PF_FREE);
	}
	if (ret == KNOT_EOK) {
		knot_wire_set_id(packet->wire, query->id);
		if (question->recursive) {
			knot_wire_set_rd(packet->wire);
		}
		query->length = packet->size;
		knot_wire_write_u16(query->wire, (uint16_t)packet->size);
	}
	knot_pkt_free(packet);
	return ret == KNOT_EOK ? 0 : -ENOMEM;
}

/*! Whether a message answers the question that was asked. */
static bool answers(const struct dns_query *query, const knot_pkt_t *packet)
{
	if (!knot_wire_get_qr(packet->wire) || knot_wire_get_id(packet->wire) != query->id) {
		return false;
	}
	// A server that refuses may leave the question out.
	if (knot_wire_get_qdcount(packet->wire) == 0) {
		return knot_wire_get_rcode(packet->wire) != KNOT_RCODE_NOERROR;
	}
	return knot_pkt_qtype(packet) == query->question.type &&
	       knot_pkt_qclass(packet) == KNOT_CLASS_IN &&
	       knot_dname_is_equal(knot_pkt_qname(packet), query->question.name);
}

static int read_reply(struct dns_query *query, const uint8_t *wire, size_t length)
{
	if (length < KNOT_WIRE_HEADER_SIZE) {
		return -EBADMSG;
	}
	knot_pkt_t *packet = knot_pkt_new(NULL, (uint16_t)length, NULL);
	if (packet == NULL) {
		return -ENOMEM;
	}
	memcpy(packet->wire, wire, length);
	packet->size = length;
	if (knot_pkt_parse(packet, 0) != KNOT_EOK || !answers(query, packet)) {
		knot_pkt_free(packet);
		return -EBADMSG;
	}
	query->server->replied = true;
	query->reply = packet;
	return 0;
}

static void send_datagram(struct dns_query *query)
{
	struct talk *talk = &query->talk;
	int64_t now = talk_now_ms();
	if (query->sent == TRIES || now >= talk->limit_ms) {
		dns_query_fail(query, query->malformed ? -EBADMSG : -ETIMEDOUT);
		return;
	}
	if (send(talk->fd, query->wire + 2, query->length, MSG_NOSIGNAL) < 0 && errno != EAGAIN) {
		dns_query_fail(query, -errno);
		return;
	}
	query->sent++;
	talk->events = POLLIN;
	// Of 4 s it waits 0.8 s for the first reply, then 1.1 s, then 2.1 s.
	int64_t share = (talk->limit_ms - now) / (2 * (TRIES - query->sent) + 1);
	talk->until_ms = now + share;
}

static void start_stream(struct dns_query *query)
{
	struct talk *talk = &query->talk;
	query->stream = true;
	query->moved = 0;
	int fd = talk_connect(&query->question.server, query->question.port, SOCK_STREAM);
	if (fd < 0) {
		dns_query_fail(query, fd);
		return;
	}
	talk->fd = fd;
	query->length += 2;
	talk->events = POLLOUT;
	talk->until_ms = talk->limit_ms;
}

static void receive_datagram(struct dns_query *query)
{
	uint8_t message[DATAGRAM_SIZE];
	ssize_t got = recv(query->talk.fd, message, sizeof(message), 0);
	if (got < 0) {
		if (!is_passing(errno)) {
			dns_query_fail(query, -errno);
		}
		return;
	}
	int ret = read_reply(query, message, (size_t)got);
	if (ret == -EBADMSG) {
		query->malformed = true; // Whoever sent that: the real reply may still come.
	} else if (ret == 0 && knot_wire_get_tc(query->reply->wire)) {
		knot_pkt_free(query->reply);
		query->reply = NULL;
		(void)close(query->talk.fd);
		query->talk.fd = -1;
		start_stream(query);
	} else {
		query->error = ret;
		talk_end(&query->talk);
	}
}

static void send_stream(struct dns_query *query)
{
	int fd = query->talk.fd;
	int ret = query->moved == 0 ? talk_connected(fd) : 0;
	if (ret != 0) {
		dns_query_fail(query, ret);
		return;
	}
	ssize_t sent =
		send(fd, query->wire + query->moved, query->length - query->moved, MSG_NOSIGNAL);
	if (sent < 0) {
		if (!is_passing(errno)) {
			dns_query_fail(query, -errno);
		}
		return;
	}
	query->moved += (size_t)sent;
	if (query->moved == query->length) {
		query->moved = 0;
		query->talk.events = POLLIN;
	}
}

/*! The next bytes: the reply's length into the place of the question, then the reply. */
static void receive_stream(struct dns_query *query)
{
	bool head = query->stream_reply == NULL;
	size_t wanted = head ? 2 : query->length;
	uint8_t *place = head ? query->wire : query->stream_reply;
	ssize_t got = recv(query->talk.fd, place + query->moved, wanted - query->moved, 0);
	if (got <= 0) {
		if (got == 0 || !is_passing(errno)) {
			dns_query_fail(query, got == 0 ? -ECONNRESET : -errno);
		}
		return;
	}
	query->moved += (size_t)got;
	if (query->moved < wanted) {
		return;
	}
	if (head) {
		query->moved = 0;
		query->length = knot_wire_read_u16(query->wire);
		query->stream_reply = malloc(query->length + 1);
		if (query->stream_reply == NULL || query->length == 0) {
			dns_query_fail(query, query->length == 0 ? -EBADMSG : -ENOMEM);
		}
		return;
	}
	query->error = read_reply(query, query->stream_reply, query->length);
	talk_end(&query->talk);
}

static void start(struct dns_query *query)
{
	if (query->server->silent && !query->server->replied) {
		dns_query_fail(query, -ETIMEDOUT);
		return;
	}
	int ret = write_question(query);
	if (ret != 0) {
		dns_query_fail(query, ret);
		return;
	}
	if (query->question.tcp) {
		start_stream(query);
		return;
	}
	ret = talk_connect(&query->question.server, query->question.port, SOCK_DGRAM);
	if (ret < 0) {
		dns_query_fail(query, ret);
		return;
	}
	query->talk.fd = ret;
	send_datagram(query);
}

static void step(struct talk *talk, enum talk_event event)
{
	struct dns_query *query = (struct dns_query *)(void *)talk;
	if (event == TALK_START) {
		start(query);
	} else if (event == TALK_LATE && query->stream) {
		dns_query_fail(query, -ETIMEDOUT);
	} else if (event == TALK_LATE) {
		send_datagram(query);
	} else if (!query->stream) {
		receive_datagram(query);
	} else if (talk->events == POLLOUT) {
		send_stream(query);
	} else {
		receive_stream(query);
	}
}

int dns_query_new(const struct dns_question *question, struct dns_server *server,
                  struct dns_query **query)
{
	struct dns_query *new = calloc(1, sizeof(*new));
	if (new == NULL) {
		return -ENOMEM;
	}
	new->question = *question;
	new->server = server;
	new->talk = (struct talk){ .fd = -1, .step = step };
	if (getrandom(&new->id, sizeof(new->id), 0) != sizeof(new->id)) {
		dns_query_free(new);
		return -ENOMEM;
	}
	*query = new;
	return 0;
}

void dns_query_free(struct dns_query *query)
{
	if (query == NULL) {
		return;
	}
	if (query->talk.fd >= 0) {
		(void)close(query->talk.fd);
	}
	knot_pkt_free(query->reply);
	free(query->stream_reply);
	free(query);
}
