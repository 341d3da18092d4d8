/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief A point in the past, as people write it: «10m», «2026-11-23», «2026-11-23T10:00».
 */

#pragma once

#include "table/journal.h"

struct since {
	int64_t wall_ms;     /*!< By the wall clock: for dates, and for boots before this one. */
	bool relative;       /*!< A duration: within this boot measured by its own clock. */
	uint64_t boot_ms;    /*!< CLOCK_BOOTTIME at that point; 0 if it is before the boot. */
	uint8_t boot_id[16]; /*!< This boot. */
};

/*!
 * \brief Read a point in the past.
 * \param now  Of now: gives the clocks and the boot.
 * \return 0 or -EINVAL.
 */
int since_parse(const char *text, const struct journal_entry *now, struct since *since);

/*! \brief Whether an entry is from then or later. */
bool since_has(const struct since *since, const struct journal_entry *entry);
