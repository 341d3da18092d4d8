/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Converters of what is published as it stands: records, MX preferences, SPF terms, mail policies.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "site/convert.h"

static int store(const char *text, void *value)
{
	char *copy = strdup(text);
	if (copy == NULL) {
		return -ENOMEM;
	}
	memcpy(value, &copy, sizeof(copy));
	return 0;
}

CONVERTER(uplink_preference)
{
	const char *equals = strchr(text, '=');
	uint64_t number = 0;
	const char *end = equals != NULL ? convert_digits(equals + 1, 10, &number) : NULL;
	if (end == NULL || *end != '\0' || equals == text || number > UINT16_MAX) {
		text_add(why, "is not of the form uplink=number, with a number from 0 to 65535, "
		              "such as primary=10");
		return -EINVAL;
	}
	char *id = strndup(text, (size_t)(equals - text));
	if (id == NULL) {
		return -ENOMEM;
	}
	struct uplink_preference parsed = { .preference = (uint16_t)number };
	int ret = convert_uplink(conversion, id, &parsed.uplink, why);
	free(id);
	if (ret == 0) {
		memcpy(value, &parsed, sizeof(parsed));
	}
	return ret;
}

/*! Printable ASCII without what must be escaped in a zone file. */
static bool is_plain(const char *text, bool spaces)
{
	for (const char *c = text; *c != '\0'; c++) {
		if (*c < (spaces ? ' ' : '!') || *c > '~' || *c == '"' || *c == '\\') {
			return false;
		}
	}
	return true;
}

// RFC 7208 section 12.
CONVERTER(spf_term)
{
	static const struct {
		const char *name;
		bool value; // Must be followed by «:».
	} mechanisms[] = {
		{ "include", true }, { "a", false },  { "mx", false },    { "ptr", false },
		{ "ip4", true },     { "ip6", true }, { "exists", true }, { "all", false },
	};
	if (strncmp(text, "v=", 2) == 0 || !is_plain(text, false)) {
		text_add(why, "is not a term of SPF: list the terms behind v=spf1, one an item");
		return -EINVAL;
	}
	if (strncmp(text, "redirect=", 9) == 0) {
		text_add(why, "would never be used behind the uplinks' addresses and 'all': write "
		              "include:DOMAIN");
		return -EINVAL;
	}
	if (strncmp(text, "exp=", 4) == 0) {
		return store(text, value);
	}
	for (size_t i = 0; i < sizeof(mechanisms) / sizeof(mechanisms[0]); i++) {
		const char *colon = strchr(text, ':');
		bool filled = colon != NULL && colon[1] != '\0';
		bool is_all = strcmp(mechanisms[i].name, "all") == 0;
		if (spf_term_is(text, mechanisms[i].name) &&
		    (filled || (colon == NULL && !mechanisms[i].value)) &&
		    !(is_all && strpbrk(text, ":/") != NULL)) {
			return store(text, value);
		}
	}
	text_add(why, "is not a term of SPF: write one such as include:spf.example.net, "
	              "ip4:192.0.2.1, a:www.example.com or ~all");
	return -EINVAL;
}

// RFC 7489 section 6.3: the version first, then the policy.
CONVERTER(dmarc)
{
	static const char start[] = "v=DMARC1;";
	const char *policy = text + sizeof(start) - 1;
	if (strncmp(text, start, sizeof(start) - 1) == 0) {
		policy += strspn(policy, " ");
	}
	if (strncmp(text, start, sizeof(start) - 1) != 0 || strncmp(policy, "p=", 2) != 0 ||
	    !is_plain(text, true)) {
		text_add(why, "is not a DMARC record: write one such as \"v=DMARC1; p=none; "
		              "rua=mailto:dmarc@example.com\"");
		return -EINVAL;
	}
	return store(text, value);
}

// RFC 8461 section 3.1: 1 to 32 letters and digits.
CONVERTER(mta_sts)
{
	size_t good =
		strspn(text, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
	if (text[good] != '\0' || good > 32) {
		text_add(why, "is not the id of an MTA-STS policy: use at most 32 letters and "
		              "digits, such as 20260101");
		return -EINVAL;
	}
	return store(text, value);
}

// RFC 8460 section 3: URIs with «,», «!» and «;» escaped; a list has one an item.
CONVERTER(report_address)
{
	bool scheme = strncmp(text, "mailto:", 7) == 0 || strncmp(text, "https://", 8) == 0;
	const char *rest = strchr(text, ':');
	if (!scheme || strlen(rest) < 4 || !is_plain(text, false) || strpbrk(text, ",;!") != NULL ||
	    (text[0] == 'm' && strchr(text, '@') == NULL)) {
		text_add(why, "is no address for reports: write mailto:ADDRESS or https://...");
		return -EINVAL;
	}
	return store(text, value);
}

// RFC 1035 section 5.1; what the data must be like is left to multihomectl, which has a parser.
CONVERTER(record)
{
	bool printable = true;
	for (const char *c = text; *c != '\0'; c++) {
		printable = printable && (unsigned char)*c >= ' ' && *c != 0x7f;
	}
	size_t words = 0;
	for (const char *c = text; *c != '\0' && words < 3; words++) {
		c += strcspn(c, " ");
		c += strspn(c, " ");
	}
	if (!printable || strchr(" $;(", text[0]) != NULL || words < 3) {
		text_add(why, "is not a record: write NAME [TTL] TYPE DATA on one line, such as "
		              "'@ CAA 0 issue \"letsencrypt.org\"'");
		return -EINVAL;
	}
	return store(text, value);
}
