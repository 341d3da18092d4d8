/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Buckets of round-trip times and losses.
 */

#include "daemon/probe_window.h"

/*! Numbers start at 1, so that a bucket of zeros is none. */
static uint32_t bucket_number(uint64_t at_ms)
{
	return (uint32_t)(at_ms / WINDOW_BUCKET_MS) + 1;
}

void probe_window_add(struct probe_window *window, bool good, uint32_t rtt_us, uint64_t now_ms)
{
	uint32_t number = bucket_number(now_ms);
	struct probe_bucket *bucket = &window->buckets[number % WINDOW_BUCKETS];
	if (bucket->number != number) {
		*bucket = (struct probe_bucket){ .number = number };
	}
	bucket->sent++;
	if (!good) {
		bucket->lost++;
		return;
	}
	bool first = bucket->sent - bucket->lost == 1;
	bucket->least_us = first || rtt_us < bucket->least_us ? rtt_us : bucket->least_us;
	bucket->most_us = rtt_us > bucket->most_us ? rtt_us : bucket->most_us;
	bucket->sum_us += rtt_us;
}

struct probe_measure probe_window_measure(const struct probe_window *window, uint64_t from_ms,
                                          uint64_t now_ms)
{
	struct probe_measure measure = { 0 };
	uint32_t last = bucket_number(now_ms);
	uint32_t first = bucket_number(from_ms);
	uint64_t sum = 0;
	if (last >= WINDOW_BUCKETS && first <= last - WINDOW_BUCKETS) {
		first = last - WINDOW_BUCKETS + 1;
	}
	for (uint32_t i = 0; i < WINDOW_BUCKETS; i++) {
		const struct probe_bucket *bucket = &window->buckets[i];
		if (bucket->number < first || bucket->number > last || bucket->sent == 0) {
			continue;
		}
		bool any = measure.sent > measure.lost;
		measure.sent += bucket->sent;
		measure.lost += bucket->lost;
		if (bucket->sent == bucket->lost) {
			continue;
		}
		measure.least_us = !any || bucket->least_us < measure.least_us ? bucket->least_us
		                                                               : measure.least_us;
		measure.most_us =
			bucket->most_us > measure.most_us ? bucket->most_us : measure.most_us;
		sum += bucket->sum_us;
	}
	if (measure.sent > measure.lost) {
		measure.average_us = (uint32_t)(sum / (measure.sent - measure.lost));
	}
	return measure;
}

unsigned probe_measure_loss(const struct probe_measure *measure)
{
	return measure->sent == 0 ? 0 : (100 * measure->lost + measure->sent / 2) / measure->sent;
}
