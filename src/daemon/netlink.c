/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * A netlink socket: requests with their answers, and events.
 *
 * Plain sockets instead of libmnl's: each receive can choose to block or not, a truncated or lost
 * message is told apart from an error, and the sender is checked to be the kernel.
 */

#include "daemon/netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/*! The kernel fills at most 32 KiB of a dump in one go (netlink_dump() in net/netlink/af_netlink.c). */
#define BUFFER_SIZE (64 * 1024)

#define EVENT_BUFFER_SIZE (8 * 1024 * 1024)

/*! An answer comes with the system call that asks; silence is a fault of the kernel. */
#define ANSWER_SECONDS 5

/*! Datagrams in one go; a flood of events must not keep the caller from its other work. */
#define DRAIN_MOST 4096

struct netlink {
	int fd;
	uint32_t port;
	uint32_t sequence;
	char buffer[BUFFER_SIZE];
};

int netlink_open(struct netlink **netlink, int family)
{
	struct netlink *opened = malloc(sizeof(*opened));
	if (opened == NULL) {
		return -ENOMEM;
	}
	*opened = (struct netlink){ .fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, family) };

	struct sockaddr_nl address = { .nl_family = AF_NETLINK };
	socklen_t length = sizeof(address);
	struct timeval patience = { .tv_sec = ANSWER_SECONDS };
	if (opened->fd < 0 || bind(opened->fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    getsockname(opened->fd, (struct sockaddr *)&address, &length) != 0 ||
	    setsockopt(opened->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0) {
		int ret = -errno;
		netlink_close(opened);
		return ret;
	}
	opened->port = address.nl_pid;

	// Both only save work: whoever reads the answers checks them again.
	int on = 1;
	(void)setsockopt(opened->fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	(void)setsockopt(opened->fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));

	*netlink = opened;
	return 0;
}

void netlink_close(struct netlink *netlink)
{
	if (netlink == NULL) {
		return;
	}
	if (netlink->fd >= 0) {
		close(netlink->fd);
	}
	free(netlink);
}

int netlink_fd(const struct netlink *netlink)
{
	return netlink->fd;
}

uint32_t netlink_port(const struct netlink *netlink)
{
	return netlink->port;
}

int netlink_subscribe(struct netlink *netlink, const unsigned *groups, size_t count)
{
	// The forced size needs CAP_NET_ADMIN over the machine; without, net.core.rmem_max limits it.
	int size = EVENT_BUFFER_SIZE;
	if (setsockopt(netlink->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0) {
		(void)setsockopt(netlink->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	}
	for (size_t i = 0; i < count; i++) {
		if (setsockopt(netlink->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i],
		               sizeof(groups[i])) != 0) {
			return -errno;
		}
	}
	return 0;
}

// One datagram: its length, 0 if it did not come from the kernel, or -errno.
static ssize_t receive(struct netlink *netlink, int flags)
{
	struct sockaddr_nl sender = { 0 };
	struct iovec part = { .iov_base = netlink->buffer, .iov_len = sizeof(netlink->buffer) };
	struct msghdr message = {
		.msg_name = &sender,
		.msg_namelen = sizeof(sender),
		.msg_iov = &part,
		.msg_iovlen = 1,
	};
	ssize_t length;
	do {
		length = recvmsg(netlink->fd, &message, flags);
	} while (length < 0 && errno == EINTR);

	if (length < 0) {
		return -errno;
	}
	if ((message.msg_flags & MSG_TRUNC) != 0) {
		return -EMSGSIZE;
	}
	return sender.nl_pid == 0 ? length : 0;
}

// The next message of what was received, or NULL; cut-off ones end the walk.
static const struct nlmsghdr *message_next(const char **at, size_t *left)
{
	const struct nlmsghdr *message = (const void *)*at;
	if (*left < sizeof(*message) || message->nlmsg_len < sizeof(*message) ||
	    message->nlmsg_len > *left) {
		return NULL;
	}
	size_t step = NLMSG_ALIGN((size_t)message->nlmsg_len);
	step = step < *left ? step : *left;
	*at += step;
	*left -= step;
	return message;
}

static int send_request(struct netlink *netlink, struct nlmsghdr *request)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	request->nlmsg_seq = ++netlink->sequence;
	request->nlmsg_pid = 0;
	request->nlmsg_flags |= NLM_F_REQUEST;
	if ((request->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP) {
		request->nlmsg_flags |= NLM_F_ACK;
	}

	ssize_t sent;
	do {
		sent = sendto(netlink->fd, request, request->nlmsg_len, 0,
		              (struct sockaddr *)&kernel, sizeof(kernel));
	} while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

// The error that an acknowledgement or the end of a dump carries; older kernels end without one.
static int message_error(const struct nlmsghdr *message)
{
	int error = 0;
	if (message->nlmsg_len >= NLMSG_LENGTH(sizeof(error))) {
		memcpy(&error, (const char *)message + NLMSG_HDRLEN, sizeof(error));
	}
	return error > 0 ? -EPROTO : error;
}

int netlink_request(struct netlink *netlink, struct nlmsghdr *request, netlink_handle handle,
                    void *data)
{
	bool interrupted = false;
	int failed =
		0; // Of handle. The rest is read all the same: it must not meet the next request.

	int ret = send_request(netlink, request);
	if (ret != 0) {
		return ret;
	}
	for (;;) {
		ssize_t length = receive(netlink, 0);
		if (length == -ENOBUFS || length == -EMSGSIZE) {
			interrupted = true;
			continue;
		} else if (length < 0) {
			return length == -EAGAIN ? -ETIMEDOUT : (int)length;
		}

		const char *at = netlink->buffer;
		size_t left = (size_t)length;
		const struct nlmsghdr *message;
		while ((message = message_next(&at, &left)) != NULL) {
			if (message->nlmsg_seq != netlink->sequence ||
			    message->nlmsg_pid != netlink->port) {
				continue;
			}
			interrupted |= (message->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
			if (message->nlmsg_type == NLMSG_DONE ||
			    message->nlmsg_type == NLMSG_ERROR) {
				ret = message_error(message);
				ret = failed != 0 ? failed : ret;
				return ret == 0 && interrupted ? -EAGAIN : ret;
			} else if (message->nlmsg_type >= NLMSG_MIN_TYPE && failed == 0 &&
			           handle != NULL) {
				failed = handle(message, data);
			}
			if (failed == NETLINK_ENOUGH) {
				return failed;
			}
		}
	}
}

int netlink_drain(struct netlink *netlink, bool *overrun, netlink_handle handle, void *data)
{
	int failed = 0;
	// After a loss the kernel drops every further message, and does not say so again, until the
	// buffer was found empty (NETLINK_S_CONGESTED): only then is there a point to look from.
	for (int i = 0; i < DRAIN_MOST || *overrun; i++) {
		ssize_t length = receive(netlink, MSG_DONTWAIT);
		if (length == -ENOBUFS || length == -EMSGSIZE) {
			*overrun = true;
			continue;
		} else if (length < 0) {
			return length == -EAGAIN ? failed : (int)length;
		}

		const char *at = netlink->buffer;
		size_t left = (size_t)length;
		const struct nlmsghdr *message;
		while ((message = message_next(&at, &left)) != NULL) {
			if (message->nlmsg_type >= NLMSG_MIN_TYPE && failed == 0) {
				failed = handle(message, data);
			}
		}
	}
	return failed;
}

int netlink_attributes(const void *start, size_t length, const struct nlattr **at, unsigned most)
{
	const char *position = start;
	memset(at, 0, (most + 1) * sizeof(*at));

	while (length >= NLA_HDRLEN) {
		const struct nlattr *attribute = (const void *)position;
		if (attribute->nla_len < NLA_HDRLEN || attribute->nla_len > length) {
			return -EPROTO;
		}
		unsigned type = attribute->nla_type & NLA_TYPE_MASK;
		if (type <= most) {
			at[type] = attribute;
		}
		size_t step = NLA_ALIGN((size_t)attribute->nla_len);
		step = step < length ? step : length;
		position += step;
		length -= step;
	}
	return 0;
}
