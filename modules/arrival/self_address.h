/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Where knotd is to be reached from this host, by what it is said to listen on.
 */

#pragma once

#include <stddef.h>
#include <net/if.h>
#include <sys/socket.h>

struct self_address {
	struct sockaddr_storage address; /*!< Of this host, never a wildcard. */
	char device[IF_NAMESIZE];        /*!< Whose sockets alone may hear it; "": others. */
};

/*!
 * \brief Find all addresses at which knotd may be reached, the likely ones first.
 *
 * What it listens on is told without the interface: «0.0.0.0%wan0» is 0.0.0.0, but is not reached by loopback.
 * So each address that a device of this host has is one more, if that is listened on.
 *
 * \param listen  Other families than IPv4 and IPv6 are left out.
 * \param list    Out: to be freed.
 * \param count   Out.
 * \return 0 or -ENOMEM.
 */
int self_addresses(const struct sockaddr_storage *listen, size_t listen_count,
                   struct self_address **list, size_t *count);
