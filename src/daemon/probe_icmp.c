/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Echo requests and replies of ICMP (RFC 792) and ICMPv6 (RFC 4443 section 4).
 *
 * A raw socket sees every echo reply to this address. Ours is known again by identifier, sequence
 * number and ten random bytes behind them, and by its sender.
 */

#include <errno.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "daemon/probe_protocol.h"

/*! Type, code, checksum; then the token: identifier, sequence number and data. */
#define HEADER_SIZE 4
#define MESSAGE_SIZE (HEADER_SIZE + sizeof(struct probe_token))

/*! The Internet checksum of a message of an even size (RFC 1071). */
static void set_checksum(uint8_t *message, size_t size)
{
	uint32_t sum = 0;
	for (size_t i = 0; i < size; i += 2) {
		sum += (uint32_t)message[i] << 8 | message[i + 1];
	}
	sum = (sum >> 16) + (sum & 0xffff);
	sum += sum >> 16;
	message[2] = (uint8_t)(~sum >> 8);
	message[3] = (uint8_t)~sum;
}

/*! What else arrives need not wake us. */
static int filter_replies(int fd, uint8_t family)
{
	if (family == AF_INET) {
		struct icmp_filter filter = { .data = ~(1u << ICMP_ECHOREPLY) };
		return setsockopt(fd, SOL_RAW, ICMP_FILTER, &filter, sizeof(filter));
	}
	struct icmp6_filter filter;
	ICMP6_FILTER_SETBLOCKALL(&filter);
	ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
	return setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof(filter));
}

static int icmp_ask(const struct probe_request *request, const struct probe_token *token)
{
	uint8_t family = request->probe->address.family;
	uint8_t message[MESSAGE_SIZE] = { family == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST };
	struct sockaddr_storage target;
	socklen_t size = probe_socket_target(request, 0, &target);
	int fd = probe_socket_open(request, SOCK_RAW,
	                           family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6);
	if (fd < 0) {
		return fd;
	}
	memcpy(message + HEADER_SIZE, token->bytes, sizeof(token->bytes));
	// The kernel fills in that of ICMPv6, which covers addresses too (RFC 3542 section 3.1).
	set_checksum(message, sizeof(message));
	if (filter_replies(fd, family) != 0 ||
	    sendto(fd, message, sizeof(message), 0, (const struct sockaddr *)&target, size) < 0) {
		int ret = -errno;
		(void)close(fd);
		return ret;
	}
	return fd;
}

static bool is_from(const struct sockaddr_storage *sender, const struct address *address)
{
	const void *bytes = sender->ss_family == AF_INET
	                            ? (const void *)&((const struct sockaddr_in *)sender)->sin_addr
	                            : &((const struct sockaddr_in6 *)sender)->sin6_addr;
	return sender->ss_family == address->family &&
	       memcmp(bytes, address->bytes, address_size(address)) == 0;
}

static bool is_reply(const uint8_t *packet, size_t size, uint8_t family,
                     const struct probe_token *token)
{
	// Of IPv4 a raw socket gives the header too (raw(7)).
	size_t skip = family == AF_INET && size > 0 ? 4 * (size_t)(packet[0] & 15) : 0;
	if (size < skip + MESSAGE_SIZE) {
		return false;
	}
	const uint8_t *message = packet + skip;
	return message[0] == (family == AF_INET ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY) &&
	       message[1] == 0 &&
	       memcmp(message + HEADER_SIZE, token->bytes, sizeof(token->bytes)) == 0;
}

static int icmp_look(int fd, const struct probe *probe, const struct probe_token *token)
{
	for (;;) {
		uint8_t packet[256];
		struct sockaddr_storage sender = { 0 };
		socklen_t sender_size = sizeof(sender);
		ssize_t size = recvfrom(fd, packet, sizeof(packet), 0, (struct sockaddr *)&sender,
		                        &sender_size);
		if (size < 0) {
			return errno == EAGAIN || errno == EINTR ? 0 : -errno;
		}
		if (is_from(&sender, &probe->address) &&
		    is_reply(packet, (size_t)size, probe->address.family, token)) {
			return 1;
		}
	}
}

const struct probe_protocol probe_icmp = { icmp_ask, icmp_look, UV_READABLE };
