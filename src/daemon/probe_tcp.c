/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * TCP connections that are only opened.
 *
 * A refused one proves the way to the target and back just as well: the uplink is what is judged here,
 * not the service.
 */

#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

#include "daemon/probe_protocol.h"

static int tcp_ask(const struct probe_request *request, const struct probe_token *token)
{
	struct sockaddr_storage target;
	socklen_t size = probe_socket_target(request, request->probe->port, &target);
	int fd = probe_socket_open(request, SOCK_STREAM, IPPROTO_TCP);
	if (fd < 0) {
		return fd;
	}
	// Closing sends a reset: no connection is left waiting, here or there.
	const struct linger reset = { .l_onoff = 1 };
	if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) != 0 ||
	    (connect(fd, (const struct sockaddr *)&target, size) != 0 && errno != EINPROGRESS)) {
		int ret = -errno;
		(void)close(fd);
		return ret;
	}
	return fd;
}

static int tcp_look(int fd, const struct probe *probe, const struct probe_token *token)
{
	int error = 0;
	socklen_t size = sizeof(error);
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
		return -errno;
	}
	if (error == ECONNREFUSED) {
		return 1;
	}
	if (error != 0) {
		return -error;
	}
	// Without an error it is connected, or still being so.
	struct sockaddr_storage peer;
	size = sizeof(peer);
	return getpeername(fd, (struct sockaddr *)&peer, &size) == 0;
}

const struct probe_protocol probe_tcp = { tcp_ask, tcp_look, UV_WRITABLE };
