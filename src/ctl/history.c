/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * multihomectl history: reads the journal itself, so that it tells why the daemon died as well.
 */

#include "ctl/history.h"

#include <errno.h>
#include <jansson.h>
#include <libsmartcols.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/array.h"
#include "ctl/command.h"
#include "ctl/fields.h"
#include "ctl/since.h"
#include "table/journal_json.h"
#include "table/journal_lmdb.h"

/*! Where the journal is if no site file can tell. */
#define DEFAULT_STATE_DIR "/var/lib/multihome"

static const char *const headings[] = { "TIME", "UPLINK", "WHAT", "WHY", "HOW LONG" };
#define COLUMNS (sizeof(headings) / sizeof(headings[0]))

static void add_time(uint32_t us, struct text *text)
{
	if (us < 1000000) {
		text_add(text, "%u.%u ms", us / 1000, us % 1000 / 100);
	} else {
		text_add(text, "%u.%u s", us / 1000000, us % 1000000 / 100000);
	}
}

void history_add_steps(const struct journal_entry *entry, struct text *text)
{
	static const char *const names[JOURNAL_STEPS] = {
		[JOURNAL_WITHDRAWN] = "withdrawn after",
		[JOURNAL_KERNEL] = "kernel done after",
		[JOURNAL_PUBLISHED] = "published after",
	};
	const char *between = "";
	for (size_t i = 0; i < JOURNAL_STEPS; i++) {
		if (entry->step_us[i] != JOURNAL_UNKNOWN) {
			text_add(text, "%s%s ", between, names[i]);
			add_time(entry->step_us[i], text);
			between = ", ";
		}
	}
	if (entry->connections != JOURNAL_UNKNOWN && entry->connections > 0) {
		text_add(text, "%s%u entr%s removed", between, entry->connections,
		         entry->connections == 1 ? "y" : "ies");
	}
}

static void add_addresses(const struct journal_addresses *list, struct text *text)
{
	for (size_t i = 0; i < list->count; i++) {
		char address[ADDRESS_TEXT_MAX];
		text_add(text, "%s%s", i > 0 ? ", " : "", address_format(&list->items[i], address));
	}
}

void history_add_why(const struct journal_entry *entry, struct text *text)
{
	text_add_safe(text, entry->reason);
	bool both = entry->before.count > 0 && entry->after.count > 0;
	if (both && !journal_addresses_equal(&entry->before, &entry->after)) {
		text_add(text, ": ");
		add_addresses(&entry->before, text);
		text_add(text, " now ");
		add_addresses(&entry->after, text);
	} else if (entry->after.count > 0) {
		text_add(text, ": ");
		add_addresses(&entry->after, text);
	}
	if (entry->repeated > 0) {
		text_add(text, " (%u more times)", entry->repeated);
	}
}

static void add_local_time(int64_t wall_ms, struct text *text)
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm parts;
	char buffer[32];
	if (localtime_r(&seconds, &parts) == NULL ||
	    strftime(buffer, sizeof(buffer), "%Y-%m-%d %H:%M:%S", &parts) == 0) {
		text_add(text, "unknown");
	} else {
		text_add(text, "%s", buffer);
	}
}

static int add_line(struct libscols_table *table, const struct journal_entry *entry)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	if (line == NULL) {
		return -ENOMEM;
	}
	struct text cells[COLUMNS] = { TEXT_EMPTY };
	add_local_time(entry->wall_ms, &cells[0]);
	text_add_safe(&cells[1], entry->uplink);
	text_add(&cells[2], "%s", journal_event_name(entry->event));
	history_add_why(entry, &cells[3]);
	history_add_steps(entry, &cells[4]);
	int ret = 0;
	for (size_t i = 0; i < COLUMNS; i++) {
		char *data = text_take(&cells[i]);
		if (data == NULL || ret != 0 || scols_line_refer_data(line, i, data) != 0) {
			free(data);
			ret = -ENOMEM;
		}
	}
	return ret;
}

int history_write(const struct journal_entry *entries, size_t count, struct text *text)
{
	char *data = NULL;
	struct libscols_table *table = scols_new_table();
	int ret = table != NULL ? 0 : -ENOMEM;
	if (ret == 0) {
		ret = scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
	}
	for (size_t i = 0; ret == 0 && i < COLUMNS; i++) {
		ret = scols_table_new_column(table, headings[i], 0, 0) != NULL ? 0 : -ENOMEM;
	}
	for (size_t i = 0; ret == 0 && i < count; i++) {
		ret = add_line(table, &entries[i]);
	}
	if (ret == 0 && count > 0) {
		ret = scols_print_table_to_string(table, &data);
	}
	if (ret == 0 && data != NULL) {
		size_t length = strlen(data);
		text_add(text, "%s%s", data, length > 0 && data[length - 1] == '\n' ? "" : "\n");
	}
	free(data);
	scols_unref_table(table);
	return ret == 0 && !text->failed ? 0 : -ENOMEM;
}

/*! Entries that are asked for. */
struct wanted {
	const struct since *since; // NULL: all.
	struct journal_entry *entries;
	size_t count;
};

static int take_entry(const struct journal_entry *entry, void *context)
{
	struct wanted *wanted = context;
	if (wanted->since != NULL && !since_has(wanted->since, entry)) {
		return 0;
	}
	struct journal_entry *entries =
		array_grow(wanted->entries, wanted->count, sizeof(*entries));
	if (entries == NULL) {
		return -ENOMEM;
	}
	wanted->entries = entries;
	wanted->entries[wanted->count++] = *entry;
	return 0;
}

static int write_entries(const struct wanted *wanted, bool json)
{
	if (!json) {
		struct text text = TEXT_EMPTY;
		int code = EXIT_WRONG;
		if (history_write(wanted->entries, wanted->count, &text) != 0) {
			command_error("out of memory");
		} else {
			code = command_write(NULL, &text);
		}
		text_free(&text);
		return code;
	}
	json_t *array = json_array();
	for (size_t i = 0; i < wanted->count; i++) {
		(void)json_array_append_new(array, journal_entry_json(&wanted->entries[i]));
	}
	int code = command_write_json(array);
	json_decref(array);
	return code;
}

/*! LMDB does not survive each damage of a file; the user shall at least be told. */
static void on_damage(int number)
{
	static const char message[] = "error: journal, damaged: its file cannot be read\n";
	if (write(STDERR_FILENO, message, sizeof(message) - 1) < 0) {
		_exit(EXIT_WRONG);
	}
	_exit(EXIT_WRONG);
}

static int read_journal(const char *path, struct wanted *wanted)
{
	static const int numbers[] = { SIGBUS, SIGSEGV, SIGABRT };
	size_t unreadable = 0;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		(void)signal(numbers[i], on_damage);
	}
	int ret = journal_read(path, take_entry, wanted, &unreadable);
	if (ret == -ENOENT) {
		command_error("journal '%s', not there: multihomed makes it when it runs", path);
	} else if (ret == -EACCES) {
		command_error("journal '%s', permission denied: only root and the members of the "
		              "daemon's group may read it",
		              path);
	} else if (ret != 0) {
		command_error("journal '%s', failed to read (%s)", path,
		              ret == -EBADMSG || ret == -EINVAL ? "it is damaged" : strerror(-ret));
	} else if (unreadable > 0) {
		command_error("journal '%s', %zu entr%s damaged or of another version: left out",
		              path, unreadable, unreadable == 1 ? "y is" : "ies are");
	}
	return ret == 0 && unreadable > 0 ? -EBADMSG : ret;
}

int command_history(const struct command_line *line)
{
	struct journal_entry now = journal_entry_new(JOURNAL_DAEMON_STARTED);
	struct since since;
	struct wanted wanted = { .since = line->since != NULL ? &since : NULL };
	if (line->since != NULL && since_parse(line->since, &now, &since) != 0) {
		command_error(
			"--since '%s', must be like 10m, 2h, 1d, 2026-11-23 or 2026-11-23T10:00",
			line->since);
		return EXIT_USAGE;
	}
	// A site file that is broken is no reason to hide what happened before.
	struct site *site = NULL;
	struct text report = TEXT_EMPTY;
	struct text path = TEXT_EMPTY;
	int loaded = site_load(line->config, &site, &report);
	text_add(&path, "%s/journal", loaded == 0 ? site->state_dir : DEFAULT_STATE_DIR);
	int code = EXIT_WRONG;
	int ret = path.failed ? -ENOMEM : read_journal(path.data, &wanted);
	if (ret == 0 || ret == -EBADMSG) {
		code = write_entries(&wanted, line->json);
		code = ret == 0 ? code : EXIT_WRONG;
	}
	free(wanted.entries);
	text_free(&path);
	text_free(&report);
	site_free(site);
	return code;
}
