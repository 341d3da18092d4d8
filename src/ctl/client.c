/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The client's side of the control socket.
 */

#include "ctl/client.h"

#include <errno.h>
#include <grp.h>
#include <libgen.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/*! Least room for the next part of an answer. */
#define PART_SIZE 65536

static int64_t now_ms(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*! Connects and sends may block no longer than that; what is waited for otherwise is polled. */
static void limit_blocking(int fd, unsigned timeout_ms)
{
	const struct timeval limit = { .tv_sec = timeout_ms / 1000,
		                       .tv_usec = timeout_ms % 1000 * 1000 };
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

static int connect_socket(const char *path, unsigned timeout_ms, int *connected)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(address.sun_path)) {
		return -ENAMETOOLONG;
	}
	(void)strcpy(address.sun_path, path);

	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		return -errno;
	}
	limit_blocking(fd, timeout_ms);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
		// unix(7): a full queue of connections is EAGAIN once the time is over.
		int ret = errno == EAGAIN ? -ETIMEDOUT : -errno;
		(void)close(fd);
		return ret;
	}
	*connected = fd;
	return 0;
}

static int send_line(int fd, const char *line, size_t length)
{
	while (length > 0) {
		ssize_t sent = send(fd, line, length, MSG_NOSIGNAL);
		if (sent < 0) {
			if (errno == EINTR) {
				continue;
			}
			if (errno == EPIPE) {
				return -ECONNRESET;
			}
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		}
		line += sent;
		length -= (size_t)sent;
	}
	return 0;
}

static int send_request(int fd, const json_t *request)
{
	char *line = json_dumps(request, JSON_COMPACT);
	if (line == NULL) {
		return -ENOMEM;
	}
	size_t length = strlen(line);
	line[length] = '\n'; // In the place of the terminating zero.
	int ret = send_line(fd, line, length + 1);
	free(line);
	return ret;
}

/*! The next part; 0 bytes at the end of the stream. */
static ssize_t receive_part(int fd, char *buffer, size_t room, int64_t deadline)
{
	for (;;) {
		int64_t left = deadline - now_ms();
		struct pollfd waited = { .fd = fd, .events = POLLIN };
		int ready = left <= 0 ? 0 : poll(&waited, 1, (int)left);
		if (ready == 0) {
			return -ETIMEDOUT;
		}
		ssize_t got = ready < 0 ? -1 : recv(fd, buffer, room, MSG_DONTWAIT);
		if (got >= 0) {
			return got;
		}
		if (errno != EINTR && errno != EAGAIN) {
			return -errno;
		}
	}
}

/*! The first line, without its end; length is what json_loadb() wants. */
static int receive_line(int fd, int64_t deadline, char **line, size_t *length)
{
	char *buffer = NULL;
	size_t room = 0;
	size_t used = 0;
	int ret = 0;
	for (;;) {
		if (room - used < PART_SIZE) {
			room = room == 0 ? 2 * PART_SIZE : 2 * room;
			char *larger = realloc(buffer, room);
			if (larger == NULL) {
				ret = -ENOMEM;
				break;
			}
			buffer = larger;
		}
		ssize_t got = receive_part(fd, buffer + used, room - used, deadline);
		if (got <= 0) {
			ret = got == 0 ? -ECONNRESET : (int)got;
			break;
		}
		const char *end = memchr(buffer + used, '\n', (size_t)got);
		if (end != NULL) {
			*line = buffer;
			*length = (size_t)(end - buffer);
			return 0;
		}
		used += (size_t)got;
		if (used > CLIENT_ANSWER_MAX) {
			ret = -EMSGSIZE;
			break;
		}
	}
	free(buffer);
	return ret;
}

static int parse_answer(const char *line, size_t length, json_t **answer)
{
	json_error_t reason;
	json_t *parsed = json_loadb(line, length, JSON_REJECT_DUPLICATES, &reason);
	if (!json_is_boolean(json_object_get(parsed, "ok"))) {
		json_decref(parsed);
		return -EBADMSG;
	}
	*answer = parsed;
	return 0;
}

/*! Group that may connect: that of the socket, or of its folder if that cannot be entered. */
static void add_group(const char *path, struct text *error)
{
	struct stat status;
	char *copy = strdup(path);
	bool known =
		copy != NULL && (stat(path, &status) == 0 || stat(dirname(copy), &status) == 0);
	free(copy);
	const struct group *group = known && status.st_gid != 0 ? getgrgid(status.st_gid) : NULL;
	if (group != NULL) {
		text_add(error, " or as a member of group '%s'", group->gr_name);
	}
}

static void explain_failure(const char *path, unsigned timeout_ms, int ret, struct text *error)
{
	text_add(error, "control socket '%s', ", path);
	switch (ret) {
	case -ENOENT:
	case -ECONNREFUSED:
		text_add(error, "no answer (%s): is multihomed running?", strerror(-ret));
		break;
	case -EACCES:
	case -EPERM:
		text_add(error, "no access (%s): run as root", strerror(-ret));
		add_group(path, error);
		break;
	case -ENAMETOOLONG:
		text_add(error, "path too long (at most %zu characters): choose a shorter run-dir",
		         sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1);
		break;
	case -ETIMEDOUT:
		text_add(error, "no answer within %g s: multihomed is busy or stopped, see its log",
		         timeout_ms / 1000.0);
		break;
	case -ECONNRESET:
		text_add(error,
		         "multihomed closed the connection before a whole answer: see its log");
		break;
	case -EMSGSIZE:
		text_add(error, "answer too long (more than %u MiB)", CLIENT_ANSWER_MAX >> 20);
		break;
	case -EBADMSG:
		text_add(error,
		         "answer not understood: are multihomed and multihomectl of the same "
		         "version?");
		break;
	default:
		text_add(error, "failed to ask (%s)", strerror(-ret));
	}
}

int client_ask(const char *path, const json_t *request, unsigned timeout_ms, json_t **answer,
               struct text *error)
{
	char *line = NULL;
	size_t length;
	int fd = -1;
	int ret = connect_socket(path, timeout_ms, &fd);
	if (ret == 0) {
		ret = send_request(fd, request);
	}
	if (ret == 0) {
		ret = receive_line(fd, now_ms() + timeout_ms, &line, &length);
	}
	if (ret == 0) {
		ret = parse_answer(line, length, answer);
	}
	if (ret != 0) {
		explain_failure(path, timeout_ms, ret, error);
	}
	free(line);
	if (fd >= 0) {
		(void)close(fd);
	}
	return ret;
}
