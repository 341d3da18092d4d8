/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The answers that hold now: the published table cut down, the planned table as far as installed.
 */

#include "daemon/answers.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct table *table_copy(const struct table *table)
{
	struct table *copy = table_new();
	if (copy == NULL) {
		return NULL;
	}
	copy->meta = table->meta;
	for (size_t i = 0; i < table->uplink_count; i++) {
		struct table_uplink *uplink = table_add_uplink(copy);
		if (uplink == NULL) {
			table_free(copy);
			return NULL;
		}
		*uplink = table->uplinks[i];
	}
	for (size_t i = 0; i < table->host_count; i++) {
		struct table_host *host = table_add_host(copy);
		if (host == NULL) {
			table_free(copy);
			return NULL;
		}
		*host = table->hosts[i];
	}
	return copy;
}

static bool has_address(const struct table_uplink *uplink, const struct address *address)
{
	for (size_t i = 0; i < uplink->address_count; i++) {
		if (address_equal(&uplink->address[i], address)) {
			return true;
		}
	}
	return false;
}

/*! Keep the addresses of an uplink that its planned row has too and whose family is not broken. */
static void cut_addresses(struct table_uplink *uplink, const struct table_uplink *planned,
                          const struct uplink_sets *broken)
{
	uint8_t kept = 0;
	for (size_t i = 0; i < uplink->address_count; i++) {
		const struct address *address = &uplink->address[i];
		unsigned family = address->family == AF_INET ? FAMILY_4 : FAMILY_6;
		if (planned != NULL && has_address(planned, address) &&
		    (broken->family[family] & UPLINK_BIT(uplink->number)) == 0) {
			uplink->address[kept++] = *address;
		}
	}
	for (size_t i = kept; i < uplink->address_count; i++) {
		uplink->address[i] = (struct address){ 0 };
	}
	uplink->address_count = kept;
	uplink->usable = uplink->usable && planned != NULL && planned->usable && kept > 0;
}

/*! Uplinks on which one row gives a host an address of its own that the other does not. */
static uplink_set other_own(const struct table_host *row, const struct table_host *other,
                            uint8_t family)
{
	uplink_set set = 0;
	for (size_t i = 0; i < row->own_count; i++) {
		const struct table_own *own = &row->own[i];
		const struct address *same = table_host_own(other, own->uplink, family);
		if (own->address.family == family &&
		    (same == NULL || !address_equal(same, &own->address))) {
			set |= UPLINK_BIT(own->uplink);
		}
	}
	return set;
}

/*! Uplinks that stay ready: another address would have to be read back first. */
static uplink_set still_ready(const struct table_host *row, const struct table_host *wanted,
                              uint8_t family)
{
	uplink_set ready =
		family == AF_INET ? row->ready4 & wanted->ready4 : row->ready6 & wanted->ready6;
	return ready & ~other_own(row, wanted, family) & ~other_own(wanted, row, family);
}

struct table *answers_withdrawn(const struct table *published, const struct table *planned,
                                const struct uplink_sets *lost)
{
	struct table *cut = table_copy(published);
	if (cut == NULL) {
		return NULL;
	}
	for (size_t i = 0; i < cut->uplink_count; i++) {
		struct table_uplink *uplink = &cut->uplinks[i];
		cut_addresses(uplink, table_find_uplink(planned, uplink->number), lost);
	}
	for (size_t i = 0; i < cut->host_count; i++) {
		struct table_host *host = &cut->hosts[i];
		const struct table_host *wanted =
			table_find_host(planned, host->owner, host->owner_length);
		if (wanted == NULL) {
			host->ready4 = host->ready6 = 0;
			continue;
		}
		host->ready4 = still_ready(host, wanted, AF_INET);
		host->ready6 = still_ready(host, wanted, AF_INET6);
	}
	return cut;
}

struct table *answers_installed(const struct table *planned, const struct uplink_sets *broken)
{
	struct table *installed = table_copy(planned);
	for (size_t i = 0; installed != NULL && i < installed->uplink_count; i++) {
		struct table_uplink *uplink = &installed->uplinks[i];
		cut_addresses(uplink, table_find_uplink(planned, uplink->number), broken);
	}
	return installed;
}

size_t answers_offered(const struct table_uplink *uplink, const struct table_host *host,
                       struct address *offered)
{
	size_t count = 0;
	if (uplink == NULL || host == NULL || !uplink->usable) {
		return 0;
	}
	for (size_t i = 0; i < uplink->address_count; i++) {
		const struct address *address = &uplink->address[i];
		uint64_t ready = address->family == AF_INET ? host->ready4 : host->ready6;
		if ((ready & UPLINK_BIT(uplink->number)) == 0) {
			continue;
		}
		if (offered != NULL) {
			const struct address *own =
				table_host_own(host, uplink->number, address->family);
			offered[count] = own != NULL ? *own : *address;
		}
		count++;
	}
	return count;
}

bool answers_equal(const struct table *a, const struct table *b)
{
	// Rows are zeroed when added and filled field by field, so bytes can be compared.
	return a->uplink_count == b->uplink_count && a->host_count == b->host_count &&
	       a->meta.stale_after_ms == b->meta.stale_after_ms &&
	       a->meta.lan_count == b->meta.lan_count && strcmp(a->meta.site, b->meta.site) == 0 &&
	       memcmp(a->meta.lan, b->meta.lan, sizeof(a->meta.lan)) == 0 &&
	       (a->uplink_count == 0 ||
	        memcmp(a->uplinks, b->uplinks, a->uplink_count * sizeof(*a->uplinks)) == 0) &&
	       (a->host_count == 0 ||
	        memcmp(a->hosts, b->hosts, a->host_count * sizeof(*a->hosts)) == 0);
}
