/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Connections of uplink numbers that mean another uplink than before.
 *
 * A connection's mark is its uplink's number. After a reload or a restart with another order of uplinks
 * it would lead its packets out of another ISP.
 */

#pragma once

#include "daemon/plan.h"

/*!
 * \brief Uplink numbers that mean another uplink than before, or none.
 * \param published  Tells the id that a number had; outlives a restart.
 * \param last       Tells the interface that it had; NULL at start.
 */
uplink_set moved_find(const struct table *published, const struct plan *last,
                      const struct plan *plan);

/*! \brief All numbers of a plan: under another fwmark-mask its marks mean nothing. */
uplink_set moved_all(const struct plan *plan);

/*!
 * \brief End the connections of those numbers.
 * \param mask  The fwmark-mask they were made under.
 * \return How many there were.
 */
size_t moved_end(uplink_set moved, uint32_t mask);
