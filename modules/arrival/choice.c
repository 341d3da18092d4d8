/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Which uplinks' addresses answer for a host: pure.
 */

#include "arrival/choice.h"

#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

const struct address *choice_address(const struct table_uplink *uplink, uint8_t family)
{
	for (size_t i = 0; i < uplink->address_count; i++) {
		if (uplink->address[i].family == family) {
			return &uplink->address[i];
		}
	}
	return NULL;
}

const struct address *choice_host_address(const struct table_host *host,
                                          const struct table_uplink *uplink, uint8_t family)
{
	const struct address *shared = choice_address(uplink, family);
	const struct address *own = table_host_own(host, uplink->number, family);
	return shared != NULL && own != NULL ? own : shared;
}

static size_t list_ready(const struct table *table, const struct table_host *host, uint8_t family,
                         bool drained, uint8_t *ready)
{
	uint64_t installed = family == AF_INET ? host->ready4 : host->ready6;
	size_t count = 0;
	for (size_t i = 0; i < host->order_count; i++) {
		unsigned number = host->order[i];
		const struct table_uplink *uplink = table_find_uplink(table, number);
		if (uplink != NULL && uplink->usable && uplink->drained == drained &&
		    (installed & (UINT64_C(1) << number)) != 0 &&
		    choice_address(uplink, family) != NULL) {
			ready[count++] = (uint8_t)number;
		}
	}
	return count;
}

size_t choice_list(const struct table *table, const struct table_host *host, uint8_t family,
                   uint8_t *chosen)
{
	size_t count = list_ready(table, host, family, false, chosen);
	return count > 0 ? count : list_ready(table, host, family, true, chosen);
}

size_t choice_make(const struct table *table, const struct table_host *host, unsigned arrival,
                   uint8_t family, uint8_t *chosen)
{
	size_t count = choice_list(table, host, family, chosen);
	if (count == 0 || host->policy == CHOICE_PREFERRED || host->policy == CHOICE_UPLINK) {
		return count > 0;
	}
	for (size_t i = 1; i < count; i++) {
		if (chosen[i] == arrival) {
			memmove(chosen + 1, chosen, i);
			chosen[0] = (uint8_t)arrival;
		}
	}
	return host->policy == CHOICE_ALL ? count : 1;
}
