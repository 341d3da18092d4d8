/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Ports in turn.
 */

#include "daemon/cross_ports.h"

/*! The elements of the sets live 5 s, the last one is made within the 3 s of an attempt. */
#define REST_MS 9000

uint16_t cross_ports_take(struct cross_ports *ports, uint64_t now_ms)
{
	unsigned port = ports->next;
	if (ports->used_ms[port] != 0 && now_ms - ports->used_ms[port] < REST_MS) {
		return 0;
	}
	ports->used_ms[port] = now_ms;
	ports->next = (port + 1) % CROSS_PORT_PROBES;
	return (uint16_t)(CROSS_PORT_FIRST + port);
}
