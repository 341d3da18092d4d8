/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Local ends of sockets as plain values, remembered by socket where knotd 3.2 does not tell them.
 */

#include "arrival/local.h"

#include <netinet/in.h>
#include <stdatomic.h>
#include <string.h>

enum { SOCKET_UNKNOWN, SOCKET_WRITING, SOCKET_KNOWN };

bool local_from_sockaddr(const struct sockaddr *sockaddr, struct local *local)
{
	if (sockaddr->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)sockaddr;
		*local = (struct local){ .port = ntohs(in->sin_port) };
		if (in->sin_addr.s_addr != htonl(INADDR_ANY)) {
			local->address.family = AF_INET;
			memcpy(local->address.bytes, &in->sin_addr, sizeof(in->sin_addr));
		}
		return true;
	}
	if (sockaddr->sa_family != AF_INET6) {
		return false;
	}
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)sockaddr;
	*local = (struct local){ .port = ntohs(in6->sin6_port) };
	if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
		local->address.family = AF_INET;
		memcpy(local->address.bytes, &in6->sin6_addr.s6_addr[12], 4);
	} else if (!IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr)) {
		local->address.family = AF_INET6;
		memcpy(local->address.bytes, &in6->sin6_addr, sizeof(in6->sin6_addr));
	}
	return true;
}

bool local_from_socket(int socket, struct local *local)
{
	struct sockaddr_storage storage;
	socklen_t length = sizeof(storage);
	return getsockname(socket, (struct sockaddr *)&storage, &length) == 0 &&
	       local_from_sockaddr((const struct sockaddr *)&storage, local);
}

bool local_from_cache(struct local_cache *cache, int socket, struct local *local)
{
	if (socket < 0 || socket >= LOCAL_CACHE_SIZE) {
		return local_from_socket(socket, local);
	}
	_Atomic int *state = &cache->socket[socket].state;
	if (atomic_load_explicit(state, memory_order_acquire) == SOCKET_KNOWN) {
		*local = cache->socket[socket].local;
		return true;
	}
	if (!local_from_socket(socket, local)) {
		return false;
	}
	// Whoever comes first writes; the others have asked for themselves.
	int unknown = SOCKET_UNKNOWN;
	if (atomic_compare_exchange_strong(state, &unknown, SOCKET_WRITING)) {
		cache->socket[socket].local = *local;
		atomic_store_explicit(state, SOCKET_KNOWN, memory_order_release);
	}
	return true;
}
