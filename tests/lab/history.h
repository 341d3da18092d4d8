/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief What the observer saw, and the verdict on it: pure, judged after the fact.
 *
 * The invariant: no address is still answered after it has been unreachable for longer than the bound,
 * while its uplink was physically up all the time. Times are microseconds of CLOCK_MONOTONIC.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "starved.h"

/*! Whoever sees fewer failures in a row than this was starved of the processor, not of the network. */
#define FAILURES_MIN 5

/*! One attempt to get the first bytes of the page. */
struct attempt {
	int64_t start;
	bool good;
};

/*! One DNS query. */
struct query {
	int64_t asked;
	int64_t received; /*!< 0: lost. */
	int rcode;
	int answered; /*!< Target whose address was answered; -1 none, -2 an unknown one. */
};

/*! The fault injector says when an uplink is physically up. */
struct change {
	int64_t at;
	bool up;
};

/*! An address of an uplink: name server and published service in one. */
struct target {
	char uplink[32];
	char address[64];
	struct attempt *attempts; /*!< In the order of their starts. */
	size_t attempt_count;
	struct query *queries;
	size_t query_count;
	struct change *changes;
	size_t change_count;
	int64_t answered_longest; /*!< Found by history_judge(): answered that long after it was lost. */
};

/*!
 * \brief Judge the histories of all targets and print a summary, a line a target.
 *
 * \param daemon  When who has to withdraw an answer was waiting for a processor.
 * \param bound  How long an unreachable address may be answered, in microseconds; those waits come on top.
 * \param began  Start of the observation: times are printed as seconds after it.
 * \return Number of answers that violate the invariant.
 */
size_t history_judge(struct target *targets, size_t count, const struct starved *daemon,
                     int64_t bound, int64_t began, FILE *output);
