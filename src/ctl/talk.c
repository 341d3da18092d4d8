/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Conversations over sockets, side by side.
 */

#include "ctl/talk.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/*! Well below the usual limit of 1024 open files, and no burst that a name server would limit. */
#define AT_ONCE 128

int64_t talk_now_ms(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static socklen_t fill_sockaddr(const struct address *address, uint16_t port,
                               struct sockaddr_storage *storage)
{
	*storage = (struct sockaddr_storage){ .ss_family = address->family };
	if (address->family == AF_INET) {
		struct sockaddr_in *in = (struct sockaddr_in *)storage;
		in->sin_port = htons(port);
		memcpy(&in->sin_addr, address->bytes, sizeof(in->sin_addr));
		return sizeof(*in);
	}
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)storage;
	in6->sin6_port = htons(port);
	memcpy(&in6->sin6_addr, address->bytes, sizeof(in6->sin6_addr));
	return sizeof(*in6);
}

int talk_connect(const struct address *address, uint16_t port, int type)
{
	struct sockaddr_storage storage;
	socklen_t length = fill_sockaddr(address, port, &storage);
	int fd = socket(address->family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		return -errno;
	}
	if (connect(fd, (const struct sockaddr *)&storage, length) != 0 && errno != EINPROGRESS) {
		int ret = -errno;
		(void)close(fd);
		return ret;
	}
	return fd;
}

int talk_connected(int fd)
{
	int error = 0;
	socklen_t length = sizeof(error);
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? -error : -errno;
}

void talk_end(struct talk *talk)
{
	if (talk->fd >= 0) {
		(void)close(talk->fd);
		talk->fd = -1;
	}
	talk->done = true;
}

/*! Start what there is room for. \return How many are under way. */
static size_t start_some(struct talk **talks, size_t count, size_t *started, unsigned timeout_ms,
                         struct talk **active, size_t active_count)
{
	while (*started < count && active_count < AT_ONCE) {
		struct talk *talk = talks[(*started)++];
		talk->limit_ms = talk_now_ms() + timeout_ms;
		talk->step(talk, TALK_START);
		if (!talk->done) {
			active[active_count++] = talk;
		}
	}
	return active_count;
}

static void wait_some(struct talk **active, struct pollfd *polled, size_t count)
{
	int64_t first = active[0]->until_ms;
	for (size_t i = 0; i < count; i++) {
		polled[i] = (struct pollfd){ .fd = active[i]->fd, .events = active[i]->events };
		first = active[i]->until_ms < first ? active[i]->until_ms : first;
	}
	int64_t left = first - talk_now_ms();
	if (poll(polled, count, left > 0 ? (int)left : 0) < 0) {
		for (size_t i = 0; i < count; i++) {
			polled[i].revents = 0;
		}
	}
}

void talk_run(struct talk **talks, size_t count, unsigned timeout_ms)
{
	struct talk *active[AT_ONCE];
	struct pollfd polled[AT_ONCE];
	size_t started = 0;
	size_t active_count = start_some(talks, count, &started, timeout_ms, active, 0);
	while (active_count > 0) {
		wait_some(active, polled, active_count);
		int64_t now = talk_now_ms();
		size_t kept = 0;
		for (size_t i = 0; i < active_count; i++) {
			struct talk *talk = active[i];
			if (polled[i].revents != 0) {
				talk->step(talk, TALK_READY);
			} else if (talk->until_ms <= now) {
				talk->step(talk, TALK_LATE);
			}
			if (!talk->done) {
				active[kept++] = talk;
			}
		}
		active_count = start_some(talks, count, &started, timeout_ms, active, kept);
	}
}
