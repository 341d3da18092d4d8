/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The process that keeps the journal. It may die at any time: whatever it has written stays readable.
 */

#include "daemon/journal_process.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "table/journal_lmdb.h"

/*! What is held while it cannot be written; the oldest goes first. */
#define HELD_MAX 256

#define RETRY_MS 5000

struct process {
	int socket;
	const char *path;
	struct journal_writer *writer;
	bool told; /*!< What was found at the start. */
	bool ends;
	int state; /*!< As told last. */
	struct keeper_message held[HELD_MAX];
	size_t held_count;
};

static void tell(struct process *process, const struct keeper_message *message)
{
	(void)send(process->socket, message, sizeof(*message), MSG_NOSIGNAL);
}

static int tell_confirmed(const struct journal_confirmed *confirmed, void *context)
{
	struct keeper_message message = { .kind = KEEPER_CONFIRMED, .is.confirmed = *confirmed };
	tell(context, &message);
	return 0;
}

/*! Of another version or no journal at all: only a new file helps. */
static bool is_damage(int error)
{
	return error == -EBADMSG || error == -EINVAL || error == -EPROTONOSUPPORT;
}

static int open_writer(struct process *process)
{
	if (process->writer != NULL) {
		return 0;
	}
	int ret = journal_writer_open(process->path, &process->writer);
	if (is_damage(ret) && journal_put_aside(process->path) == 0) {
		tell(process, &(struct keeper_message){ .kind = KEEPER_ASIDE });
		ret = journal_writer_open(process->path, &process->writer);
	}
	if (!process->told) {
		if (ret == 0) {
			(void)journal_writer_each_confirmed(process->writer, tell_confirmed,
			                                    process);
		}
		tell(process, &(struct keeper_message){ .kind = KEEPER_READY });
		process->told = true;
	}
	return ret;
}

static void write_held(struct process *process)
{
	int ret = open_writer(process);
	size_t written = 0;
	while (ret == 0 && written < process->held_count) {
		struct keeper_message *message = &process->held[written];
		ret = message->kind == KEEPER_ENTRY
		              ? journal_writer_append(process->writer, &message->is.entry)
		              : journal_writer_confirm(process->writer, &message->is.confirmed);
		written += ret == 0;
	}
	process->held_count -= written;
	memmove(process->held, process->held + written,
	        process->held_count * sizeof(process->held[0]));
	if (ret != 0) {
		// After some failures LMDB refuses all further work until it is opened again.
		journal_writer_close(process->writer);
		process->writer = NULL;
	}
	if (ret != process->state) {
		process->state = ret;
		tell(process, &(struct keeper_message){ .kind = KEEPER_STATE, .error = ret });
	}
}

static void read_messages(struct process *process)
{
	for (;;) {
		struct keeper_message message;
		ssize_t size = recv(process->socket, &message, sizeof(message), MSG_DONTWAIT);
		if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR)) {
			process->ends = true;
		}
		if (size != (ssize_t)sizeof(message)) {
			return;
		}
		if (process->held_count == HELD_MAX) {
			process->held_count--;
			memmove(process->held, process->held + 1,
			        process->held_count * sizeof(process->held[0]));
		}
		process->held[process->held_count++] = message;
	}
}

void journal_process_run(int socket, const char *path, bool aside)
{
	struct process *process = calloc(1, sizeof(*process));
	if (process == NULL) {
		return;
	}
	process->socket = socket;
	process->path = path;
	if (aside && journal_put_aside(path) == 0) {
		tell(process, &(struct keeper_message){ .kind = KEEPER_ASIDE });
	}
	write_held(process);
	while (!process->ends) {
		struct pollfd poller = { .fd = socket, .events = POLLIN };
		(void)poll(&poller, 1, process->state != 0 ? RETRY_MS : -1);
		read_messages(process);
		write_held(process);
	}
	journal_writer_close(process->writer);
	free(process);
}
