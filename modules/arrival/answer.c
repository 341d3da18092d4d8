/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Lookup of prebuilt answers: owner by hash, uplink by binding, then one cell of the owner's set.
 */

#include "arrival/answer_index.h"

#include <string.h>
#include <sys/socket.h>

#include "arrival/hash.h"

const struct answer_host *answers_find_host(const struct answers *answers, const uint8_t *owner,
                                            size_t owner_size)
{
	uint64_t hash = hash_bytes(owner, owner_size);
	uint32_t tag = (uint32_t)(hash >> 32);
	size_t at = hash & answers->host_mask;
	for (; answers->host_slots[at].host != 0; at = (at + 1) & answers->host_mask) {
		if (answers->host_slots[at].tag != tag) {
			continue;
		}
		const struct answer_host *host = &answers->hosts[answers->host_slots[at].host - 1];
		if (host->owner_size == owner_size &&
		    memcmp(answers->owners + host->owner, owner, owner_size) == 0) {
			return host;
		}
	}
	return NULL;
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
	return answers_find_inline(answers, host, family, origin);
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
