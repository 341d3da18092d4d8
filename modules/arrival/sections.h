/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The zone's NS set and the name servers' addresses behind a prebuilt answer.
 *
 * libknot composes them once into a slot that belongs to one thread; as long as zone, table and
 * lengths are the same, the next queries copy the bytes, whatever their names: there is nothing in the
 * sections that a name could share with the question but the zone's own. So there is nothing to lock
 * or to announce: a slot that does not fit the query any more is composed anew.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <libknot/packet/pkt.h>
#include <libknot/packet/wire.h>

#include "arrival/answer.h"

/*! Larger sets are composed for each query. */
#define SECTIONS_SIZE_MAX 1024
#define SECTIONS_NS_MAX 512

/*! Offset of NSCOUNT in a message (RFC 1035 section 4.1.1). */
#define SECTIONS_COUNTS 8

/*! What the sections depend on, but for the name servers themselves. */
struct sections_key {
	uint64_t serial; /*!< Of the answers. */
	size_t start;    /*!< Offset of the sections in the message. */
	/*! Of the question; NULL: any, since no name server's name is below the zone's. */
	const struct answer_host *host;
	uint32_t ns_ttl;
	uint16_t qname_size;
	uint16_t ns_size;
};

/*! Slots of a thread, by the offset of the sections: a power of two. */
#define SECTIONS_SLOTS 8

/*! Zeroed memory is an empty slot. */
struct sections_slot {
	struct sections_key key;
	uint16_t authority_size;
	uint16_t size;
	uint8_t counts[4]; /*!< NSCOUNT and ARCOUNT as in the header. */
	uint8_t ns[SECTIONS_NS_MAX];
	uint8_t wire[SECTIONS_SIZE_MAX];
};

/*! \brief Compose both sections for sections_append() and keep them in the slot. */
void sections_compose(knot_pkt_t *pkt, struct sections_slot *slot, const struct answer_host *host,
                      const struct answers *answers, uint64_t serial, const knot_rrset_t *ns);

/*! \brief Whether a slot has what sections_append() would compose. */
static inline bool sections_slot_fits(const struct sections_slot *slot, const knot_pkt_t *pkt,
                                      const struct answer_host *host, uint64_t serial,
                                      const knot_rrset_t *ns)
{
	return slot->key.start == pkt->size && slot->key.serial == serial &&
	       slot->key.ns_ttl == ns->ttl && slot->key.qname_size == pkt->qname_size &&
	       slot->key.ns_size == ns->rrs.size &&
	       (slot->key.host == NULL || slot->key.host == host) &&
	       memcmp(slot->ns, ns->rrs.rdata, ns->rrs.size) == 0;
}

/*!
 * \brief Append NS set and addresses as far as they fit: both, the NS set, or nothing.
 *
 * The name server «<label>-ns<N>» has the addresses of uplink N; other servers go without.
 *
 * \param pkt      Response with its complete answer section; its list of RRsets is empty, and is so after.
 * \param slots    Of the calling thread, and always for the same zone.
 * \param host     Of the question; NULL without answers, where it is always the zone's apex.
 * \param answers  Where the uplinks' addresses are, or NULL.
 * \param serial   Of the answers, or 0.
 * \param ns       NS set of the zone's apex, not empty.
 */
static inline void sections_append(knot_pkt_t *pkt, struct sections_slot *slots,
                                   const struct answer_host *host, const struct answers *answers,
                                   uint64_t serial, const knot_rrset_t *ns)
{
	struct sections_slot *slot = &slots[pkt->size % SECTIONS_SLOTS];
	if (!sections_slot_fits(slot, pkt, host, serial, ns)) {
		sections_compose(pkt, slot, host, answers, serial, ns);
		return;
	}
	size_t room = pkt->max_size - pkt->reserved - pkt->size;
	if (slot->size <= room) {
		memcpy(pkt->wire + pkt->size, slot->wire, slot->size);
		memcpy(pkt->wire + SECTIONS_COUNTS, slot->counts, sizeof(slot->counts));
		pkt->size += slot->size;
	} else if (slot->authority_size <= room) {
		memcpy(pkt->wire + pkt->size, slot->wire, slot->authority_size);
		memcpy(pkt->wire + SECTIONS_COUNTS, slot->counts, sizeof(slot->counts) / 2);
		pkt->size += slot->authority_size;
	}
}

/*!
 * \brief The uplink number in a name server's name.
 * \param name  Wire form: the first label ends in «-ns<N>».
 * \return 0 if there is none.
 */
unsigned sections_uplink_number(const uint8_t *name);
