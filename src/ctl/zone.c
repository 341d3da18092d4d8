/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Zones: records by libknot, text that libzscanner has read back.
 */

#include "ctl/zone.h"

#include <ctype.h>
#include <errno.h>
#include <libknot/libknot.h>
#include <libzscanner/scanner.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/array.h"

/*! A record, or a comment if record is NULL. */
struct item {
	knot_rrset_t *record; // With exactly one rdata.
	char *comment;
};

struct zone {
	knot_dname_t apex[KNOT_DNAME_MAXLEN];
	struct item *items;
	size_t count;
	int error; // The first one.
};

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

static void add_record(struct zone *zone, const knot_dname_t *owner, uint16_t type, uint32_t ttl,
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
	add_record(zone, zone->apex, KNOT_RRTYPE_SOA, ttl, rdata, size);
}

void zone_add_ns(struct zone *zone, uint32_t ttl, const char *name_server)
{
	knot_dname_t rdata[KNOT_DNAME_MAXLEN];
	int ret = name_parse(name_server, rdata);
	if (ret != 0) {
		zone_fail(zone, ret);
		return;
	}
	add_record(zone, zone->apex, KNOT_RRTYPE_NS, ttl, rdata, knot_dname_size(rdata));
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
	add_record(zone, name, address->family == AF_INET ? KNOT_RRTYPE_A : KNOT_RRTYPE_AAAA, ttl,
	           address->bytes, address_size(address));
}

static int add_line(struct text *text, const knot_rrset_t *record)
{
	// Escapes take up to four characters an octet; names and numbers of a SOA fit as well.
	char owner[KNOT_DNAME_TXT_MAXLEN + 1];
	char data[4 * KNOT_DNAME_TXT_MAXLEN];
	char type[16];
	if (knot_dname_to_str(owner, record->owner, sizeof(owner)) == NULL ||
	    knot_rrtype_to_string(record->type, type, sizeof(type)) < 0 ||
	    knot_rrset_txt_dump_data(record, 0, data, sizeof(data), &KNOT_DUMP_STYLE_DEFAULT) < 0) {
		return -EINVAL;
	}
	text_add(text, "%-24s %-6u IN %-5s %s\n", owner, record->ttl, type, data);
	return 0;
}

/*! Where the comparison with what was written stands. */
struct reread {
	const struct zone *zone;
	size_t next; // Item that must come next.
	bool differs;
};

static void skip_comments(struct reread *reread)
{
	while (reread->next < reread->zone->count &&
	       reread->zone->items[reread->next].record == NULL) {
		reread->next++;
	}
}

static void compare_record(zs_scanner_t *scanner)
{
	struct reread *reread = scanner->process.data;
	skip_comments(reread);
	if (reread->next == reread->zone->count) {
		reread->differs = true;
		return;
	}
	const knot_rrset_t *record = reread->zone->items[reread->next++].record;
	const knot_rdata_t *rdata = record->rrs.rdata;
	if (scanner->r_type != record->type || scanner->r_class != record->rclass ||
	    scanner->r_ttl != record->ttl ||
	    scanner->r_owner_length != knot_dname_size(record->owner) ||
	    memcmp(scanner->r_owner, record->owner, scanner->r_owner_length) != 0 ||
	    scanner->r_data_length != rdata->len ||
	    memcmp(scanner->r_data, rdata->data, rdata->len) != 0) {
		reread->differs = true;
	}
}

static void note_error(zs_scanner_t *scanner)
{
	struct reread *reread = scanner->process.data;
	reread->differs = true;
}

static int read_back(const struct zone *zone, const struct text *text)
{
	// Relative names must not become right by chance: the root is the origin.
	zs_scanner_t *scanner = malloc(sizeof(*scanner));
	if (scanner == NULL || zs_init(scanner, ".", KNOT_CLASS_IN, 0) != 0) {
		free(scanner);
		return -ENOMEM;
	}
	struct reread reread = { .zone = zone };
	if (zs_set_processing(scanner, compare_record, note_error, &reread) != 0 ||
	    zs_set_input_string(scanner, text->data, text->length) != 0 ||
	    zs_parse_all(scanner) != 0) {
		reread.differs = true;
	}
	zs_deinit(scanner);
	free(scanner);

	skip_comments(&reread);
	return reread.differs || reread.next != zone->count ? -EBADMSG : 0;
}

int zone_text(const struct zone *zone, struct text *text)
{
	if (zone->error != 0) {
		return zone->error;
	}
	struct text own = TEXT_EMPTY;
	int ret = 0;
	for (size_t i = 0; i < zone->count && ret == 0; i++) {
		const struct item *item = &zone->items[i];
		if (item->record != NULL) {
			ret = add_line(&own, item->record);
		} else {
			text_add(&own, "; %s\n", item->comment);
		}
	}
	if (ret == 0 && own.failed) {
		ret = -ENOMEM;
	}
	if (ret == 0) {
		ret = read_back(zone, &own);
	}
	if (ret == 0) {
		text_add(text, "%s", own.data != NULL ? own.data : "");
		ret = text->failed ? -ENOMEM : 0;
	}
	text_free(&own);
	return ret;
}
