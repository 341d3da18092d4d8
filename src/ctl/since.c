/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Points in the past.
 */

#include "ctl/since.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/*! A number and its unit; «10m» and the like. */
static int parse_duration(const char *text, uint64_t *ms)
{
	static const struct {
		char letter;
		uint64_t ms;
	} units[] = { { 's', 1000 }, { 'm', 60000 }, { 'h', 3600000 }, { 'd', 86400000 } };
	char *end;
	if (text[0] < '0' || text[0] > '9') {
		return -EINVAL;
	}
	errno = 0;
	unsigned long number = strtoul(text, &end, 10);
	if (errno != 0 || number > 1000000 || end[0] == '\0' || end[1] != '\0') {
		return -EINVAL;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (units[i].letter == *end) {
			*ms = number * units[i].ms;
			return 0;
		}
	}
	return -EINVAL;
}

/*! In local time, as the history prints it. */
static int parse_date(const char *text, int64_t *wall_ms)
{
	static const char *const forms[] = { "%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S",
		                             "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S" };
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct tm parts = { .tm_isdst = -1 };
		const char *end = strptime(text, forms[i], &parts);
		if (end != NULL && *end == '\0') {
			parts.tm_isdst = -1;
			*wall_ms = (int64_t)mktime(&parts) * 1000;
			return 0;
		}
	}
	return -EINVAL;
}

int since_parse(const char *text, const struct journal_entry *now, struct since *since)
{
	struct since parsed = { 0 };
	uint64_t ms = 0;
	if (parse_duration(text, &ms) == 0) {
		parsed.relative = true;
		parsed.wall_ms = now->wall_ms - (int64_t)ms;
		parsed.boot_ms = now->boot_ms > ms ? now->boot_ms - ms : 0;
		memcpy(parsed.boot_id, now->boot_id, sizeof(parsed.boot_id));
	} else if (parse_date(text, &parsed.wall_ms) != 0) {
		return -EINVAL;
	}
	*since = parsed;
	return 0;
}

bool since_has(const struct since *since, const struct journal_entry *entry)
{
	// A clock that was set meanwhile does not make ten minutes shorter.
	if (since->relative &&
	    memcmp(since->boot_id, entry->boot_id, sizeof(since->boot_id)) == 0) {
		return entry->boot_ms >= since->boot_ms;
	}
	return entry->wall_ms >= since->wall_ms;
}
