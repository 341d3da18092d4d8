/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Entries of the journal as JSON.
 */

#include "table/journal_json.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

const char *journal_time_text(int64_t wall_ms, char *buffer)
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm parts = { 0 };
	char day[JOURNAL_TIME_MAX - 8];
	if (wall_ms < 0 || gmtime_r(&seconds, &parts) == NULL ||
	    strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &parts) == 0) {
		(void)snprintf(buffer, JOURNAL_TIME_MAX, "unknown");
		return buffer;
	}
	(void)snprintf(buffer, JOURNAL_TIME_MAX, "%s.%03uZ", day, (unsigned)(wall_ms % 1000));
	return buffer;
}

json_t *journal_addresses_json(const struct journal_addresses *list)
{
	json_t *array = json_array();
	for (size_t i = 0; i < list->count; i++) {
		char text[ADDRESS_TEXT_MAX];
		(void)json_array_append_new(array,
		                            json_string(address_format(&list->items[i], text)));
	}
	return array;
}

static json_t *known(uint32_t number)
{
	return number == JOURNAL_UNKNOWN ? json_null() : json_integer(number);
}

json_t *journal_text_json(const char *text)
{
	size_t length = strlen(text);
	for (size_t cut = 0; cut < 4 && cut < length; cut++) {
		json_t *string = json_stringn(text, length - cut);
		if (string != NULL) {
			return string;
		}
	}
	return json_null();
}

json_t *journal_entry_json(const struct journal_entry *entry)
{
	char time[JOURNAL_TIME_MAX];
	char boot[2 * sizeof(entry->boot_id) + 1];
	for (size_t i = 0; i < sizeof(entry->boot_id); i++) {
		(void)snprintf(boot + 2 * i, 3, "%02x", entry->boot_id[i]);
	}
	json_t *object = json_pack(
		"{s:I, s:s, s:s, s:I, s:s, s:o, s:o, s:i, s:o, s:o, s:o}", "number",
		(json_int_t)entry->number, "time", journal_time_text(entry->wall_ms, time),
		"boot_id", boot, "boottime_ms", (json_int_t)entry->boot_ms, "event",
		journal_event_name(entry->event), "uplink", journal_text_json(entry->uplink),
		"reason", journal_text_json(entry->reason), "repeated", (int)entry->repeated,
		"connections_removed", known(entry->connections), "before",
		journal_addresses_json(&entry->before), "after",
		journal_addresses_json(&entry->after));
	for (enum journal_step step = 0; object != NULL && step < JOURNAL_STEPS; step++) {
		(void)json_object_set_new(object, journal_step_key(step),
		                          known(entry->step_us[step]));
	}
	return object;
}
