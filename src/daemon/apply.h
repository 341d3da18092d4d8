/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Bringing routes and rules to a plan, in an order in which every half-way state is safe.
 */

#pragma once

#include "daemon/kernel.h"
#include "daemon/plan.h"

/*! \brief Whether the kernel's routes and rules differ from the plan. */
bool apply_routing_needed(const struct plan *plan, const struct observed *observed);

/*!
 * \brief Bring routes and rules to what is planned.
 *
 * A rule never points at a table that is not filled yet, and a table is emptied only after its rules
 * are gone. One failure does not keep the rest from being done.
 * \return 0, or -errno of the first failure; each is logged.
 */
int apply_routing(struct rtnl *rtnl, const struct plan *plan, const struct observed *observed);
