/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Following of addresses in the parent zone.
 *
 * An update is made from the site and all current addresses by multihomectl, as a child: the daemon has
 * no DNS library. One attempt runs all actions of «on-change» one after the other; it has taken place
 * when all have exited with 0, and is made again, later and later, when one has not.
 */

#include "daemon/parent.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "daemon/parent_action.h"
#include "daemon/plan.h"
#include "table/journal_json.h"

#define RETRY_FIRST_MS 1000
#define RETRY_MOST_MS 600000

struct parent {
	struct recorder *recorder;
	parent_keep keep;
	void *context;
	uv_timer_t retry;
	uint64_t retry_ms;
	bool ready;
	struct parent_row rows[SITE_UPLINKS_MAX];
	size_t row_count;
	struct parent_actions *actions; /*!< None: the operator does it by hand. */
	bool running;
	uint64_t since_ms; /*!< CLOCK_BOOTTIME since when it is pending; 0: it is not. */
	char reason[JOURNAL_REASON_MAX]; /*!< Why the last attempt failed; empty: none did. */
};

static void decide(struct parent *parent);

static bool is_pending(const struct parent *parent, const struct parent_row *row)
{
	if (row->wanted.count == 0) {
		return false;
	}
	return row->confirmed_once ? !journal_addresses_equal(&row->wanted, &row->confirmed)
	                           : parent_actions_any(parent->actions);
}

unsigned parent_pending(const struct parent *parent)
{
	unsigned count = 0;
	for (size_t i = 0; parent->ready && i < parent->row_count; i++) {
		count += is_pending(parent, &parent->rows[i]);
	}
	return count;
}

static void keep_confirmed(struct parent *parent, struct parent_row *row,
                           const struct journal_addresses *addresses)
{
	struct journal_entry now = journal_entry_new(JOURNAL_PARENT_UPDATED);
	struct journal_confirmed confirmed = { .address = *addresses, .wall_ms = now.wall_ms };
	(void)snprintf(confirmed.uplink, sizeof(confirmed.uplink), "%s", row->id);
	row->confirmed = *addresses;
	row->confirmed_once = true;
	parent->keep(&confirmed, parent->context);
}

static void record(struct parent *parent, const struct parent_row *row, enum journal_event event,
                   const struct journal_addresses *after, const char *reason)
{
	struct text list = TEXT_EMPTY;
	struct journal_entry entry = journal_entry_new(event);
	(void)snprintf(entry.uplink, sizeof(entry.uplink), "%s", row->id);
	(void)snprintf(entry.reason, sizeof(entry.reason), "%s", reason);
	entry.before = row->confirmed;
	entry.after = *after;
	for (size_t i = 0; i < after->count; i++) {
		char address[ADDRESS_TEXT_MAX];
		text_add(&list, "%s%s", i > 0 ? ", " : "",
		         address_format(&after->items[i], address));
	}
	recorder_write(parent->recorder, &entry,
	               event == JOURNAL_PARENT_UPDATED ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING,
	               "parent, %s for uplink '%s': %s (%s)",
	               strchr(journal_event_name(event), '-') + 1, row->id,
	               list.data != NULL ? list.data : "none", reason);
	text_free(&list);
}

/*! Note what has become pending since the last look. */
static void note_pending(struct parent *parent)
{
	for (size_t i = 0; i < parent->row_count; i++) {
		struct parent_row *row = &parent->rows[i];
		if (!row->confirmed_once && row->wanted.count > 0 &&
		    !parent_actions_any(parent->actions)) {
			// Whoever does it by hand has entered what «zone parent» printed at first.
			keep_confirmed(parent, row, &row->wanted);
		}
		if (!is_pending(parent, row)) {
			row->told.count = 0;
		} else if (!journal_addresses_equal(&row->told, &row->wanted)) {
			row->told = row->wanted;
			record(parent, row, JOURNAL_PARENT_PENDING, &row->wanted,
			       row->confirmed_once ? "the address has changed"
			                           : "never confirmed before");
		}
	}
}

static void on_retry(uv_timer_t *timer)
{
	decide(timer->data);
}

static void attempt_failed(struct parent *parent, const char *reason)
{
	if (strcmp(parent->reason, reason) != 0) {
		(void)snprintf(parent->reason, sizeof(parent->reason), "%s", reason);
		for (size_t i = 0; i < parent->row_count; i++) {
			const struct parent_row *row = &parent->rows[i];
			if (is_pending(parent, row)) {
				record(parent, row, JOURNAL_PARENT_FAILED, &row->wanted, reason);
			}
		}
	}
	(void)uv_timer_start(&parent->retry, on_retry, parent->retry_ms, 0);
	parent->retry_ms =
		parent->retry_ms * 2 > RETRY_MOST_MS ? RETRY_MOST_MS : parent->retry_ms * 2;
}

static void take_sent(struct parent *parent, const char *reason)
{
	for (size_t i = 0; i < parent->row_count; i++) {
		struct parent_row *row = &parent->rows[i];
		if (row->sent.count > 0 &&
		    (!row->confirmed_once ||
		     !journal_addresses_equal(&row->sent, &row->confirmed))) {
			record(parent, row, JOURNAL_PARENT_UPDATED, &row->sent, reason);
			keep_confirmed(parent, row, &row->sent);
		}
	}
	parent->reason[0] = '\0';
	parent->retry_ms = RETRY_FIRST_MS;
	(void)uv_timer_stop(&parent->retry);
}

static void on_done(bool good, const char *reason, void *context)
{
	struct parent *parent = context;
	parent->running = false;
	if (good) {
		take_sent(parent, "the update was taken");
	} else {
		attempt_failed(parent, reason);
	}
	decide(parent);
}

static void attempt(struct parent *parent)
{
	for (size_t i = 0; i < parent->row_count; i++) {
		parent->rows[i].sent = parent->rows[i].wanted;
	}
	parent->running = true;
	int ret = parent_actions_run(parent->actions, parent->rows, parent->row_count);
	if (ret != 0) {
		parent->running = false;
		attempt_failed(parent, strerror(-ret));
	}
}

static void decide(struct parent *parent)
{
	if (!parent->ready) {
		return;
	}
	note_pending(parent);
	if (parent_pending(parent) == 0) {
		parent->since_ms = 0;
		parent->reason[0] = '\0';
		(void)uv_timer_stop(&parent->retry);
		return;
	}
	if (parent->since_ms == 0) {
		parent->since_ms = table_now_ms();
	}
	if (parent_actions_any(parent->actions) && !parent->running &&
	    !uv_is_active((uv_handle_t *)&parent->retry)) {
		attempt(parent);
	}
}

int parent_open(uv_loop_t *loop, const char *config, struct recorder *recorder, parent_keep keep,
                void *context, struct parent **parent)
{
	struct parent *opened = calloc(1, sizeof(*opened));
	if (opened == NULL) {
		return -ENOMEM;
	}
	opened->recorder = recorder;
	opened->keep = keep;
	opened->context = context;
	opened->retry_ms = RETRY_FIRST_MS;
	(void)uv_timer_init(loop, &opened->retry);
	opened->retry.data = opened;
	int ret = parent_actions_open(loop, config, on_done, opened, &opened->actions);
	if (ret != 0) {
		parent_close(opened);
		return ret;
	}
	*parent = opened;
	return 0;
}

static void free_parent(uv_handle_t *handle)
{
	free(handle->data);
}

void parent_close(struct parent *parent)
{
	if (parent != NULL) {
		parent_actions_close(parent->actions);
		uv_close((uv_handle_t *)&parent->retry, free_parent);
	}
}

/*! The first address of a family; the list of public addresses comes before the uplink's own. */
static void add_fixed(const struct uplink *uplink, uint8_t family, struct journal_addresses *list)
{
	const struct address_list *lists[] = { &uplink->public_address, &uplink->address };
	for (size_t i = 0; i < 2; i++) {
		for (size_t k = 0; k < lists[i]->count; k++) {
			if (lists[i]->items[k].family == family) {
				list->items[list->count++] = lists[i]->items[k];
				return;
			}
		}
	}
}

static void set_row(struct parent_row *row, const struct uplink *uplink)
{
	(void)snprintf(row->id, sizeof(row->id), "%s", uplink->id);
	row->number = uplink->number;
	row->fixed = !uplink_follows(uplink);
	if (row->fixed) {
		row->wanted.count = 0;
		for (unsigned family = 0; family < FAMILIES; family++) {
			add_fixed(uplink, family_number(family), &row->wanted);
		}
	}
}

static struct parent_row *find_row(struct parent_row *rows, size_t count, const char *id)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(rows[i].id, id) == 0) {
			return &rows[i];
		}
	}
	return NULL;
}

static void try_at_once(struct parent *parent)
{
	parent->retry_ms = RETRY_FIRST_MS;
	(void)uv_timer_stop(&parent->retry);
}

int parent_set_site(struct parent *parent, const struct site *site)
{
	struct parent_row *rows = calloc(SITE_UPLINKS_MAX, sizeof(*rows));
	if (rows == NULL) {
		return -ENOMEM;
	}
	int ret = parent_actions_set(parent->actions, site);
	for (size_t i = 0; ret == 0 && i < site->uplink_count; i++) {
		const struct parent_row *old =
			find_row(parent->rows, parent->row_count, site->uplinks[i].id);
		if (old != NULL) {
			rows[i] = *old;
		}
		set_row(&rows[i], &site->uplinks[i]);
	}
	if (ret == 0) {
		memcpy(parent->rows, rows, sizeof(parent->rows));
		parent->row_count = site->uplink_count;
		try_at_once(parent);
	}
	free(rows);
	return ret;
}

void parent_restore(struct parent *parent, const struct journal_confirmed *confirmed)
{
	struct parent_row *row = find_row(parent->rows, parent->row_count, confirmed->uplink);
	if (row == NULL || parent->ready) {
		return;
	}
	row->confirmed.count = 0;
	row->confirmed_once = true;
	for (size_t i = 0; i < confirmed->address.count; i++) {
		const struct address *address = &confirmed->address.items[i];
		(void)journal_addresses_set(&row->confirmed, address);
		// What is not published just now stays in the parent, as it would without a restart.
		if (!row->fixed && !journal_addresses_have(&row->wanted, address->family)) {
			(void)journal_addresses_set(&row->wanted, address);
		}
	}
}

void parent_ready(struct parent *parent)
{
	parent->ready = true;
	decide(parent);
}

void parent_look(struct parent *parent, const struct table *published)
{
	bool changed = false;
	for (size_t i = 0; i < parent->row_count; i++) {
		struct parent_row *row = &parent->rows[i];
		const struct table_uplink *uplink = table_find_uplink(published, row->number);
		for (size_t k = 0; !row->fixed && uplink != NULL && uplink->usable &&
		                   strcmp(uplink->id, row->id) == 0 && k < uplink->address_count;
		     k++) {
			changed |= journal_addresses_set(&row->wanted, &uplink->address[k]);
		}
	}
	if (changed) {
		try_at_once(parent);
	}
	decide(parent);
}

void parent_confirm(struct parent *parent)
{
	for (size_t i = 0; i < parent->row_count; i++) {
		parent->rows[i].sent = parent->rows[i].wanted;
	}
	take_sent(parent, "the operator said so");
	decide(parent);
}

json_t *parent_report(const struct parent *parent)
{
	json_t *uplinks = json_array();
	bool known = parent->ready;
	for (size_t i = 0; i < parent->row_count; i++) {
		const struct parent_row *row = &parent->rows[i];
		known = known && row->confirmed_once;
		(void)json_array_append_new(
			uplinks, json_pack("{s:s, s:b, s:o, s:o}", "id", row->id, "pending",
		                           parent->ready && is_pending(parent, row), "published",
		                           journal_addresses_json(&row->wanted), "confirmed",
		                           journal_addresses_json(&row->confirmed)));
	}
	bool pending = parent_pending(parent) > 0;
	return json_pack("{s:s, s:I, s:o, s:b, s:o}", "state",
	                 pending ? "pending"
	                 : known ? "confirmed"
	                         : "unknown",
	                 "since_s",
	                 (json_int_t)(pending ? (table_now_ms() - parent->since_ms) / 1000 : 0),
	                 "reason", journal_text_json(parent->reason), "on_change",
	                 parent_actions_any(parent->actions), "uplinks", uplinks);
}
