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

/*! \brief Routes of the uplinks' tables and of the guard table. \return 0 or -ENOMEM. */
int plan_routes(const struct site *site, const struct observed *observed, struct plan *plan);

/*! \brief Policy rules that lead into those tables. \return 0 or -ENOMEM. */
int plan_rules(const struct site *site, const struct observed *observed, struct plan *plan);

/*! \brief The answer table. \return 0 or -ENOMEM. */
int plan_table(const struct site *site, const struct observed *observed, uplink_set drained,
               struct plan *plan);
