/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Converters of addresses and ports.
 */

#include "site/convert.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

CONVERTER(address)
{
	struct address address;
	if (address_parse(text, &address) == 0) {
		*(struct address *)value = address;
		return 0;
	}
	const char *slash = strchr(text, '/');
	const char *percent = strchr(text, '%');
	if (slash != NULL) {
		text_add(why, "is not an address: leave out the prefix length '%.8s'", slash);
	} else if (percent != NULL) {
		text_add(why, "is not an address: leave out the interface '%.16s'", percent);
	} else {
		text_add(why, "is not an IPv4 or IPv6 address, such as 192.168.2.1 or "
		              "\"2001:db8::1\"");
	}
	return -EINVAL;
}

CONVERTER(prefix)
{
	struct prefix prefix;
	if (strchr(text, '/') == NULL || prefix_parse(text, &prefix) != 0) {
		text_add(why, "is not a network with its prefix length, such as 198.18.0.0/24 or "
		              "\"2001:2::/64\"");
		return -EINVAL;
	}
	*(struct prefix *)value = prefix;
	return 0;
}

// With fewer bits behind it a prefix has no room for a LAN, with more it is the provider's own.
CONVERTER(prefix6)
{
	struct prefix prefix;
	if (strchr(text, '/') == NULL || prefix_parse(text, &prefix) != 0 ||
	    prefix.address.family != AF_INET6 || prefix.length < 16 || prefix.length > 120) {
		text_add(why, "is not an IPv6 network with a prefix length from 16 to 120, such as "
		              "\"2001:db8:1:10::/64\"");
		return -EINVAL;
	}
	struct prefix network = prefix_network(&prefix);
	if (prefix_compare(&network, &prefix) != 0) {
		char name[ADDRESS_TEXT_MAX];
		text_add(why, "has bits behind its length: write %s",
		         prefix_format(&network, name));
		return -EINVAL;
	}
	*(struct prefix *)value = prefix;
	return 0;
}

CONVERTER(uplink_address)
{
	const char *equals = strchr(text, '=');
	if (equals == NULL || equals == text || equals[1] == '\0') {
		text_add(why, "is not of the form uplink=address, such as primary=10.0.1.1");
		return -EINVAL;
	}
	char *id = strndup(text, (size_t)(equals - text));
	if (id == NULL) {
		return -ENOMEM;
	}
	struct uplink_address parsed = { 0 };
	int ret = convert_uplink(conversion, id, &parsed.uplink, why);
	if (ret == 0) {
		ret = convert_address(conversion, equals + 1, &parsed.address, why);
	}
	free(id);
	if (ret == 0) {
		*(struct uplink_address *)value = parsed;
	}
	return ret;
}

struct range {
	uint64_t first;
	uint64_t last;
};

// «80» or «9000-9010»; returns what follows it, or NULL.
static const char *read_range(const char *text, struct range *range)
{
	const char *end = convert_digits(text, 10, &range->first);
	if (end == NULL) {
		return NULL;
	}
	range->last = range->first;
	return *end == '-' ? convert_digits(end + 1, 10, &range->last) : end;
}

static const char *range_error(const struct range *range)
{
	if (range->first > UINT16_MAX || range->last > UINT16_MAX) {
		return "is out of range: ports go up to 65535";
	}
	if (range->first == 0 || range->last == 0) {
		return "is out of range: ports begin at 1";
	}
	if (range->first > range->last) {
		return "is a range that runs backwards: write the lower port first";
	}
	return NULL;
}

static int explain_form(struct text *why)
{
	text_add(why, "is not of the form protocol/port, such as tcp/80, udp/443, tcp/443:8443 "
	              "or tcp/9000-9010");
	return -EINVAL;
}

// netfilter maps a range onto another one port by port only if the two are equal.
static int explain_shift(const struct range *outside, const struct range *inside, const char *name,
                         struct text *why)
{
	text_add(why, "sends a range to other ports, which is not possible: list single ports, ");
	unsigned long from = (unsigned long)outside->first;
	unsigned long to = (unsigned long)inside->first;
	text_add(why, "%s/%lu:%lu, %s/%lu:%lu and so on", name, from, to, name, from + 1, to + 1);
	return -EINVAL;
}

CONVERTER(service)
{
	static const struct {
		const char *name;
		uint8_t protocol;
	} protocols[] = { { "tcp", IPPROTO_TCP }, { "udp", IPPROTO_UDP } };

	const char *name = NULL;
	uint8_t protocol = 0;
	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
		if (strncmp(text, protocols[i].name, 3) == 0 && text[3] == '/') {
			name = protocols[i].name;
			protocol = protocols[i].protocol;
		}
	}
	struct range outside;
	const char *end = name != NULL ? read_range(text + 4, &outside) : NULL;
	if (end == NULL || (*end != '\0' && *end != ':')) {
		return explain_form(why);
	}
	struct range inside = outside;
	if (*end == ':') {
		end = read_range(end + 1, &inside);
		bool one_to_many = outside.first == outside.last && inside.first != inside.last;
		if (end == NULL || *end != '\0' || one_to_many) {
			return explain_form(why);
		}
	}
	const char *error = range_error(&outside);
	error = error != NULL ? error : range_error(&inside);
	if (error != NULL) {
		text_add(why, "%s", error);
		return -EINVAL;
	}
	if (outside.first != outside.last &&
	    (inside.first != outside.first || inside.last != outside.last)) {
		return explain_shift(&outside, &inside, name, why);
	}
	*(struct service *)value = (struct service){
		.protocol = protocol,
		.first = (uint16_t)outside.first,
		.last = (uint16_t)outside.last,
		.inside = (uint16_t)inside.first,
	};
	return 0;
}
