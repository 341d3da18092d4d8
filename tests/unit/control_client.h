/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief A control socket with a handler that echoes, and clients in the same thread.
 *
 * The loop is turned until what is waited for has come.
 */

#pragma once

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/control.h"

/*! Long enough for a loaded machine. */
#define PATIENCE_MS 20000

/*! As in control.c. */
#define REQUEST_MAX 65536
#define CLIENTS_MAX 64
#define IDLE_MS 10000

static char folder[64];
static char path[96];
static uv_loop_t loop;
static struct control *control;

/*! What the handler has seen and shall do. */
static struct {
	unsigned calls;
	size_t answer_size; /*!< Pad the answer to that many bytes. */
	bool fail;          /*!< Return NULL. */
} handler;

static inline json_t *on_request(const json_t *request, void *context)
{
	ck_assert_ptr_eq(context, &handler);
	handler.calls++;
	if (handler.fail) {
		return NULL;
	}
	json_t *answer = json_pack("{s:b, s:O}", "ok", 1, "request", request);
	if (handler.answer_size > 0) {
		char *padding = malloc(handler.answer_size);
		ck_assert_ptr_nonnull(padding);
		memset(padding, 'x', handler.answer_size);
		json_object_set_new(answer, "padding", json_stringn(padding, handler.answer_size));
		free(padding);
	}
	return answer;
}

static inline void control_start(void)
{
	memset(&handler, 0, sizeof(handler));
	// As loop_run() does.
	(void)signal(SIGPIPE, SIG_IGN);
	(void)strcpy(folder, "/tmp/mh-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/control.sock", folder);
	ck_assert_int_eq(uv_loop_init(&loop), 0);
	ck_assert_int_eq(control_open(&loop, path, on_request, &handler, &control), 0);
}

static inline void control_stop(void)
{
	control_close(control);
	// Ends only if nothing is left open.
	ck_assert_int_eq(uv_run(&loop, UV_RUN_DEFAULT), 0);
	ck_assert_int_eq(uv_loop_close(&loop), 0);
	ck_assert_int_eq(access(path, F_OK), -1);
	ck_assert_int_eq(rmdir(folder), 0);
}

static inline void turn(void)
{
	(void)uv_run(&loop, UV_RUN_NOWAIT);
	(void)usleep(500);
}

static inline int client_new(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	(void)strcpy(address.sun_path, path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(fd, 0);
	// A full backlog is EAGAIN until the loop has accepted.
	uint64_t deadline = uv_hrtime() / 1000000 + PATIENCE_MS;
	while (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		ck_assert_int_eq(errno, EAGAIN);
		ck_assert_uint_lt(uv_hrtime() / 1000000, deadline);
		turn();
	}
	return fd;
}

static inline void client_send(int fd, const char *bytes, size_t size)
{
	uint64_t deadline = uv_hrtime() / 1000000 + PATIENCE_MS;
	while (size > 0) {
		ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
		ck_assert(sent > 0 || errno == EAGAIN);
		ck_assert_uint_lt(uv_hrtime() / 1000000, deadline);
		bytes += sent > 0 ? sent : 0;
		size -= sent > 0 ? (size_t)sent : 0;
		turn();
	}
}

/*! Read a line, or to the end. \return The line without its end, to free; NULL if it was closed. */
static inline char *client_read(int fd)
{
	uint64_t deadline = uv_hrtime() / 1000000 + PATIENCE_MS;
	size_t used = 0;
	size_t room = 65536;
	char *line = malloc(room);
	for (;;) {
		ck_assert_uint_lt(uv_hrtime() / 1000000, deadline);
		if (used + 1 == room) {
			room *= 2;
			line = realloc(line, room);
		}
		ck_assert_ptr_nonnull(line);
		// A byte at a time, so that the next line stays; in large answers there is one line.
		size_t wanted = handler.answer_size > 0 ? room - used - 1 : 1;
		ssize_t got = recv(fd, line + used, wanted, 0);
		if (got == 0 || (got < 0 && errno == ECONNRESET)) {
			free(line);
			return NULL;
		}
		if (got < 0) {
			ck_assert_int_eq(errno, EAGAIN);
			turn();
			continue;
		}
		used += (size_t)got;
		if (line[used - 1] == '\n') {
			line[used - 1] = '\0';
			return line;
		}
	}
}

static inline void assert_answer(int fd, const char *expected)
{
	char *line = client_read(fd);
	ck_assert_msg(line != NULL, "closed instead of %s", expected);
	ck_assert_str_eq(line, expected);
	free(line);
}

static inline void assert_closed(int fd)
{
	char *line = client_read(fd);
	ck_assert_msg(line == NULL, "answered: %s", line);
	ck_assert_int_eq(close(fd), 0);
}

static inline void assert_served(int fd)
{
	client_send(fd, "{\"a\":1}\n", 8);
	assert_answer(fd, "{\"ok\":true,\"request\":{\"a\":1}}");
}
