/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The converter of probes: a kind, whom it asks, and what.
 */

#include "site/convert.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool read_address(const char *text, size_t length, struct address *address)
{
	char copy[ADDRESS_TEXT_MAX];
	if (length >= sizeof(copy)) {
		return false;
	}
	memcpy(copy, text, length);
	copy[length] = '\0';
	return address_parse(copy, address) == 0;
}

static bool read_icmp(const char *rest, struct probe *probe)
{
	return read_address(rest, strlen(rest), &probe->address);
}

// «192.0.2.1:80» or «[2001:db8::1]:80».
static bool read_tcp(const char *rest, struct probe *probe)
{
	const char *colon = strrchr(rest, ':');
	uint64_t port = 0;
	const char *end = colon != NULL ? convert_digits(colon + 1, 10, &port) : NULL;
	if (end == NULL || *end != '\0' || port == 0 || port > UINT16_MAX) {
		return false;
	}
	probe->port = (uint16_t)port;
	size_t length = (size_t)(colon - rest);
	if (rest[0] == '[') {
		return length > 2 && rest[length - 1] == ']' &&
		       read_address(rest + 1, length - 2, &probe->address);
	}
	return memchr(rest, ':', length) == NULL && read_address(rest, length, &probe->address);
}

static bool read_dns(const char *rest, struct probe *probe)
{
	const char *space = strchr(rest, ' ');
	return space != NULL && read_address(rest, (size_t)(space - rest), &probe->address) &&
	       space[1] != '\0' && convert_domain_error(space + 1) == NULL;
}

static bool read_exec(const char *rest, struct probe *probe)
{
	return rest[0] == '/';
}

CONVERTER(probe)
{
	static const struct {
		const char *word;
		enum probe_kind kind;
		bool (*read)(const char *rest, struct probe *probe);
		const char *form;
	} probes[] = {
		{ "icmp ", PROBE_ICMP, read_icmp, "icmp ADDRESS" },
		{ "tcp ", PROBE_TCP, read_tcp, "tcp ADDRESS:PORT, an IPv6 address in brackets" },
		{ "dns ", PROBE_DNS, read_dns, "dns ADDRESS NAME" },
		{ "exec ", PROBE_EXEC, read_exec, "exec COMMAND, with its full path" },
	};

	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
		size_t length = strlen(probes[i].word);
		if (strncmp(text, probes[i].word, length) != 0) {
			continue;
		}
		struct probe probe = { .kind = probes[i].kind };
		if (!probes[i].read(text + length, &probe) || strchr(text, '\n') != NULL) {
			text_add(why, "is not a probe: write %s", probes[i].form);
			return -EINVAL;
		}
		probe.text = strdup(text);
		if (probe.text == NULL) {
			return -ENOMEM;
		}
		*(struct probe *)value = probe;
		return 0;
	}
	text_add(why, "is not a probe: write icmp ADDRESS, tcp ADDRESS:PORT, dns ADDRESS NAME or "
	              "exec COMMAND");
	return -EINVAL;
}
