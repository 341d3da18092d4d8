/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Running of «on-change».
 *
 * «nsupdate FILE» is done by the program that also writes «zone parent», so that both say the same.
 */

#include "daemon/parent_action.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "table/journal_json.h"

/*! nsupdate(1) itself gives up after some 20 s. */
#define TIMEOUT_MS 60000

struct parent_actions {
	struct hook *hook;
	hook_done done;
	void *context;
	char *config;  /*!< Absolute path of the site file. */
	char *program; /*!< multihomectl beside our own program. */
	char *domain;
	char **items;
	size_t count;
	size_t next; /*!< To be run. */
	bool running;
	bool replaced;  /*!< Others were set meanwhile. */
	char *input;    /*!< JSON for a command. */
	char *all;      /*!< «id=address,...» of all uplinks. */
	char *followed; /*!< The same of those that are not in the site file. */
	char *was;      /*!< What the parent holds of those that have changed. */
};

static int run_next(struct parent_actions *actions);

static void actions_end(struct parent_actions *actions, bool good, const char *reason)
{
	actions->running = false;
	actions->done(good, reason, actions->context);
}

static void on_done(bool good, const char *reason, void *context)
{
	struct parent_actions *actions = context;
	if (!good) {
		actions_end(actions, false, reason);
	} else if (actions->replaced) {
		actions_end(actions, false, "the site file was read again");
	} else if (actions->next == actions->count) {
		actions_end(actions, true, reason);
	} else if (run_next(actions) != 0) {
		actions_end(actions, false, strerror(ENOMEM));
	}
}

/*! The program that is installed, or was built, beside this one. */
static char *find_program(void)
{
	char own[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", own, sizeof(own) - 1);
	char *program = NULL;
	if (length <= 0) {
		return strdup("multihomectl");
	}
	own[length] = '\0';
	*strrchr(own, '/') = '\0';
	return asprintf(&program, "%s/multihomectl", own) < 0 ? NULL : program;
}

int parent_actions_open(uv_loop_t *loop, const char *config, hook_done done, void *context,
                        struct parent_actions **actions)
{
	struct parent_actions *opened = calloc(1, sizeof(*opened));
	if (opened == NULL) {
		return -ENOMEM;
	}
	opened->done = done;
	opened->context = context;
	opened->program = find_program();
	// Commands do not run in our folder.
	opened->config = realpath(config, NULL);
	int ret = opened->config == NULL ? -errno : opened->program == NULL ? -ENOMEM : 0;
	if (ret == 0) {
		ret = hook_open(loop, "on-change", TIMEOUT_MS, on_done, opened, &opened->hook);
	}
	if (ret != 0) {
		parent_actions_close(opened);
		return ret;
	}
	*actions = opened;
	return 0;
}

static void free_items(char **items, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(items[i]);
	}
	free(items);
}

void parent_actions_close(struct parent_actions *actions)
{
	if (actions == NULL) {
		return;
	}
	hook_close(actions->hook);
	free_items(actions->items, actions->count);
	free(actions->config);
	free(actions->program);
	free(actions->domain);
	free(actions->input);
	free(actions->all);
	free(actions->followed);
	free(actions->was);
	free(actions);
}

int parent_actions_set(struct parent_actions *actions, const struct site *site)
{
	char *domain = strdup(site->domain);
	char **items = calloc(site->on_change.count + 1, sizeof(*items));
	size_t count = 0;
	while (items != NULL && count < site->on_change.count &&
	       (items[count] = strdup(site->on_change.items[count])) != NULL) {
		count++;
	}
	if (domain == NULL || count != site->on_change.count || items == NULL) {
		free_items(items, count);
		free(domain);
		return -ENOMEM;
	}
	free_items(actions->items, actions->count);
	free(actions->domain);
	actions->items = items;
	actions->count = count;
	actions->domain = domain;
	actions->replaced = actions->running;
	return 0;
}

bool parent_actions_any(const struct parent_actions *actions)
{
	return actions->count > 0;
}

static void add_addresses(struct text *text, const char *id, const struct journal_addresses *list)
{
	for (size_t i = 0; i < list->count; i++) {
		char address[ADDRESS_TEXT_MAX];
		text_add(text, "%s%s=%s", text->length > 0 ? "," : "", id,
		         address_format(&list->items[i], address));
	}
}

static char *make_input(const struct parent_actions *actions, const struct parent_row *rows,
                        size_t count)
{
	json_t *uplinks = json_array();
	for (size_t i = 0; i < count; i++) {
		(void)json_array_append_new(
			uplinks, json_pack("{s:s, s:o, s:o}", "id", rows[i].id, "before",
		                           journal_addresses_json(&rows[i].confirmed), "after",
		                           journal_addresses_json(&rows[i].sent)));
	}
	json_t *object = json_pack("{s:s, s:s, s:o}", "event", "parent-pending", "site",
	                           actions->domain, "uplinks", uplinks);
	char *line = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
	json_decref(object);
	return line;
}

static int run_update(struct parent_actions *actions, const char *operands)
{
	char *file = strdup(operands);
	if (file == NULL) {
		return -ENOMEM;
	}
	char *server = strchr(file, ' ');
	if (server != NULL) {
		*server++ = '\0';
	}
	const char *arguments[16] = { actions->program, "-c", actions->config, "zone", "parent",
		                      "--send",         file };
	size_t count = 7;
	if (server != NULL) {
		arguments[count++] = "--server";
		arguments[count++] = server;
	}
	if (actions->followed[0] != '\0') {
		arguments[count++] = "--addresses";
		arguments[count++] = actions->followed;
	}
	if (actions->was[0] != '\0') {
		arguments[count++] = "--was";
		arguments[count++] = actions->was;
	}
	const char *const environment[] = { NULL };
	int ret = hook_run(actions->hook, &(struct hook_job){ .arguments = arguments,
	                                                      .environment = environment,
	                                                      .input = "" });
	free(file);
	return ret;
}

static int run_command(struct parent_actions *actions, const char *command)
{
	const char *const arguments[] = { "/bin/sh", "-c", command, NULL };
	char *site = NULL;
	char *addresses = NULL;
	int ret = -ENOMEM;
	if (asprintf(&site, "MULTIHOME_SITE=%s", actions->domain) < 0) {
		site = NULL;
		goto cleanup;
	}
	if (asprintf(&addresses, "MULTIHOME_ADDRESSES=%s", actions->all) < 0) {
		addresses = NULL;
		goto cleanup;
	}
	const char *const environment[] = { "MULTIHOME_EVENT=parent-pending", site, addresses,
		                            NULL };
	ret = hook_run(actions->hook, &(struct hook_job){ .arguments = arguments,
	                                                  .environment = environment,
	                                                  .input = actions->input });
cleanup:
	free(site);
	free(addresses);
	return ret;
}

static int run_next(struct parent_actions *actions)
{
	const char *action = actions->items[actions->next++];
	const char *operands = strchr(action, ' ') + 1;
	return strncmp(action, "nsupdate ", 9) == 0 ? run_update(actions, operands)
	                                            : run_command(actions, operands);
}

int parent_actions_run(struct parent_actions *actions, const struct parent_row *rows, size_t count)
{
	struct text all = TEXT_EMPTY;
	struct text followed = TEXT_EMPTY;
	struct text was = TEXT_EMPTY;
	for (size_t i = 0; i < count; i++) {
		const struct parent_row *row = &rows[i];
		add_addresses(&all, row->id, &row->sent);
		if (!row->fixed) {
			add_addresses(&followed, row->id, &row->sent);
			// One that has never had an address keeps nobody else's from being sent.
			if (row->sent.count == 0) {
				text_add(&followed, "%s%s=none", followed.length > 0 ? "," : "",
				         row->id);
			}
		}
		if (row->confirmed_once && !journal_addresses_equal(&row->sent, &row->confirmed)) {
			add_addresses(&was, row->id, &row->confirmed);
		}
	}
	free(actions->all);
	free(actions->followed);
	free(actions->was);
	free(actions->input);
	actions->all = text_take(&all);
	actions->followed = text_take(&followed);
	actions->was = text_take(&was);
	actions->input = make_input(actions, rows, count);
	if (actions->all == NULL || actions->followed == NULL || actions->was == NULL ||
	    actions->input == NULL) {
		return -ENOMEM;
	}
	actions->next = 0;
	actions->replaced = false;
	int ret = run_next(actions);
	actions->running = ret == 0;
	return ret;
}
