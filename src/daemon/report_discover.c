/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * What was learnt of public addresses, as JSON and in words.
 */

#include <string.h>

#include "daemon/report.h"

static json_int_t seconds_since(uint64_t then_ms)
{
	return (json_int_t)((table_now_ms() - then_ms) / 1000);
}

static bool is_doubted(const struct discover_line *line)
{
	return line->asking && line->known.family != 0 &&
	       (line->refused || line->failures >= DISCOVER_FAILURES);
}

/*! Who tells it: an uplink's id or a server's address. */
static const char *source_of(const struct standing *standing, const struct discover_line *line,
                             char *text)
{
	const struct public_address *how = uplink_discover(
		site_uplink(standing->site, line->uplink), family_number(line->family));
	if (how != NULL && how->address.family != 0) {
		return address_format(&how->address, text);
	}
	return line->source != 0 ? site_uplink(standing->site, line->source)->id : "none";
}

static json_t *report_line(const struct standing *standing, const struct discover_line *line)
{
	char text[ADDRESS_TEXT_MAX];
	json_t *object = json_pack("{s:s, s:s, s:s, s:s}", "family", family_name(line->family),
	                           "state", discover_state_name(line), "from",
	                           source_of(standing, line, text), "detail", line->fault);
	if (line->known.family != 0) {
		json_object_set_new(object, "address",
		                    json_string(address_format(&line->known, text)));
		json_object_set_new(object, "since_s", json_integer(seconds_since(line->since_ms)));
	}
	if (line->heard_ms != 0) {
		json_object_set_new(object, "heard_s", json_integer(seconds_since(line->heard_ms)));
	}
	if (line->tried_ms != 0) {
		json_object_set_new(object, "tried_s", json_integer(seconds_since(line->tried_ms)));
	}
	return object;
}

void report_discover(const struct standing *standing, unsigned uplink, json_t *object)
{
	json_t *lines = json_array();
	for (size_t i = 0; standing->discovered != NULL && i < standing->discovered->count; i++) {
		const struct discover_line *line = &standing->discovered->items[i];
		if (line->uplink == uplink && line->own.family != 0) {
			json_array_append_new(lines, report_line(standing, line));
		}
	}
	if (json_array_size(lines) > 0) {
		json_object_set(object, "discovered", lines);
	}
	json_decref(lines);
}

/*! Whether cross-probes were sent to a family of an uplink, and none came in. */
static bool is_closed(const struct standing *standing, const struct discover_line *line)
{
	size_t unproven = 0;
	for (size_t i = 0; standing->crossed != NULL && i < standing->crossed->count; i++) {
		const struct cross_line *service = &standing->crossed->items[i];
		if (service->uplink != line->uplink || service->family != line->family) {
			continue;
		}
		if (service->state == CROSS_PROVEN || service->state == CROSS_DEAD) {
			return false;
		}
		unproven += service->state == CROSS_UNPROVEN;
	}
	return unproven > 0;
}

void report_discover_warnings(const struct standing *standing, json_t *warnings)
{
	char text[ADDRESS_TEXT_MAX];
	for (size_t i = 0; standing->discovered != NULL && i < standing->discovered->count; i++) {
		const struct discover_line *line = &standing->discovered->items[i];
		if (is_doubted(line)) {
			json_array_append_new(
				warnings,
				json_sprintf("uplink '%s': public address %s is not confirmed: %s",
			                     line->id, address_format(&line->known, text),
			                     line->fault));
		}
		if (line->asking && line->known.family != 0 && !line->shared &&
		    is_closed(standing, line)) {
			json_array_append_new(
				warnings,
				json_sprintf(
					"uplink '%s': behind CGNAT, it seems: inbound "
					"impossible, since nothing that was sent to %s came in",
					line->id, address_format(&line->known, text)));
		}
	}
}

bool report_discover_uplink(const struct standing *standing, const struct uplink_view *view,
                            struct text *text)
{
	bool good = true;
	for (unsigned family = 0; family < FAMILIES; family++) {
		const struct uplink_family *state = &view->family[family];
		const struct discover_line *line =
			discover_find(standing->discovered, view->uplink->id, family);
		char address[ADDRESS_TEXT_MAX];
		char source[ADDRESS_TEXT_MAX];
		if (line == NULL || !state->discovered) {
			continue;
		}
		text_add(text, "%s", text->length > 0 ? "; " : "");
		if (state->hidden || line->known.family == 0) {
			text_add(text, "%s", state->hidden ? state->reason : "not known");
			good = false;
			continue;
		}
		text_add(text, "%s, told by %s", address_format(&line->known, address),
		         line->heard_ms != 0 ? source_of(standing, line, source)
		                             : "what was published before");
		if (is_doubted(line)) {
			text_add(text, ", not confirmed: %s", line->fault);
		}
	}
	return good;
}
