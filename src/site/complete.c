/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Values of a site that follow from other values.
 */

#include "site/complete.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*! Default of a probe's timeout, milliseconds. A dead uplink is found within this after the last round. */
#define TIMEOUT_MS 800

// A round of probes has to end before the next one begins.
void complete_uplinks(struct site *site)
{
	for (size_t i = 0; i < site->uplink_count; i++) {
		struct uplink *uplink = &site->uplinks[i];
		uint32_t most = uplink->interval_ms / 5 * 4;
		uplink->number = (unsigned)i + 1;
		if (uplink->timeout_ms == 0) {
			uplink->timeout_ms = most < TIMEOUT_MS ? most : TIMEOUT_MS;
		}
	}
}

// Without a list of uplinks a host or forward has all, in the order of the file.
static int use_all_uplinks(const struct site *site, unsigned **numbers, size_t *count)
{
	if (*numbers != NULL) {
		return 0;
	}
	unsigned *all = calloc(site->uplink_count + 1, sizeof(*all));
	if (all == NULL) {
		return -ENOMEM;
	}
	for (size_t i = 0; i < site->uplink_count; i++) {
		all[i] = site->uplinks[i].number;
	}
	*numbers = all;
	*count = site->uplink_count;
	return 0;
}

// An alias may be written in full; the site has it relative to its host.
static void shorten_alias(char *alias, const char *domain)
{
	size_t length = strlen(alias);
	length -= alias[length - 1] == '.' ? 1 : 0;
	size_t behind = strlen(domain) + 1;
	if (length > behind && alias[length - behind] == '.' &&
	    strncmp(alias + length - behind + 1, domain, behind - 1) == 0) {
		alias[length - behind] = '\0';
	}
}

// Nearly everybody asks for addresses alone.
static int split_public(struct uplink *uplink, struct marks *marks)
{
	const struct public_address_list *given = &uplink->public_given;
	struct address_list *list = &uplink->public_address;
	for (size_t i = 0; i < given->count; i++) {
		if (given->items[i].discover) {
			continue;
		}
		if (list->items == NULL) {
			// At once, since the marks know its items by address.
			list->items = calloc(given->count, sizeof(*list->items));
		}
		if (list->items == NULL) {
			return -ENOMEM;
		}
		struct address *address = &list->items[list->count++];
		*address = given->items[i].address;
		marks_copy(marks, &given->items[i], address);
	}
	return 0;
}

int complete_site(struct site *site, struct marks *marks)
{
	if (site->hostmaster == NULL && site->domain != NULL &&
	    asprintf(&site->hostmaster, "hostmaster.%s", site->domain) < 0) {
		site->hostmaster = NULL;
		return -ENOMEM;
	}
	int ret = 0;
	for (size_t i = 0; i < site->uplink_count && ret == 0; i++) {
		ret = split_public(&site->uplinks[i], marks);
	}
	for (size_t i = 0; i < site->host_count && ret == 0; i++) {
		struct host *host = &site->hosts[i];
		ret = use_all_uplinks(site, &host->uplink, &host->uplink_count);
		for (size_t k = 0; k < host->alias.count && host->domain != NULL; k++) {
			shorten_alias(host->alias.items[k], host->domain);
		}
	}
	for (size_t i = 0; i < site->forward_count && ret == 0; i++) {
		struct forward *forward = &site->forwards[i];
		ret = use_all_uplinks(site, &forward->uplink, &forward->uplink_count);
	}
	return ret;
}
