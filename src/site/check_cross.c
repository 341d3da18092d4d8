/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Validation of the aliases that uplinks have for each other.
 */

#include "site/check.h"

static bool is_one_of(const struct prefix *prefix, const struct address_list *list)
{
	bool found = false;
	for (size_t i = 0; i < list->count; i++) {
		found |= prefix_contains(prefix, &list->items[i]);
	}
	return found;
}

static bool holds_uplink(const struct site *site, const struct prefix *prefix)
{
	bool found = false;
	for (size_t i = 0; i < site->uplink_count; i++) {
		const struct uplink *uplink = &site->uplinks[i];
		found |= is_one_of(prefix, &uplink->address) ||
		         is_one_of(prefix, &uplink->public_address) ||
		         is_one_of(prefix, &uplink->gateway);
	}
	return found;
}

static bool holds_server(const struct site *site, const struct prefix *prefix)
{
	bool found = false;
	for (size_t i = 0; i < site->server_count; i++) {
		const struct server *server = &site->servers[i];
		found |= is_one_of(prefix, &server->address);
		for (size_t k = 0; k < server->uplink_address_count; k++) {
			found |= prefix_contains(prefix, &server->uplink_address[k].address);
		}
	}
	return found;
}

/*! Uplink number N is the address N of the network. */
static bool has_room(const struct prefix *prefix, size_t uplinks)
{
	unsigned bits = (unsigned)(8 * address_size(&prefix->address)) - prefix->length;
	return bits >= 8 || (UINT64_C(1) << bits) > uplinks;
}

static bool has_earlier(const struct prefix_list *list, size_t index)
{
	bool found = false;
	for (size_t i = 0; i < index; i++) {
		found |= list->items[i].address.family == list->items[index].address.family;
	}
	return found;
}

void check_cross(const struct check *check)
{
	const struct site *site = check->site;
	for (size_t i = 0; i < site->cross_alias.count; i++) {
		const struct prefix *prefix = &site->cross_alias.items[i];
		struct mark mark = marks_find(check->marks, prefix);
		bool uplink = holds_uplink(site, prefix);
		char text[ADDRESS_TEXT_MAX];
		(void)prefix_format(prefix, text);
		if (!has_room(prefix, site->uplink_count)) {
			report_error(check->report, mark,
			             "cross-alias %s has no room for %zu uplinks: write a larger "
			             "network",
			             text, site->uplink_count);
		}
		if (uplink || holds_server(site, prefix)) {
			report_error(check->report, mark,
			             "cross-alias %s holds an address of %s: write a network that "
			             "is used nowhere",
			             text, uplink ? "an uplink" : "a server");
		}
		if (has_earlier(&site->cross_alias, i)) {
			report_error(check->report, mark,
			             "cross-alias %s is the second one of its family: keep one a "
			             "family",
			             text);
		}
	}
}
