/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The answer table in memory: rows added, ordered, found and judged.
 */

#include "table/table.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

/*! Octets of a label, RFC 1035 section 2.3.4. */
#define LABEL_MAX 63

struct table *table_new(void)
{
	return calloc(1, sizeof(struct table));
}

void table_free(struct table *table)
{
	if (table == NULL) {
		return;
	}
	free(table->uplinks);
	free(table->hosts);
	free(table);
}

struct table_uplink *table_add_uplink(struct table *table)
{
	struct table_uplink *uplinks =
		array_grow(table->uplinks, table->uplink_count, sizeof(*uplinks));
	if (uplinks == NULL) {
		return NULL;
	}
	table->uplinks = uplinks;
	struct table_uplink *added = &uplinks[table->uplink_count++];
	memset(added, 0, sizeof(*added));
	return added;
}

struct table_host *table_add_host(struct table *table)
{
	struct table_host *hosts = array_grow(table->hosts, table->host_count, sizeof(*hosts));
	if (hosts == NULL) {
		return NULL;
	}
	table->hosts = hosts;
	struct table_host *added = &hosts[table->host_count++];
	memset(added, 0, sizeof(*added));
	return added;
}

static int uplink_compare(const void *a, const void *b)
{
	const struct table_uplink *left = a;
	const struct table_uplink *right = b;
	return (int)left->number - (int)right->number;
}

/*! The order of LMDB: bytes first, then length. */
static int owner_compare(const uint8_t *a, size_t a_length, const uint8_t *b, size_t b_length)
{
	int order = memcmp(a, b, a_length < b_length ? a_length : b_length);
	return order != 0 ? order : (a_length > b_length) - (a_length < b_length);
}

static int host_compare(const void *a, const void *b)
{
	const struct table_host *left = a;
	const struct table_host *right = b;
	return owner_compare(left->owner, left->owner_length, right->owner, right->owner_length);
}

void table_sort(struct table *table)
{
	if (table->uplink_count > 1) {
		qsort(table->uplinks, table->uplink_count, sizeof(*table->uplinks), uplink_compare);
	}
	if (table->host_count > 1) {
		qsort(table->hosts, table->host_count, sizeof(*table->hosts), host_compare);
	}
}

struct table_host *table_find_host(const struct table *table, const uint8_t *owner, size_t length)
{
	size_t low = 0;
	size_t high = table->host_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct table_host *host = &table->hosts[middle];
		int order = owner_compare(owner, length, host->owner, host->owner_length);
		if (order == 0) {
			return host;
		}
		if (order < 0) {
			high = middle;
		} else {
			low = middle + 1;
		}
	}
	return NULL;
}

struct table_uplink *table_find_uplink(const struct table *table, unsigned number)
{
	for (size_t i = 0; i < table->uplink_count; i++) {
		if (table->uplinks[i].number == number) {
			return &table->uplinks[i];
		}
	}
	return NULL;
}

const struct address *table_host_own(const struct table_host *host, unsigned uplink, uint8_t family)
{
	for (size_t i = 0; i < host->own_count; i++) {
		const struct table_own *own = &host->own[i];
		if (own->uplink == uplink && own->address.family == family) {
			return &own->address;
		}
	}
	return NULL;
}

/*! Whether an owner is one name in lower case, no more and no less: others rely on its own lengths. */
static bool is_owner_sound(const struct table_host *host)
{
	size_t at = 0;
	while (at < host->owner_length && host->owner[at] != 0) {
		size_t end = at + 1 + host->owner[at];
		if (host->owner[at] > LABEL_MAX || end >= host->owner_length) {
			return false;
		}
		for (at++; at < end; at++) {
			if (host->owner[at] >= 'A' && host->owner[at] <= 'Z') {
				return false;
			}
		}
	}
	return at + 1 == host->owner_length;
}

/*! Whether a host's order and addresses speak of known uplinks, and each address is the only one. */
static bool is_host_sound(const struct table_host *host, uint64_t known)
{
	if (!is_owner_sound(host) || ((host->ready4 | host->ready6) & ~known) != 0 ||
	    host->policy < 1 || host->policy > 4) {
		return false;
	}
	for (size_t i = 0; i < host->order_count; i++) {
		if (host->order[i] > TABLE_UPLINKS_MAX ||
		    (known & UINT64_C(1) << host->order[i]) == 0) {
			return false;
		}
	}
	for (size_t i = 0; i < host->own_count; i++) {
		const struct table_own *own = &host->own[i];
		if (own->uplink > TABLE_UPLINKS_MAX || (known & UINT64_C(1) << own->uplink) == 0 ||
		    table_host_own(host, own->uplink, own->address.family) != &own->address) {
			return false;
		}
	}
	return true;
}

int table_validate(const struct table *table)
{
	static const uint8_t no_boot[16] = { 0 };
	if (memcmp(table->meta.boot_id, no_boot, sizeof(no_boot)) == 0) {
		return -EBADMSG;
	}

	uint64_t known = 0;
	for (size_t i = 0; i < table->uplink_count; i++) {
		uint64_t bit = UINT64_C(1) << table->uplinks[i].number;
		if ((known & bit) != 0) {
			return -EBADMSG;
		}
		known |= bit;
	}
	for (size_t i = 0; i < table->host_count; i++) {
		if (!is_host_sound(&table->hosts[i], known)) {
			return -EBADMSG;
		}
	}
	return 0;
}

int table_owner_from_text(const char *text, uint8_t *owner)
{
	uint8_t name[TABLE_OWNER_MAX];
	size_t used = 0;
	while (*text != '\0') {
		size_t length = strcspn(text, ".");
		if (length == 0 || length > LABEL_MAX || used + length + 2 > sizeof(name)) {
			return -EINVAL;
		}
		name[used++] = (uint8_t)length;
		for (size_t i = 0; i < length; i++) {
			name[used++] = (uint8_t)tolower((unsigned char)text[i]);
		}
		text += length + (text[length] == '.');
	}
	if (used == 0) {
		return -EINVAL;
	}
	name[used++] = 0;
	memcpy(owner, name, used);
	return (int)used;
}
