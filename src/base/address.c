/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Parsing, printing and comparing of IPv4 and IPv6 addresses and prefixes.
 */

#include "base/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t address_size(const struct address *address)
{
	switch (address->family) {
	case AF_INET:
		return sizeof(struct in_addr);
	case AF_INET6:
		return sizeof(struct in6_addr);
	default:
		return 0;
	}
}

struct address address_from_bytes(uint8_t family, const void *bytes)
{
	struct address address = { .family = family };
	memcpy(address.bytes, bytes, address_size(&address));
	return address;
}

int address_parse(const char *text, struct address *address)
{
	struct address parsed = { .family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET };
	if (inet_pton(parsed.family, text, parsed.bytes) != 1) {
		return -EINVAL;
	}
	*address = parsed;
	return 0;
}

const char *address_format(const struct address *address, char *buffer)
{
	if (address->family == 0 ||
	    inet_ntop(address->family, address->bytes, buffer, ADDRESS_TEXT_MAX) == NULL) {
		strcpy(buffer, "none");
	}
	return buffer;
}

int address_compare(const struct address *a, const struct address *b)
{
	if (a->family != b->family) {
		return a->family < b->family ? -1 : 1;
	}
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

bool address_equal(const struct address *a, const struct address *b)
{
	return address_compare(a, b) == 0;
}

/*! A range of addresses and what one of it is called. */
struct named_prefix {
	const char *prefix;
	const char *name;
};

/*! The name of the range that holds an address, or NULL; the list ends with a row of NULL. */
static const char *range_name(const struct named_prefix *ranges, const struct address *address)
{
	for (; ranges->prefix != NULL; ranges++) {
		struct prefix prefix;
		if (prefix_parse(ranges->prefix, &prefix) == 0 &&
		    prefix_contains(&prefix, address)) {
			return ranges->name;
		}
	}
	return NULL;
}

const char *address_unpublishable(const struct address *address)
{
	static const struct named_prefix refused[] = {
		{ "0.0.0.0/8", "an address of «this network»" },
		{ "127.0.0.0/8", "a loopback address" },
		{ "169.254.0.0/16", "a link-local address" },
		{ "224.0.0.0/4", "a multicast address" },
		{ "240.0.0.0/4", "a reserved address" },
		{ "::/128", "the unspecified address" },
		{ "::1/128", "a loopback address" },
		{ "fe80::/10", "a link-local address" },
		{ "ff00::/8", "a multicast address" },
		{ 0 },
	};
	return range_name(refused, address);
}

const char *address_private(const struct address *address)
{
	static const struct named_prefix ranges[] = {
		{ "10.0.0.0/8", "private (RFC 1918)" },
		{ "172.16.0.0/12", "private (RFC 1918)" },
		{ "192.168.0.0/16", "private (RFC 1918)" },
		{ "100.64.0.0/10", "of the provider's own NAT (RFC 6598)" },
		{ "fc00::/7", "unique local (RFC 4193)" },
		{ 0 },
	};
	return range_name(ranges, address);
}

int prefix_parse(const char *text, struct prefix *prefix)
{
	char address[ADDRESS_TEXT_MAX];
	const char *slash = strchr(text, '/');
	size_t length = slash != NULL ? (size_t)(slash - text) : strlen(text);
	if (length >= sizeof(address)) {
		return -EINVAL;
	}
	memcpy(address, text, length);
	address[length] = '\0';

	struct prefix parsed;
	if (address_parse(address, &parsed.address) != 0) {
		return -EINVAL;
	}

	unsigned long most = 8 * address_size(&parsed.address);
	unsigned long bits = most;
	if (slash != NULL) {
		char *end = NULL;
		bits = strtoul(slash + 1, &end, 10);
		if (slash[1] < '0' || slash[1] > '9' || *end != '\0' || bits > most) {
			return -EINVAL;
		}
	}
	parsed.length = (uint8_t)bits;
	*prefix = parsed;
	return 0;
}

const char *prefix_format(const struct prefix *prefix, char *buffer)
{
	address_format(&prefix->address, buffer);
	size_t used = strlen(buffer);
	(void)snprintf(buffer + used, ADDRESS_TEXT_MAX - used, "/%u", prefix->length);
	return buffer;
}

struct prefix prefix_network(const struct prefix *prefix)
{
	struct prefix network = *prefix;
	for (size_t i = 0; i < sizeof(network.address.bytes); i++) {
		unsigned kept = network.length > 8 * i ? network.length - 8 * (unsigned)i : 0;
		if (kept < 8) {
			network.address.bytes[i] &= (uint8_t)(0xff00 >> kept);
		}
	}
	return network;
}

int prefix_compare(const struct prefix *a, const struct prefix *b)
{
	int order = address_compare(&a->address, &b->address);
	return order != 0 ? order : (int)a->length - (int)b->length;
}

bool prefix_contains(const struct prefix *prefix, const struct address *address)
{
	if (prefix->address.family != address->family) {
		return false;
	}
	struct prefix other = { .address = *address, .length = prefix->length };
	struct prefix a = prefix_network(prefix);
	struct prefix b = prefix_network(&other);
	return prefix_compare(&a, &b) == 0;
}
