/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Copies of what a hook is asked to run.
 */

#include "daemon/hook_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

static void free_list(char **list)
{
	for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
		free(list[i]);
	}
	free(list);
}

void run_free(struct run *run)
{
	if (run != NULL) {
		free_list(run->arguments);
		free_list(run->environment);
		free(run->input);
		free(run);
	}
}

/*! Two lists as one copy. \param more  May be NULL. */
static char **copy_list(const char *const *list, char *const *more)
{
	size_t count = 0;
	size_t more_count = 0;
	while (list[count] != NULL) {
		count++;
	}
	while (more != NULL && more[more_count] != NULL) {
		more_count++;
	}
	char **copy = calloc(count + more_count + 1, sizeof(*copy));
	for (size_t i = 0; copy != NULL && i < count + more_count; i++) {
		copy[i] = strdup(i < count ? list[i] : more[i - count]);
		if (copy[i] == NULL) {
			free_list(copy);
			return NULL;
		}
	}
	return copy;
}

struct run *run_new(const struct hook_job *job)
{
	struct run *run = calloc(1, sizeof(*run));
	if (run == NULL) {
		return NULL;
	}
	run->arguments = copy_list(job->arguments, NULL);
	run->environment = copy_list(job->environment, environ);
	// A line, as the shell's read wants it.
	if (asprintf(&run->input, "%s%s", job->input, job->input[0] != '\0' ? "\n" : "") < 0) {
		run->input = NULL;
	}
	if (run->arguments == NULL || run->environment == NULL || run->input == NULL) {
		run_free(run);
		return NULL;
	}
	run->input_length = strlen(run->input);
	return run;
}
