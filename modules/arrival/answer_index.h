/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Inside of struct answers: made by answer_build.c, looked up in by answer.c and the fast path.
 */

#pragma once

#include <stdatomic.h>
#include <sys/socket.h>

#include "arrival/answer.h"
#include "arrival/hash.h"

/*! An answer for an arrival uplink and family. */
struct answer_cell {
	uint32_t tail;  /*!< Index in tails; 0: not ready. */
	uint8_t uplink; /*!< Number of the first address's uplink. */
};

/*! What hosts of the same uplinks, policy and TTL share. */
struct answer_set {
	struct answer_cell *cells; /*!< Two (IPv4, IPv6) for each uplink, in the table's order. */
	uint32_t ready[2];         /*!< Index in tails: all that may be answered; 0: none. */
	uint32_t *alone; /*!< As cells: tails of each uplink's address alone, whatever its state. */
};

struct answer_host {
	uint32_t owner; /*!< Offset in owners. */
	uint32_t set;
	uint32_t lan[2]; /*!< Indexes in tails; 0: none. */
	uint8_t owner_size;
	bool has_lan;
};

struct answer_slot {
	uint32_t tag;  /*!< High half of the owner's hash. */
	uint32_t host; /*!< Index + 1, 0 for empty. */
};

struct answers {
	uint64_t serial;
	atomic_uint others; /*!< Who holds them, beside one. */
	struct binding_map bindings;
	struct tail_pool tails; /*!< Entry 0 is NULL: «none». */
	uint8_t *owners;
	size_t owners_size;
	struct answer_host *hosts;
	size_t host_count;
	struct answer_slot *host_slots; /*!< Open addressing, at most half full. */
	size_t host_mask;
	struct answer_set *sets;
	size_t set_count;
	size_t uplink_count;
	uint32_t uplink_tails[TABLE_UPLINKS_MAX + 1][2]; /*!< By uplink number. */
};

/*! \brief Place of a family in pairs. */
static inline size_t answer_family_index(uint8_t family)
{
	return family == AF_INET6;
}

/*! \brief The same as answers_find_host(). */
static inline const struct answer_host *answers_find_host_inline(const struct answers *answers,
                                                                 const uint8_t *owner,
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
		    hash_same_bytes(answers->owners + host->owner, owner, owner_size)) {
			return host;
		}
	}
	return NULL;
}

static inline struct answer answer_of(enum answer_verdict verdict)
{
	return (struct answer){ .verdict = verdict };
}

static inline struct answer answer_lan(const struct answers *answers,
                                       const struct answer_host *host, size_t index)
{
	return (struct answer){
		.verdict = host->lan[index] != 0 ? ANSWER_LAN : ANSWER_ABSENT,
		.tail = answers->tails.tails[host->lan[index]],
	};
}

static inline __attribute__((always_inline)) struct answer answer_uplink(
	const struct answers *answers, const struct answer_host *host, size_t index,
	const struct answer_origin *origin)
{
	int arrival = binding_find(&answers->bindings, origin->local);
	if (arrival < 0) {
		return answer_of(ANSWER_UNKNOWN_BINDING);
	}
	const struct answer_cell *families = &answers->sets[host->set].cells[(size_t)arrival * 2];
	const struct answer_cell *cell = &families[index];
	if (cell->tail == 0 || origin->stale) {
		// A site may have no IPv6 for long: then «no AAAA» is the truth, while a failure
		// keeps some resolvers of programs (musl's) from the IPv4 address as well. A lack of
		// IPv4 is a fault that must not stay in caches.
		bool absent = index == answer_family_index(AF_INET6) && families[0].tail != 0 &&
		              !origin->stale;
		return (struct answer){
			.verdict = absent ? ANSWER_ABSENT : ANSWER_NOT_READY,
			.uplink = families[0].uplink,
		};
	}
	return (struct answer){
		.verdict = ANSWER_UPLINK,
		.uplink = cell->uplink,
		.tail = answers->tails.tails[cell->tail],
	};
}

/*! \brief answers_find() for a host with LAN addresses and a client by an IPv6 socket. */
struct answer answers_find_client6(const struct answers *answers, const struct answer_host *host,
                                   size_t index, const struct answer_origin *origin);

/*! \brief The same as answers_find(). \param index  answer_family_index() */
static inline __attribute__((always_inline)) struct answer answers_find_inline(
	const struct answers *answers, const struct answer_host *host, size_t index,
	const struct answer_origin *origin)
{
	if (host == NULL) {
		return answer_of(ANSWER_FOREIGN);
	}
	if (host->has_lan) {
		const struct sockaddr *client = origin->client;
		if (client->sa_family != AF_INET) {
			return answers_find_client6(answers, host, index, origin);
		}
		if (binding_is_lan4(&answers->bindings, client)) {
			return answer_lan(answers, host, index);
		}
	}
	return answer_uplink(answers, host, index, origin);
}
