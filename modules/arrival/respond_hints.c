/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Address hints of HTTPS and SVCB records in a response: those of the same query's A and AAAA answers.
 */

#include "arrival/respond.h"

#include <sys/socket.h>

#include "arrival/svcb.h"

/*! A search for the addresses of a target, and the answer it came to. */
struct search {
	const struct request *request;
	struct answer answer;
};

static bool find_target(void *context, const knot_dname_t *target, size_t target_size,
                        struct svcb_addresses *addresses)
{
	static const enum svcb_hint hints[] = {
		[ANSWER_FOREIGN] = SVCB_HINT_KEEP,         [ANSWER_NO_TABLE] = SVCB_HINT_KEEP,
		[ANSWER_UNKNOWN_BINDING] = SVCB_HINT_KEEP, [ANSWER_NOT_READY] = SVCB_HINT_DROP,
		[ANSWER_ABSENT] = SVCB_HINT_DROP,          [ANSWER_LAN] = SVCB_HINT_REPLACE,
		[ANSWER_UPLINK] = SVCB_HINT_REPLACE,
	};
	static const uint8_t families[2] = { AF_INET, AF_INET6 };
	struct search *search = context;
	const struct request *request = search->request;
	// A target may be anywhere, unlike the owner of a record; standalone, hosts are in the zone.
	if (request->standalone && knot_dname_in_bailiwick(target, request->zone) < 0) {
		return true;
	}
	struct answer last = { .verdict = ANSWER_FOREIGN };
	size_t unready = 0;
	for (size_t i = 0; i < 2; i++) {
		struct answer answer = respond_find(request, target, target_size, families[i]);
		addresses->hint[i] = hints[answer.verdict];
		addresses->tail[i] = answer.tail;
		unready += answer.verdict == ANSWER_NOT_READY;
		// The family that has addresses tells the uplink.
		last = i == 0 || answer.tail != NULL ? answer : last;
	}
	search->answer = last.verdict != ANSWER_FOREIGN ? last : search->answer;
	return unready < 2;
}

enum rewrite_action respond_hints(const struct request *request, const knot_rrset_t *rrset,
                                  struct answer *answer, const struct tail **tail)
{
	static const enum rewrite_action actions[] = {
		[SVCB_UNCHANGED] = REWRITE_KEEP,
		[SVCB_REPLACED] = REWRITE_REPLACE,
		[SVCB_NOT_READY] = REWRITE_REFUSE,
		[SVCB_ERROR] = REWRITE_REFUSE,
	};
	struct search search = { .request = request };
	enum svcb_result result =
		svcb_replace(rrset, find_target, &search, &request->response->mm, tail);
	*answer = search.answer;
	return actions[result];
}
