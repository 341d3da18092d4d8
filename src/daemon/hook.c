/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Runs of commands on libuv.
 */

#include "daemon/hook.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/hook_run.h"

/*! Runs that wait behind the one that runs. */
#define WAITING_MAX 64

/*! Of what a run prints, this much is logged; the rest is read and forgotten. */
#define LINES_MAX 50
#define LINE_MAX_LENGTH 500

struct hook {
	uv_loop_t *loop;
	char *name;
	unsigned timeout_ms;
	hook_done done;
	void *context;
	struct run *waiting;
	unsigned waiting_count;
	bool full;   /*!< Was told of. */
	bool closed; /*!< Freed when its handles are. */
	uint64_t failures;

	struct run *running;
	uv_process_t process;
	uv_pipe_t input;
	uv_pipe_t output;
	uv_timer_t timer;
	uv_write_t write;
	unsigned handles; /*!< Open ones. */
	bool timed_out;
	int64_t status;
	int number; /*!< Of the signal that ended it. */
	char line[LINE_MAX_LENGTH + 1];
	size_t line_length;
	unsigned lines;
	char buffer[4096];
};

static void hook_next(struct hook *hook);

static void log_output(struct hook *hook)
{
	if (hook->line_length == 0) {
		return;
	}
	hook->line[hook->line_length] = '\0';
	hook->line_length = 0;
	hook->lines++;
	if (hook->lines <= LINES_MAX) {
		log_info("hook '%s': %s", hook->name, hook->line);
	} else if (hook->lines == LINES_MAX + 1) {
		log_warning("hook '%s', prints more than %u lines: the rest is not logged",
		            hook->name, LINES_MAX);
	}
}

static void on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct hook *hook = handle->data;
	*buffer = uv_buf_init(hook->buffer, sizeof(hook->buffer));
}

static void on_output(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
	struct hook *hook = stream->data;
	if (size < 0) {
		(void)uv_read_stop(stream);
		return;
	}
	for (ssize_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)buffer->base[i];
		if (c == '\n') {
			log_output(hook);
		} else if (hook->line_length < LINE_MAX_LENGTH) {
			// What a terminal or a log reader would take for a command is not let through.
			hook->line[hook->line_length++] = c < ' ' || c == 0x7f ? '?' : (char)c;
		}
	}
}

static void hook_free(struct hook *hook)
{
	while (hook->waiting != NULL) {
		struct run *next = hook->waiting->next;
		run_free(hook->waiting);
		hook->waiting = next;
	}
	run_free(hook->running);
	free(hook->name);
	free(hook);
}

/*! Say how a run ended, the first line that says why included. */
static void report_end(struct hook *hook)
{
	char reason[LINE_MAX_LENGTH + 64];
	bool good = !hook->timed_out && hook->status == 0 && hook->number == 0;
	if (hook->timed_out) {
		(void)snprintf(reason, sizeof(reason), "killed after %u s",
		               hook->timeout_ms / 1000);
	} else if (hook->number != 0) {
		(void)snprintf(reason, sizeof(reason), "ended by signal %d", hook->number);
	} else {
		(void)snprintf(reason, sizeof(reason), "exit status %lld%s%s",
		               (long long)hook->status, hook->line[0] != '\0' ? ": " : "",
		               hook->line);
	}
	if (!good) {
		hook->failures++;
		log_warning("hook '%s', failed (%s)", hook->name, reason);
	}
	if (hook->done != NULL) {
		hook->done(good, reason, hook->context);
	}
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct hook *hook = handle->data;
	if (--hook->handles > 0) {
		return;
	}
	if (hook->closed) {
		hook_free(hook);
		return;
	}
	log_output(hook);
	run_free(hook->running);
	hook->running = NULL;
	report_end(hook);
	hook_next(hook);
}

static void close_one(uv_handle_t *handle)
{
	if (!uv_is_closing(handle)) {
		uv_close(handle, on_handle_closed);
	}
}

static void close_handles(struct hook *hook)
{
	close_one((uv_handle_t *)&hook->input);
	close_one((uv_handle_t *)&hook->output);
	close_one((uv_handle_t *)&hook->timer);
	close_one((uv_handle_t *)&hook->process);
}

/*! What was printed is read before the end is reported; what goes on in the background is let go. */
static void read_rest(struct hook *hook)
{
	uv_os_fd_t fd;
	if (uv_fileno((uv_handle_t *)&hook->output, &fd) != 0) {
		return;
	}
	// As much as a pipe holds.
	for (unsigned i = 0; i < 65536 / sizeof(hook->buffer); i++) {
		uv_buf_t buffer = uv_buf_init(hook->buffer, sizeof(hook->buffer));
		ssize_t size = read(fd, hook->buffer, sizeof(hook->buffer));
		if (size <= 0) {
			return;
		}
		on_output((uv_stream_t *)&hook->output, size, &buffer);
	}
}

static void on_end(uv_process_t *process, int64_t status, int number)
{
	struct hook *hook = process->data;
	hook->status = status;
	hook->number = number;
	read_rest(hook);
	close_handles(hook);
}

static void kill_group(struct hook *hook)
{
	if (uv_is_active((uv_handle_t *)&hook->process)) {
		// It leads a session of its own (UV_PROCESS_DETACHED), so this is nobody else's group.
		(void)kill(-hook->process.pid, SIGKILL);
	}
}

static void on_timeout(uv_timer_t *timer)
{
	struct hook *hook = timer->data;
	hook->timed_out = true;
	kill_group(hook);
}

static void on_input_written(uv_write_t *write, int status)
{
	struct hook *hook = write->data;
	close_one((uv_handle_t *)&hook->input);
}

static int spawn(struct hook *hook)
{
	// One pipe for what is printed on either, so that its lines stay in order.
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0) {
		return -errno;
	}
	struct run *run = hook->running;
	uv_stdio_container_t stdio[3] = {
		{ .flags = UV_CREATE_PIPE | UV_READABLE_PIPE,
		  .data.stream = (uv_stream_t *)&hook->input },
		{ .flags = UV_INHERIT_FD, .data.fd = ends[1] },
		{ .flags = UV_INHERIT_FD, .data.fd = ends[1] },
	};
	uv_process_options_t options = {
		.exit_cb = on_end,
		.file = run->arguments[0],
		.args = run->arguments,
		.env = run->environment,
		.cwd = "/",
		.flags = UV_PROCESS_DETACHED,
		.stdio_count = 3,
		.stdio = stdio,
	};
	// Netlink sockets of libraries do not all close on exec.
	(void)close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
	int ret = uv_spawn(hook->loop, &hook->process, &options);
	close(ends[1]);
	if (ret != 0 || uv_pipe_open(&hook->output, ends[0]) != 0) {
		close(ends[0]);
	}
	return ret;
}

static void hook_start(struct hook *hook)
{
	uv_handle_t *handles[] = { (uv_handle_t *)&hook->input, (uv_handle_t *)&hook->output,
		                   (uv_handle_t *)&hook->timer, (uv_handle_t *)&hook->process };
	(void)uv_pipe_init(hook->loop, &hook->input, 0);
	(void)uv_pipe_init(hook->loop, &hook->output, 0);
	(void)uv_timer_init(hook->loop, &hook->timer);
	for (size_t i = 0; i < sizeof(handles) / sizeof(handles[0]); i++) {
		handles[i]->data = hook;
	}
	hook->handles = sizeof(handles) / sizeof(handles[0]);
	hook->timed_out = false;
	hook->status = 0;
	hook->number = 0;
	hook->lines = 0;
	hook->line_length = 0;
	hook->line[0] = '\0';

	int ret = spawn(hook);
	if (ret != 0) {
		// As sh(1) has it; the end is reported when the handles are closed.
		hook->status = 127;
		(void)snprintf(hook->line, sizeof(hook->line), "%s", uv_strerror(ret));
		close_handles(hook);
		return;
	}
	uv_buf_t buffer = uv_buf_init(hook->running->input, (unsigned)hook->running->input_length);
	hook->write.data = hook;
	if (uv_write(&hook->write, (uv_stream_t *)&hook->input, &buffer, 1, on_input_written) !=
	    0) {
		close_one((uv_handle_t *)&hook->input);
	}
	(void)uv_read_start((uv_stream_t *)&hook->output, on_allocate, on_output);
	(void)uv_timer_start(&hook->timer, on_timeout, hook->timeout_ms, 0);
}

static void hook_next(struct hook *hook)
{
	if (hook->running != NULL || hook->waiting == NULL) {
		return;
	}
	hook->running = hook->waiting;
	hook->waiting = hook->waiting->next;
	hook->waiting_count--;
	hook_start(hook);
}

int hook_open(uv_loop_t *loop, const char *name, unsigned timeout_ms, hook_done done, void *context,
              struct hook **hook)
{
	struct hook *opened = calloc(1, sizeof(*opened));
	if (opened == NULL || (opened->name = strdup(name)) == NULL) {
		free(opened);
		return -ENOMEM;
	}
	opened->loop = loop;
	opened->timeout_ms = timeout_ms;
	opened->done = done;
	opened->context = context;
	*hook = opened;
	return 0;
}

void hook_close(struct hook *hook)
{
	if (hook == NULL) {
		return;
	}
	hook->closed = true;
	if (hook->running == NULL) {
		hook_free(hook);
		return;
	}
	if (uv_is_active((uv_handle_t *)&hook->process)) {
		// Buried by on_end(): a handle that is closed before leaves a zombie. The others are
		// closed by us, before whoever ends the loop does.
		kill_group(hook);
		close_one((uv_handle_t *)&hook->input);
		close_one((uv_handle_t *)&hook->output);
		close_one((uv_handle_t *)&hook->timer);
	} else {
		close_handles(hook);
	}
}

int hook_run(struct hook *hook, const struct hook_job *job)
{
	if (hook->waiting_count == WAITING_MAX) {
		hook->failures++;
		if (!hook->full) {
			log_warning("hook '%s', too slow: events are left out", hook->name);
		}
		hook->full = true;
		return -EAGAIN;
	}
	struct run *run = run_new(job);
	if (run == NULL) {
		return -ENOMEM;
	}
	hook->full = false;
	struct run **link = &hook->waiting;
	while (*link != NULL) {
		link = &(*link)->next;
	}
	*link = run;
	hook->waiting_count++;
	hook_next(hook);
	return 0;
}

uint64_t hook_failures(const struct hook *hook)
{
	return hook->failures;
}
