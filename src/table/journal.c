/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Entries of the journal, to bytes and back.
 */

#include "table/journal.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "table/bytes.h"

/*! Bytes of a value before its payload: format, reserved, CRC-32. */
#define HEAD_SIZE 6

static const struct {
	const char *name;
	bool repeats; /*!< Somebody may do it many times a second. */
} events[JOURNAL_EVENTS] = {
	[JOURNAL_UPLINK_ANSWERED] = { "uplink-answered", false },
	[JOURNAL_UPLINK_WITHDRAWN] = { "uplink-withdrawn", false },
	[JOURNAL_UPLINK_CHANGED] = { "uplink-changed", false },
	[JOURNAL_UPLINK_DRAINED] = { "uplink-drained", false },
	[JOURNAL_UPLINK_UNDRAINED] = { "uplink-undrained", false },
	[JOURNAL_UPLINK_RENUMBERED] = { "uplink-renumbered", false },
	[JOURNAL_RULESET_REPAIRED] = { "ruleset-repaired", true },
	[JOURNAL_RULESET_LOST] = { "ruleset-lost", true },
	[JOURNAL_ROUTES_REPAIRED] = { "routes-repaired", true },
	[JOURNAL_ROUTES_LOST] = { "routes-lost", true },
	[JOURNAL_FORWARDS_INSTALLED] = { "forwards-installed", false },
	[JOURNAL_DAEMON_STARTED] = { "daemon-started", false },
	[JOURNAL_DAEMON_STOPPED] = { "daemon-stopped", false },
	[JOURNAL_SITE_RELOADED] = { "site-reloaded", false },
	[JOURNAL_SITE_REFUSED] = { "site-refused", false },
	[JOURNAL_PARENT_PENDING] = { "parent-pending", false },
	[JOURNAL_PARENT_UPDATED] = { "parent-updated", false },
	[JOURNAL_PARENT_FAILED] = { "parent-failed", true },
};

struct journal_entry journal_entry_new(enum journal_event event)
{
	struct journal_entry entry = { .event = event,
		                       .boot_ms = table_now_ms(),
		                       .connections = JOURNAL_UNKNOWN };
	struct timespec now = { 0 };
	(void)clock_gettime(CLOCK_REALTIME, &now);
	entry.wall_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	(void)table_boot_id(entry.boot_id);
	for (size_t i = 0; i < JOURNAL_STEPS; i++) {
		entry.step_us[i] = JOURNAL_UNKNOWN;
	}
	return entry;
}

const char *journal_event_name(unsigned event)
{
	return event < JOURNAL_EVENTS ? events[event].name : NULL;
}

const char *journal_step_key(enum journal_step step)
{
	static const char *const keys[JOURNAL_STEPS] = {
		[JOURNAL_WITHDRAWN] = "withdrawn_us",
		[JOURNAL_KERNEL] = "kernel_us",
		[JOURNAL_PUBLISHED] = "published_us",
	};
	return keys[step];
}

bool journal_event_is_uplink(enum journal_event event)
{
	return event >= JOURNAL_UPLINK_ANSWERED && event <= JOURNAL_UPLINK_RENUMBERED;
}

bool journal_entry_repeats(const struct journal_entry *last, const struct journal_entry *entry)
{
	return last != NULL && last->event == entry->event && events[entry->event].repeats &&
	       strcmp(last->uplink, entry->uplink) == 0 &&
	       memcmp(last->boot_id, entry->boot_id, sizeof(last->boot_id)) == 0 &&
	       entry->boot_ms - last->boot_ms < JOURNAL_REPEAT_MS;
}

bool journal_addresses_equal(const struct journal_addresses *a, const struct journal_addresses *b)
{
	bool equal = a->count == b->count;
	for (size_t i = 0; equal && i < a->count; i++) {
		equal = address_equal(&a->items[i], &b->items[i]);
	}
	return equal;
}

bool journal_addresses_have(const struct journal_addresses *list, uint8_t family)
{
	bool found = false;
	for (size_t i = 0; i < list->count; i++) {
		found |= list->items[i].family == family;
	}
	return found;
}

bool journal_addresses_set(struct journal_addresses *list, const struct address *address)
{
	size_t i = 0;
	while (i < list->count && list->items[i].family != address->family) {
		i++;
	}
	if (i == JOURNAL_ADDRESSES_MAX ||
	    (i < list->count && address_equal(&list->items[i], address))) {
		return false;
	}
	if (i == list->count && address->family == AF_INET) {
		memmove(list->items + 1, list->items, list->count * sizeof(list->items[0]));
		i = 0;
		list->count++;
	}
	list->items[i] = *address;
	list->count += i == list->count;
	return true;
}

static struct bytes_out row_start(struct journal_row *row)
{
	return (struct bytes_out){ .data = row->value,
		                   .room = sizeof(row->value),
		                   .used = HEAD_SIZE };
}

static int row_finish(struct journal_row *row, const struct bytes_out *out)
{
	if (out->failed) {
		return -EINVAL;
	}
	row->value_size = out->used;
	struct bytes_out head = { .data = row->value, .room = HEAD_SIZE };
	bytes_put_number(&head, JOURNAL_FORMAT, 1);
	bytes_put_number(&head, 0, 1);
	bytes_put_number(&head,
	                 bytes_checksum(row->key, row->key_size, row->value + HEAD_SIZE,
	                                row->value_size - HEAD_SIZE),
	                 4);
	return 0;
}

static void put_addresses(struct bytes_out *out, const struct journal_addresses *list)
{
	out->failed = out->failed || list->count > JOURNAL_ADDRESSES_MAX;
	bytes_put_number(out, list->count, 1);
	for (size_t i = 0; !out->failed && i < list->count; i++) {
		bytes_put_address(out, &list->items[i]);
	}
}

static struct journal_addresses get_addresses(struct bytes_in *in)
{
	struct journal_addresses list = { .count = bytes_get_count(in, JOURNAL_ADDRESSES_MAX) };
	for (size_t i = 0; i < list.count; i++) {
		list.items[i] = bytes_get_address(in);
	}
	return list;
}

int journal_encode_entry(const struct journal_entry *entry, struct journal_row *row)
{
	if (journal_event_name(entry->event) == NULL) {
		return -EINVAL;
	}
	struct bytes_out key = { .data = row->key, .room = sizeof(row->key) };
	bytes_put_number(&key, 'e', 1);
	bytes_put_number(&key, entry->number, 8);
	row->key_size = key.used;

	struct bytes_out out = row_start(row);
	bytes_put_number(&out, (uint64_t)entry->wall_ms, 8);
	bytes_put_bytes(&out, entry->boot_id, sizeof(entry->boot_id));
	bytes_put_number(&out, entry->boot_ms, 8);
	bytes_put_number(&out, entry->event, 1);
	bytes_put_number(&out, entry->repeated, 4);
	bytes_put_string(&out, entry->uplink, sizeof(entry->uplink));
	bytes_put_string(&out, entry->reason, sizeof(entry->reason));
	for (size_t i = 0; i < JOURNAL_STEPS; i++) {
		bytes_put_number(&out, entry->step_us[i], 4);
	}
	bytes_put_number(&out, entry->connections, 4);
	put_addresses(&out, &entry->before);
	put_addresses(&out, &entry->after);
	return row_finish(row, &out);
}

int journal_encode_confirmed(const struct journal_confirmed *confirmed, struct journal_row *row)
{
	size_t length = strnlen(confirmed->uplink, sizeof(confirmed->uplink));
	if (length == 0 || length == sizeof(confirmed->uplink)) {
		return -EINVAL;
	}
	row->key[0] = 'c';
	memcpy(row->key + 1, confirmed->uplink, length);
	row->key_size = 1 + length;

	struct bytes_out out = row_start(row);
	bytes_put_number(&out, (uint64_t)confirmed->wall_ms, 8);
	put_addresses(&out, &confirmed->address);
	return row_finish(row, &out);
}

/*! Check what all rows have in common. \param in  Out: at the payload. */
static int row_open(char kind, const uint8_t *key, size_t key_size, const void *value,
                    size_t value_size, struct bytes_in *in)
{
	*in = (struct bytes_in){ .data = value, .left = value_size };
	uint8_t format = (uint8_t)bytes_get_number(in, 1);
	(void)bytes_get_number(in, 1);
	uint32_t sum = (uint32_t)bytes_get_number(in, 4);
	if (in->failed || key_size < 2 || key_size > 1 + TABLE_ID_MAX) {
		return -EBADMSG;
	}
	if (key[0] != (uint8_t)kind) {
		return -ENOENT;
	}
	if (format != JOURNAL_FORMAT) {
		return -EPROTONOSUPPORT;
	}
	return sum == bytes_checksum(key, key_size, in->data, in->left) ? 0 : -EBADMSG;
}

int journal_decode_entry(const void *key, size_t key_size, const void *value, size_t value_size,
                         struct journal_entry *entry)
{
	struct bytes_in in;
	int ret = row_open('e', key, key_size, value, value_size, &in);
	if (ret != 0) {
		return ret;
	}
	struct bytes_in name = { .data = (const uint8_t *)key + 1, .left = key_size - 1 };
	struct journal_entry read = { .number = bytes_get_number(&name, 8) };
	read.wall_ms = (int64_t)bytes_get_number(&in, 8);
	bytes_get_bytes(&in, read.boot_id, sizeof(read.boot_id));
	read.boot_ms = bytes_get_number(&in, 8);
	unsigned event = (unsigned)bytes_get_number(&in, 1);
	read.repeated = (uint32_t)bytes_get_number(&in, 4);
	bytes_get_string(&in, read.uplink, sizeof(read.uplink));
	bytes_get_string(&in, read.reason, sizeof(read.reason));
	for (size_t i = 0; i < JOURNAL_STEPS; i++) {
		read.step_us[i] = (uint32_t)bytes_get_number(&in, 4);
	}
	read.connections = (uint32_t)bytes_get_number(&in, 4);
	read.before = get_addresses(&in);
	read.after = get_addresses(&in);
	if (in.failed || in.left != 0 || name.failed || name.left != 0 ||
	    journal_event_name(event) == NULL) {
		return -EBADMSG;
	}
	read.event = event;
	*entry = read;
	return 0;
}

int journal_decode_confirmed(const void *key, size_t key_size, const void *value, size_t value_size,
                             struct journal_confirmed *confirmed)
{
	struct bytes_in in;
	int ret = row_open('c', key, key_size, value, value_size, &in);
	if (ret != 0) {
		return ret;
	}
	struct journal_confirmed read = { .wall_ms = (int64_t)bytes_get_number(&in, 8) };
	read.address = get_addresses(&in);
	if (in.failed || in.left != 0 || key_size > sizeof(read.uplink)) {
		return -EBADMSG;
	}
	memcpy(read.uplink, (const uint8_t *)key + 1, key_size - 1);
	*confirmed = read;
	return 0;
}
