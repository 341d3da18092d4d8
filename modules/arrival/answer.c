/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Lookup of prebuilt answers: owner by hash, uplink by binding, then one cell of the owner's set.
 */

#include "arrival/answer_index.h"

#include <sys/socket.h>

const struct answer_host *answers_find_host(const struct answers *answers, const uint8_t *owner,
                                            size_t owner_size)
{
	return answers_find_host_inline(answers, owner, owner_size);
}

struct answer answers_find_client6(const struct answers *answers, const struct answer_host *host,
                                   size_t index, const struct answer_origin *origin)
{
	return binding_is_lan6(&answers->bindings, origin->client)
	               ? answer_lan(answers, host, index)
	               : answer_uplink(answers, host, index, origin);
}

struct answer answers_find(const struct answers *answers, const struct answer_host *host,
                           uint8_t family, const struct answer_origin *origin)
{
	return answers_find_inline(answers, host, answer_family_index(family), origin);
}

const struct tail *answers_uplink_tail(const struct answers *answers, unsigned number,
                                       uint8_t family)
{
	if (number >= sizeof(answers->uplink_tails) / sizeof(answers->uplink_tails[0])) {
		return NULL;
	}
	return answers->tails.tails[answers->uplink_tails[number][answer_family_index(family)]];
}

const struct tail *answers_ready_tail(const struct answers *answers, const struct answer_host *host,
                                      uint8_t family)
{
	return answers->tails.tails[answers->sets[host->set].ready[answer_family_index(family)]];
}

/*! The tails of a host in a situation: by arrival uplink, from the LAN, or an uplink alone. */
static void find_pair(const struct answers *answers, const struct answer_host *host,
                      size_t situation, const struct tail *pair[2])
{
	const struct answer_set *set = &answers->sets[host->set];
	size_t count = answers->uplink_count;
	for (size_t i = 0; i < 2; i++) {
		uint32_t tail = situation < count    ? set->cells[2 * situation + i].tail
		                : situation == count ? host->lan[i]
		                                     : set->alone[2 * (situation - count - 1) + i];
		pair[i] = answers->tails.tails[tail];
	}
}

size_t answers_situations(const struct answers *answers)
{
	return answers->uplink_count * 2 + 1;
}

bool answers_situation(const struct answers *answers, const uint8_t *owner, size_t owner_size,
                       size_t situation, const struct tail *tails[2])
{
	const struct answer_host *host = answers_find_host(answers, owner, owner_size);
	if (host != NULL) {
		find_pair(answers, host, situation, tails);
	}
	return host != NULL;
}

void answers_visit(const struct answers *answers, answers_visitor visitor, void *context)
{
	for (size_t situation = 0; situation < answers_situations(answers); situation++) {
		for (size_t i = 0; i < answers->host_count; i++) {
			const struct answer_host *host = &answers->hosts[i];
			const struct tail *pair[2];
			find_pair(answers, host, situation, pair);
			visitor(context, answers, answers->owners + host->owner, host->owner_size,
			        situation, pair);
		}
	}
}

uint64_t answers_serial(const struct answers *answers)
{
	return answers->serial;
}
