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

/*!
 * \brief When a client was last seen at a service: a handshake that it has completed, or a DNS query.
 * \param uplink  Interface that it came in by.
 * \param window_ms  For how long clients are remembered.
 * \param age_ms  Out: so long ago.
 * \return 0, -ENOENT if none was seen in that time, or -errno.
 */
int cross_client(struct nfnl *nfnl, const char *uplink, unsigned family, uint16_t port,
                 uint64_t window_ms, uint64_t *age_ms);
