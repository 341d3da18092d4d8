/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Commands that run on events, one run of a command after the other, beside the passes.
 *
 * A run gets a text on standard input and variables in its environment; what it prints goes to the log.
 * One that takes too long is killed, with all of its process group. Runs have the daemon's own user, and no
 * capabilities unless that is root.
 */

#pragma once

#include <stdbool.h>
#include <uv.h>

struct hook;

/*! One run. Strings are copied. */
struct hook_job {
	const char *const *arguments;   /*!< The program first; NULL last. */
	const char *const *environment; /*!< «NAME=value» beside the daemon's own; NULL last. */
	const char *input;
};

/*!
 * The end of a run.
 * \param good    Exit status 0.
 * \param reason  «exit status 1: the last line it printed», «killed after 30 s».
 *
 * It may start another run, but not close the hook.
 */
typedef void (*hook_done)(bool good, const char *reason, void *context);

/*!
 * \brief Make a queue of runs of a command.
 * \param name        For the log.
 * \param timeout_ms  For each run.
 * \param done        May be NULL.
 * \return 0 or -ENOMEM.
 */
int hook_open(uv_loop_t *loop, const char *name, unsigned timeout_ms, hook_done done, void *context,
              struct hook **hook);

/*! \brief Kill what runs, forget what waits; run the loop once more to finish. NULL is legal. */
void hook_close(struct hook *hook);

/*!
 * \brief Run it, now or when those before it have ended.
 * \return 0, -EAGAIN (too many wait, logged once) or -ENOMEM.
 */
int hook_run(struct hook *hook, const struct hook_job *job);

/*! \brief Runs that failed or were not begun. */
uint64_t hook_failures(const struct hook *hook);
