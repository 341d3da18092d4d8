/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * A listening Unix socket on libuv.
 */

#include "daemon/listener.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/*! Clients in the queue; more wait in connect(2), or get EAGAIN. */
#define QUEUE_MOST 16

/*! After an error: a client waits that long at most once there are descriptors and memory again. */
#define PAUSE_MS 100

struct listener {
	struct sockaddr_un address;
	int fd;
	dev_t device; /*!< Of the socket's file, with the inode. */
	ino_t inode;
	listener_accepted accepted;
	void *context;
	uv_poll_t poll;
	uv_timer_t pause;
	unsigned open_handles;
};

static void on_readable(uv_poll_t *poll, int status, int events);

static void on_pause_over(uv_timer_t *timer)
{
	struct listener *listener = timer->data;
	if (uv_poll_start(&listener->poll, UV_READABLE, on_readable) != 0) {
		(void)uv_timer_start(timer, on_pause_over, PAUSE_MS, 0);
	}
}

// A client that went meanwhile is no reason for a pause (accept(2), ECONNABORTED).
static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct listener *listener = poll->data;
	int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0) {
		listener->accepted(fd, listener->context);
	} else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
		(void)uv_poll_stop(poll);
		(void)uv_timer_start(&listener->pause, on_pause_over, PAUSE_MS, 0);
	}
}

static void on_closed(uv_handle_t *handle)
{
	struct listener *listener = handle->data;
	if (--listener->open_handles == 0) {
		free(listener);
	}
}

bool listener_is_there(const struct listener *listener)
{
	struct stat status;
	return lstat(listener->address.sun_path, &status) == 0 &&
	       status.st_dev == listener->device && status.st_ino == listener->inode;
}

void listener_close(struct listener *listener)
{
	if (listener == NULL) {
		return;
	}
	if (listener_is_there(listener)) {
		(void)unlink(listener->address.sun_path);
	}
	uv_close((uv_handle_t *)&listener->poll, on_closed);
	uv_close((uv_handle_t *)&listener->pause, on_closed);
	close(listener->fd);
}

/*! The mode is there before anybody can connect. */
static int socket_open(struct listener *listener)
{
	const char *path = listener->address.sun_path;
	struct stat status;
	listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (listener->fd < 0) {
		return -errno;
	}
	(void)unlink(path);
	if (bind(listener->fd, (struct sockaddr *)&listener->address, sizeof(listener->address)) !=
	            0 ||
	    chmod(path, 0660) != 0 || lstat(path, &status) != 0 ||
	    listen(listener->fd, QUEUE_MOST) != 0) {
		return -errno;
	}
	listener->device = status.st_dev;
	listener->inode = status.st_ino;
	return 0;
}

int listener_open(uv_loop_t *loop, const char *path, listener_accepted accepted, void *context,
                  struct listener **listener)
{
	struct listener *opened = calloc(1, sizeof(*opened));
	if (opened == NULL) {
		return -ENOMEM;
	}
	*opened = (struct listener){
		.address.sun_family = AF_UNIX,
		.fd = -1,
		.accepted = accepted,
		.context = context,
		.open_handles = 2,
	};
	int ret = strlen(path) < sizeof(opened->address.sun_path) ? 0 : -ENAMETOOLONG;
	if (ret == 0) {
		(void)strcpy(opened->address.sun_path, path);
		ret = socket_open(opened);
	}
	if (ret == 0) {
		ret = uv_poll_init(loop, &opened->poll, opened->fd);
	}
	if (ret != 0) {
		if (opened->fd >= 0) {
			close(opened->fd);
		}
		free(opened);
		return ret;
	}
	(void)uv_timer_init(loop, &opened->pause);
	opened->poll.data = opened;
	opened->pause.data = opened;
	on_pause_over(&opened->pause);
	*listener = opened;
	return 0;
}
