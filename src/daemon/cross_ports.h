/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The source ports of cross-probes: each rests until the traces of its last probe are gone.
 */

#pragma once

#include <stdint.h>

#include "daemon/nft_cross.h"

/*! All zero at first. */
struct cross_ports {
	uint64_t used_ms[CROSS_PORT_PROBES];
	unsigned next;
};

/*! \brief The next port, or 0: it still rests. \param now_ms  Monotonic, never 0. */
uint16_t cross_ports_take(struct cross_ports *ports, uint64_t now_ms);
