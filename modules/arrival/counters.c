/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Names of the counters.
 */

#include "arrival/counters.h"

#include <stdio.h>
#include <string.h>

char *counters_answer_name(uint32_t place, uint32_t count)
{
	char name[32];
	snprintf(name, sizeof(name), "uplink-%u", (unsigned)place);
	return strdup(place == COUNT_LOCAL ? "local" : place == COUNT_LAN ? "lan" : name);
}

char *counters_other_name(uint32_t place, uint32_t count)
{
	static const char *const names[COUNT_OTHERS] = { "not-ready", "unknown-binding",
		                                         "placeholder" };
	return strdup(names[place]);
}
