/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Judging of answers by policy: what modules/arrival/choice.c may choose.
 */

#include "ctl/check_dns_answers.h"

#include <string.h>
#include <sys/socket.h>

#include "ctl/zone_names.h"

void answer_offered(const struct host *host, const struct site *site, uint8_t family,
                    struct string_set *set)
{
	for (size_t i = 0; i < host->uplink_count; i++) {
		const struct uplink *uplink = site_uplink(site, host->uplink[i]);
		struct address address;
		char text[ADDRESS_TEXT_MAX];
		if (zone_server_address(site, host->server, uplink, family, &address)) {
			string_set_add(set, address_format(&address, text));
		}
	}
}

static bool is_inside(const struct host *host, uint8_t family, const struct string_set *answers)
{
	const struct address *inside = server_address(host->server, family);
	char text[ADDRESS_TEXT_MAX];
	return inside != NULL && answers->count == 1 &&
	       strcmp(answers->items[0], address_format(inside, text)) == 0;
}

static bool is_subset(const struct string_set *set, const struct string_set *of)
{
	for (size_t i = 0; i < set->count; i++) {
		if (!string_set_has(of, set->items[i])) {
			return false;
		}
	}
	return true;
}

/*! Whether one of the host's uplinks has addresses that nobody here knows. */
static bool has_unknown(const struct host *host, const struct site *site)
{
	for (size_t i = 0; i < host->uplink_count; i++) {
		const struct uplink *uplink = site_uplink(site, host->uplink[i]);
		if (zone_address(uplink, AF_INET) == NULL &&
		    zone_address(uplink, AF_INET6) == NULL) {
			return true;
		}
	}
	return false;
}

static enum answer_verdict judge_all(const struct string_set *answers,
                                     const struct string_set *offered, const char *own)
{
	if (own != NULL && !string_set_has(answers, own)) {
		return ANSWER_OF_OTHER;
	}
	if (own != NULL && strcmp(answers->items[0], own) != 0) {
		return ANSWER_ORDER;
	}
	return answers->count < offered->count ? ANSWER_PARTIAL : ANSWER_AS_WANTED;
}

enum answer_verdict answer_judge(const struct host *host, const struct site *site,
                                 const struct uplink *uplink, uint8_t family,
                                 const struct string_set *answers)
{
	struct string_set offered = STRING_SET_EMPTY;
	char text[ADDRESS_TEXT_MAX];
	enum answer_verdict verdict = ANSWER_AS_WANTED;
	answer_offered(host, site, family, &offered);
	struct address address;
	bool known = zone_server_address(site, host->server, uplink, family, &address);
	// A host that is not offered by this uplink is answered with another one's there.
	const char *own = known ? address_format(&address, text) : NULL;
	own = own != NULL && string_set_has(&offered, own) ? own : NULL;
	if (answers->count == 0) {
		verdict = offered.count == 0 ? ANSWER_AS_WANTED : ANSWER_EMPTY;
	} else if (is_inside(host, family, answers)) {
		verdict = ANSWER_INSIDE;
	} else if ((!is_subset(answers, &offered) && !has_unknown(host, site)) ||
	           (host->policy != ANSWER_ALL && answers->count > 1)) {
		verdict = ANSWER_FOREIGN;
	} else if (host->policy == ANSWER_ALL) {
		verdict = judge_all(answers, &offered, own);
	} else if (host->policy == ANSWER_PREFERRED && offered.count > 0) {
		own = offered.items[0];
	}
	if (verdict == ANSWER_AS_WANTED && answers->count > 0 && host->policy != ANSWER_ALL &&
	    own != NULL && strcmp(answers->items[0], own) != 0) {
		verdict = ANSWER_OF_OTHER;
	}
	string_set_free(&offered);
	return verdict;
}
