/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Ending of what the site itself has opened by an uplink that has died.
 */

#pragma once

#include "daemon/plan.h"

/*! Dead ends whose connections have been ended: uplinks by their ids, as numbers change by a reload. */
struct stranded {
	struct {
		char id[TABLE_ID_MAX];
		bool family[FAMILIES];
	} uplinks[SITE_UPLINKS_MAX];
	size_t count;
};

/*!
 * \brief Delete the connections that are stuck, once for each death, as soon as there is a way round.
 *
 * A datagram then makes a new connection by another uplink at once, and a stream is reset and opened
 * again, instead of waiting for a time-out. What came in from outside stays: it cannot move, and lives
 * on if the uplink is back soon. Without another usable uplink nothing is deleted.
 *
 * \param ready     The plan is installed: what is ended before would begin anew by the dead uplink.
 * \param stranded  Of the pass before; out: of this one.
 * \param ended     Out: how many, also on failure.
 * \return 0, or -errno of the first failure; logged.
 */
int stranded_end(const struct site *site, const struct plan *plan, bool ready,
                 struct stranded *stranded, size_t *ended);
