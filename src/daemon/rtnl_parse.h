/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief rtnetlink messages turned into plain data (rtnetlink(7)); no socket is needed.
 *
 * All functions return 0, -ENOMSG for a message that is of no interest, or -EPROTO for a malformed
 * one. They write the normal form that state.h describes.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/state.h"

struct nlmsghdr;

/*! A route as it is in the kernel: one nexthop at a time, and what tells routes of others apart. */
struct route_message {
	struct route route;
	uint8_t protocol; /*!< Owner (rtm_protocol). */
	bool plain;       /*!< Without TOS and source prefix: what struct route can say. */
	const void *hops; /*!< Nexthops yet to come, within the message. */
	size_t hops_length;
};

/*! \brief RTM_NEWLINK and RTM_DELLINK; of no interest are messages of bridges about their ports. */
int link_parse(const struct nlmsghdr *message, struct link *link);

/*! \brief RTM_NEWADDR; of no interest are addresses of other scopes than global. */
int link_address_parse(const struct nlmsghdr *message, struct link_address *address);

/*!
 * \brief RTM_NEWROUTE and RTM_DELROUTE with the first nexthop; of no interest are cloned routes.
 * \param parsed  Points into the message.
 */
int route_parse(const struct nlmsghdr *message, struct route_message *parsed);

/*! \brief Go on to the next nexthop of a multipath route; -ENOMSG if there is none. */
int route_parse_next(struct route_message *parsed);

/*!
 * \brief RTM_NEWRULE and RTM_DELRULE.
 *
 * Of no interest are rules of other owners, and rules with selectors or actions that ours never
 * have: they could not be told from ours without them.
 */
int rule_parse(const struct nlmsghdr *message, struct rule *rule);

/*! \brief The owner of a rule (FRA_PROTOCOL), 0 if it says none. */
uint8_t rule_protocol(const struct nlmsghdr *message);
