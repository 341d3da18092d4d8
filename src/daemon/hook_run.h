/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief A run that waits in a hook's queue or runs. Private to hook*.c.
 */

#pragma once

#include "daemon/hook.h"

struct run {
	struct run *next;
	char **arguments;   /*!< NULL last. */
	char **environment; /*!< The job's, then the daemon's own. */
	char *input;
	size_t input_length;
};

/*! \brief A copy of a job, freed by run_free(); NULL if memory ran out. */
struct run *run_new(const struct hook_job *job);
void run_free(struct run *run);
