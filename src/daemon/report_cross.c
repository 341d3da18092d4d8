/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * What cross-probes have found, as JSON and in words.
 */

#include <netinet/in.h>
#include <string.h>

#include "daemon/report.h"

static json_int_t seconds_since(uint64_t then_ms)
{
	return (json_int_t)((table_now_ms() - then_ms) / 1000);
}

static bool is_bad(const struct cross_line *line)
{
	return line->state == CROSS_DEAD || line->state == CROSS_UNPROVEN;
}

/*! Why a line is as it is: where its last attempt died, or why there is none. */
static void add_detail(const struct standing *standing, const struct cross_line *line,
                       struct text *text)
{
	if (line->idle != NULL) {
		text_add(text, "not probed: %s", line->idle);
	} else if (line->failures == 0 && line->state == CROSS_UNKNOWN) {
		text_add(text, line->tried_ms == 0 ? "not probed yet" : "not probed again yet");
	} else {
		cross_where(line, standing->site, text);
	}
}

static json_t *report_line(const struct standing *standing, const struct cross_line *line)
{
	struct text service = TEXT_EMPTY;
	struct text detail = TEXT_EMPTY;
	cross_service(line, &service);
	add_detail(standing, line, &detail);
	json_t *object =
		json_pack("{s:s*, s:s, s:s, s:s}", "service", service.data, "family",
	                  family_name(line->family), "state", cross_state_name(line->state),
	                  "detail", detail.data != NULL ? detail.data : "");
	if (is_bad(line)) {
		json_object_set_new(object, "died",
		                    json_string(cross_death_name(cross_death(line))));
	}
	if (line->state != CROSS_UNKNOWN) {
		json_object_set_new(object, "since_s", json_integer(seconds_since(line->since_ms)));
	}
	if (line->tried_ms != 0) {
		const struct uplink *source = site_uplink(standing->site, line->last.source);
		json_object_set_new(object, "tried_s", json_integer(seconds_since(line->tried_ms)));
		json_object_set_new(object, "from", json_string(source->id));
	}
	if (line->client_ms != 0) {
		json_object_set_new(object, "client_s",
		                    json_integer(seconds_since(line->client_ms)));
	}
	if (line->tried_ms != 0 && line->last.result == CROSS_GOOD) {
		json_object_set_new(object, "rtt_ms", json_real(line->last.rtt_us / 1000.0));
	}
	text_free(&service);
	text_free(&detail);
	return object;
}

void report_cross(const struct standing *standing, unsigned uplink, json_t *object)
{
	size_t proven = 0;
	if (standing->crossed == NULL) {
		return;
	}
	json_t *lines = json_array();
	for (size_t i = 0; i < standing->crossed->count; i++) {
		const struct cross_line *line = &standing->crossed->items[i];
		if (line->uplink == uplink) {
			proven += line->state == CROSS_PROVEN;
			json_array_append_new(lines, report_line(standing, line));
		}
	}
	json_object_set_new(object, "inbound_proven",
	                    json_sprintf("%zu/%zu", proven, json_array_size(lines)));
	json_object_set_new(object, "inbound", lines);
}

/*! Whether the same has befallen both, but for the service. */
static bool shares_fate(const struct cross_line *one, const struct cross_line *other)
{
	return one->uplink == other->uplink && one->family == other->family && is_bad(other) &&
	       one->last.source == other->last.source && cross_death(one) == cross_death(other) &&
	       strcmp(one->last.fault, other->last.fault) == 0;
}

void report_cross_warnings(const struct standing *standing, json_t *warnings)
{
	const struct cross_list *list = standing->crossed;
	size_t next;
	for (size_t i = 0; list != NULL && i < list->count; i = next) {
		const struct cross_line *line = &list->items[i];
		struct text text = TEXT_EMPTY;
		uint64_t since_ms = line->since_ms;
		next = i + 1;
		if (!is_bad(line)) {
			continue;
		}
		text_add(&text, "uplink '%s': ", site_uplink(standing->site, line->uplink)->id);
		cross_service(line, &text);
		for (; next < list->count && shares_fate(line, &list->items[next]); next++) {
			text_add(&text, ", ");
			cross_service(&list->items[next], &text);
			if (list->items[next].since_ms < since_ms) {
				since_ms = list->items[next].since_ms;
			}
		}
		text_add(&text, " over %s %s not proven reachable from outside since %llus (",
		         family_name(line->family), next == i + 1 ? "is" : "are",
		         (unsigned long long)seconds_since(since_ms));
		cross_where(line, standing->site, &text);
		text_add(&text, ")");
		if (!text.failed) {
			json_array_append_new(warnings, json_string(text.data));
		}
		text_free(&text);
	}
}

/*! A sum of lines: how many there are, and the worst of them. */
struct sum {
	size_t count;
	size_t proven;
	size_t unknown;
	const char *why; /*!< Of the first unknown one, static. */
	enum cross_state worst;
};

static void add_line(const struct standing *standing, const struct cross_line *line,
                     struct sum *sum, struct text *text)
{
	// From good to bad; a service that is dead is bad, a way that is not proven is worse.
	static const int ranks[] = {
		[CROSS_PROVEN] = 0,
		[CROSS_UNKNOWN] = 1,
		[CROSS_DEAD] = 2,
		[CROSS_UNPROVEN] = 3,
	};
	if (line == NULL) {
		return;
	}
	sum->worst = sum->count == 0 || ranks[line->state] > ranks[sum->worst] ? line->state
	                                                                       : sum->worst;
	sum->count++;
	sum->proven += line->state == CROSS_PROVEN;
	if (line->state == CROSS_UNKNOWN && sum->unknown++ == 0) {
		sum->why = line->idle != NULL ? line->idle : "not probed yet";
	}
	if (text != NULL && is_bad(line)) {
		text_add(text, "%s", text->length > 0 ? "; " : "");
		cross_service(line, text);
		text_add(text, " over %s %s, ", family_name(line->family),
		         cross_state_name(line->state));
		add_detail(standing, line, text);
	}
}

const char *report_cross_forward(const struct standing *standing, const struct service_list *port,
                                 unsigned uplink, struct text *text)
{
	struct sum sum = { 0 };
	for (unsigned family = 0; family < FAMILIES; family++) {
		if (text != NULL) {
			add_line(standing, cross_find(standing->crossed, uplink, family, 0), &sum,
			         text);
		}
		for (size_t i = 0; i < port->count; i++) {
			bool tcp = port->items[i].protocol == IPPROTO_TCP;
			add_line(standing,
			         tcp ? cross_find(standing->crossed, uplink, family,
			                          port->items[i].first)
			             : NULL,
			         &sum, text);
		}
	}
	if (sum.count > 0 && text != NULL) {
		struct text details = *text;
		*text = TEXT_EMPTY;
		text_add(text, "%zu of %zu services proven from outside", sum.proven, sum.count);
		if (sum.unknown > 0) {
			text_add(text, ", %zu not known (%s)", sum.unknown, sum.why);
		}
		if (details.length > 0) {
			text_add(text, ": %s", details.data);
		}
		text->failed |= details.failed;
		text_free(&details);
	}
	return sum.count > 0 ? cross_state_name(sum.worst) : NULL;
}
