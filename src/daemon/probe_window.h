/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Round-trip times and losses of one probe over the last quarter of an hour, in buckets of fixed size.
 *
 * Pure: whoever calls says what time it is, milliseconds of a clock that never goes back.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#define WINDOW_BUCKET_MS 10000

/*! A quarter of an hour, and the bucket that is being filled. */
#define WINDOW_BUCKETS 91

struct probe_bucket {
	uint32_t number; /*!< Its time in units of WINDOW_BUCKET_MS, plus one; 0: never used. */
	uint32_t sent;
	uint32_t lost;
	uint32_t least_us;
	uint32_t most_us;
	uint64_t sum_us;
};

/*! Start from zero. */
struct probe_window {
	struct probe_bucket buckets[WINDOW_BUCKETS];
};

/*! What a window holds of a time. */
struct probe_measure {
	uint32_t sent;
	uint32_t lost;
	uint32_t least_us; /*!< Round trip; 0 like the other two if nothing came back. */
	uint32_t average_us;
	uint32_t most_us;
};

/*! \brief Note one result; a lost one has no round trip. */
void probe_window_add(struct probe_window *window, bool good, uint32_t rtt_us, uint64_t now_ms);

/*!
 * \brief Sum up what came after a time.
 * \param from_ms  Buckets that end at or before it do not count.
 */
struct probe_measure probe_window_measure(const struct probe_window *window, uint64_t from_ms,
                                          uint64_t now_ms);

/*! \brief Loss in percent, rounded; 0 if nothing was sent. */
unsigned probe_measure_loss(const struct probe_measure *measure);
