/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief What became of each uplink, and since when: for the log and for status.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/plan.h"
#include "daemon/recorder.h"

/*! What is known about one uplink over time. */
struct uplink_history {
	bool known;        /*!< The first pass has judged it. */
	bool answered;     /*!< Its addresses are published. */
	uint64_t since_ms; /*!< CLOCK_BOOTTIME of the last change. */
	char reason[256];  /*!< Why it is not answered, or «up». */
	char id[TABLE_ID_MAX];
	uint64_t transitions;             /*!< Changes between answered and not. */
	struct address address[FAMILIES]; /*!< Published last; kept while it is not answered. */
};

/*!
 * \brief Take over what an earlier run published: that is no change when it is seen again.
 * \param histories  Indexed by uplink number.
 */
void uplink_history_adopt(struct uplink_history *histories, const struct table *published,
                          const struct site *site);

/*!
 * \brief Compare each uplink with what is known of it, record changes and keep them.
 * \param recorder  May be NULL: then they are only logged.
 */
void uplink_history_note(struct uplink_history *histories, const struct plan *plan,
                         const struct table *published, struct recorder *recorder);
