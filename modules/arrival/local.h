/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The local end of a query's socket, by which its arrival uplink is told.
 */

#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/address.h"

/*! Stands for the family where a device tells the uplink. */
#define LOCAL_DEVICE 0xfe

/*! A socket's local end in the form in which it is looked up. */
struct local {
	uint64_t word[2]; /*!< Bytes of the address, or of the device's name. */
	uint64_t hash;    /*!< Of address and family. */
	uint8_t family;   /*!< AF_INET, AF_INET6, LOCAL_DEVICE, or 0: wildcard, or not known. */
	uint16_t port;
};

/*! Sockets with a number below this are remembered; knotd opens its UDP sockets at start. */
#define LOCAL_CACHE_SIZE 1024

enum { LOCAL_SOCKET_UNKNOWN, LOCAL_SOCKET_WRITING, LOCAL_SOCKET_KNOWN };

/*! What is known about the UDP sockets of the process; zeroed memory is an empty cache. */
struct local_cache {
	struct {
		_Atomic int state; /*!< LOCAL_SOCKET_... */
		struct local local;
	} socket[LOCAL_CACHE_SIZE];
};

/*! \brief A local end from its parts. */
struct local local_make(const struct address *address, uint16_t port);

/*! \brief The address of a local end. */
struct address local_address(const struct local *local);

/*! \brief Whether the addresses of two ends are the same, and known. */
static inline bool local_same_address(const struct local *a, const struct local *b)
{
	return a->family != 0 && a->family == b->family && a->word[0] == b->word[0] &&
	       a->word[1] == b->word[1];
}

/*!
 * \brief A local end from knotd's address: IPv4 mapped into IPv6 becomes IPv4.
 * \return Whether it is an IPv4 or IPv6 address at all.
 */
bool local_from_sockaddr(const struct sockaddr *sockaddr, struct local *local);

/*!
 * \brief Ask the kernel for a socket's local end.
 * \return Whether it was told.
 */
bool local_from_socket(int socket, struct local *local);

/*! \brief A device's name as a local end. An empty one is family 0. */
struct local local_make_device(const char *device);

/*!
 * \brief Ask the kernel for the device that a socket is bound to (SO_BINDTODEVICE); family 0 if to none.
 * \return Whether it was told.
 */
bool local_device_from_socket(int socket, struct local *local);

/*! How the kernel is asked: local_from_socket() or local_device_from_socket(). */
typedef bool local_ask(int socket, struct local *local);

/*! \brief What local_from_cache() does for a socket that is not in the cache yet. */
const struct local *local_into_cache(struct local_cache *cache, local_ask *ask, int socket,
                                     struct local *room);

/*!
 * \brief The local end of a socket that is never bound anew and never closed, as knotd's UDP sockets.
 *
 * Each socket costs one system call in the life of the process. Safe from any number of threads.
 *
 * \param ask   The same for all of a cache.
 * \param room  Used if there is nothing in the cache.
 * \return A local end in the cache or in room, or NULL if the kernel did not tell.
 */
static inline const struct local *local_from_cache(struct local_cache *cache, local_ask *ask,
                                                   int socket, struct local *room)
{
	if ((unsigned)socket < LOCAL_CACHE_SIZE &&
	    atomic_load_explicit(&cache->socket[socket].state, memory_order_acquire) ==
	            LOCAL_SOCKET_KNOWN) {
		return &cache->socket[socket].local;
	}
	return local_into_cache(cache, ask, socket, room);
}
