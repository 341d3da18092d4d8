/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Validation of a site: its own numbers, and what the other checks share.
 */

#include "site/check.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static int compare_marks(struct mark a, struct mark b)
{
	if (a.line != b.line) {
		return a.line < b.line ? -1 : 1;
	}
	return a.column < b.column ? -1 : a.column > b.column;
}

static int compare_named(const void *first, const void *second)
{
	const struct named *a = first;
	const struct named *b = second;
	int order = strcmp(a->name, b->name);
	return order != 0 ? order : compare_marks(a->mark, b->mark);
}

void check_duplicates(const struct check *check, struct named *names, size_t count,
                      const char *what, const char *remedy)
{
	if (count == 0) {
		return;
	}
	qsort(names, count, sizeof(*names), compare_named);
	const struct named *first = &names[0];
	for (size_t i = 1; i < count; i++) {
		if (strcmp(names[i].name, first->name) != 0) {
			first = &names[i];
			continue;
		}
		report_error(check->report, names[i].mark,
		             "%s '%s' is there twice (first at line %u): %s", what, names[i].name,
		             first->mark.line, remedy);
	}
}

static int compare_owned(const void *first, const void *second)
{
	const struct owned_address *a = first;
	const struct owned_address *b = second;
	int order = address_compare(&a->address, &b->address);
	return order != 0 ? order : compare_marks(a->mark, b->mark);
}

void check_address_duplicates(const struct check *check, struct owned_address *addresses,
                              size_t count, bool same_uplink, const char *what)
{
	if (count == 0) {
		return;
	}
	qsort(addresses, count, sizeof(*addresses), compare_owned);
	const struct owned_address *first = &addresses[0];
	for (size_t i = 1; i < count; i++) {
		const struct owned_address *next = &addresses[i];
		if (!address_equal(&next->address, &first->address)) {
			first = next;
			continue;
		}
		char text[ADDRESS_TEXT_MAX];
		if (next->uplink != first->uplink || same_uplink) {
			report_error(check->report, next->mark,
			             "%s %s is there twice (first at line %u): %s", what,
			             address_format(&next->address, text), first->mark.line,
			             next->uplink != first->uplink ? "each uplink needs its own"
			                                           : "keep one");
		}
	}
}

// The smallest mask with room for the uplinks, beside the bits that the file asks for.
static uint32_t fitting_mask(uint32_t mask, size_t uplinks)
{
	unsigned bits = 1;
	while ((UINT64_C(1) << bits) <= uplinks) {
		bits++;
	}
	unsigned lowest = mask != 0 ? (unsigned)__builtin_ctz(mask) : 24;
	if (lowest + bits > 32) {
		lowest = 32 - bits;
	}
	return (uint32_t)(((UINT64_C(1) << bits) - 1) << lowest);
}

static void check_mask(const struct check *check)
{
	const struct site *site = check->site;
	struct mark mark = marks_find(check->marks, &site->fwmark_mask);
	uint32_t mask = site->fwmark_mask;
	uint32_t fitting = fitting_mask(mask, site->uplink_count);
	uint32_t run = mask != 0 ? mask >> __builtin_ctz(mask) : 0;

	if (mask == 0) {
		report_error(check->report, mark,
		             "fwmark-mask has no bit: use one such as 0x%08" PRIx32, fitting);
	} else if ((run & (run + 1)) != 0) {
		report_error(check->report, mark,
		             "fwmark-mask 0x%08" PRIx32 " has a gap between its bits: use one "
		             "without, such as 0x%08" PRIx32,
		             mask, fitting);
	} else if (site->uplink_count > run && site->uplink_count <= SITE_UPLINKS_MAX) {
		report_error(check->report, mark,
		             "fwmark-mask 0x%08" PRIx32 " has room for %" PRIu32
		             ", not for %zu uplinks: use 0x%08" PRIx32 ", or fewer uplinks",
		             mask, run, site->uplink_count, fitting);
	}
}

// 253 to 255 are default, main and local (rtnetlink.h, enum rt_class_t).
static void check_tables(const struct check *check)
{
	const struct site *site = check->site;
	struct mark mark = marks_find(check->marks, &site->route_table);
	uint64_t first = site->route_table;
	uint64_t last = first + SITE_UPLINKS_MAX + 1;
	if (last > UINT32_MAX) {
		report_error(check->report, mark,
		             "route-table %" PRIu64 " leaves no number for the uplinks' tables: "
		             "use one below %" PRIu64,
		             first, (uint64_t)UINT32_MAX - SITE_UPLINKS_MAX);
	} else if (first <= 255 && last >= 253) {
		report_error(check->report, mark,
		             "route tables %" PRIu64 " to %" PRIu64 " of the site touch the "
		             "kernel's own 253 to 255: let route-table begin at 256 or above",
		             first, last);
	}
}

static int check_lan(const struct check *check)
{
	const struct site *site = check->site;
	struct named *names = calloc(site->lan.count + 1, sizeof(*names));
	if (names == NULL) {
		return -ENOMEM;
	}
	for (size_t i = 0; i < site->lan.count; i++) {
		names[i].name = site->lan.items[i];
		names[i].mark = marks_find(check->marks, &site->lan.items[i]);
	}
	check_duplicates(check, names, site->lan.count, "lan interface", "keep one");
	free(names);

	if (site->hairpin && site->lan.count == 0) {
		report_error(
			check->report, marks_find(check->marks, &site->hairpin),
			"hairpin needs the inside interfaces: write key 'lan', or turn it off");
	}
	return 0;
}

int check_site(const struct check *check)
{
	const struct site *site = check->site;
	if (site->uplink_count > SITE_UPLINKS_MAX) {
		const struct uplink *first = &site->uplinks[SITE_UPLINKS_MAX];
		report_error(check->report, marks_find(check->marks, &first->id),
		             "uplink number %u is one too many: a site has at most %d",
		             first->number, SITE_UPLINKS_MAX);
	}
	check_mask(check);
	check_tables(check);
	check_cross(check);

	static int (*const checks[])(const struct check *check) = {
		check_lan,   check_uplinks, check_servers, check_provider,
		check_names, check_mail,    check_ports,
	};
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		int ret = checks[i](check);
		if (ret != 0) {
			return ret;
		}
	}
	return 0;
}
