/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * multihomectl status: tables of what the daemon knows.
 */

#include "ctl/status.h"

#include <errno.h>
#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/command.h"
#include "ctl/fields.h"

/*! Whose member a column shows: in the second table a row is one uplink of one host. */
enum source {
	SOURCE_ROW,
	SOURCE_HOST,
	SOURCE_SECONDS,
	SOURCE_QUALITY,
	SOURCE_INBOUND,
	SOURCE_PUBLIC
};

struct column {
	const char *heading;
	const char *key;
	enum source source;
	const char *wrong; // Value that stands out.
};

static const struct column uplink_columns[] = {
	{ "UPLINK", "id", SOURCE_ROW, NULL },
	{ "INTERFACE", "interface", SOURCE_ROW, NULL },
	{ "STATE", "state", SOURCE_ROW, "down" },
	{ "SINCE", "since_s", SOURCE_SECONDS, NULL },
	{ "ADDRESS", "address", SOURCE_ROW, NULL },
	{ "PUBLIC", "public", SOURCE_PUBLIC, NULL },
	{ "GATEWAY", "gateway", SOURCE_ROW, NULL },
	{ "PROBES", "loss_1m", SOURCE_QUALITY, NULL },
	{ "INBOUND", "inbound_proven", SOURCE_INBOUND, NULL },
	{ "ANSWERED", "answered", SOURCE_ROW, "no" },
	{ "REASON", "reason", SOURCE_ROW, NULL },
};

static const struct column host_columns[] = {
	{ "NAME", "name", SOURCE_HOST, NULL },
	{ "KIND", "kind", SOURCE_HOST, NULL },
	{ "SERVER", "server", SOURCE_HOST, NULL },
	{ "POLICY", "policy", SOURCE_HOST, NULL },
	{ "TTL", "ttl", SOURCE_HOST, NULL },
	{ "UPLINK", "id", SOURCE_ROW, NULL },
	{ "FORWARD", "forward", SOURCE_ROW, "missing" },
	{ "REPLY-PATH", "reply_path", SOURCE_ROW, "missing" },
	{ "DNS", "dns", SOURCE_ROW, "withdrawn" },
	{ "INBOUND", "inbound", SOURCE_INBOUND, "unproven" },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/*! Round trip and loss of the last minute: «1.2 ms 0%», «100%»; nothing without probes. */
static void add_quality(struct text *text, const json_t *row)
{
	const json_t *rtt = json_object_get(row, "rtt_ms");
	const json_t *loss = json_object_get(row, "loss_1m");
	if (json_is_number(rtt)) {
		text_add(text, "%.1f ms ", json_number_value(rtt));
	}
	if (json_is_integer(loss)) {
		text_add(text, "%d%%", (int)json_integer_value(loss));
	}
}

static void cell_text(const struct column *column, const json_t *row, const json_t *host,
                      struct text *text)
{
	const json_t *object = column->source == SOURCE_HOST ? host : row;
	const json_t *value = json_object_get(object, column->key);
	if (column->source == SOURCE_SECONDS && json_is_integer(value)) {
		field_add_duration(text, json_integer_value(value));
	} else if (column->source == SOURCE_QUALITY) {
		add_quality(text, row);
	} else if (json_is_boolean(value)) {
		text_add(text, "%s", json_is_true(value) ? "yes" : "no");
	} else {
		field_add(text, object, column->key);
	}
}

static struct libscols_table *table_begin(const struct column *columns, size_t count, bool color)
{
	struct libscols_table *table = scols_new_table();
	if (table == NULL) {
		return NULL;
	}
	// Never cut off to the width of a terminal: reasons and addresses are what one looks for.
	int ret = scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
	if (ret == 0 && color) {
		ret = scols_table_enable_colors(table, 1);
	}
	for (size_t i = 0; i < count && ret == 0; i++) {
		if (scols_table_new_column(table, columns[i].heading, 0, 0) == NULL) {
			ret = -ENOMEM;
		}
	}
	if (ret != 0) {
		scols_unref_table(table);
		return NULL;
	}
	return table;
}

/*! A row; host is NULL where its members would only repeat the row above. */
static int table_row(struct libscols_table *table, const struct column *columns, size_t count,
                     const json_t *row, const json_t *host)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	if (line == NULL) {
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		struct text text = TEXT_EMPTY;
		cell_text(&columns[i], row, host, &text);
		char *data = text_take(&text);
		if (data == NULL) {
			return -ENOMEM;
		}
		bool wrong = columns[i].wrong != NULL && strcmp(data, columns[i].wrong) == 0;
		if (scols_line_refer_data(line, i, data) != 0) {
			free(data);
			return -ENOMEM;
		}
		if (wrong && scols_cell_set_color(scols_line_get_cell(line, i), "red") != 0) {
			return -ENOMEM;
		}
	}
	return 0;
}

static int table_end(struct libscols_table *table, struct text *text)
{
	char *data = NULL;
	int ret = scols_print_table_to_string(table, &data);
	if (ret == 0 && data != NULL) {
		text_add(text, "\n%s", data);
		if (data[0] != '\0' && data[strlen(data) - 1] != '\n') {
			text_add(text, "\n");
		}
	}
	free(data);
	return ret == 0 ? 0 : -ENOMEM;
}

/*! Whether some uplink has a member. */
static bool any_has(const json_t *uplinks, const char *key)
{
	bool has = false;
	for (size_t i = 0; i < json_array_size(uplinks); i++) {
		has |= json_object_get(json_array_get(uplinks, i), key) != NULL;
	}
	return has;
}

/*! Leave out cross-probes and public addresses that are learnt where there are none. \return How many are left. */
static size_t choose_columns(const struct column *columns, size_t count, const json_t *uplinks,
                             struct column *chosen)
{
	bool inbound = any_has(uplinks, "inbound_proven");
	bool public = any_has(uplinks, "discovered");
	size_t left = 0;
	for (size_t i = 0; i < count; i++) {
		if ((inbound || columns[i].source != SOURCE_INBOUND) &&
		    (public || columns[i].source != SOURCE_PUBLIC)) {
			chosen[left++] = columns[i];
		}
	}
	return left;
}

static int write_uplinks(const json_t *uplinks, bool color, struct text *text)
{
	struct column columns[COUNT(uplink_columns)];
	size_t count = choose_columns(uplink_columns, COUNT(uplink_columns), uplinks, columns);
	struct libscols_table *table = table_begin(columns, count, color);
	int ret = table == NULL ? -ENOMEM : 0;
	for (size_t i = 0; i < json_array_size(uplinks); i++) {
		const json_t *uplink = json_array_get(uplinks, i);
		if (ret == 0) {
			ret = table_row(table, columns, count, uplink, NULL);
		}
	}
	if (ret == 0) {
		ret = table_end(table, text);
	}
	scols_unref_table(table);
	return ret;
}

static int write_hosts(const json_t *status, bool color, struct text *text)
{
	const json_t *hosts = json_object_get(status, "hosts");
	if (json_array_size(hosts) == 0) {
		return 0;
	}
	struct column columns[COUNT(host_columns)];
	size_t count = choose_columns(host_columns, COUNT(host_columns),
	                              json_object_get(status, "uplinks"), columns);
	struct libscols_table *table = table_begin(columns, count, color);
	int ret = table == NULL ? -ENOMEM : 0;
	for (size_t i = 0; i < json_array_size(hosts); i++) {
		const json_t *host = json_array_get(hosts, i);
		const json_t *uplinks = json_object_get(host, "uplinks");
		for (size_t number = 0; number < json_array_size(uplinks); number++) {
			const json_t *uplink = json_array_get(uplinks, number);
			if (ret == 0) {
				ret = table_row(table, columns, count, uplink,
				                number == 0 ? host : NULL);
			}
		}
		if (ret == 0 && json_array_size(uplinks) == 0) {
			ret = table_row(table, columns, count, NULL, host);
		}
	}
	if (ret == 0) {
		ret = table_end(table, text);
	}
	scols_unref_table(table);
	return ret;
}

static void write_head(const json_t *status, struct text *text)
{
	const json_t *daemon = json_object_get(status, "daemon");
	field_add(text, status, "site");
	text_add(text, ": generation ");
	field_add(text, status, "generation");
	text_add(text, ", multihomed ");
	field_add(text, daemon, "version");
	text_add(text, " (pid ");
	field_add(text, daemon, "pid");
	text_add(text, ") up ");
	field_add_duration(text, json_integer_value(json_object_get(daemon, "uptime_s")));
	text_add(text, "\n");
}

/*! What the parent zone lacks, and what is done about it; nothing if it holds all. */
static void write_parent(const json_t *parent, struct text *text)
{
	const char *state = json_string_value(json_object_get(parent, "state"));
	const json_t *uplinks = json_object_get(parent, "uplinks");
	if (state == NULL || strcmp(state, "pending") != 0) {
		return;
	}
	text_add(text, "\nparent: pending since ");
	field_add_duration(text, json_integer_value(json_object_get(parent, "since_s")));
	text_add(text, ", addresses");
	const char *between = " ";
	for (size_t i = 0; i < json_array_size(uplinks); i++) {
		const json_t *uplink = json_array_get(uplinks, i);
		if (json_is_true(json_object_get(uplink, "pending"))) {
			text_add(text, "%s", between);
			field_add(text, uplink, "id");
			text_add(text, " ");
			field_add(text, uplink, "published");
			between = "; ";
		}
	}
	const char *reason = json_string_value(json_object_get(parent, "reason"));
	if (!json_is_true(json_object_get(parent, "on_change"))) {
		text_add(text, ": enter what «multihomectl zone parent» prints there, then say "
		               "«multihomectl confirm»");
	} else if (reason != NULL && reason[0] != '\0') {
		text_add(text, " (");
		text_add_safe(text, reason);
		text_add(text, ")");
	}
	text_add(text, "\n");
}

int status_write(const json_t *status, bool color, struct text *text)
{
	write_head(status, text);
	const json_t *uplinks = json_object_get(status, "uplinks");
	int ret = write_uplinks(uplinks, color, text);
	if (ret == 0) {
		ret = write_hosts(status, color, text);
	}
	if (ret != 0) {
		return ret;
	}

	write_parent(json_object_get(status, "parent"), text);
	const json_t *warnings = json_object_get(status, "warnings");
	for (size_t i = 0; i < json_array_size(warnings); i++) {
		const json_t *warning = json_array_get(warnings, i);
		text_add(text, "%swarning: ", i == 0 ? "\n" : "");
		text_add_safe(text, json_string_value(warning));
		text_add(text, "\n");
	}
	return text->failed ? -ENOMEM : 0;
}

int command_status(const struct command_line *line)
{
	json_t *request = json_pack("{s:s}", "command", "status");
	json_t *answer = NULL;
	struct text text = TEXT_EMPTY;
	int code = command_ask(line, request, EXIT_WRONG, &answer);
	if (code != EXIT_GOOD) {
		goto cleanup;
	}
	const json_t *status = command_content(answer, "status");
	if (status == NULL) {
		code = EXIT_WRONG;
	} else if (line->json) {
		code = command_write_json(status);
	} else if (status_write(status, command_color(), &text) != 0) {
		command_error("out of memory");
		code = EXIT_WRONG;
	} else {
		code = command_write(NULL, &text);
	}
cleanup:
	text_free(&text);
	json_decref(answer);
	json_decref(request);
	return code;
}
