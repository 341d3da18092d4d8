/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief What the kernel has lost of a plan that was installed, by whomever.
 */

#pragma once

#include "daemon/plan.h"

/*!
 * \brief Compare the last plan with the kernel, and log each route and rule that is gone.
 *
 * Only what the new plan wants too is looked at: the rest had to go anyway.
 * \return The uplinks concerned.
 */
struct uplink_sets lost_find(const struct site *site, const struct plan *last,
                             const struct plan *plan, const struct observed *observed);
