/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The verdict of the outside observer.
 */

#include <inttypes.h>

#include "history.h"

#define SHOWN_MAX 10

// Since when the uplink has been up at that time; INT64_MAX if it is down.
static int64_t up_since(const struct target *target, int64_t at)
{
	int64_t since = INT64_MIN;
	for (size_t i = 0; i < target->change_count && target->changes[i].at <= at; i++) {
		since = target->changes[i].up ? target->changes[i].at : INT64_MAX;
	}
	return since;
}

// The first attempt that started after that time.
static size_t attempt_after(const struct target *target, int64_t at)
{
	size_t low = 0, high = target->attempt_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (target->attempts[middle].start > at) {
			high = middle;
		} else {
			low = middle + 1;
		}
	}
	return low;
}

/*! The daemon is not all that waits for a processor: knotd, the server and the routers do as well. */
#define SOON_US 200000

/*
 * How long the address had been unreachable when it was answered: from the first failed attempt of
 * the run, or from when the uplink came up, to the question. 0 if an attempt was good that started before
 * the answer arrived, or the first one after it, or one soon after it, as whoever got it would have made; or
 * if there are too few failures to tell.
 */
static int64_t unreachable_before(const struct target *target, const struct query *query)
{
	int64_t up = up_since(target, query->asked);
	if (up == INT64_MAX) {
		return 0;
	}
	size_t next = attempt_after(target, query->asked);
	for (size_t i = next; i < target->attempt_count; i++) {
		if (target->attempts[i].good) {
			return 0;
		}
		if (target->attempts[i].start > query->received + SOON_US) {
			break;
		}
	}
	int64_t since = query->asked;
	unsigned failures = 0;
	for (size_t i = next; i > 0 && !target->attempts[i - 1].good; i--) {
		if (target->attempts[i - 1].start < up) {
			break;
		}
		since = target->attempts[i - 1].start;
		failures++;
	}
	return failures >= FAILURES_MIN ? query->asked - since : 0;
}

// The longest run of failures while the uplink was up.
static int64_t longest_outage(const struct target *target)
{
	int64_t longest = 0, first = 0;
	bool running = false;
	for (size_t i = 0; i < target->attempt_count; i++) {
		const struct attempt *attempt = &target->attempts[i];
		int64_t up = up_since(target, attempt->start);
		if (attempt->good || up == INT64_MAX) {
			running = false;
			continue;
		}
		if (!running || first < up) {
			running = true;
			first = attempt->start;
		}
		if (attempt->start - first > longest) {
			longest = attempt->start - first;
		}
	}
	return longest;
}

static void target_print(const struct target *target, FILE *output)
{
	size_t good = 0, lost = 0, failed = 0, connected = 0;
	for (size_t i = 0; i < target->query_count; i++) {
		const struct query *query = &target->queries[i];
		lost += query->received == 0;
		failed += query->received != 0 && query->rcode != 0;
		good += query->received != 0 && query->rcode == 0;
	}
	for (size_t i = 0; i < target->attempt_count; i++) {
		connected += target->attempts[i].good;
	}
	fprintf(output,
	        "%-8s %-16s queries %zu: answered %zu, refused %zu, lost %zu; connections %zu: "
	        "good %zu; while up: longest outage %" PRId64 " ms, answered %" PRId64
	        " ms into it\n",
	        target->uplink, target->address, target->query_count, good, failed, lost,
	        target->attempt_count, connected, longest_outage(target) / 1000,
	        target->answered_longest / 1000);
}

size_t history_judge(struct target *targets, size_t count, const struct starved *daemon,
                     int64_t bound, int64_t began, FILE *output)
{
	size_t violations = 0;
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < targets[i].query_count; j++) {
			const struct query *query = &targets[i].queries[j];
			const char *name = "an unknown address";
			int64_t unreachable = 0, starved = 0;
			if (query->received == 0 || query->answered == -1) {
				continue;
			}
			if (query->answered >= 0) {
				struct target *answered = &targets[query->answered];
				name = answered->address;
				unreachable = unreachable_before(answered, query);
				if (unreachable > answered->answered_longest) {
					answered->answered_longest = unreachable;
				}
				if (unreachable > bound) {
					starved = starved_within(daemon, query->asked - unreachable,
					                         query->received);
				}
				if (unreachable <= bound + starved) {
					continue;
				}
			}
			if (violations++ < SHOWN_MAX) {
				fprintf(output,
				        "VIOLATION at %.3f s: %s answered %s, unreachable for "
				        "%" PRId64 " ms, in which the daemon waited %" PRId64
				        " ms for a processor\n",
				        (double)(query->asked - began) / 1e6, targets[i].address,
				        name, unreachable / 1000, starved / 1000);
			}
		}
	}
	for (size_t i = 0; i < count; i++) {
		target_print(&targets[i], output);
	}
	return violations;
}
