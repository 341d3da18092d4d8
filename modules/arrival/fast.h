/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The steps of the fast path, inline, and what a worker thread remembers for them.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <libknot/packet/pkt.h>
#include <libknot/packet/wire.h>

#include "arrival/answer_index.h"
#include "arrival/resign.h"
#include "arrival/sections.h"
#include "arrival/snapshot.h"
#include "arrival/tail.h"

/*! Memory of one worker thread and zone, on cache lines of its own. */
struct fast_memory {
	_Alignas(64) struct tail_buffer own; /*!< Standalone: the answer to the current query. */
	const struct answer_host *apex; /*!< With a table: the zone's own name, NULL if no host. */
	uint64_t serial;                /*!< Of the answers that apex is from. */
	struct sections_slot *sections; /*!< For A and AAAA; NULL: minimal. */

	// Of the current query, from hook to hook.
	const struct snapshot *snapshot; /*!< One for all hooks; NULL: standalone or no table. */
	bool ours;                       /*!< No other module has answered. */
	struct resign_mac mac;           /*!< If it is signed by TSIG. */
};

/*!
 * \brief The host of a question. The zone's own name is looked up once a thread and table.
 * \param apex  The question's name is the zone's.
 */
static inline const struct answer_host *fast_find_host(struct fast_memory *memory,
                                                       const struct snapshot *snapshot,
                                                       const knot_pkt_t *query, bool apex)
{
	if (!apex) {
		return answers_find_host(snapshot->answers, query->lower_qname, query->qname_size);
	}
	if (memory->serial != snapshot->serial) {
		memory->apex =
			answers_find_host(snapshot->answers, query->lower_qname, query->qname_size);
		memory->serial = snapshot->serial;
	}
	return memory->apex;
}

/*! \brief Make a tail the answer section of an empty response. \return Whether there was room. */
static inline bool fast_append(knot_pkt_t *pkt, const struct tail *tail)
{
	size_t room = pkt->max_size - pkt->reserved - pkt->size;
	size_t size = tail->wire_size;
	if (size <= TAIL_WIRE_MIN && room >= TAIL_WIRE_MIN) {
		memcpy(pkt->wire + pkt->size, tail->wire, TAIL_WIRE_MIN);
	} else if (size <= room) {
		memcpy(pkt->wire + pkt->size, tail->wire, size);
	} else {
		return false;
	}
	pkt->size += size;
	knot_wire_set_ancount(pkt->wire, tail->count);
	knot_wire_set_aa(pkt->wire);
	return true;
}

/*! \brief The same for a local end, if there are TAIL_WIRE_MIN octets left. */
static inline void fast_append_local(knot_pkt_t *pkt, const struct local *local, uint32_t ttl)
{
	struct address address = local_address(local);
	pkt->size += tail_write_record(pkt->wire + pkt->size, ttl, &address);
	knot_wire_set_ancount(pkt->wire, 1);
	knot_wire_set_aa(pkt->wire);
}
