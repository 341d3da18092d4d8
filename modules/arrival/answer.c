/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Lookup of prebuilt answers: owner by hash, uplink by binding, then one cell of the owner's set.
 */

#include "arrival/answer_index.h"

#include <string.h>
#include <sys/socket.h>

#include "arrival/hash.h"

static size_t family_index(uint8_t family)
{
	return family == AF_INET6;
}

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

static struct answer answer_of(enum answer_verdict verdict)
{
	return (struct answer){ .verdict = verdict };
}

struct answer answers_find(const struct answers *answers, const struct answer_host *host,
			   uint8_t family, const struct answer_origin *origin)
{
	if (host == NULL) {
		return answer_of(ANSWER_FOREIGN);
	}
	size_t index = family_index(family);
	if (host->has_lan && binding_is_lan(&answers->bindings, origin->client)) {
		return (struct answer){
			.verdict = host->lan[index] != 0 ? ANSWER_LAN : ANSWER_ABSENT,
			.tail = answers->tails.tails[host->lan[index]],
		};
	}
	int arrival = binding_find(&answers->bindings, origin->local);
	if (arrival < 0) {
		return answer_of(ANSWER_UNKNOWN_BINDING);
	}
	const struct answer_cell *cell =
		&answers->sets[host->set].cells[(size_t)arrival * 2 + index];
	if (cell->tail == 0 || origin->stale) {
		return answer_of(ANSWER_NOT_READY);
	}
	return (struct answer){
		.verdict = ANSWER_UPLINK,
		.uplink = cell->uplink,
		.tail = answers->tails.tails[cell->tail],
	};
}

const struct tail *answers_uplink_tail(const struct answers *answers, unsigned number,
				       uint8_t family)
{
	if (number >= sizeof(answers->uplink_tails) / sizeof(answers->uplink_tails[0])) {
		return NULL;
	}
	return answers->tails.tails[answers->uplink_tails[number][family_index(family)]];
}

uint64_t answers_serial(const struct answers *answers)
{
	return answers->serial;
}
