/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Records as a dynamic update that may be sent any number of times.
 */

#include <string.h>

#include "ctl/zone_entries.h"

/*! Whether no earlier entry has the same owner, and the same type if asked for. */
static bool is_first(const struct zone_entries *entries, size_t index, bool type)
{
	for (size_t i = 0; i < index; i++) {
		const struct zone_entry *a = &entries->items[i];
		const struct zone_entry *b = &entries->items[index];
		if (type ? zone_same_set(a, b) : strcmp(a->owner, b->owner) == 0) {
			return false;
		}
	}
	return true;
}

/*! TXT records beside SPF belong to others: site verifications and the like. */
static bool is_shared(const struct zone_entry *entry)
{
	return entry->txt != NULL && strncmp(entry->txt, "v=spf1 ", 7) == 0;
}

/*! A name with addresses is ours alone: a family that an uplink has lost must go. */
static bool is_address(const struct zone_entry *entry)
{
	return strcmp(entry->type, "A") == 0 || strcmp(entry->type, "AAAA") == 0;
}

/*
 * RFC 2136 section 3.4.2.2: what is added beside a CNAME is silently ignored; addresses below a
 * delegation would be lost as silently. So both must be absent, or nothing is changed.
 */
static void add_prerequisites(const char *domain, const struct zone_entries *entries,
                              struct text *text)
{
	text_add(text, "prereq yxrrset %s. SOA\n", domain);
	for (size_t i = 0; i < entries->count; i++) {
		const struct zone_entry *entry = &entries->items[i];
		if (is_first(entries, i, false)) {
			text_add(text, "prereq nxrrset %s CNAME\n", entry->owner);
		}
		if (strcmp(entry->type, "NS") == 0 && is_first(entries, i, true)) {
			text_add(text, "prereq nxrrset %s A\nprereq nxrrset %s AAAA\n",
			         entry->owner, entry->owner);
		}
	}
}

/*! An SPF record that was ours; two of them would be a fault (RFC 7208 section 4.5). */
static int delete_earlier(const struct zone_record *record, void *context)
{
	struct text *text = context;
	if (record->txt != NULL && strncmp(record->txt, "v=spf1 ", 7) == 0) {
		text_add(text, "update delete %s TXT %s\n", record->owner, record->data);
	}
	return 0;
}

int zone_format_nsupdate(const char *domain, const struct zone_parent *parent,
                         const struct zone_entries *entries, struct text *text)
{
	zone_format_head(domain, ";", text);
	text_add(text,
	         "; For nsupdate(1) or knsupdate(1). It may be sent again: sets of records are\n"
	         "; replaced as a whole, but for TXT beside SPF, which stays.\n"
	         "; NXRRSET: the server has no such zone. YXRRSET: one of the names has an alias,\n"
	         "; or a delegated one still has addresses in this zone; delete these first.\n");
	for (size_t i = 0; i < entries->count; i++) {
		if (is_shared(&entries->items[i]) && parent->earlier == NULL) {
			text_add(text, "; An earlier SPF record of %s is to be deleted by hand.\n",
			         entries->items[i].owner);
		}
	}
	text_add(text, "zone %s.\n", domain);
	add_prerequisites(domain, entries, text);
	for (size_t i = 0; i < entries->count; i++) {
		const struct zone_entry *entry = &entries->items[i];
		if (is_address(entry) && is_first(entries, i, false)) {
			text_add(text, "update delete %s A\nupdate delete %s AAAA\n", entry->owner,
			         entry->owner);
		} else if (!is_address(entry) && !is_shared(entry) && is_first(entries, i, true)) {
			text_add(text, "update delete %s %s\n", entry->owner, entry->type);
		}
	}
	if (parent->earlier != NULL) {
		int ret = zone_each(parent->earlier, delete_earlier, text);
		if (ret != 0) {
			return ret;
		}
	}
	for (size_t i = 0; i < entries->count; i++) {
		const struct zone_entry *entry = &entries->items[i];
		text_add(text, "update add %s %u %s %s\n", entry->owner, entry->ttl, entry->type,
		         entry->data);
	}
	text_add(text, "send\n");
	return zone_format_foot(parent, ";", text);
}
