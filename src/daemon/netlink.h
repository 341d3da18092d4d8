/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief A netlink socket: one request at a time with its answers, or a stream of events.
 *
 * What all netlink families share (netlink(7)): sequence numbers, acknowledgements, dumps that a
 * change interrupted, and receive buffers that ran over. It knows no message of any family.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct netlink;
struct nlattr;
struct nlmsghdr;

/*! \brief Take one message; a negative errno is kept and returned when all were read. */
typedef int (*netlink_handle)(const struct nlmsghdr *message, void *data);

/*!
 * \brief Open and bind a socket of a family (NETLINK_ROUTE, NETLINK_NETFILTER).
 *
 * Filters in dump requests are obeyed strictly where the kernel can (Linux 4.20), and requests are
 * not echoed in acknowledgements.
 */
int netlink_open(struct netlink **netlink, int family);
void netlink_close(struct netlink *netlink);

int netlink_fd(const struct netlink *netlink);

/*! \brief Our address on this socket: messages that our own requests caused carry it. */
uint32_t netlink_port(const struct netlink *netlink);

/*!
 * \brief Subscribe to groups of events and ask for a receive buffer of 8 MiB.
 * \return 0 or -errno. A smaller buffer is no error: events are then lost earlier, and said to be.
 */
int netlink_subscribe(struct netlink *netlink, const unsigned *groups, size_t count);

/*! Returned by a handler that wants no more of an answer; no error of the kernel has that number. */
#define NETLINK_ENOUGH (-4096)

/*!
 * \brief Send a request and hand over each answer, until the acknowledgement or the end of the dump.
 * \param request  Its sequence number is set here, and NLM_F_ACK if it is no dump.
 * \param handle   May be NULL if only the acknowledgement counts.
 * \return 0, the kernel's -errno, the first error of handle, -EAGAIN if a change interrupted the
 *         dump (what was handed over is not consistent), -ETIMEDOUT if the kernel is silent;
 *         NETLINK_ENOUGH as soon as handle says so: then the rest of the answer is in the socket, which
 *         can but be closed.
 */
int netlink_request(struct netlink *netlink, struct nlmsghdr *request, netlink_handle handle,
                    void *data);

/*!
 * \brief Hand all pending events to a function, without blocking.
 * \param overrun  Set to true if messages were lost; left alone otherwise.
 */
int netlink_drain(struct netlink *netlink, bool *overrun, netlink_handle handle, void *data);

/*!
 * \brief Index the attributes of a message or of a nest by type; absent ones are NULL.
 * \param at     Room for the types 0..most.
 * \return 0, or -EPROTO if an attribute is longer than what holds it.
 */
int netlink_attributes(const void *start, size_t length, const struct nlattr **at, unsigned most);
