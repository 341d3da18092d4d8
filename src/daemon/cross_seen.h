/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Where the ruleset has seen packets of a cross-probe.
 */

#pragma once

#include "daemon/cross.h"
#include "daemon/kernel.h"

/*!
 * \brief Ask the kernel.
 * \param source  Interface that the probe was sent by.
 * \param target  Interface that it should come in by.
 * \param port    Its source port.
 * \param seen    Out: CROSS_SENT and so on.
 * \return 0 or -errno: nothing is known.
 */
int cross_seen(struct nfnl *nfnl, const char *source, const char *target, uint16_t port,
               unsigned *seen);
