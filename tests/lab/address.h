/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Socket addresses of the lab's programs.
 */

#pragma once

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

static inline void socket_address_set_port(struct sockaddr_storage *address, uint16_t port)
{
	// At the same place for both families.
	((struct sockaddr_in *)address)->sin_port = htons(port);
}

/*! \brief Read an IPv4 or IPv6 address. \return False if it is neither. */
static inline bool socket_address_parse(const char *text, struct sockaddr_storage *address)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
	*address = (struct sockaddr_storage){ 0 };
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		address->ss_family = AF_INET;
	} else if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
		address->ss_family = AF_INET6;
	}
	return address->ss_family != 0;
}
