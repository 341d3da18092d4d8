/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Probes that are commands.
 */

#include <errno.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/probe_protocol.h"

extern char **environ;

/*! What a command is told, see multihome.conf(5). */
enum { VARIABLES = 4 };

/*! Our environment and the command's variables behind it. \return 0 or -ENOMEM. */
static int make_environment(const struct probe_request *request, char ***environment)
{
	char address[ADDRESS_TEXT_MAX];
	char mark[16];
	(void)snprintf(mark, sizeof(mark), "0x%x", request->mark);
	const char *const variables[VARIABLES][2] = {
		{ "MULTIHOME_UPLINK", request->uplink },
		{ "MULTIHOME_INTERFACE", request->interface },
		{ "MULTIHOME_ADDRESS", address_format(&request->source, address) },
		{ "MULTIHOME_MARK", mark },
	};
	size_t count = 0;
	while (environ[count] != NULL) {
		count++;
	}
	char **made = calloc(count + VARIABLES + 1, sizeof(*made));
	if (made == NULL) {
		return -ENOMEM;
	}
	// The command's own come first: whoever looks one up finds the first.
	for (size_t i = 0; i < VARIABLES; i++) {
		if (asprintf(&made[i], "%s=%s", variables[i][0], variables[i][1]) < 0) {
			made[i] = NULL;
			while (i-- > 0) {
				free(made[i]);
			}
			free(made);
			return -ENOMEM;
		}
	}
	memcpy(made + VARIABLES, environ, count * sizeof(*made));
	*environment = made;
	return 0;
}

static void free_environment(char **environment)
{
	for (size_t i = 0; i < VARIABLES; i++) {
		free(environment[i]);
	}
	free(environment);
}

/*! Cut a command at its blanks, in place. \return Its arguments, to free, or NULL. */
static char **split(char *command)
{
	// No more arguments than half of its characters, and the end.
	char **arguments = calloc(strlen(command) / 2 + 2, sizeof(*arguments));
	char *rest = NULL;
	size_t count = 0;
	for (char *word = strtok_r(command, " \t", &rest); arguments != NULL && word != NULL;
	     word = strtok_r(NULL, " \t", &rest)) {
		arguments[count++] = word;
	}
	return arguments;
}

int probe_exec_spawn(uv_loop_t *loop, uv_process_t *process, const struct probe_request *request,
                     uv_exit_cb on_exit)
{
	char *command = strdup(probe_command(request->probe));
	char **arguments = command != NULL ? split(command) : NULL;
	char **environment = NULL;
	int ret = arguments != NULL ? make_environment(request, &environment) : -ENOMEM;
	if (ret == 0) {
		const uv_process_options_t options = {
			.exit_cb = on_exit,
			.file = arguments[0],
			.args = arguments,
			.env = environment,
			// A process group of its own, so that its children end with it.
			.flags = UV_PROCESS_DETACHED,
		};
		// Netlink sockets of libraries do not all close on exec.
		(void)close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
		ret = uv_spawn(loop, process, &options);
		free_environment(environment);
	}
	free(arguments);
	free(command);
	return ret;
}

int probe_exec_look(const uv_process_t *process, int *status, int *number)
{
	siginfo_t info = { 0 };
	if (waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
	    info.si_pid == 0) {
		return 0;
	}
	*status = info.si_code == CLD_EXITED ? info.si_status : 0;
	*number = info.si_code == CLD_EXITED ? 0 : info.si_status;
	return info.si_code == CLD_EXITED && info.si_status == 0 ? 1 : -1;
}

void probe_exec_kill(const uv_process_t *process)
{
	if (kill(-process->pid, SIGKILL) != 0) {
		(void)kill(process->pid, SIGKILL);
	}
}
