/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The daemon's end of the keeper of the journal.
 */

#include "daemon/journal_keeper.h"

#include <errno.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/journal_process.h"

/*! Descriptor of the socket in the keeper; all others are closed there. */
#define KEEPER_FD 3

/*! One that ends sooner is started again once at once, and then with the next tick. */
#define RESTART_MS 5000

/*! How long the last entries may take when the daemon ends. */
#define LAST_MS 2000

struct journal_keeper {
	uv_loop_t *loop;
	uv_poll_t *poll; /*!< Of the one that runs. */
	struct keeper_calls calls;
	pid_t pid;
	int socket; /*!< -1: none runs. */
	uint64_t started_ms;
	bool aside;        /*!< The next one begins a new file. */
	bool restarted;    /*!< Since the last tick, although it had just been started. */
	bool told_of_loss; /*!< Once for each time that it hangs. */
	uint64_t lost;
	char path[]; /*!< Of the journal. */
};

/*! What the keeper needs not: the daemon's privileges. */
static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { { 0 } };
	(void)syscall(SYS_capset, &header, none);
}

static void child_run(const struct journal_keeper *keeper, int socket)
{
	// The service manager ends every process of a service; what is on its way shall be written.
	static const int ignored[] = { SIGTERM, SIGINT, SIGHUP };
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++) {
		(void)signal(ignored[i], SIG_IGN);
	}
	// A signal of LMDB's is how the daemon learns of a damaged file: a sanitizer must not take it.
	static const int deadly[] = { SIGBUS, SIGSEGV, SIGABRT, SIGCHLD };
	for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++) {
		(void)signal(deadly[i], SIG_DFL);
	}
	(void)prctl(PR_SET_NAME, "mh-journal");
	drop_capabilities();
	// Above all the lock of the run-dir, which must not outlive the daemon.
	if (dup2(socket, KEEPER_FD) == KEEPER_FD && close_range(KEEPER_FD + 1, ~0U, 0) == 0) {
		journal_process_run(KEEPER_FD, keeper->path, keeper->aside);
	}
	_exit(0);
}

static int keeper_start(struct journal_keeper *keeper);

static void free_handle(uv_handle_t *handle)
{
	free(handle);
}

/*! Close its socket and take its exit status. */
static int keeper_leave(struct journal_keeper *keeper)
{
	int status = 0;
	uv_close((uv_handle_t *)keeper->poll, free_handle);
	keeper->poll = NULL;
	close(keeper->socket);
	keeper->socket = -1;
	while (waitpid(keeper->pid, &status, 0) < 0 && errno == EINTR) {
	}
	return status;
}

/*! It has ended: note whether its file was to blame, and start another one. */
static void keeper_ended(struct journal_keeper *keeper)
{
	int status = keeper_leave(keeper);
	int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	keeper->aside = number == SIGBUS || number == SIGSEGV || number == SIGABRT;
	if (!keeper->aside) {
		log_warning("journal '%s', its process ended: starting another one", keeper->path);
	}
	bool soon = table_now_ms() - keeper->started_ms <= RESTART_MS;
	if (!soon || !keeper->restarted) {
		keeper->restarted = soon;
		(void)keeper_start(keeper);
	}
}

static void note_state(struct journal_keeper *keeper, int error)
{
	if (error != 0) {
		log_warning("journal '%s', failed to write (%s): trying again until it works",
		            keeper->path, strerror(-error));
	} else {
		log_info("journal '%s', written again", keeper->path);
	}
}

static void on_message(struct journal_keeper *keeper, const struct keeper_message *message)
{
	const struct keeper_calls *calls = &keeper->calls;
	switch (message->kind) {
	case KEEPER_CONFIRMED:
		if (calls->confirmed != NULL) {
			calls->confirmed(&message->is.confirmed, calls->context);
		}
		break;
	case KEEPER_READY:
		if (calls->ready != NULL) {
			calls->ready(calls->context);
		}
		break;
	case KEEPER_STATE:
		note_state(keeper, message->error);
		break;
	case KEEPER_ASIDE:
		keeper->aside = false;
		log_warning("journal '%s', damaged: put aside as data.mdb.damaged, beginning anew",
		            keeper->path);
		break;
	default:
		break;
	}
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct journal_keeper *keeper = poll->data;
	for (;;) {
		struct keeper_message message;
		ssize_t size = recv(keeper->socket, &message, sizeof(message), MSG_DONTWAIT);
		if (size == (ssize_t)sizeof(message)) {
			on_message(keeper, &message);
			continue;
		}
		if (size >= 0 || (errno != EAGAIN && errno != EINTR)) {
			keeper_ended(keeper);
		}
		return;
	}
}

static int keeper_start(struct journal_keeper *keeper)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
		return -errno;
	}
	pid_t pid = fork();
	if (pid == 0) {
		child_run(keeper, ends[1]);
	}
	int ret = pid < 0 ? -errno : 0;
	close(ends[1]);
	uv_poll_t *poll = ret == 0 ? calloc(1, sizeof(*poll)) : NULL;
	if (poll == NULL || uv_poll_init(keeper->loop, poll, ends[0]) != 0) {
		// Without the other end of the socket it ends by itself.
		free(poll);
		close(ends[0]);
		return ret != 0 ? ret : -ENOMEM;
	}
	poll->data = keeper;
	keeper->poll = poll;
	keeper->pid = pid;
	keeper->socket = ends[0];
	keeper->started_ms = table_now_ms();
	keeper->told_of_loss = false;
	return uv_poll_start(poll, UV_READABLE, on_readable);
}

int journal_keeper_open(uv_loop_t *loop, const char *state_dir, const struct keeper_calls *calls,
                        struct journal_keeper **keeper)
{
	size_t size = strlen(state_dir) + sizeof("/journal");
	struct journal_keeper *opened = calloc(1, sizeof(*opened) + size);
	if (opened == NULL) {
		return -ENOMEM;
	}
	(void)snprintf(opened->path, size, "%s/journal", state_dir);
	opened->socket = -1;
	opened->calls = *calls;
	opened->loop = loop;
	int ret = keeper_start(opened);
	if (ret != 0) {
		journal_keeper_close(opened);
		return ret;
	}
	*keeper = opened;
	return 0;
}

/*! Whether it has closed its end in time. */
static bool has_ended(const struct journal_keeper *keeper)
{
	struct pollfd poller = { .fd = keeper->socket };
	uint64_t begun_ms = table_now_ms();
	uint64_t waited_ms = 0;
	int ret = 0;
	do {
		ret = poll(&poller, 1, (int)(LAST_MS - waited_ms));
		waited_ms = table_now_ms() - begun_ms;
		// Signals come just now: those of commands that are ended, or of an operator without patience.
	} while (ret < 0 && errno == EINTR && waited_ms < LAST_MS);
	return ret > 0;
}

void journal_keeper_close(struct journal_keeper *keeper)
{
	if (keeper == NULL) {
		return;
	}
	if (keeper->socket >= 0) {
		// It closes its end when it has written all; a disk that hangs shall not hold us.
		(void)shutdown(keeper->socket, SHUT_WR);
		if (!has_ended(keeper)) {
			(void)kill(keeper->pid, SIGKILL);
		}
		(void)keeper_leave(keeper);
	}
	free(keeper);
}

static void hand_over(struct journal_keeper *keeper, const struct keeper_message *message)
{
	if (keeper->socket >= 0 && send(keeper->socket, message, sizeof(*message),
	                                MSG_DONTWAIT | MSG_NOSIGNAL) == sizeof(*message)) {
		keeper->told_of_loss = false;
		return;
	}
	keeper->lost++;
	if (!keeper->told_of_loss) {
		log_warning("journal '%s', its process does not take entries: they are lost",
		            keeper->path);
		keeper->told_of_loss = true;
	}
}

void journal_keeper_append(struct journal_keeper *keeper, const struct journal_entry *entry)
{
	if (keeper != NULL) {
		struct keeper_message message = { .kind = KEEPER_ENTRY, .is.entry = *entry };
		hand_over(keeper, &message);
	}
}

void journal_keeper_confirm(struct journal_keeper *keeper,
                            const struct journal_confirmed *confirmed)
{
	if (keeper != NULL) {
		struct keeper_message message = { .kind = KEEPER_CONFIRMED,
			                          .is.confirmed = *confirmed };
		hand_over(keeper, &message);
	}
}

void journal_keeper_tick(struct journal_keeper *keeper)
{
	if (keeper == NULL) {
		return;
	}
	keeper->restarted = false;
	if (keeper->socket < 0) {
		(void)keeper_start(keeper);
	}
}

uint64_t journal_keeper_lost(const struct journal_keeper *keeper)
{
	return keeper != NULL ? keeper->lost : 0;
}
