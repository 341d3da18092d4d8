/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * A DNS query of type A over UDP (RFC 1035), and any reply that is one to it.
 *
 * That there is no such name, or that the server refuses, has come all the way from the server too.
 */

#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

#include "daemon/dns_message.h"
#include "daemon/probe_protocol.h"

static int dns_ask(const struct probe_request *request, const struct probe_token *token)
{
	uint8_t query[DNS_QUERY_MAX];
	struct sockaddr_storage target;
	size_t length =
		dns_query_write(probe_name(request->probe), DNS_TYPE_A, token->bytes, query);
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

static int dns_look(int fd, const struct probe *probe, const struct probe_token *token)
{
	uint8_t query[DNS_QUERY_MAX];
	size_t query_size = dns_query_write(probe_name(probe), DNS_TYPE_A, token->bytes, query);
	for (;;) {
		uint8_t message[4096];
		ssize_t size = recv(fd, message, sizeof(message), 0);
		if (size < 0) {
			return errno == EAGAIN || errno == EINTR ? 0 : -errno;
		}
		if (dns_is_reply(message, (size_t)size, query, query_size)) {
			return 1;
		}
	}
}

const struct probe_protocol probe_dns = { dns_ask, dns_look, UV_READABLE };
