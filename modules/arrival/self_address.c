/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * From knotd's «listen» to addresses of this host: the addresses themselves, then the devices'.
 */

#include "arrival/self_address.h"

#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

struct addresses {
	struct self_address *list;
	size_t count;
};

static int add(struct addresses *addresses, const struct self_address *added)
{
	struct self_address *list = array_grow(addresses->list, addresses->count, sizeof(*list));
	if (list == NULL) {
		return -ENOMEM;
	}
	addresses->list = list;
	list[addresses->count++] = *added;
	return 0;
}

static bool is_ip(const struct sockaddr_storage *address)
{
	return address->ss_family == AF_INET || address->ss_family == AF_INET6;
}

/*! The octets of an address that are not its port. */
static void *octets(struct sockaddr_storage *address, size_t *size)
{
	if (address->ss_family == AF_INET) {
		struct in_addr *in = &((struct sockaddr_in *)(void *)address)->sin_addr;
		*size = sizeof(*in);
		return in;
	}
	struct in6_addr *in6 = &((struct sockaddr_in6 *)(void *)address)->sin6_addr;
	*size = sizeof(*in6);
	return in6;
}

static bool is_wildcard(struct sockaddr_storage *address)
{
	static const struct in6_addr wildcard;
	size_t size;
	const void *its = octets(address, &size);
	return memcmp(its, &wildcard, size) == 0;
}

/*! An address that is listened on; a wildcard stands for loopback. */
static struct self_address plain(const struct sockaddr_storage *listen)
{
	const struct in_addr loopback = { htonl(INADDR_LOOPBACK) };
	struct self_address found = { .address = *listen };
	if (is_wildcard(&found.address)) {
		size_t size;
		void *its = octets(&found.address, &size);
		memcpy(its, size == sizeof(loopback) ? (const void *)&loopback : &in6addr_loopback,
		       size);
	}
	return found;
}

/*! A device's address, if it is listened on. \return Whether it is. */
static bool by_device(const struct sockaddr_storage *listen, const struct ifaddrs *device,
                      struct self_address *found)
{
	if (device->ifa_addr == NULL || device->ifa_addr->sa_family != listen->ss_family) {
		return false;
	}
	struct sockaddr_storage its = { 0 };
	memcpy(&its, device->ifa_addr,
	       listen->ss_family == AF_INET ? sizeof(struct sockaddr_in)
	                                    : sizeof(struct sockaddr_in6));
	*found = (struct self_address){ .address = *listen };
	size_t size;
	void *place = octets(&found->address, &size);
	const void *octets_of_device = octets(&its, &size);
	bool local = size == sizeof(struct in6_addr) &&
	             IN6_IS_ADDR_LINKLOCAL((const struct in6_addr *)octets_of_device);
	if (local ||
	    (!is_wildcard(&found->address) && memcmp(place, octets_of_device, size) != 0)) {
		return false;
	}
	memcpy(place, octets_of_device, size);
	strncpy(found->device, device->ifa_name, sizeof(found->device) - 1);
	return true;
}

int self_addresses(const struct sockaddr_storage *listen, size_t listen_count,
                   struct self_address **list, size_t *count)
{
	struct addresses addresses = { 0 };
	struct ifaddrs *devices = NULL;
	int ret = 0;
	for (size_t i = 0; ret == 0 && i < listen_count; i++) {
		if (is_ip(&listen[i])) {
			struct self_address found = plain(&listen[i]);
			ret = add(&addresses, &found);
		}
	}
	if (ret == 0 && getifaddrs(&devices) != 0) {
		devices = NULL;
	}
	for (const struct ifaddrs *device = devices; device != NULL; device = device->ifa_next) {
		for (size_t i = 0; ret == 0 && i < listen_count; i++) {
			struct self_address found;
			if (is_ip(&listen[i]) && by_device(&listen[i], device, &found)) {
				ret = add(&addresses, &found);
			}
		}
	}
	if (devices != NULL) {
		freeifaddrs(devices);
	}
	if (ret != 0) {
		free(addresses.list);
		return ret;
	}
	*list = addresses.list;
	*count = addresses.count;
	return 0;
}
