/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Terms of an SPF record, the first that matches decides.
 */

#include "ctl/spf.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "site/site.h"

bool spf_is_record(const char *text)
{
	return strncasecmp(text, "v=spf1", 6) == 0 && (text[6] == ' ' || text[6] == '\0');
}

/*! The next term, or NULL. */
static const char *next_term(const char *record, size_t *length)
{
	record += strspn(record, " ");
	*length = strcspn(record, " ");
	return *length > 0 ? record : NULL;
}

bool spf_has_term(const char *record, const char *term)
{
	size_t length;
	const char *at = next_term(record, &length);
	for (; at != NULL; at = next_term(at + length, &length)) {
		if (length == strlen(term) && strncasecmp(at, term, length) == 0) {
			return true;
		}
	}
	return false;
}

/*! Whether «ip4:192.0.2.0/24» or «ip6:...» has an address in it. */
static bool names(const char *mechanism, const struct address *address)
{
	struct prefix prefix;
	bool ip = strncasecmp(mechanism, "ip4:", 4) == 0 || strncasecmp(mechanism, "ip6:", 4) == 0;
	return ip && prefix_parse(mechanism + 4, &prefix) == 0 && prefix_contains(&prefix, address);
}

static bool needs_lookup(const char *term)
{
	static const char *const mechanisms[] = { "include", "a", "mx", "ptr", "exists" };
	for (size_t i = 0; i < sizeof(mechanisms) / sizeof(mechanisms[0]); i++) {
		if (spf_term_is(term, mechanisms[i])) {
			return true;
		}
	}
	return strncasecmp(term, "redirect=", strlen("redirect=")) == 0;
}

enum spf_verdict spf_judge(const char *record, const struct address *address)
{
	enum spf_verdict verdict = SPF_NOT_NAMED;
	size_t length;
	const char *at = next_term(record, &length);
	for (; at != NULL; at = next_term(at + length, &length)) {
		char term[256];
		(void)snprintf(term, sizeof(term), "%.*s", (int)length, at);
		for (char *c = term; *c != '\0'; c++) {
			*c = (char)tolower((unsigned char)*c);
		}
		bool qualified = strchr("+-~?", term[0]) != NULL;
		bool passes = !qualified || term[0] == '+';
		if (names(term + (qualified ? 1 : 0), address) || spf_term_is(term, "all")) {
			return passes ? SPF_NAMED : verdict;
		}
		verdict = needs_lookup(term) && passes ? SPF_UNSETTLED : verdict;
	}
	return verdict;
}
