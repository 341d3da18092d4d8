/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Validation of the uplinks.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "site/check.h"

/*! Room for addresses of an uplink in the answer table. */
#define ADDRESSES_MAX 16

static const char *family_name(uint8_t family)
{
	return family == AF_INET ? "IPv4" : "IPv6";
}

static bool has_family(const struct address_list *list, uint8_t family)
{
	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i].family == family) {
			return true;
		}
	}
	return false;
}

static int check_interfaces(const struct check *check)
{
	const struct site *site = check->site;
	struct named *names = calloc(site->uplink_count + 1, sizeof(*names));
	if (names == NULL) {
		return -ENOMEM;
	}
	size_t count = 0;
	for (size_t i = 0; i < site->uplink_count; i++) {
		const struct uplink *uplink = &site->uplinks[i];
		if (uplink->interface == NULL) {
			continue;
		}
		struct mark mark = marks_find(check->marks, &uplink->interface);
		names[count++] = (struct named){ uplink->interface, mark };
		for (size_t k = 0; k < site->lan.count; k++) {
			if (strcmp(site->lan.items[k], uplink->interface) == 0) {
				report_error(
					check->report, mark,
					"interface '%s' is in 'lan' as well: it faces either the "
					"inside or a provider",
					uplink->interface);
			}
		}
	}
	check_duplicates(check, names, count, "interface", "each uplink needs its own");
	free(names);
	return 0;
}

static void check_published(const struct check *check, const struct address_list *list,
                            const char *what)
{
	if (list->count > ADDRESSES_MAX) {
		report_error(check->report, marks_find(check->marks, &list->items[ADDRESSES_MAX]),
		             "%s number %d is one too many: an uplink has at most %d", what,
		             ADDRESSES_MAX + 1, ADDRESSES_MAX);
	}
	for (size_t i = 0; i < list->count; i++) {
		char text[ADDRESS_TEXT_MAX];
		const char *reason = address_unpublishable(&list->items[i]);
		if (reason != NULL) {
			report_error(
				check->report, marks_find(check->marks, &list->items[i]),
				"%s %s is %s, which nobody outside can reach: write one that the "
				"provider routes",
				what, address_format(&list->items[i], text), reason);
		}
	}
}

static bool is_link_local(const struct address *address)
{
	struct prefix prefix = { 0 };
	return prefix_parse("fe80::/10", &prefix) == 0 && prefix_contains(&prefix, address);
}

static void check_gateway(const struct check *check, const struct uplink *uplink, size_t index)
{
	const struct address *gateway = &uplink->gateway.items[index];
	struct mark mark = marks_find(check->marks, gateway);
	char text[ADDRESS_TEXT_MAX];
	address_format(gateway, text);

	const char *reason = is_link_local(gateway) ? NULL : address_unpublishable(gateway);
	if (reason != NULL) {
		report_error(check->report, mark,
		             "gateway %s is %s: write the address of the provider's router", text,
		             reason);
	}
	if (uplink->address.count > 0 && !has_family(&uplink->address, gateway->family)) {
		report_error(
			check->report, mark,
			"gateway %s has no %s address beside it: add one to 'address', or leave "
			"the gateway out",
			text, family_name(gateway->family));
	}
	for (size_t i = 0; i < index; i++) {
		if (uplink->gateway.items[i].family == gateway->family) {
			report_error(check->report, mark,
			             "gateway %s is the second one of %s: keep one a family", text,
			             family_name(gateway->family));
			break;
		}
	}
	for (size_t i = 0; i < uplink->address.count; i++) {
		if (address_equal(&uplink->address.items[i], gateway)) {
			report_error(check->report, mark,
			             "gateway %s is the uplink's own address: write the address of "
			             "the provider's router",
			             text);
		}
	}
}

static void check_uplink(const struct check *check, const struct uplink *uplink)
{
	check_published(check, &uplink->address, "address");
	check_published(check, &uplink->public_address, "public-address");
	check_discover(check, uplink);
	// Two families, and one more to have something to report.
	for (size_t i = 0; i < uplink->gateway.count && i < 3; i++) {
		check_gateway(check, uplink, i);
	}
	check_probes(check, uplink);
}

static size_t add_addresses(const struct check *check, const struct uplink *uplink,
                            const struct address_list *list, struct owned_address *addresses)
{
	for (size_t i = 0; i < list->count; i++) {
		addresses[i] = (struct owned_address){ list->items[i], uplink->number,
			                               marks_find(check->marks, &list->items[i]) };
	}
	return list->count;
}

static int check_shared_addresses(const struct check *check)
{
	const struct site *site = check->site;
	size_t room = 1;
	for (size_t i = 0; i < site->uplink_count; i++) {
		room += site->uplinks[i].address.count + site->uplinks[i].public_address.count;
	}
	struct owned_address *addresses = calloc(room, sizeof(*addresses));
	if (addresses == NULL) {
		return -ENOMEM;
	}

	size_t count = 0;
	for (size_t i = 0; i < site->uplink_count; i++) {
		const struct uplink *uplink = &site->uplinks[i];
		count += add_addresses(check, uplink, &uplink->address, addresses + count);
	}
	check_address_duplicates(check, addresses, count, true, "address");
	count = 0;
	for (size_t i = 0; i < site->uplink_count; i++) {
		const struct uplink *uplink = &site->uplinks[i];
		count += add_addresses(check, uplink, &uplink->public_address, addresses + count);
	}
	check_address_duplicates(check, addresses, count, true, "public-address");
	free(addresses);
	return 0;
}

int check_uplinks(const struct check *check)
{
	for (size_t i = 0; i < check->site->uplink_count; i++) {
		check_uplink(check, &check->site->uplinks[i]);
	}
	int ret = check_interfaces(check);
	return ret != 0 ? ret : check_shared_addresses(check);
}
