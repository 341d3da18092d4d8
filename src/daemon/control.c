/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The control socket on libuv.
 */

#include "daemon/control.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/listener.h"

/*! Longest request line; ours are some 100 bytes. */
#define REQUEST_MAX 65536

/*! A client that has said nothing for that long is dropped. */
#define IDLE_MS 10000

#define CLIENTS_MAX 64

/*! A client that asks again while that much waits for it to read is dropped. */
#define UNREAD_MAX 1048576

struct control {
	uv_loop_t *loop;
	char *path;
	struct listener *listener; /*!< NULL: it could not be made anew. */
	control_handler handler;
	void *context;
	struct client *clients;
	unsigned client_count;
	bool closing;
};

struct client {
	struct control *control;
	struct client *next;
	uv_pipe_t pipe;
	uv_timer_t idle;
	unsigned open_handles;
	char *request;
	size_t used;
};

struct answer {
	uv_write_t request;
	char *line;
};

static void free_when_closed(struct control *control)
{
	if (control->closing && control->client_count == 0) {
		free(control->path);
		free(control);
	}
}

static void on_client_closed(uv_handle_t *handle)
{
	struct client *client = handle->data;
	if (--client->open_handles > 0) {
		return;
	}
	struct control *control = client->control;
	struct client **link = &control->clients;
	while (*link != client) {
		link = &(*link)->next;
	}
	*link = client->next;
	control->client_count--;
	free(client->request);
	free(client);
	free_when_closed(control);
}

static void client_close(struct client *client)
{
	if (!uv_is_closing((uv_handle_t *)&client->pipe)) {
		uv_close((uv_handle_t *)&client->pipe, on_client_closed);
		uv_close((uv_handle_t *)&client->idle, on_client_closed);
	}
}

static void on_idle(uv_timer_t *timer)
{
	client_close(timer->data);
}

static void on_written(uv_write_t *request, int status)
{
	struct answer *answer = (struct answer *)request;
	free(answer->line);
	free(answer);
}

static json_t *refusal(const char *error)
{
	return json_pack("{s:b, s:s}", "ok", 0, "error", error);
}

/*! Send an answer and release it. */
static void client_answer(struct client *client, json_t *object)
{
	char *line = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
	json_decref(object);
	struct answer *answer = line != NULL ? calloc(1, sizeof(*answer)) : NULL;
	if (answer == NULL) {
		free(line);
		client_close(client);
		return;
	}
	answer->line = line;
	size_t length = strlen(line);
	// The terminating zero becomes the newline.
	line[length] = '\n';
	uv_buf_t buffer = uv_buf_init(line, (unsigned)length + 1);
	if (uv_write(&answer->request, (uv_stream_t *)&client->pipe, &buffer, 1, on_written) != 0) {
		free(line);
		free(answer);
		client_close(client);
	}
}

static void client_request(struct client *client, const char *line, size_t length)
{
	json_error_t error;
	json_t *request = json_loadb(line, length, 0, &error);
	if (!json_is_object(request)) {
		client_answer(client, refusal("request is not a JSON object"));
	} else {
		struct control *control = client->control;
		client_answer(client, control->handler(request, control->context));
	}
	json_decref(request);
}

static void on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct client *client = handle->data;
	*buffer =
		uv_buf_init(client->request + client->used, (unsigned)(REQUEST_MAX - client->used));
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
	struct client *client = stream->data;
	if (size < 0) {
		client_close(client);
		return;
	}
	uv_timer_again(&client->idle);
	client->used += (size_t)size;
	char *end;
	while (!uv_is_closing((uv_handle_t *)stream) &&
	       (end = memchr(client->request, '\n', client->used)) != NULL) {
		if (uv_stream_get_write_queue_size(stream) > UNREAD_MAX) {
			client_close(client);
			return;
		}
		size_t length = (size_t)(end - client->request);
		client_request(client, client->request, length);
		client->used -= length + 1;
		memmove(client->request, end + 1, client->used);
	}
	if (client->used == REQUEST_MAX) {
		client_close(client);
	}
}

/*! Most supplementary groups of a client that are looked at. */
#define GROUPS_MAX 256

/*! Root, our own user and the members of our group may ask. */
static bool may_ask(const uv_pipe_t *pipe)
{
	uv_os_fd_t fd;
	struct ucred peer;
	socklen_t size = sizeof(peer);
	if (uv_fileno((const uv_handle_t *)pipe, &fd) != 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
		return false;
	}
	if (peer.uid == 0 || peer.uid == geteuid() || peer.gid == getegid()) {
		return true;
	}
	gid_t groups[GROUPS_MAX];
	size = sizeof(groups);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) != 0) {
		return false;
	}
	for (size_t i = 0; i < size / sizeof(groups[0]); i++) {
		if (groups[i] == getegid()) {
			return true;
		}
	}
	return false;
}

static struct client *client_new(struct control *control)
{
	struct client *client = calloc(1, sizeof(*client));
	char *request = malloc(REQUEST_MAX);
	if (client == NULL || request == NULL) {
		free(request);
		free(client);
		return NULL;
	}
	client->control = control;
	client->request = request;
	client->next = control->clients;
	control->clients = client;
	control->client_count++;
	(void)uv_pipe_init(control->loop, &client->pipe, 0);
	(void)uv_timer_init(control->loop, &client->idle);
	client->pipe.data = client;
	client->idle.data = client;
	client->open_handles = 2;
	return client;
}

static void on_accepted(int fd, void *context)
{
	struct control *control = context;
	struct client *client = client_new(control);
	if (client == NULL || uv_pipe_open(&client->pipe, fd) != 0) {
		close(fd);
		if (client != NULL) {
			client_close(client);
		}
		return;
	}
	if (control->client_count > CLIENTS_MAX) {
		client_close(client);
		return;
	}
	(void)uv_timer_start(&client->idle, on_idle, IDLE_MS, IDLE_MS);
	if (!may_ask(&client->pipe)) {
		client_answer(client, refusal("permission denied"));
		return;
	}
	if (uv_read_start((uv_stream_t *)&client->pipe, on_allocate, on_read) != 0) {
		client_close(client);
	}
}

/*! Whoever calls holds the lock of the run-dir, so a socket that is there has no owner. */
static int open_listener(struct control *control)
{
	return listener_open(control->loop, control->path, on_accepted, control,
	                     &control->listener);
}

int control_open(uv_loop_t *loop, const char *path, control_handler handler, void *context,
                 struct control **control)
{
	struct control *opened = calloc(1, sizeof(*opened));
	if (opened == NULL || (opened->path = strdup(path)) == NULL) {
		free(opened);
		return -ENOMEM;
	}
	opened->loop = loop;
	opened->handler = handler;
	opened->context = context;
	int ret = open_listener(opened);
	if (ret != 0) {
		control_close(opened);
		return ret;
	}
	*control = opened;
	return 0;
}

int control_renew(struct control *control)
{
	if (control->listener != NULL && listener_is_there(control->listener)) {
		return 0;
	}
	listener_close(control->listener);
	control->listener = NULL;
	int ret = open_listener(control);
	return ret == 0 ? 1 : ret;
}

void control_close(struct control *control)
{
	if (control == NULL) {
		return;
	}
	for (struct client *client = control->clients; client != NULL; client = client->next) {
		client_close(client);
	}
	control->closing = true;
	listener_close(control->listener);
	free_when_closed(control);
}
