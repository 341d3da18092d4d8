/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Rows of the answer table to bytes and back, with their checksums.
 */

#include "table/table.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

/*! Bytes of a value before its payload: format, reserved, CRC-32. */
#define HEAD_SIZE 6

/*! Writes into a row's value; an overrun sticks and is reported once, by row_finish(). */
struct writer {
	uint8_t *data;
	size_t room;
	size_t used;
	bool failed;
};

/*! Reads a row's value; reading behind the end sticks and yields zeroes. */
struct reader {
	const uint8_t *data;
	size_t left;
	bool failed;
};

static uint32_t crc32_update(uint32_t crc, const uint8_t *data, size_t size)
{
	// CRC-32 of IEEE 802.3, a nibble at a time: rows are short, a 1 KiB table would not pay.
	static const uint32_t nibbles[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
		0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	for (size_t i = 0; i < size; i++) {
		crc ^= data[i];
		crc = nibbles[crc & 15] ^ (crc >> 4);
		crc = nibbles[crc & 15] ^ (crc >> 4);
	}
	return crc;
}

static uint32_t row_checksum(const uint8_t *key, size_t key_size, const uint8_t *payload,
                             size_t size)
{
	return ~crc32_update(crc32_update(~0u, key, key_size), payload, size);
}

static void put_bytes(struct writer *out, const void *bytes, size_t size)
{
	if (out->failed || size > out->room - out->used) {
		out->failed = true;
		return;
	}
	memcpy(out->data + out->used, bytes, size);
	out->used += size;
}

static void put_number(struct writer *out, uint64_t number, size_t size)
{
	uint8_t bytes[8];
	for (size_t i = 0; i < size; i++) {
		bytes[i] = (uint8_t)(number >> (8 * (size - 1 - i)));
	}
	put_bytes(out, bytes, size);
}

static void put_string(struct writer *out, const char *string, size_t room)
{
	size_t length = strnlen(string, room);
	out->failed = out->failed || length >= room;
	put_number(out, length, 1);
	put_bytes(out, string, length);
}

static void put_address(struct writer *out, const struct address *address)
{
	put_number(out, address_size(address), 1);
	put_bytes(out, address->bytes, address_size(address));
}

static void get_bytes(struct reader *in, void *bytes, size_t size)
{
	if (in->failed || size > in->left) {
		in->failed = true;
		memset(bytes, 0, size);
		return;
	}
	memcpy(bytes, in->data, size);
	in->data += size;
	in->left -= size;
}

static uint64_t get_number(struct reader *in, size_t size)
{
	uint8_t bytes[8] = { 0 };
	get_bytes(in, bytes, size);
	uint64_t number = 0;
	for (size_t i = 0; i < size; i++) {
		number = number << 8 | bytes[i];
	}
	return number;
}

/*! A count that must not exceed the room for what it counts. */
static uint8_t get_count(struct reader *in, size_t most)
{
	uint8_t count = (uint8_t)get_number(in, 1);
	if (count > most) {
		in->failed = true;
		return 0;
	}
	return count;
}

static void get_string(struct reader *in, char *string, size_t room)
{
	uint8_t length = get_count(in, room - 1);
	get_bytes(in, string, length);
	string[length] = '\0';
}

static struct address get_address(struct reader *in)
{
	static const uint8_t families[17] = { [4] = AF_INET, [16] = AF_INET6 };
	uint8_t bytes[16];
	uint8_t size = get_count(in, sizeof(bytes));
	get_bytes(in, bytes, size);
	if (families[size] == 0) {
		in->failed = true;
		return (struct address){ 0 };
	}
	return address_from_bytes(families[size], bytes);
}

static struct writer row_start(struct table_row *row, char kind, const void *rest, size_t rest_size)
{
	row->key[0] = (uint8_t)kind;
	if (rest_size != 0) {
		memcpy(row->key + 1, rest, rest_size);
	}
	row->key_size = 1 + rest_size;
	return (struct writer){ .data = row->value, .room = sizeof(row->value), .used = HEAD_SIZE };
}

static int row_finish(struct table_row *row, const struct writer *out)
{
	if (out->failed) {
		return -EINVAL;
	}
	row->value_size = out->used;
	uint32_t sum = row_checksum(row->key, row->key_size, row->value + HEAD_SIZE,
	                            row->value_size - HEAD_SIZE);
	struct writer head = { .data = row->value, .room = HEAD_SIZE };
	put_number(&head, TABLE_FORMAT, 1);
	put_number(&head, 0, 1);
	put_number(&head, sum, 4);
	return 0;
}

int table_encode_meta(const struct table_meta *meta, struct table_row *row)
{
	if (meta->lan_count > TABLE_LAN_MAX) {
		return -EINVAL;
	}
	struct writer out = row_start(row, 'm', NULL, 0);
	put_string(&out, meta->site, sizeof(meta->site));
	put_number(&out, meta->generation, 8);
	put_bytes(&out, meta->boot_id, sizeof(meta->boot_id));
	put_number(&out, meta->heartbeat_ms, 8);
	put_number(&out, meta->stale_after_ms, 4);
	put_number(&out, meta->lan_count, 1);
	for (size_t i = 0; i < meta->lan_count; i++) {
		put_address(&out, &meta->lan[i].address);
		put_number(&out, meta->lan[i].length, 1);
	}
	return row_finish(row, &out);
}

int table_encode_uplink(const struct table_uplink *uplink, struct table_row *row)
{
	if (uplink->number == 0 || uplink->number > TABLE_UPLINKS_MAX ||
	    uplink->address_count > TABLE_ADDRESSES_MAX ||
	    uplink->binding_count > TABLE_BINDINGS_MAX) {
		return -EINVAL;
	}
	struct writer out = row_start(row, 'u', &uplink->number, 1);
	put_string(&out, uplink->id, sizeof(uplink->id));
	put_number(&out, uplink->usable, 1);
	put_number(&out, uplink->drained, 1);
	put_number(&out, uplink->address_count, 1);
	for (size_t i = 0; i < uplink->address_count; i++) {
		put_address(&out, &uplink->address[i]);
	}
	put_number(&out, uplink->binding_count, 1);
	for (size_t i = 0; i < uplink->binding_count; i++) {
		const struct table_binding *binding = &uplink->binding[i];
		put_number(&out, binding->kind, 1);
		switch (binding->kind) {
		case TABLE_BINDING_ADDRESS:
			put_address(&out, &binding->address);
			break;
		case TABLE_BINDING_PORT:
			put_number(&out, binding->port, 2);
			break;
		case TABLE_BINDING_DEVICE:
			put_string(&out, binding->device, sizeof(binding->device));
			break;
		default:
			return -EINVAL;
		}
	}
	return row_finish(row, &out);
}

int table_encode_host(const struct table_host *host, struct table_row *row)
{
	if (host->owner_length == 0 || host->order_count > TABLE_UPLINKS_MAX ||
	    host->lan_count > 2) {
		return -EINVAL;
	}
	struct writer out = row_start(row, 'h', host->owner, host->owner_length);
	put_number(&out, host->ttl, 4);
	put_number(&out, host->policy, 1);
	put_number(&out, host->ready4, 8);
	put_number(&out, host->ready6, 8);
	put_number(&out, host->order_count, 1);
	put_bytes(&out, host->order, host->order_count);
	put_number(&out, host->lan_count, 1);
	for (size_t i = 0; i < host->lan_count; i++) {
		put_address(&out, &host->lan[i]);
	}
	return row_finish(row, &out);
}

static bool decode_meta(struct reader *in, struct table_meta *meta)
{
	get_string(in, meta->site, sizeof(meta->site));
	meta->generation = get_number(in, 8);
	get_bytes(in, meta->boot_id, sizeof(meta->boot_id));
	meta->heartbeat_ms = get_number(in, 8);
	meta->stale_after_ms = (uint32_t)get_number(in, 4);
	meta->lan_count = get_count(in, TABLE_LAN_MAX);
	for (size_t i = 0; i < meta->lan_count; i++) {
		meta->lan[i].address = get_address(in);
		meta->lan[i].length = get_count(in, 8 * address_size(&meta->lan[i].address));
	}
	return !in->failed;
}

static bool decode_binding(struct reader *in, struct table_binding *binding)
{
	uint8_t kind = (uint8_t)get_number(in, 1);
	switch (kind) {
	case TABLE_BINDING_ADDRESS:
		binding->address = get_address(in);
		break;
	case TABLE_BINDING_PORT:
		binding->port = (uint16_t)get_number(in, 2);
		break;
	case TABLE_BINDING_DEVICE:
		get_string(in, binding->device, sizeof(binding->device));
		break;
	default:
		return false;
	}
	binding->kind = kind;
	return !in->failed;
}

static bool decode_uplink(struct reader *in, struct table_uplink *uplink)
{
	get_string(in, uplink->id, sizeof(uplink->id));
	uplink->usable = get_number(in, 1) != 0;
	uplink->drained = get_number(in, 1) != 0;
	uplink->address_count = get_count(in, TABLE_ADDRESSES_MAX);
	for (size_t i = 0; i < uplink->address_count; i++) {
		uplink->address[i] = get_address(in);
	}
	uplink->binding_count = get_count(in, TABLE_BINDINGS_MAX);
	for (size_t i = 0; i < uplink->binding_count; i++) {
		if (!decode_binding(in, &uplink->binding[i])) {
			return false;
		}
	}
	return !in->failed && uplink->number != 0 && uplink->number <= TABLE_UPLINKS_MAX;
}

static bool decode_host(struct reader *in, struct table_host *host)
{
	host->ttl = (uint32_t)get_number(in, 4);
	host->policy = (uint8_t)get_number(in, 1);
	host->ready4 = get_number(in, 8);
	host->ready6 = get_number(in, 8);
	host->order_count = get_count(in, TABLE_UPLINKS_MAX);
	get_bytes(in, host->order, host->order_count);
	host->lan_count = get_count(in, 2);
	for (size_t i = 0; i < host->lan_count; i++) {
		host->lan[i] = get_address(in);
	}
	return !in->failed;
}

int table_decode(const void *key, size_t key_size, const void *value, size_t value_size,
                 struct table *table)
{
	const uint8_t *name = key;
	struct reader in = { .data = value, .left = value_size };
	uint8_t format = (uint8_t)get_number(&in, 1);
	(void)get_number(&in, 1);
	uint32_t sum = (uint32_t)get_number(&in, 4);
	if (in.failed || key_size == 0 || key_size > TABLE_KEY_MAX) {
		return -EBADMSG;
	}
	if (format != TABLE_FORMAT) {
		return -EPROTONOSUPPORT;
	}
	if (sum != row_checksum(name, key_size, in.data, in.left)) {
		return -EBADMSG;
	}

	bool good = false;
	if (name[0] == 'm' && key_size == 1) {
		struct table_meta meta = { 0 };
		good = decode_meta(&in, &meta);
		if (good) {
			table->meta = meta;
		}
	} else if (name[0] == 'u' && key_size == 2) {
		struct table_uplink *uplink = table_add_uplink(table);
		if (uplink == NULL) {
			return -ENOMEM;
		}
		uplink->number = name[1];
		good = decode_uplink(&in, uplink);
	} else if (name[0] == 'h' && key_size > 1) {
		struct table_host *host = table_add_host(table);
		if (host == NULL) {
			return -ENOMEM;
		}
		host->owner_length = (uint8_t)(key_size - 1);
		memcpy(host->owner, name + 1, host->owner_length);
		good = decode_host(&in, host);
	}
	return good && in.left == 0 ? 0 : -EBADMSG;
}
