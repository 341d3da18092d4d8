/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief When a process waited for a processor, as the kernel counts it.
 *
 * On a machine with more to do than processors, a daemon that would react in milliseconds is late by no
 * fault of its own. By how much is in /proc/PID/schedstat (proc_pid_schedstat(5)): nanoseconds that its
 * main thread was ready to run and did not.
 */

#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*! One wait; microseconds of CLOCK_MONOTONIC. */
struct wait {
	int64_t from;
	int64_t until;
};

/*! All waits of one process, or of one after the other. Zeroed with fd -1: nobody is watched. */
struct starved {
	int fd;
	int64_t waited;     /*!< Nanoseconds, at the last look. */
	struct wait *waits; /*!< In the order of their ends. */
	size_t count;
};

/*!
 * \brief Watch that process from now on; what is known of the one before is kept.
 */
void starved_watch(struct starved *starved, pid_t pid);

/*!
 * \brief Look how long the process has waited since the last look, and note it as a wait that ends now.
 */
void starved_look(struct starved *starved, int64_t now);

/*!
 * \brief Microseconds of all waits within that time.
 */
int64_t starved_within(const struct starved *starved, int64_t from, int64_t until);

void starved_deinit(struct starved *starved);
