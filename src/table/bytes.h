/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Values in rows: numbers in network byte order, strings and addresses behind their length.
 *
 * What goes wrong sticks and is asked for once, at the end: an overrun of the room, reading behind the
 * end, a count that is too large.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"

/*! Writes into a buffer. */
struct bytes_out {
	uint8_t *data;
	size_t room;
	size_t used;
	bool failed;
};

/*! Reads a buffer; behind its end everything is zero. */
struct bytes_in {
	const uint8_t *data;
	size_t left;
	bool failed;
};

/*! \brief CRC-32 over a row's key and payload. */
uint32_t bytes_checksum(const uint8_t *key, size_t key_size, const uint8_t *payload, size_t size);

void bytes_put_bytes(struct bytes_out *out, const void *bytes, size_t size);

/*! \brief Write the lowest bytes of a number. \param size  1 to 8. */
void bytes_put_number(struct bytes_out *out, uint64_t number, size_t size);

/*! \brief Write a string of at most 255 bytes. \param room  Of the array that it is in. */
void bytes_put_string(struct bytes_out *out, const char *string, size_t room);

/*! \brief Write an address, also «none». */
void bytes_put_address(struct bytes_out *out, const struct address *address);

void bytes_get_bytes(struct bytes_in *in, void *bytes, size_t size);

/*! \param size  1 to 8. */
uint64_t bytes_get_number(struct bytes_in *in, size_t size);

/*! \brief Read a count that must not exceed the room for what it counts. */
uint8_t bytes_get_count(struct bytes_in *in, size_t most);

/*! \param room  Of the array, the terminating zero included. */
void bytes_get_string(struct bytes_in *in, char *string, size_t room);

/*! \brief Read an address; «none» fails. */
struct address bytes_get_address(struct bytes_in *in);
