/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * A DNS query of type A over UDP (RFC 1035), and any reply that is one to it.
 *
 * That there is no such name, or that the server refuses, has come all the way from the server too.
 */

#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "daemon/probe_protocol.h"

#define HEADER_SIZE 12

size_t probe_dns_write(const char *name, const struct probe_token *token, uint8_t *query)
{
	// Identifier; recursion desired; one question.
	uint8_t header[HEADER_SIZE] = { token->bytes[0], token->bytes[1], 1, 0, 0, 1 };
	memcpy(query, header, sizeof(header));
	size_t size = HEADER_SIZE;
	while (*name != '\0') {
		size_t label = strcspn(name, ".");
		query[size++] = (uint8_t)label;
		memcpy(query + size, name, label);
		size += label;
		name += label + (name[label] == '.');
	}
	static const uint8_t end[] = { 0, 0, 1, 0, 1 };
	memcpy(query + size, end, sizeof(end));
	return size + sizeof(end);
}

static int dns_ask(const struct probe_request *request, const struct probe_token *token)
{
	uint8_t query[PROBE_QUERY_MAX];
	struct sockaddr_storage target;
	size_t length = probe_dns_write(probe_name(request->probe), token, query);
	socklen_t size = probe_socket_target(request, 53, &target);
	int fd = probe_socket_open(request, SOCK_DGRAM, IPPROTO_UDP);
	if (fd < 0) {
		return fd;
	}
	if (connect(fd, (const struct sockaddr *)&target, size) != 0 ||
	    send(fd, query, length, 0) < 0) {
		int ret = -errno;
		(void)close(fd);
		return ret;
	}
	return fd;
}

/*! Names are compared without regard to case (RFC 4343); length bytes have no case. */
static bool is_same_name(const uint8_t *a, const uint8_t *b, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (tolower(a[i]) != tolower(b[i])) {
			return false;
		}
	}
	return true;
}

/*! A reply to our query; some servers leave the question out of an error (RFC 1035 section 4.1.1). */
bool probe_dns_is_reply(const uint8_t *message, size_t size, const uint8_t *query,
                        size_t query_size)
{
	if (size < HEADER_SIZE || memcmp(message, query, 2) != 0 || (message[2] & 0xf8) != 0x80) {
		return false;
	}
	unsigned questions = (unsigned)message[4] << 8 | message[5];
	return questions == 0 ||
	       (questions == 1 && size >= query_size &&
	        is_same_name(message + HEADER_SIZE, query + HEADER_SIZE, query_size - HEADER_SIZE));
}

static int dns_look(int fd, const struct probe *probe, const struct probe_token *token)
{
	uint8_t query[PROBE_QUERY_MAX];
	size_t query_size = probe_dns_write(probe_name(probe), token, query);
	for (;;) {
		uint8_t message[4096];
		ssize_t size = recv(fd, message, sizeof(message), 0);
		if (size < 0) {
			return errno == EAGAIN || errno == EINTR ? 0 : -errno;
		}
		if (probe_dns_is_reply(message, (size_t)size, query, query_size)) {
			return 1;
		}
	}
}

const struct probe_protocol probe_dns = { dns_ask, dns_look, UV_READABLE };
