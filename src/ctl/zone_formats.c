/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The formats of a parent zone's records, a row each.
 */

#include "ctl/zone_formats.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "ctl/zone_entries.h"

static void entry_free(struct zone_entry *entry)
{
	free(entry->owner);
	free(entry->relative);
	free(entry->type);
	free(entry->data);
	free(entry->txt);
}

static void entries_free(struct zone_entries *entries)
{
	for (size_t i = 0; i < entries->count; i++) {
		entry_free(&entries->items[i]);
	}
	free(entries->items);
}

static int collect(const struct zone_record *record, void *context)
{
	struct zone_entries *entries = context;
	if (record->comment != NULL) {
		return 0;
	}
	struct zone_entry *items = array_grow(entries->items, entries->count, sizeof(*items));
	if (items == NULL) {
		return -ENOMEM;
	}
	entries->items = items;
	// Without «.example.com.»; the owner is inside, the zone has seen to that.
	size_t below = strlen(record->owner) - entries->domain - 1;
	struct zone_entry entry = {
		.owner = strdup(record->owner),
		.relative = strndup(record->owner, below > 0 ? below - 1 : 0),
		.type = strdup(record->type),
		.data = strdup(record->data),
		.txt = record->txt != NULL ? strdup(record->txt) : NULL,
		.ttl = record->ttl,
		.place = entries->count,
	};
	if (entry.owner == NULL || entry.relative == NULL || entry.type == NULL ||
	    entry.data == NULL || (record->txt != NULL && entry.txt == NULL)) {
		entry_free(&entry);
		return -ENOMEM;
	}
	entries->items[entries->count++] = entry;
	return 0;
}

bool zone_same_set(const struct zone_entry *a, const struct zone_entry *b)
{
	return strcmp(a->owner, b->owner) == 0 && strcmp(a->type, b->type) == 0;
}

/*! Strings of JSON are strings of JavaScript and YAML as well. */
static void add_string(struct text *text, const char *value)
{
	json_t *string = json_string(value);
	char *dump =
		string != NULL ? json_dumps(string, JSON_ENCODE_ANY | JSON_ENSURE_ASCII) : NULL;
	text_add(text, "%s", dump != NULL ? dump : "");
	text->failed = text->failed || dump == NULL;
	free(dump);
	json_decref(string);
}

struct comments {
	struct text *text;
	const char *sign;
};

static int add_comment(const struct zone_record *record, void *context)
{
	const struct comments *comments = context;
	if (record->comment != NULL) {
		text_add(comments->text, "%s   %s\n", comments->sign, record->comment);
	} else {
		text_add(comments->text, "%s   %s %u IN %s %s\n", comments->sign, record->owner,
		         record->ttl, record->type, record->data);
	}
	return 0;
}

static int note_record(const struct zone_record *record, void *context)
{
	return record->comment == NULL ? 1 : 0;
}

int zone_format_comments(const struct zone *zone, const char *sign, const char *title,
                         struct text *text)
{
	int ret = zone_each(zone, note_record, NULL);
	if (ret <= 0) {
		return ret;
	}
	struct comments comments = { text, sign };
	text_add(text, "%s\n%s %s\n", sign, sign, title);
	return zone_each(zone, add_comment, &comments);
}

int zone_format_foot(const struct zone_parent *parent, const char *sign, struct text *text)
{
	int ret = zone_format_comments(parent->elsewhere, sign,
	                               "For the zones that hold these names:", text);
	return ret != 0 ? ret
	                : zone_format_comments(parent->pointers, sign, ZONE_POINTERS_TITLE, text);
}

void zone_format_head(const char *domain, const char *sign, struct text *text)
{
	text_add(text,
	         "%s %s: what the zone must hold beside its own records.\n"
	         "%s Made by multihomectl from the site file: change that one, not this.\n",
	         sign, domain, sign);
}

static int format_zone(const char *domain, const struct zone_parent *parent,
                       const struct zone_entries *entries, struct text *text)
{
	zone_format_head(domain, ";", text);
	int ret = zone_text(parent->domain, text);
	return ret != 0 ? ret : zone_format_foot(parent, ";", text);
}

/*! «10 mail-gw-1.example.com.» */
static const char *split_mx(const char *data, int *length)
{
	const char *space = strchr(data, ' ');
	*length = (int)(space - data);
	return space + 1;
}

/*! As octoDNS demands it of its files: numbers in names count as numbers (natsort). */
static int compare_natural(const char *a, const char *b)
{
	while (*a != '\0' && *b != '\0') {
		size_t words[] = { strcspn(a, "0123456789"), strcspn(b, "0123456789") };
		size_t least = words[0] < words[1] ? words[0] : words[1];
		int order = strncmp(a, b, least);
		if (order != 0 || words[0] != words[1]) {
			return order != 0 ? order : words[0] < words[1] ? -1 : 1;
		}
		a += words[0] + strspn(a + words[0], "0");
		b += words[1] + strspn(b + words[1], "0");
		size_t digits[] = { strspn(a, "0123456789"), strspn(b, "0123456789") };
		order = digits[0] != digits[1] ? (digits[0] < digits[1] ? -1 : 1)
		                               : strncmp(a, b, digits[0]);
		if (order != 0) {
			return order;
		}
		a += digits[0];
		b += digits[1];
	}
	return (*a != '\0') - (*b != '\0');
}

static int compare_entries(const void *first, const void *second)
{
	const struct zone_entry *a = first;
	const struct zone_entry *b = second;
	int order = compare_natural(a->relative, b->relative);
	order = order != 0 ? order : strcmp(a->relative, b->relative);
	order = order != 0 ? order : strcmp(a->type, b->type);
	return order != 0 ? order : a->place < b->place ? -1 : a->place > b->place;
}

static void add_octodns_value(struct text *text, const struct zone_entry *entry)
{
	int length;
	text_add(text, "      - ");
	if (strcmp(entry->type, "MX") == 0) {
		text_add(text, "exchange: ");
		add_string(text, split_mx(entry->data, &length));
		text_add(text, "\n        preference: %.*s\n", length, entry->data);
		return;
	}
	struct text value = TEXT_EMPTY;
	const char *source = entry->txt != NULL ? entry->txt : entry->data;
	for (const char *c = source; *c != '\0'; c++) {
		text_add(&value, entry->txt != NULL && *c == ';' ? "\\%c" : "%c", *c);
	}
	add_string(text, value.data != NULL ? value.data : "");
	text_add(text, "\n");
	text->failed = text->failed || value.failed;
	text_free(&value);
}

static int format_octodns(const char *domain, const struct zone_parent *parent,
                          const struct zone_entries *entries, struct text *text)
{
	zone_format_head(domain, "#", text);
	text_add(text,
	         "# A zone file of octoDNS: merge it with the one that you have, %s.yaml.\n---\n",
	         domain);
	qsort(entries->items, entries->count, sizeof(*entries->items), compare_entries);
	for (size_t i = 0; i < entries->count; i++) {
		const struct zone_entry *entry = &entries->items[i];
		const struct zone_entry *before = i > 0 ? entry - 1 : NULL;
		if (before == NULL || strcmp(before->owner, entry->owner) != 0) {
			add_string(text, entry->relative);
			text_add(text, ":\n");
		}
		if (before == NULL || !zone_same_set(before, entry)) {
			text_add(text, "  - ttl: %u\n    type: %s\n    values:\n", entry->ttl,
			         entry->type);
		}
		add_octodns_value(text, entry);
	}
	return zone_format_foot(parent, "#", text);
}

static int format_dnscontrol(const char *domain, const struct zone_parent *parent,
                             const struct zone_entries *entries, struct text *text)
{
	zone_format_head(domain, "//", text);
	text_add(text,
	         "// For dnsconfig.js of DNSControl, behind the domain's own D().\nD_EXTEND(");
	add_string(text, domain);
	for (size_t i = 0; i < entries->count; i++) {
		const struct zone_entry *entry = &entries->items[i];
		const char *value = entry->txt != NULL ? entry->txt : entry->data;
		text_add(text, ",\n\t%s(", entry->type);
		add_string(text, entry->relative[0] != '\0' ? entry->relative : "@");
		text_add(text, ", ");
		if (strcmp(entry->type, "MX") == 0) {
			int length;
			value = split_mx(entry->data, &length);
			text_add(text, "%.*s, ", length, entry->data);
		}
		add_string(text, value);
		text_add(text, ", TTL(%u))", entry->ttl);
	}
	text_add(text, "\n);\n");
	return zone_format_foot(parent, "//", text);
}

static int add_json(const struct zone_record *record, void *context)
{
	if (record->comment != NULL) {
		return 0;
	}
	json_t *json =
		json_pack("{s:s, s:I, s:s, s:s}", "name", record->owner, "ttl",
	                  (json_int_t)record->ttl, "type", record->type, "data", record->data);
	return json_array_append_new(context, json) == 0 ? 0 : -ENOMEM;
}

static int format_json(const char *domain, const struct zone_parent *parent,
                       const struct zone_entries *entries, struct text *text)
{
	const struct {
		const char *key;
		const struct zone *zone;
	} parts[] = {
		{ "records", parent->domain },
		{ "elsewhere", parent->elsewhere },
		{ "pointers", parent->pointers },
	};
	json_t *json = json_pack("{s:s+}", "zone", domain, ".");
	int ret = json != NULL ? 0 : -ENOMEM;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && ret == 0; i++) {
		json_t *array = json_array();
		ret = zone_each(parts[i].zone, add_json, array);
		if (json_object_set_new(json, parts[i].key, array) != 0) {
			ret = -ENOMEM;
		}
	}
	char *dump = ret == 0 ? json_dumps(json, JSON_INDENT(2)) : NULL;
	if (ret == 0 && dump == NULL) {
		ret = -ENOMEM;
	}
	text_add(text, "%s\n", dump != NULL ? dump : "");
	free(dump);
	json_decref(json);
	return ret;
}

static const struct {
	const char *name;
	int (*write)(const char *domain, const struct zone_parent *parent,
	             const struct zone_entries *entries, struct text *text);
} formats[] = {
	{ "zone", format_zone },       { "nsupdate", zone_format_nsupdate },
	{ "octodns", format_octodns }, { "dnscontrol", format_dnscontrol },
	{ "json", format_json },
};

int zone_format(const char *format, const char *domain, const struct zone_parent *parent,
                struct text *text, struct text *error)
{
	const size_t count = sizeof(formats) / sizeof(formats[0]);
	size_t i = 0;
	while (format != NULL && i < count && strcmp(formats[i].name, format) != 0) {
		i++;
	}
	if (i == count) {
		text_add(error,
		         "--format '%s', must be zone, nsupdate, octodns, dnscontrol or json",
		         format);
		return -EINVAL;
	}

	struct zone_entries entries = { .domain = strlen(domain) };
	struct text own = TEXT_EMPTY;
	int ret = zone_each(parent->domain, collect, &entries);
	if (ret == 0) {
		ret = formats[i].write(domain, parent, &entries, &own);
	}
	if (ret == 0 && !own.failed) {
		text_add(text, "%s", own.data != NULL ? own.data : "");
	}
	if (ret == 0 && (own.failed || text->failed)) {
		ret = -ENOMEM;
	}
	if (ret != 0) {
		text_add(error, "zone '%s', failed to write its records (%s)", domain,
		         strerror(-ret));
	}
	text_free(&own);
	entries_free(&entries);
	return ret;
}
