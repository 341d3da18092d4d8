/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Sockets that are bound to one uplink.
 */

#include "daemon/probe_protocol.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

/*! Write an address and port as a socket address. \return Its size. */
static socklen_t to_socket_address(const struct address *address, uint16_t port,
                                   const char *interface, struct sockaddr_storage *storage)
{
	*storage = (struct sockaddr_storage){ .ss_family = address->family };
	if (address->family == AF_INET) {
		struct sockaddr_in *v4 = (struct sockaddr_in *)storage;
		v4->sin_port = htons(port);
		memcpy(&v4->sin_addr, address->bytes, sizeof(v4->sin_addr));
		return sizeof(*v4);
	}
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)storage;
	v6->sin6_port = htons(port);
	memcpy(&v6->sin6_addr, address->bytes, sizeof(v6->sin6_addr));
	if (IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr)) {
		v6->sin6_scope_id = if_nametoindex(interface);
	}
	return sizeof(*v6);
}

int probe_socket_open(const struct probe_request *request, int type, int protocol)
{
	struct sockaddr_storage source;
	socklen_t size = to_socket_address(&request->source, request->source_port,
	                                   request->interface, &source);
	int fd = socket(request->source.family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
	if (fd < 0) {
		return -errno;
	}
	// The mark leads into the uplink's table, whatever the main table prefers.
	if (setsockopt(fd, SOL_SOCKET, SO_MARK, &request->mark, sizeof(request->mark)) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, request->interface,
	               (socklen_t)strlen(request->interface)) != 0 ||
	    bind(fd, (const struct sockaddr *)&source, size) != 0) {
		int ret = -errno;
		(void)close(fd);
		return ret;
	}
	return fd;
}

socklen_t probe_socket_target(const struct probe_request *request, uint16_t port,
                              struct sockaddr_storage *target)
{
	return to_socket_address(&request->probe->address, port, request->interface, target);
}
