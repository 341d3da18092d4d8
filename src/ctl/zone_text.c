/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The text of a zone: printed by libknot, read back by libzscanner.
 */

#include <errno.h>
#include <libknot/libknot.h>
#include <libzscanner/scanner.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/zone.h"
#include "ctl/zone_private.h"

/*! The strings of a TXT record in a row, as those who read SPF take them (RFC 7208 section 3.3). */
static char *txt_join(const knot_rdata_t *rdata)
{
	char *joined = malloc((size_t)rdata->len + 1);
	size_t length = 0;
	for (size_t i = 0; joined != NULL && i < rdata->len; i += 1u + rdata->data[i]) {
		memcpy(joined + length, rdata->data + i + 1, rdata->data[i]);
		length += rdata->data[i];
	}
	if (joined != NULL) {
		joined[length] = '\0';
	}
	return joined;
}

static int visit(const knot_rrset_t *record,
                 int (*each)(const struct zone_record *record, void *context), void *context)
{
	// Escapes take up to four characters an octet, names of types and parameters a few more.
	const knot_rdata_t *rdata = record->rrs.rdata;
	size_t size = 16 * (size_t)rdata->len + 1024;
	char *data = malloc(size);
	char *txt = record->type == KNOT_RRTYPE_TXT ? txt_join(rdata) : NULL;
	char owner[KNOT_DNAME_TXT_MAXLEN + 1];
	char type[16];
	int ret = 0;
	if (data == NULL || (record->type == KNOT_RRTYPE_TXT && txt == NULL)) {
		ret = -ENOMEM;
	} else if (knot_dname_to_str(owner, record->owner, sizeof(owner)) == NULL ||
	           knot_rrtype_to_string(record->type, type, sizeof(type)) < 0 ||
	           knot_rrset_txt_dump_data(record, 0, data, size, &KNOT_DUMP_STYLE_DEFAULT) < 0) {
		ret = -EINVAL;
	} else {
		// libknot 3.2 ends CAA with a space.
		for (size_t end = strlen(data); end > 0 && data[end - 1] == ' '; end--) {
			data[end - 1] = '\0';
		}
		ret = each(&(struct zone_record){ .owner = owner,
		                                  .ttl = record->ttl,
		                                  .type = type,
		                                  .data = data,
		                                  .txt = txt },
		           context);
	}
	free(txt);
	free(data);
	return ret;
}

int zone_each(const struct zone *zone, int (*each)(const struct zone_record *record, void *context),
              void *context)
{
	int ret = zone->error;
	for (size_t i = 0; i < zone->count && ret == 0; i++) {
		const struct item *item = &zone->items[i];
		ret = item->record != NULL
		              ? visit(item->record, each, context)
		              : each(&(struct zone_record){ .comment = item->comment }, context);
	}
	return ret;
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
	    zs_set_input_string(scanner, text->data != NULL ? text->data : "", text->length) != 0 ||
	    zs_parse_all(scanner) != 0) {
		reread.differs = true;
	}
	zs_deinit(scanner);
	free(scanner);

	skip_comments(&reread);
	return reread.differs || reread.next != zone->count ? -EBADMSG : 0;
}

static int add_line(const struct zone_record *record, void *context)
{
	struct text *text = context;
	if (record->comment != NULL) {
		text_add(text, record->comment[0] != '\0' ? "; %s\n" : ";\n", record->comment);
	} else {
		text_add(text, "%-24s %-6u IN %-5s %s\n", record->owner, record->ttl, record->type,
		         record->data);
	}
	return 0;
}

int zone_text(const struct zone *zone, struct text *text)
{
	struct text own = TEXT_EMPTY;
	int ret = zone_each(zone, add_line, &own);
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
