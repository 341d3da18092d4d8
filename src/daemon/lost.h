/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief What the kernel has lost of what was installed, by whomever.
 */

#pragma once

#include "daemon/kernel.h"
#include "daemon/plan.h"
#include "daemon/recorder.h"

/*!
 * \brief Compare two looks at the kernel, and log each route and rule of ours that is gone.
 *
 * Only what the new plan wants too is looked at: the rest had to go anyway.
 *
 * \param last  What there was after the last pass; what that failed to install is no loss.
 * \param by    Who did it, for the log: «ip (pid 1)».
 * \param recorder  Is told if something is gone; may be NULL.
 * \return The uplinks concerned.
 */
struct uplink_sets lost_find(const struct site *site, const struct observed *last,
                             const struct plan *plan, const struct observed *observed,
                             const char *by, struct recorder *recorder);

/*! \brief The uplinks whose routes or rules events tell the loss of. */
struct uplink_sets lost_by_events(const struct site *site, const struct rtnl_events *events);

/*! Room for lost_culprit(). */
#define LOST_CULPRIT_MAX 64

/*! \brief Name the process with a netlink port; the port is as a rule its pid. */
void lost_culprit(uint32_t port, char *name, size_t size);
