/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The journal: what happened to a site's uplinks, why, and how long each step took.
 *
 * Rows of two kinds in an LMDB environment of their own, each with format and CRC-32 as in table.h:
 *
 *   key «e» N     entry number N, eight bytes in network order
 *   key «c» id    the addresses of an uplink that the parent zone was last seen to take
 *
 * A damaged row, or one of another format, is left out; the others stay. This file is pure: rows to
 * bytes and back. journal_lmdb.h keeps them.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "table/table.h"

/*! Format of the rows; raised by every change of them. */
#define JOURNAL_FORMAT 1

/*! The newest entries that are kept. */
#define JOURNAL_ENTRIES_MAX 10000

#define JOURNAL_REASON_MAX 256
#define JOURNAL_ADDRESSES_MAX 4
#define JOURNAL_ROW_MAX 1024

/*! Of a step that was not taken, or a number that is not known. */
#define JOURNAL_UNKNOWN UINT32_MAX

/*! Repairs that follow each other within that time are one entry with a count. */
#define JOURNAL_REPEAT_MS 60000

/*! What happened. The numbers are kept in journals and message ids: none is used twice. */
enum journal_event {
	JOURNAL_UPLINK_ANSWERED = 1,
	JOURNAL_UPLINK_WITHDRAWN = 2,
	JOURNAL_UPLINK_CHANGED = 3, /*!< Another reason, or another family. */
	JOURNAL_UPLINK_DRAINED = 4,
	JOURNAL_UPLINK_UNDRAINED = 5,
	JOURNAL_UPLINK_RENUMBERED = 6,
	JOURNAL_RULESET_REPAIRED = 7,
	JOURNAL_RULESET_LOST = 8, /*!< And could not be repaired at once. */
	JOURNAL_ROUTES_REPAIRED = 9,
	JOURNAL_ROUTES_LOST = 10,
	JOURNAL_FORWARDS_INSTALLED = 11,
	JOURNAL_DAEMON_STARTED = 12,
	JOURNAL_DAEMON_STOPPED = 13,
	JOURNAL_SITE_RELOADED = 14,
	JOURNAL_SITE_REFUSED = 15,
	JOURNAL_PARENT_PENDING = 16,
	JOURNAL_PARENT_UPDATED = 17,
	JOURNAL_PARENT_FAILED = 18,
	JOURNAL_EVENTS
};

/*! Steps of the pass that an entry tells of. */
enum journal_step { JOURNAL_WITHDRAWN, JOURNAL_KERNEL, JOURNAL_PUBLISHED, JOURNAL_STEPS };

struct journal_addresses {
	struct address items[JOURNAL_ADDRESSES_MAX];
	uint8_t count;
};

struct journal_entry {
	uint64_t number;     /*!< Counts up by one; given by whoever keeps the entry. */
	int64_t wall_ms;     /*!< Wall clock, for people: Unix time in milliseconds. */
	uint8_t boot_id[16]; /*!< Of the boot that boot_ms belongs to. */
	uint64_t boot_ms;    /*!< CLOCK_BOOTTIME, for durations. */
	enum journal_event event;
	uint32_t repeated; /*!< How many more times within JOURNAL_REPEAT_MS of each other. */
	char uplink[TABLE_ID_MAX]; /*!< Empty: the site as a whole. */
	char reason[JOURNAL_REASON_MAX];
	uint32_t step_us[JOURNAL_STEPS]; /*!< Microseconds from the event to the end of a step. */
	uint32_t connections;            /*!< Entries of the connection table that were removed. */
	struct journal_addresses before;
	struct journal_addresses after;
};

/*! What the parent zone is known to hold for an uplink. */
struct journal_confirmed {
	char uplink[TABLE_ID_MAX];
	struct journal_addresses address;
	int64_t wall_ms; /*!< When. */
};

struct journal_row {
	uint8_t key[1 + TABLE_ID_MAX];
	size_t key_size;
	uint8_t value[JOURNAL_ROW_MAX];
	size_t value_size;
};

/*! \brief An entry of now: clocks and boot are set, steps and connections unknown. */
struct journal_entry journal_entry_new(enum journal_event event);

/*! \brief «uplink-answered»; NULL for a number that is no event. */
const char *journal_event_name(unsigned event);

/*! \brief «withdrawn_us», the name of a step where programs read it. */
const char *journal_step_key(enum journal_step step);

/*! \brief Whether an entry is about what an uplink is answered with. */
bool journal_event_is_uplink(enum journal_event event);

/*!
 * \brief Whether an entry only repeats another: repairs of the same, soon after each other.
 * \param last  May be NULL.
 */
bool journal_entry_repeats(const struct journal_entry *last, const struct journal_entry *entry);

/*! \brief Whether two lists hold the same addresses in the same order. */
bool journal_addresses_equal(const struct journal_addresses *a, const struct journal_addresses *b);

/*! \brief Whether a list has an address of a family. */
bool journal_addresses_have(const struct journal_addresses *list, uint8_t family);

/*! \brief Put an address in the place of that of its family, IPv4 first. \return Whether it was not there. */
bool journal_addresses_set(struct journal_addresses *list, const struct address *address);

/*! \brief Encode a row. \return 0, or -EINVAL if a count, length or event in it is out of range. */
int journal_encode_entry(const struct journal_entry *entry, struct journal_row *row);
int journal_encode_confirmed(const struct journal_confirmed *confirmed, struct journal_row *row);

/*!
 * \brief Decode a row of one kind.
 * \return 0, -ENOENT for the other kind, -EPROTONOSUPPORT for another format, -EBADMSG if damaged.
 */
int journal_decode_entry(const void *key, size_t key_size, const void *value, size_t value_size,
                         struct journal_entry *entry);
int journal_decode_confirmed(const void *key, size_t key_size, const void *value, size_t value_size,
                             struct journal_confirmed *confirmed);
