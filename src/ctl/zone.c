/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Zones: records in wire form, by libknot.
 */

#include "ctl/zone.h"

#include <ctype.h>
#include <errno.h>
#include <libknot/libknot.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/array.h"
#include "ctl/zone_private.h"

/*! Names in the presentation form of RFC 1035 section 5.1, in lower case. */
static int name_parse(const char *text, knot_dname_t *name)
{
	if (knot_dname_from_str(name, text, KNOT_DNAME_MAXLEN) == NULL) {
		return -EINVAL;
	}
	knot_dname_to_lower(name);
	return 0;
}

int zone_new(const char *apex, struct zone **zone)
{
	struct zone *new = calloc(1, sizeof(*new));
	if (new == NULL) {
		return -ENOMEM;
	}
	int ret = name_parse(apex, new->apex);
	if (ret != 0) {
		free(new);
		return ret;
	}
	*zone = new;
	return 0;
}

void zone_free(struct zone *zone)
{
	if (zone == NULL) {
		return;
	}
	for (size_t i = 0; i < zone->count; i++) {
		knot_rrset_free(zone->items[i].record, NULL);
		free(zone->items[i].comment);
	}
	free(zone->items);
	free(zone);
}

static void zone_fail(struct zone *zone, int error)
{
	if (zone->error == 0) {
		zone->error = error;
	}
}

/*! Takes over what the item holds, also on failure. */
static void add_item(struct zone *zone, struct item item)
{
	struct item *items = array_grow(zone->items, zone->count, sizeof(*items));
	if (items == NULL) {
		knot_rrset_free(item.record, NULL);
		free(item.comment);
		zone_fail(zone, -ENOMEM);
		return;
	}
	zone->items = items;
	zone->items[zone->count++] = item;
}

void zone_comment(struct zone *zone, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	char *comment = NULL;
	int length = vasprintf(&comment, format, args);
	va_end(args);
	if (length < 0) {
		zone_fail(zone, -ENOMEM);
		return;
	}

	// A line break would turn the rest of the comment into records.
	for (char *c = comment; *c != '\0'; c++) {
		if (iscntrl((unsigned char)*c)) {
			*c = '?';
		}
	}
	add_item(zone, (struct item){ .comment = comment });
}

void zone_add_rdata(struct zone *zone, const knot_dname_t *owner, uint16_t type, uint32_t ttl,
                    const uint8_t *rdata, size_t size)
{
	if (knot_dname_in_bailiwick(owner, zone->apex) < 0) {
		zone_fail(zone, -EINVAL);
		return;
	}
	knot_rrset_t *record = knot_rrset_new(owner, type, KNOT_CLASS_IN, ttl, NULL);
	if (record == NULL ||
	    knot_rrset_add_rdata(record, rdata, (uint16_t)size, NULL) != KNOT_EOK) {
		knot_rrset_free(record, NULL);
		zone_fail(zone, -ENOMEM);
		return;
	}
	add_item(zone, (struct item){ .record = record });
}

void zone_add_soa(struct zone *zone, uint32_t ttl, const struct zone_soa *soa)
{
	uint8_t rdata[2 * KNOT_DNAME_MAXLEN + 5 * sizeof(uint32_t)];
	int ret = name_parse(soa->mname, rdata);
	if (ret != 0) {
		zone_fail(zone, ret);
		return;
	}
	size_t size = knot_dname_size(rdata);
	ret = name_parse(soa->rname, rdata + size);
	if (ret != 0) {
		zone_fail(zone, ret);
		return;
	}
	size += knot_dname_size(rdata + size);

	const uint32_t numbers[] = { soa->serial, soa->refresh, soa->retry, soa->expire,
		                     soa->minimum };
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		knot_wire_write_u32(rdata + size, numbers[i]);
		size += sizeof(uint32_t);
	}
	zone_add_rdata(zone, zone->apex, KNOT_RRTYPE_SOA, ttl, rdata, size);
}

static void add_target(struct zone *zone, const knot_dname_t *owner, uint16_t type, uint32_t ttl,
                       const char *target)
{
	knot_dname_t rdata[KNOT_DNAME_MAXLEN];
	int ret = name_parse(target, rdata);
	if (ret != 0) {
		zone_fail(zone, ret);
		return;
	}
	zone_add_rdata(zone, owner, type, ttl, rdata, knot_dname_size(rdata));
}

void zone_add_ns(struct zone *zone, uint32_t ttl, const char *name_server)
{
	add_target(zone, zone->apex, KNOT_RRTYPE_NS, ttl, name_server);
}

void zone_add_delegation(struct zone *zone, const char *owner, uint32_t ttl,
                         const char *name_server)
{
	knot_dname_t name[KNOT_DNAME_MAXLEN];
	int ret = name_parse(owner, name);
	if (ret != 0) {
		zone_fail(zone, ret);
		return;
	}
	add_target(zone, name, KNOT_RRTYPE_NS, ttl, name_server);
}

/*! RFC 1035 section 3.5 and RFC 3596 section 2.5. */
void zone_add_pointer(struct zone *zone, const struct address *address, uint32_t ttl,
                      const char *name)
{
	char owner[4 * sizeof(address->bytes) + sizeof("ip6.arpa.")] = "";
	size_t length = 0;
	for (size_t i = address_size(address); i > 0; i--) {
		unsigned byte = address->bytes[i - 1];
		length += (size_t)(address->family == AF_INET
		                           ? snprintf(owner + length, sizeof(owner) - length, "%u.",
		                                      byte)
		                           : snprintf(owner + length, sizeof(owner) - length,
		                                      "%x.%x.", byte & 15, byte >> 4));
	}
	(void)snprintf(owner + length, sizeof(owner) - length, "%s",
	               address->family == AF_INET ? "in-addr.arpa." : "ip6.arpa.");
	knot_dname_t wire[KNOT_DNAME_MAXLEN];
	int ret = name_parse(owner, wire);
	if (ret != 0) {
		zone_fail(zone, ret);
		return;
	}
	add_target(zone, wire, KNOT_RRTYPE_PTR, ttl, name);
}

void zone_add_mx(struct zone *zone, const char *owner, uint32_t ttl, uint16_t preference,
                 const char *exchange)
{
	knot_dname_t name[KNOT_DNAME_MAXLEN];
	uint8_t rdata[sizeof(preference) + KNOT_DNAME_MAXLEN];
	if (name_parse(owner, name) != 0 || name_parse(exchange, rdata + sizeof(preference)) != 0) {
		zone_fail(zone, -EINVAL);
		return;
	}
	knot_wire_write_u16(rdata, preference);
	zone_add_rdata(zone, name, KNOT_RRTYPE_MX, ttl, rdata,
	               sizeof(preference) + knot_dname_size(rdata + sizeof(preference)));
}

void zone_add_txt(struct zone *zone, const char *owner, uint32_t ttl, const char *value)
{
	knot_dname_t name[KNOT_DNAME_MAXLEN];
	size_t left = strlen(value);
	size_t size = left + left / UINT8_MAX + 1;
	uint8_t *rdata = size <= UINT16_MAX ? malloc(size) : NULL;
	if (rdata == NULL || name_parse(owner, name) != 0) {
		free(rdata);
		zone_fail(zone, size <= UINT16_MAX && rdata == NULL ? -ENOMEM : -EINVAL);
		return;
	}
	size = 0;
	do {
		uint8_t part = left > UINT8_MAX ? UINT8_MAX : (uint8_t)left;
		rdata[size] = part;
		memcpy(rdata + size + 1, value, part);
		size += 1u + part;
		value += part;
		left -= part;
	} while (left > 0);
	zone_add_rdata(zone, name, KNOT_RRTYPE_TXT, ttl, rdata, size);
	free(rdata);
}

void zone_add_address(struct zone *zone, const char *owner, uint32_t ttl,
                      const struct address *address)
{
	knot_dname_t name[KNOT_DNAME_MAXLEN];
	int ret = name_parse(owner, name);
	if (ret != 0) {
		zone_fail(zone, ret);
		return;
	}
	zone_add_rdata(zone, name, address->family == AF_INET ? KNOT_RRTYPE_A : KNOT_RRTYPE_AAAA,
	               ttl, address->bytes, address_size(address));
}

void zone_copy(struct zone *zone, const struct zone *other)
{
	for (size_t i = 0; i < other->count; i++) {
		const knot_rrset_t *record = other->items[i].record;
		if (record != NULL && knot_dname_in_bailiwick(record->owner, zone->apex) >= 0) {
			zone_add_rdata(zone, record->owner, record->type, record->ttl,
			               record->rrs.rdata->data, record->rrs.rdata->len);
		}
	}
}
