/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The converter of public addresses: one that is given, or by whom it is told.
 */

#include "site/convert.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*! Services that tell whoever asks the address that they see, at addresses that have not changed for years. */
static const struct {
	const char *address;
	const char *name;
	bool resolver;
} services[] = {
	{ "208.67.222.222", "myip.opendns.com", true },
	{ "208.67.220.220", "myip.opendns.com", true },
	{ "2620:119:35::35", "myip.opendns.com", true },
	{ "2620:119:53::53", "myip.opendns.com", true },
	{ "216.239.32.10", "o-o.myaddr.l.google.com", false },
	{ "216.239.34.10", "o-o.myaddr.l.google.com", false },
	{ "216.239.36.10", "o-o.myaddr.l.google.com", false },
	{ "216.239.38.10", "o-o.myaddr.l.google.com", false },
	{ "2001:4860:4802:32::a", "o-o.myaddr.l.google.com", false },
};

static int explain_form(struct text *why)
{
	text_add(why, "is no public address: write an address, discover, or discover ADDRESS NAME");
	return -EINVAL;
}

static int find_name(const char *name, struct public_address *public, struct text *why)
{
	const char *known = NULL;
	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
		struct address address;
		if (address_parse(services[i].address, &address) == 0 &&
		    address_equal(&address, &public->address)) {
			known = services[i].name;
			public->resolver = services[i].resolver;
		}
	}
	if (*name != '\0' && convert_domain_error(name) != NULL) {
		return explain_form(why);
	}
	if (*name == '\0' && known == NULL) {
		text_add(why, "asks a server of which no name is known that it answers with the "
		              "address of who asks: write discover ADDRESS NAME");
		return -EINVAL;
	}
	public->name = strdup(*name != '\0' ? name : known);
	return public->name != NULL ? 0 : -ENOMEM;
}

CONVERTER(public_address)
{
	static const char word[] = "discover";
	size_t length = sizeof(word) - 1;
	struct public_address public = { .discover = strncmp(text, word, length) == 0 };
	if (!public.discover) {
		int ret = convert_address(conversion, text, &public.address, why);
		if (ret == 0) {
			*(struct public_address *)value = public;
		}
		return ret;
	}
	if (text[length] == ' ') {
		const char *address = text + length + 1;
		size_t size = strcspn(address, " ");
		const char *name = address + size + (address[size] == ' ');
		char copy[ADDRESS_TEXT_MAX] = { 0 };
		if (size >= sizeof(copy)) {
			return explain_form(why);
		}
		memcpy(copy, address, size);
		if (address_parse(copy, &public.address) != 0) {
			return explain_form(why);
		}
		int ret = find_name(name, &public, why);
		if (ret != 0) {
			return ret;
		}
	} else if (text[length] != '\0') {
		return explain_form(why);
	}
	*(struct public_address *)value = public;
	return 0;
}
