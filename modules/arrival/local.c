/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Local ends of sockets as plain values, remembered by socket where knotd 3.2 does not tell them.
 */

#include "arrival/local.h"

#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#include "arrival/hash.h"

_Static_assert(IFNAMSIZ == sizeof(((struct local *)NULL)->word), "a name fits into two words");

struct local local_make(const struct address *address, uint16_t port)
{
	struct local local = { .family = address->family, .port = port };
	memcpy(local.word, address->bytes, sizeof(local.word));
	local.hash = hash_word(hash_word(local.family, local.word[0]), local.word[1]);
	return local;
}

struct address local_address(const struct local *local)
{
	struct address address = { .family = local->family };
	memcpy(address.bytes, local->word, sizeof(local->word));
	return address;
}

bool local_from_sockaddr(const struct sockaddr *sockaddr, struct local *local)
{
	struct address address = { 0 };
	if (sockaddr->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)sockaddr;
		if (in->sin_addr.s_addr != htonl(INADDR_ANY)) {
			address.family = AF_INET;
			memcpy(address.bytes, &in->sin_addr, sizeof(in->sin_addr));
		}
		*local = local_make(&address, ntohs(in->sin_port));
		return true;
	}
	if (sockaddr->sa_family != AF_INET6) {
		return false;
	}
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)sockaddr;
	if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
		address.family = AF_INET;
		memcpy(address.bytes, &in6->sin6_addr.s6_addr[12], 4);
	} else if (!IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr)) {
		address.family = AF_INET6;
		memcpy(address.bytes, &in6->sin6_addr, sizeof(in6->sin6_addr));
	}
	*local = local_make(&address, ntohs(in6->sin6_port));
	return true;
}

bool local_from_socket(int socket, struct local *local)
{
	struct sockaddr_storage storage;
	socklen_t length = sizeof(storage);
	return getsockname(socket, (struct sockaddr *)&storage, &length) == 0 &&
	       local_from_sockaddr((const struct sockaddr *)&storage, local);
}

struct local local_make_device(const char *device)
{
	struct local local = { .family = device[0] != '\0' ? LOCAL_DEVICE : 0 };
	memcpy(local.word, device, strnlen(device, sizeof(local.word)));
	local.hash = hash_word(hash_word(local.family, local.word[0]), local.word[1]);
	return local;
}

bool local_device_from_socket(int socket, struct local *local)
{
	char device[IFNAMSIZ] = "";
	socklen_t length = sizeof(device);
	if (getsockopt(socket, SOL_SOCKET, SO_BINDTODEVICE, device, &length) != 0) {
		return false;
	}
	*local = local_make_device(device);
	return true;
}

const struct local *local_into_cache(struct local_cache *cache, local_ask *ask, int socket,
                                     struct local *room)
{
	if (!ask(socket, room)) {
		return NULL;
	}
	// Whoever comes first writes; the others have asked for themselves.
	int unknown = LOCAL_SOCKET_UNKNOWN;
	if (socket < LOCAL_CACHE_SIZE &&
	    atomic_compare_exchange_strong(&cache->socket[socket].state, &unknown,
	                                   LOCAL_SOCKET_WRITING)) {
		cache->socket[socket].local = *room;
		atomic_store_explicit(&cache->socket[socket].state, LOCAL_SOCKET_KNOWN,
		                      memory_order_release);
	}
	return room;
}
