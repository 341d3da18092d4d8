/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Rows of the answer table to bytes and back, with their checksums.
 */

#include "table/table.h"

#include <errno.h>
#include <string.h>

#include "table/bytes.h"

/*! Bytes of a value before its payload: format, reserved, CRC-32. */
#define HEAD_SIZE 6

static struct bytes_out row_start(struct table_row *row, char kind, const void *rest,
                                  size_t rest_size)
{
	row->key[0] = (uint8_t)kind;
	if (rest_size != 0) {
		memcpy(row->key + 1, rest, rest_size);
	}
	row->key_size = 1 + rest_size;
	return (struct bytes_out){ .data = row->value,
		                   .room = sizeof(row->value),
		                   .used = HEAD_SIZE };
}

static int row_finish(struct table_row *row, const struct bytes_out *out)
{
	if (out->failed) {
		return -EINVAL;
	}
	row->value_size = out->used;
	uint32_t sum = bytes_checksum(row->key, row->key_size, row->value + HEAD_SIZE,
	                              row->value_size - HEAD_SIZE);
	struct bytes_out head = { .data = row->value, .room = HEAD_SIZE };
	bytes_put_number(&head, TABLE_FORMAT, 1);
	bytes_put_number(&head, 0, 1);
	bytes_put_number(&head, sum, 4);
	return 0;
}

int table_encode_meta(const struct table_meta *meta, struct table_row *row)
{
	if (meta->lan_count > TABLE_LAN_MAX) {
		return -EINVAL;
	}
	struct bytes_out out = row_start(row, 'm', NULL, 0);
	bytes_put_string(&out, meta->site, sizeof(meta->site));
	bytes_put_number(&out, meta->generation, 8);
	bytes_put_bytes(&out, meta->boot_id, sizeof(meta->boot_id));
	bytes_put_number(&out, meta->heartbeat_ms, 8);
	bytes_put_number(&out, meta->stale_after_ms, 4);
	bytes_put_number(&out, meta->lan_count, 1);
	for (size_t i = 0; i < meta->lan_count; i++) {
		bytes_put_address(&out, &meta->lan[i].address);
		bytes_put_number(&out, meta->lan[i].length, 1);
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
	struct bytes_out out = row_start(row, 'u', &uplink->number, 1);
	bytes_put_string(&out, uplink->id, sizeof(uplink->id));
	bytes_put_number(&out, uplink->usable, 1);
	bytes_put_number(&out, uplink->drained, 1);
	bytes_put_number(&out, uplink->address_count, 1);
	for (size_t i = 0; i < uplink->address_count; i++) {
		bytes_put_address(&out, &uplink->address[i]);
	}
	bytes_put_number(&out, uplink->binding_count, 1);
	for (size_t i = 0; i < uplink->binding_count; i++) {
		const struct table_binding *binding = &uplink->binding[i];
		bytes_put_number(&out, binding->kind, 1);
		switch (binding->kind) {
		case TABLE_BINDING_ADDRESS:
			bytes_put_address(&out, &binding->address);
			break;
		case TABLE_BINDING_PORT:
			bytes_put_number(&out, binding->port, 2);
			break;
		case TABLE_BINDING_DEVICE:
			bytes_put_string(&out, binding->device, sizeof(binding->device));
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
	    host->own_count > TABLE_OWN_MAX || host->lan_count > 2) {
		return -EINVAL;
	}
	struct bytes_out out = row_start(row, 'h', host->owner, host->owner_length);
	bytes_put_number(&out, host->ttl, 4);
	bytes_put_number(&out, host->policy, 1);
	bytes_put_number(&out, host->ready4, 8);
	bytes_put_number(&out, host->ready6, 8);
	bytes_put_number(&out, host->order_count, 1);
	bytes_put_bytes(&out, host->order, host->order_count);
	bytes_put_number(&out, host->own_count, 1);
	for (size_t i = 0; i < host->own_count; i++) {
		bytes_put_number(&out, host->own[i].uplink, 1);
		bytes_put_address(&out, &host->own[i].address);
	}
	bytes_put_number(&out, host->lan_count, 1);
	for (size_t i = 0; i < host->lan_count; i++) {
		bytes_put_address(&out, &host->lan[i]);
	}
	return row_finish(row, &out);
}

static bool decode_meta(struct bytes_in *in, struct table_meta *meta)
{
	bytes_get_string(in, meta->site, sizeof(meta->site));
	meta->generation = bytes_get_number(in, 8);
	bytes_get_bytes(in, meta->boot_id, sizeof(meta->boot_id));
	meta->heartbeat_ms = bytes_get_number(in, 8);
	meta->stale_after_ms = (uint32_t)bytes_get_number(in, 4);
	meta->lan_count = bytes_get_count(in, TABLE_LAN_MAX);
	for (size_t i = 0; i < meta->lan_count; i++) {
		meta->lan[i].address = bytes_get_address(in);
		meta->lan[i].length = bytes_get_count(in, 8 * address_size(&meta->lan[i].address));
	}
	return !in->failed;
}

static bool decode_binding(struct bytes_in *in, struct table_binding *binding)
{
	uint8_t kind = (uint8_t)bytes_get_number(in, 1);
	switch (kind) {
	case TABLE_BINDING_ADDRESS:
		binding->address = bytes_get_address(in);
		break;
	case TABLE_BINDING_PORT:
		binding->port = (uint16_t)bytes_get_number(in, 2);
		break;
	case TABLE_BINDING_DEVICE:
		bytes_get_string(in, binding->device, sizeof(binding->device));
		break;
	default:
		return false;
	}
	binding->kind = kind;
	return !in->failed;
}

static bool decode_uplink(struct bytes_in *in, struct table_uplink *uplink)
{
	bytes_get_string(in, uplink->id, sizeof(uplink->id));
	uplink->usable = bytes_get_number(in, 1) != 0;
	uplink->drained = bytes_get_number(in, 1) != 0;
	uplink->address_count = bytes_get_count(in, TABLE_ADDRESSES_MAX);
	for (size_t i = 0; i < uplink->address_count; i++) {
		uplink->address[i] = bytes_get_address(in);
	}
	uplink->binding_count = bytes_get_count(in, TABLE_BINDINGS_MAX);
	for (size_t i = 0; i < uplink->binding_count; i++) {
		if (!decode_binding(in, &uplink->binding[i])) {
			return false;
		}
	}
	return !in->failed && uplink->number != 0 && uplink->number <= TABLE_UPLINKS_MAX;
}

static bool decode_host(struct bytes_in *in, struct table_host *host)
{
	host->ttl = (uint32_t)bytes_get_number(in, 4);
	host->policy = (uint8_t)bytes_get_number(in, 1);
	host->ready4 = bytes_get_number(in, 8);
	host->ready6 = bytes_get_number(in, 8);
	host->order_count = bytes_get_count(in, TABLE_UPLINKS_MAX);
	bytes_get_bytes(in, host->order, host->order_count);
	host->own_count = bytes_get_count(in, TABLE_OWN_MAX);
	for (size_t i = 0; i < host->own_count; i++) {
		host->own[i].uplink = (uint8_t)bytes_get_number(in, 1);
		host->own[i].address = bytes_get_address(in);
	}
	host->lan_count = bytes_get_count(in, 2);
	for (size_t i = 0; i < host->lan_count; i++) {
		host->lan[i] = bytes_get_address(in);
	}
	return !in->failed;
}

int table_decode(const void *key, size_t key_size, const void *value, size_t value_size,
                 struct table *table)
{
	const uint8_t *name = key;
	struct bytes_in in = { .data = value, .left = value_size };
	uint8_t format = (uint8_t)bytes_get_number(&in, 1);
	(void)bytes_get_number(&in, 1);
	uint32_t sum = (uint32_t)bytes_get_number(&in, 4);
	if (in.failed || key_size == 0 || key_size > TABLE_KEY_MAX) {
		return -EBADMSG;
	}
	if (format != TABLE_FORMAT) {
		return -EPROTONOSUPPORT;
	}
	if (sum != bytes_checksum(name, key_size, in.data, in.left)) {
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
