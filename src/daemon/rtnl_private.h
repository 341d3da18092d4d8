/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief What rtnl.c (observing) and rtnl_change.c (changing) share; nobody else includes it.
 */

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/netlink.h"

struct rtnl {
	struct netlink *request;
	struct netlink *events;
	/*! Tables that held routes of ours when last seen: what others do there concerns us. */
	uint32_t *tables;
	size_t table_count;
};

/*! What to dump: a type of request, a family, and for routes a filter (0: any). */
struct rtnl_dump {
	uint16_t type;
	uint8_t family;
	uint32_t table;
	uint8_t protocol;
	uint8_t route_type;
};

/*!
 * \brief Dump once and hand over each object.
 * \return 0 also if the kernel doesn't know the family or the table (nothing is there then);
 *         -EAGAIN if a change interrupted it; -errno.
 */
int rtnl_dump(struct rtnl *rtnl, const struct rtnl_dump *dump, netlink_handle handle, void *data);

/*! \brief Remember a table of ours, for the events. */
int rtnl_table_add(struct rtnl *rtnl, uint32_t table);
