/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * DNS messages, RFC 1035 section 4.
 */

#include "daemon/dns_message.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define HEADER_SIZE 12
/*! Behind a record's name: type, class, TTL and length. */
#define RECORD_SIZE 10
#define AUTHORITATIVE 0x04
#define TRUNCATED 0x02
#define RCODE 0x0f
/*! A pointer to the question's name, which follows the header (section 4.1.4). */
#define POINTER_TO_QUESTION (0xc000 | HEADER_SIZE)

size_t dns_query_write(const char *name, uint8_t type, const uint8_t *id, uint8_t *query)
{
	// Identifier; recursion desired; one question.
	uint8_t header[HEADER_SIZE] = { id[0], id[1], 1, 0, 0, 1 };
	memcpy(query, header, sizeof(header));
	size_t size = HEADER_SIZE;
	while (*name != '\0') {
		size_t label = strcspn(name, ".");
		query[size++] = (uint8_t)label;
		memcpy(query + size, name, label);
		size += label;
		name += label + (name[label] == '.');
	}
	const uint8_t end[] = { 0, 0, type, 0, 1 };
	memcpy(query + size, end, sizeof(end));
	return size + sizeof(end);
}

/*! Names are compared without regard to case (RFC 4343); length bytes have no case. */
static bool is_same_name(const uint8_t *a, const uint8_t *b, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (tolower(a[i]) != tolower(b[i])) {
			return false;
		}
	}
	return true;
}

static unsigned read_16(const uint8_t *bytes)
{
	return (unsigned)bytes[0] << 8 | bytes[1];
}

/*! Some servers leave the question out of an error (section 4.1.1). */
bool dns_is_reply(const uint8_t *message, size_t size, const uint8_t *query, size_t query_size)
{
	if (size < HEADER_SIZE || memcmp(message, query, 2) != 0 || (message[2] & 0xf8) != 0x80) {
		return false;
	}
	unsigned questions = read_16(message + 4);
	return questions == 0 ||
	       (questions == 1 && size >= query_size &&
	        is_same_name(message + HEADER_SIZE, query + HEADER_SIZE, query_size - HEADER_SIZE));
}

bool dns_has_authority(const uint8_t *message)
{
	return (message[2] & AUTHORITATIVE) != 0;
}

unsigned dns_rcode(const uint8_t *message)
{
	return message[3] & RCODE;
}

/*! The end of a name in a message, or 0; a pointer ends it. */
static size_t skip_name(const uint8_t *message, size_t size, size_t at)
{
	while (at < size && message[at] != 0 && message[at] < 0xc0) {
		at += message[at] + 1u;
	}
	if (at >= size) {
		return 0;
	}
	at += message[at] == 0 ? 1 : 2;
	return at <= size ? at : 0;
}

/*! The first text of a TXT record, if that is an address. */
static bool read_text(const uint8_t *data, size_t length, struct address *address)
{
	char text[ADDRESS_TEXT_MAX] = { 0 };
	if (length < 1 || data[0] + 1u > length || data[0] >= sizeof(text)) {
		return false;
	}
	memcpy(text, data + 1, data[0]);
	return address_parse(text, address) == 0;
}

static bool read_data(unsigned type, const uint8_t *data, size_t length, struct address *address)
{
	if (type == DNS_TYPE_TXT) {
		return read_text(data, length, address);
	}
	if ((type == DNS_TYPE_A && length == 4) || (type == DNS_TYPE_AAAA && length == 16)) {
		*address = address_from_bytes(type == DNS_TYPE_A ? AF_INET : AF_INET6, data);
		return true;
	}
	return false;
}

int dns_read_address(const uint8_t *message, size_t size, const uint8_t *query, size_t query_size,
                     struct address *address)
{
	struct address found = { 0 };
	if (!dns_is_reply(message, size, query, query_size) || read_16(message + 4) != 1 ||
	    (message[2] & TRUNCATED) != 0) {
		return -EPROTO;
	}
	const uint8_t *type_and_class = query + query_size - 4;
	size_t name_size = query_size - HEADER_SIZE - 4;
	size_t at = query_size;
	for (unsigned left = read_16(message + 6); left > 0; left--) {
		size_t fixed = skip_name(message, size, at);
		if (fixed == 0 || size - fixed < RECORD_SIZE ||
		    size - fixed - RECORD_SIZE < read_16(message + fixed + 8)) {
			return -EPROTO;
		}
		bool same = fixed - at == 2 ? read_16(message + at) == POINTER_TO_QUESTION
		                            : fixed - at == name_size &&
		                                      is_same_name(message + at,
		                                                   query + HEADER_SIZE, name_size);
		size_t length = read_16(message + fixed + 8);
		struct address one;
		if (same && memcmp(message + fixed, type_and_class, 4) == 0 &&
		    read_data(read_16(message + fixed), message + fixed + RECORD_SIZE, length,
		              &one)) {
			if (found.family != 0 && !address_equal(&found, &one)) {
				return -EEXIST;
			}
			found = one;
		}
		at = fixed + RECORD_SIZE + length;
	}
	if (found.family == 0) {
		return -ENOENT;
	}
	*address = found;
	return 0;
}
