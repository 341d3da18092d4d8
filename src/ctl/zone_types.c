/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Which address types a host's zone has.
 */

#include "ctl/zone_types.h"

#include <sys/socket.h>

static bool has_family(const struct address_list *list, uint8_t family)
{
	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i].family == family) {
			return true;
		}
	}
	return false;
}

bool zone_may_answer(const struct host *host, const struct uplink *uplink, uint8_t family)
{
	// Without addresses in the file an uplink has those of its interface, of whatever family.
	return server_target(host->server, uplink->number, family) != NULL &&
	       (uplink->address.count == 0 || has_family(&uplink->address, family));
}

static void warn_family(const struct site *site, const struct host *host, uint8_t family,
                        struct text *warnings)
{
	const char *type = family == AF_INET ? "A" : "AAAA";
	const char *name = family == AF_INET ? "IPv4" : "IPv6";
	struct text lacking = TEXT_EMPTY;
	size_t answering = 0;
	bool wanted = server_address(host->server, family) != NULL;
	for (size_t i = 0; i < host->uplink_count; i++) {
		const struct uplink *uplink = site_uplink(site, host->uplink[i]);
		wanted |= server_target(host->server, uplink->number, family) != NULL;
		if (zone_may_answer(host, uplink, family)) {
			answering++;
		} else {
			text_add(&lacking, "%s'%s'", lacking.length > 0 ? ", " : "", uplink->id);
		}
	}
	warnings->failed |= lacking.failed;
	if (wanted && answering == 0) {
		text_add(warnings,
		         "warning: host '%s', has no %s: its server has %s, but no uplink that "
		         "leads there\n",
		         host->domain, type, name);
	} else if (answering > 0 && answering < host->uplink_count) {
		text_add(warnings,
		         "warning: host '%s', %s is taken from other uplinks than %s, without %s, "
		         "and is absent while none of them is ready\n",
		         host->domain, type, lacking.data != NULL ? lacking.data : "", name);
	}
	text_free(&lacking);
}

void zone_types_warn(const struct site *site, const struct host *host, struct text *warnings)
{
	warn_family(site, host, AF_INET, warnings);
	warn_family(site, host, AF_INET6, warnings);
}
