/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The parts of a plan, in the order in which plan_build() calls them. Private to plan*.c and tests.
 */

#pragma once

#include "daemon/plan.h"

/*! \brief How many families there are, from FAMILY_4 on: one where IPv6 is switched off. */
unsigned family_count(const struct observed *observed);

/*!
 * \brief Judge each uplink: addresses, gateway, what keeps it from working, what its probes say.
 * \return 0 or -ENOMEM.
 */
int plan_uplinks(const struct site *site, const struct observed *observed,
                 const struct verdicts *verdicts, struct plan *plan);

/*! \brief Take away from the judged uplinks what their probes hold back; never the last one. */
void plan_verdicts(const struct verdicts *verdicts, struct plan *plan);

/*! \brief Routes of the uplinks' tables, the guard's and the outbound one. \return 0 or -ENOMEM. */
int plan_routes(const struct site *site, const struct observed *observed, uplink_set drained,
                struct plan *plan);

/*! \brief The main table's best default route, on an interface or (0) on any; or NULL. */
const struct route *main_default(const struct observed *observed, uint8_t family, int link);

/*!
 * \brief Whether a prefix stands for «everywhere».
 *
 * VPNs put 0.0.0.0/1 and 128.0.0.0/1, or 2000::/3, in front of a default route. No inside network is
 * larger than 10.0.0.0/8 or fc00::/7.
 */
bool prefix_is_default(const struct prefix *prefix);

/*! \brief Whether a prefix is of link-local addresses, which are not routed. */
bool prefix_is_link_local(const struct prefix *prefix);

/*! \brief The uplink whose interface a route leaves by, or 0. */
unsigned route_uplink(const struct uplink_view *uplinks, size_t count, const struct route *route);

/*!
 * \brief Whether the main table leads an address to a machine inside: by more than a default route, and
 * not by an uplink.
 */
bool route_is_inside(const struct observed *observed, const struct uplink_view *uplinks,
                     size_t count, const struct address *address);

/*! \brief Policy rules that lead into those tables. \return 0 or -ENOMEM. */
int plan_rules(const struct site *site, const struct observed *observed, struct plan *plan);

/*! \brief The answer table. \return 0 or -ENOMEM. */
int plan_table(const struct site *site, const struct observed *observed, uplink_set drained,
               const struct verdicts *verdicts, struct plan *plan);
