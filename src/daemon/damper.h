/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Flap damping of uplinks without probes: by their cables. Pure.
 *
 * The rule is that of health.h, counted in intervals instead of rounds: an uplink whose carrier is lost
 * again within DAMPING_ROUNDS after it came back is held back until it has had carrier for as long. One
 * that somebody sets down does not flap, and an address that changes is no outage of the line.
 */

#pragma once

#include "daemon/plan.h"

/*! The cable of an uplink. */
struct damper_line {
	char id[TABLE_ID_MAX];
	bool carrier;
	bool came_back;   /*!< It was lost before. */
	bool held;        /*!< Flapped. */
	uint64_t back_ms; /*!< When its carrier came back, or the wait for it was over. */
};

/*! What is known of cables: a site that is not taken in the end must leave it as it was. */
struct damper_lines {
	struct damper_line items[SITE_UPLINKS_MAX];
	size_t count;
};

struct damper {
	struct damper_lines lines;
	struct verdict items[SITE_UPLINKS_MAX]; /*!< What verdicts points at. */
	struct verdicts verdicts;
};

/*!
 * \brief Look at the carriers, and add what follows to what probes say.
 * \param probed  May be NULL: nothing is probed.
 * \return Borrowed, until the next call.
 */
const struct verdicts *damper_judge(struct damper *damper, const struct site *site,
                                    const struct observed *observed, const struct verdicts *probed,
                                    uint64_t now_ms);
