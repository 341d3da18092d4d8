/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Validation of what is to be learnt about public addresses: whether anybody can tell.
 */

#include <sys/socket.h>

#include "site/check.h"

static const uint8_t families[] = { AF_INET, AF_INET6 };

static bool is_named(const struct public_address_list *list, uint8_t family)
{
	bool named = false;
	for (size_t i = 0; i < list->count; i++) {
		named |= !list->items[i].discover && list->items[i].address.family == family;
	}
	return named;
}

static bool concerns(const struct public_address *given, uint8_t family)
{
	return given->discover && (given->address.family == 0 || given->address.family == family);
}

/*! An earlier item that is about the same family. */
static bool has_earlier(const struct public_address_list *list, size_t index, uint8_t family)
{
	bool found = false;
	for (size_t i = 0; i < index; i++) {
		found |= concerns(&list->items[i], family);
	}
	return found;
}

static void check_families(const struct check *check, const struct uplink *uplink, size_t index)
{
	const struct public_address_list *list = &uplink->public_given;
	const struct public_address *given = &list->items[index];
	struct mark mark = marks_find(check->marks, given);
	bool idle = true;
	for (size_t f = 0; f < 2; f++) {
		idle &= uplink_discover(uplink, families[f]) != given;
		if (concerns(given, families[f]) && !is_named(list, families[f]) &&
		    has_earlier(list, index, families[f])) {
			report_error(check->report, mark,
			             "public-address is to be discovered twice for %s: keep one",
			             families[f] == AF_INET ? "IPv4" : "IPv6");
			return;
		}
	}
	if (idle) {
		report_error(check->report, mark,
		             "public-address, nothing is left to be discovered: the file gives "
		             "the uplink an address that is not private; leave discover out");
	}
}

static void check_server(const struct check *check, const struct public_address *given)
{
	struct mark mark = marks_find(check->marks, given);
	if (given->address.family == 0) {
		if (!site_crosses(check->site)) {
			report_error(
				check->report, mark,
				"public-address, discover needs another uplink and "
				"cross-probes: write discover ADDRESS NAME, or 'cross-probe: on'");
		}
		return;
	}
	char text[ADDRESS_TEXT_MAX];
	const char *fault = address_unpublishable(&given->address);
	if (fault != NULL) {
		report_error(check->report, mark,
		             "public-address, server %s to ask is %s: write one behind the uplink",
		             address_format(&given->address, text), fault);
	}
}

void check_discover(const struct check *check, const struct uplink *uplink)
{
	for (size_t i = 0; i < uplink->public_given.count; i++) {
		if (uplink->public_given.items[i].discover) {
			check_families(check, uplink, i);
			check_server(check, &uplink->public_given.items[i]);
		}
	}
}
