/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Connections of the site's own that are bound to a dead uplink while another one works.
 */

#include "daemon/stranded.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "daemon/kernel.h"
#include "site/provider.h"

/*!
 * Whether an uplink is dead in a family in which another one works.
 *
 * One that has to prove itself, as after a restart, may well carry connections: new ones keep away from
 * it, those that it has end when it is found dead.
 */
static bool is_stranding(const struct plan *plan, size_t uplink, unsigned family)
{
	if (plan->uplinks[uplink].family[family].open ||
	    plan->uplinks[uplink].family[family].unproved) {
		return false;
	}
	for (size_t i = 0; i < plan->uplink_count; i++) {
		if (plan->uplinks[i].family[family].open) {
			return true;
		}
	}
	return false;
}

/*! The families in which an uplink has just become a dead end. */
struct search {
	bool family[FAMILIES];
	const struct site *site;
};

/*! A server that holds an address of the provider's is reached at it without being translated. */
static bool is_held(const struct site *site, const struct address *address)
{
	bool found = false;
	for (size_t i = 0; address_is_global6(address) && i < site->server_count; i++) {
		for (unsigned number = 1; number <= site->uplink_count; number++) {
			const struct address *held = provider_held(&site->servers[i], number);
			found |= held != NULL && address_equal(held, address);
		}
	}
	return found;
}

static bool is_own(const struct connection *connection, void *context)
{
	const struct search *search = context;
	unsigned family = connection->destination.family == AF_INET ? FAMILY_4 : FAMILY_6;
	return !connection->translated && search->family[family] &&
	       !is_held(search->site, &connection->destination);
}

/*! In one listing for both families: the kernel goes through its whole table for each. */
static int end_connections(const struct site *site, const struct uplink *uplink,
                           struct search *search, size_t *ended)
{
	const struct conntrack_filter filter = {
		.mark = site_mark(site, uplink->number),
		.mask = site->fwmark_mask,
	};
	size_t deleted = 0;
	int ret = conntrack_delete_matching(&filter, is_own, search, &deleted);
	if (ret != 0) {
		log_error("uplink '%s', failed to end the site's own connections (%s)", uplink->id,
		          strerror(-ret));
	} else if (deleted > 0) {
		log_info("uplink '%s', connections of the site itself ended: %zu", uplink->id,
		         deleted);
	}
	*ended += deleted;
	return ret;
}

static bool was_ended(const struct stranded *stranded, const char *id, unsigned family)
{
	for (size_t i = 0; i < stranded->count; i++) {
		if (strcmp(stranded->uplinks[i].id, id) == 0) {
			return stranded->uplinks[i].family[family];
		}
	}
	return false;
}

int stranded_end(const struct site *site, const struct plan *plan, bool ready,
                 struct stranded *stranded, size_t *ended)
{
	struct stranded now = { .count = 0 };
	int result = 0;
	*ended = 0;
	for (size_t i = 0; i < plan->uplink_count && site->outbound == OUTBOUND_FAILOVER; i++) {
		const struct uplink *uplink = plan->uplinks[i].uplink;
		struct search search = { .site = site };
		bool any = false;
		(void)snprintf(now.uplinks[i].id, sizeof(now.uplinks[i].id), "%s", uplink->id);
		now.count = i + 1;
		for (unsigned family = 0; family < FAMILIES; family++) {
			bool stranding = is_stranding(plan, i, family);
			bool before = was_ended(stranded, uplink->id, family);
			search.family[family] = stranding && !before && ready;
			now.uplinks[i].family[family] = stranding && before;
			any |= search.family[family];
		}
		int ret = any ? end_connections(site, uplink, &search, ended) : 0;
		for (unsigned family = 0; family < FAMILIES && ret == 0; family++) {
			now.uplinks[i].family[family] |= search.family[family];
		}
		result = result == 0 ? ret : result;
	}
	*stranded = now;
	return result;
}
