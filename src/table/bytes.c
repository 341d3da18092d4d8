/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Values to bytes and back, with their checksum.
 */

#include "table/bytes.h"

#include <string.h>
#include <sys/socket.h>

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

uint32_t bytes_checksum(const uint8_t *key, size_t key_size, const uint8_t *payload, size_t size)
{
	return ~crc32_update(crc32_update(~0u, key, key_size), payload, size);
}

void bytes_put_bytes(struct bytes_out *out, const void *bytes, size_t size)
{
	if (out->failed || size > out->room - out->used) {
		out->failed = true;
		return;
	}
	memcpy(out->data + out->used, bytes, size);
	out->used += size;
}

void bytes_put_number(struct bytes_out *out, uint64_t number, size_t size)
{
	uint8_t bytes[8];
	for (size_t i = 0; i < size; i++) {
		bytes[i] = (uint8_t)(number >> (8 * (size - 1 - i)));
	}
	bytes_put_bytes(out, bytes, size);
}

void bytes_put_string(struct bytes_out *out, const char *string, size_t room)
{
	size_t length = strnlen(string, room);
	out->failed = out->failed || length >= room;
	bytes_put_number(out, length, 1);
	bytes_put_bytes(out, string, length);
}

void bytes_put_address(struct bytes_out *out, const struct address *address)
{
	bytes_put_number(out, address_size(address), 1);
	bytes_put_bytes(out, address->bytes, address_size(address));
}

void bytes_get_bytes(struct bytes_in *in, void *bytes, size_t size)
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

uint64_t bytes_get_number(struct bytes_in *in, size_t size)
{
	uint8_t bytes[8] = { 0 };
	bytes_get_bytes(in, bytes, size);
	uint64_t number = 0;
	for (size_t i = 0; i < size; i++) {
		number = number << 8 | bytes[i];
	}
	return number;
}

uint8_t bytes_get_count(struct bytes_in *in, size_t most)
{
	uint8_t count = (uint8_t)bytes_get_number(in, 1);
	if (count > most) {
		in->failed = true;
		return 0;
	}
	return count;
}

void bytes_get_string(struct bytes_in *in, char *string, size_t room)
{
	uint8_t length = bytes_get_count(in, room - 1);
	bytes_get_bytes(in, string, length);
	string[length] = '\0';
}

struct address bytes_get_address(struct bytes_in *in)
{
	static const uint8_t families[17] = { [4] = AF_INET, [16] = AF_INET6 };
	uint8_t bytes[16];
	uint8_t size = bytes_get_count(in, sizeof(bytes));
	bytes_get_bytes(in, bytes, size);
	if (families[size] == 0) {
		in->failed = true;
		return (struct address){ 0 };
	}
	return address_from_bytes(families[size], bytes);
}
