/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The state of the site as numbers, in the text format of OpenMetrics 1.0.
 *
 * Only the types gauge and counter are used, so that readers of the older Prometheus format, such as
 * node_exporter's textfile collector, take it as well.
 */

#pragma once

#include "base/text.h"
#include "daemon/reconcile.h"

/*! What the numbers are taken from. */
struct metrics_source {
	const struct standing *standing; /*!< After a first pass. */
	struct recorder_counters counters;
	uint64_t started_ms; /*!< CLOCK_BOOTTIME. */
	unsigned parent_pending;
	uint64_t journal_lost;
	uint64_t hook_failures;
	int64_t connections[SITE_UPLINKS_MAX + 1]; /*!< By uplink number; negative: not counted. */
};

/*! \brief Write all metrics, «# EOF» last. \return 0 or -ENOMEM. */
int metrics_write(const struct metrics_source *source, struct text *text);
