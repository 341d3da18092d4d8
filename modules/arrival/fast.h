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
#include "arrival/signed_answers.h"
#include "arrival/snapshot.h"
#include "arrival/tail.h"

/*! Memory of one worker thread and zone, on cache lines of its own. */
struct fast_memory {
	_Alignas(64) struct tail_buffer own; /*!< Standalone: the answer to the current query. */
	const struct answer_host *apex; /*!< With a table: the zone's own name, NULL if no host. */
	uint64_t serial;                /*!< Of the answers that apex is from. */
	struct sections_slot *sections; /*!< SECTIONS_SLOTS of them; NULL: minimal. */

	// A record that is still where it was and has its serial is taken for the same: knotd makes each version's anew.
	const knot_rdata_t
		*soa; /*!< The SOA record of the version that was seen last, not to be read. */
	uint32_t soa_serial;  /*!< Of it. */
	uint64_t soa_version; /*!< See struct signed_version. */

	// Of the current query, from hook to hook.
	const struct snapshot *snapshot; /*!< One for all hooks; NULL: standalone or no table. */
	bool ours;                       /*!< No other module has answered. */
	uint16_t answered; /*!< RRsets of the answer section that have been put right. */
	uint16_t seen;     /*!< RRsets of the response that have been, or 0. */
	uint32_t now;      /*!< When variants was looked up, or 0: not yet. */
	const struct signed_answers *variants; /*!< For a query that wants DNSSEC. */
	struct resign_mac mac;                 /*!< If it is signed by TSIG. */
};

/*!
 * \brief The host of a question. The zone's own name is looked up once a thread and table.
 * \param apex  The question's name is the zone's.
 */
static inline __attribute__((always_inline)) const struct answer_host *fast_find_host(
	struct fast_memory *memory, const struct snapshot *snapshot, const knot_pkt_t *query,
	bool apex)
{
	if (!apex) {
		return answers_find_host_inline(snapshot->answers, query->lower_qname,
		                                query->qname_size);
	}
	if (memory->serial != snapshot->serial) {
		memory->apex =
			answers_find_host(snapshot->answers, query->lower_qname, query->qname_size);
		memory->serial = snapshot->serial;
	}
	return memory->apex;
}

/*! Octets of the five numbers at the end of SOA data, the serial first (RFC 1035 section 3.3.13). */
#define FAST_SOA_NUMBERS 20

/*! \brief The same as knot_soa_serial(), which measures both names to get there. */
static inline uint32_t fast_soa_serial(const knot_rdata_t *soa)
{
	return knot_wire_read_u32(soa->data + soa->len - FAST_SOA_NUMBERS);
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

/*! Octets of a record before its data, its owner being a pointer. */
#define FAST_HEADER_SIZE 12

/*! \brief Make a tail and its signatures the answer section. \return Whether there was room. */
static inline bool fast_append_signed(knot_pkt_t *pkt, const struct tail *tail,
                                      const struct signed_set *set)
{
	size_t room = pkt->max_size - pkt->reserved - pkt->size;
	// In memory a record has two octets of length and one of padding at most.
	size_t most = tail->wire_size + set->signatures_size +
	              (size_t)set->signature_count * FAST_HEADER_SIZE;
	if (most > room) {
		return false;
	}
	uint32_t ttl = set->ttl < tail->ttl ? set->ttl : tail->ttl;
	uint8_t *wire = pkt->wire + pkt->size;
	if (tail->wire_size <= TAIL_WIRE_MIN && room >= TAIL_WIRE_MIN) {
		memcpy(wire, tail->wire, TAIL_WIRE_MIN);
	} else {
		memcpy(wire, tail->wire, tail->wire_size);
	}
	if (ttl != tail->ttl) {
		size_t size = tail->wire_size / tail->count;
		for (uint16_t i = 0; i < tail->count; i++) {
			knot_wire_write_u32(wire + i * size + 6, ttl);
		}
	}
	wire += tail->wire_size;
	const knot_rdata_t *signature = signed_set_signatures(set).rdata;
	for (uint16_t i = 0; i < set->signature_count; i++) {
		knot_wire_write_u16(wire, KNOT_WIRE_PTR << 8 | KNOT_WIRE_HEADER_SIZE);
		knot_wire_write_u16(wire + 2, KNOT_RRTYPE_RRSIG);
		knot_wire_write_u16(wire + 4, KNOT_CLASS_IN);
		knot_wire_write_u32(wire + 6, ttl);
		knot_wire_write_u16(wire + 10, signature->len);
		memcpy(wire + FAST_HEADER_SIZE, signature->data, signature->len);
		wire += FAST_HEADER_SIZE + signature->len;
		signature = knot_rdataset_next((knot_rdata_t *)(uintptr_t)signature);
	}
	pkt->size = (size_t)(wire - pkt->wire);
	knot_wire_set_ancount(pkt->wire, (uint16_t)(tail->count + set->signature_count));
	knot_wire_set_aa(pkt->wire);
	return true;
}
