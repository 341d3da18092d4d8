/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Transitions of the uplinks.
 */

#include "daemon/uplink_history.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"

static bool has_family(const struct table_uplink *row, unsigned family)
{
	for (size_t i = 0; i < row->address_count; i++) {
		if (row->address[i].family == family_number(family)) {
			return true;
		}
	}
	return false;
}

/*! Why an uplink is not answered, or in part only; or «up». */
static const char *answer_reason(const struct uplink_view *view, const struct table_uplink *row)
{
	static const char *const lacking[] = {
		[FAMILY_4] = "its IPv4 forwards or reply path could not be installed",
		[FAMILY_6] = "its IPv6 forwards or reply path could not be installed",
	};
	if (uplink_view_usable(view) && (row == NULL || !row->usable)) {
		return "its forwards or reply path could not be installed";
	}
	for (unsigned family = 0; family < FAMILIES; family++) {
		if (view->family[family].usable && !has_family(row, family)) {
			return lacking[family];
		}
	}
	return uplink_view_reason(view);
}

static bool is_last_resort(const struct uplink_view *view)
{
	return view->family[FAMILY_4].last_resort || view->family[FAMILY_6].last_resort;
}

/*! The addresses of a row by family. */
static void take_addresses(const struct table_uplink *row, struct address *address)
{
	for (size_t i = 0; row != NULL && i < row->address_count; i++) {
		unsigned family =
			row->address[i].family == family_number(FAMILY_4) ? FAMILY_4 : FAMILY_6;
		address[family] = row->address[i];
	}
}

static struct journal_addresses list_addresses(const struct address *address)
{
	struct journal_addresses list = { 0 };
	for (unsigned family = 0; family < FAMILIES; family++) {
		if (address[family].family != 0) {
			list.items[list.count++] = address[family];
		}
	}
	return list;
}

void uplink_history_adopt(struct uplink_history *histories, const struct table *published,
                          const struct site *site)
{
	for (size_t i = 0; i < published->uplink_count; i++) {
		const struct table_uplink *row = &published->uplinks[i];
		const struct uplink *uplink = site_uplink_by_id(site, row->id);
		if (uplink != NULL) {
			struct uplink_history *history = &histories[uplink->number];
			(void)snprintf(history->id, sizeof(history->id), "%s", row->id);
			history->answered = row->usable;
			take_addresses(row, history->address);
		}
	}
}

/*! A family whose number is another one, or FAMILIES: one that only went or came is no new number. */
static unsigned renumbered_family(const struct address *before, const struct address *now)
{
	unsigned family = 0;
	while (family < FAMILIES && (before[family].family == 0 || now[family].family == 0 ||
	                             address_equal(&before[family], &now[family]))) {
		family++;
	}
	return family;
}

static struct journal_entry entry_of(const struct uplink_history *history, enum journal_event event,
                                     const char *reason)
{
	struct journal_entry entry = journal_entry_new(event);
	(void)snprintf(entry.uplink, sizeof(entry.uplink), "%s", history->id);
	(void)snprintf(entry.reason, sizeof(entry.reason), "%s", reason);
	return entry;
}

static void note_addresses(struct uplink_history *history, const struct uplink_view *view,
                           const struct table_uplink *row, struct recorder *recorder)
{
	struct address now[FAMILIES] = { { 0 } };
	take_addresses(row, now);
	unsigned family = renumbered_family(history->address, now);
	if (family < FAMILIES) {
		char before[ADDRESS_TEXT_MAX];
		char after[ADDRESS_TEXT_MAX];
		struct journal_entry entry = entry_of(
			history, JOURNAL_UPLINK_RENUMBERED,
			view->family[family].discovered ? "the outside sees another address"
							: "the interface has another address");
		entry.before = list_addresses(history->address);
		entry.after = list_addresses(now);
		recorder_write(recorder, &entry, LOG_LEVEL_INFO,
		               "uplink '%s', renumbered: %s now %s", history->id,
		               address_format(&history->address[family], before),
		               address_format(&now[family], after));
	}
	take_addresses(row, history->address);
}

/*! Record a change; what was the same before a restart is told to the log alone. */
static void note_change(const struct uplink_history *history, const struct uplink_view *view,
                        const struct table_uplink *row, bool was_answered, bool adopted,
                        struct recorder *recorder)
{
	struct address now[FAMILIES] = { { 0 } };
	take_addresses(row, now);
	bool answered = history->answered;
	bool whole = answered && strcmp(history->reason, "up") == 0;
	struct journal_entry entry = entry_of(history,
	                                      was_answered == answered ? JOURNAL_UPLINK_CHANGED
	                                      : answered               ? JOURNAL_UPLINK_ANSWERED
	                                                               : JOURNAL_UPLINK_WITHDRAWN,
	                                      history->reason);
	entry.before = was_answered ? list_addresses(history->address) : entry.before;
	entry.after = answered ? list_addresses(now) : entry.after;
	recorder_write(adopted ? NULL : recorder, &entry,
	               whole ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, "uplink '%s', %s%s", history->id,
	               whole                              ? "up: answered"
	               : answered && is_last_resort(view) ? ""
	               : answered                         ? "answered in part: "
	                                                  : "not answered: ",
	               whole ? "" : history->reason);
}

static void note_uplink(struct uplink_history *history, const struct uplink_view *view,
                        const struct table_uplink *row, struct recorder *recorder)
{
	if (strcmp(history->id, view->uplink->id) != 0) {
		// The site file gives the number to another uplink.
		*history = (struct uplink_history){ 0 };
		(void)snprintf(history->id, sizeof(history->id), "%s", view->uplink->id);
	}
	bool answered = row != NULL && row->usable;
	const char *reason = answer_reason(view, row);
	bool was_answered = history->answered;
	bool adopted = !history->known && was_answered && answered;
	bool same =
		history->known && was_answered == answered && strcmp(history->reason, reason) == 0;
	if (!history->known || was_answered != answered) {
		history->since_ms = table_now_ms();
		history->transitions += history->known;
	}
	history->known = true;
	history->answered = answered;
	(void)snprintf(history->reason, sizeof(history->reason), "%s", reason);
	if (answered) {
		note_addresses(history, view, row, recorder);
	}
	if (!same) {
		note_change(history, view, row, was_answered, adopted, recorder);
	}
}

void uplink_history_note(struct uplink_history *histories, const struct plan *plan,
                         const struct table *published, struct recorder *recorder)
{
	for (size_t i = 0; i < plan->uplink_count; i++) {
		const struct uplink_view *view = &plan->uplinks[i];
		unsigned number = view->uplink->number;
		note_uplink(&histories[number], view, table_find_uplink(published, number),
		            recorder);
	}
}
