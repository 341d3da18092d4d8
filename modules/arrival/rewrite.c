/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Taking RRsets off a response and putting others there: libknot only, no knotd.
 */

#include "arrival/rewrite.h"

#include <string.h>

#include <libknot/errcode.h>
#include <libknot/packet/wire.h>
#include <libknot/rrtype/rrsig.h>

/*! Of a record's time to live, length and data, after its owner (RFC 1035 section 4.1.3). */
enum { TTL_OFFSET = 4, LENGTH_OFFSET = 8, RDATA_OFFSET = 10 };

/*! Whether an RRset holds addresses: its own, or as hints. */
static bool has_addresses(const knot_rrset_t *rrset)
{
	return rrset->type == KNOT_RRTYPE_A || rrset->type == KNOT_RRTYPE_AAAA ||
	       rrset->type == KNOT_RRTYPE_SVCB || rrset->type == KNOT_RRTYPE_HTTPS;
}

bool rewrite_concerned(const knot_pkt_t *pkt, knot_section_t section)
{
	for (uint16_t i = pkt->sections[section].pos; i < pkt->rrset_count; i++) {
		if (has_addresses(&pkt->rr[i])) {
			return true;
		}
	}
	return false;
}

/*! The RRset of the packet, among the first so many, that signatures cover. */
static const knot_rrset_t *find_covered(const knot_pkt_t *pkt, uint16_t count,
                                        const knot_rrset_t *signatures)
{
	uint16_t type = knot_rrsig_type_covered(signatures->rrs.rdata);
	for (uint16_t i = 0; i < count; i++) {
		if (pkt->rr[i].type == type &&
		    (pkt->rr[i].owner == signatures->owner ||
		     knot_dname_is_case_equal(pkt->rr[i].owner, signatures->owner))) {
			return &pkt->rr[i];
		}
	}
	return NULL;
}

/*! What has been decided about an RRset. */
struct decision {
	enum rewrite_action action;
	struct rewrite_records records; /*!< For REWRITE_REPLACE. */
};

/*! Decide, but keep what has been replaced already. The packet has so many RRsets before this one. */
static struct decision decide_rrset(const knot_pkt_t *pkt, uint16_t before,
                                    const knot_rrset_t *rrset, rewrite_decide decide, void *context)
{
	struct decision decision = { .action = REWRITE_KEEP };
	const knot_rrset_t *covered = NULL;
	if (rrset->type == KNOT_RRTYPE_RRSIG) {
		covered = find_covered(pkt, before, rrset);
	}
	if (!has_addresses(covered != NULL ? covered : rrset)) {
		return decision;
	}
	decision.action = decide(context, rrset, covered, &decision.records);
	if (decision.action == REWRITE_REPLACE && rrset->rrs.rdata == decision.records.rrs.rdata) {
		decision.action = REWRITE_KEEP;
	}
	return decision;
}

/*! The first RRset that is not kept, or the packet's count. */
static uint16_t find_first(const knot_pkt_t *pkt, uint16_t from, rewrite_decide decide,
                           void *context, struct decision *decision)
{
	decision->action = REWRITE_KEEP;
	uint16_t at = from;
	for (; at < pkt->rrset_count; at++) {
		*decision = decide_rrset(pkt, at, &pkt->rr[at], decide, context);
		if (decision->action != REWRITE_KEEP) {
			break;
		}
	}
	return at;
}

/*! Whether signatures are left over after an RRset was dropped. */
static bool is_orphan(const knot_pkt_t *pkt, const knot_rrset_t *rrset)
{
	if (rrset->type != KNOT_RRTYPE_RRSIG) {
		return false;
	}
	knot_rrset_t covered = { .type = knot_rrsig_type_covered(rrset->rrs.rdata) };
	return has_addresses(&covered) && find_covered(pkt, pkt->rrset_count, rrset) == NULL;
}

static void count_records(uint8_t *wire, knot_section_t section, int change)
{
	switch (section) {
	case KNOT_ANSWER:
		knot_wire_set_ancount(wire, (uint16_t)(knot_wire_get_ancount(wire) + change));
		break;
	case KNOT_AUTHORITY:
		knot_wire_set_nscount(wire, (uint16_t)(knot_wire_get_nscount(wire) + change));
		break;
	default:
		knot_wire_set_arcount(wire, (uint16_t)(knot_wire_get_arcount(wire) + change));
		break;
	}
}

static knot_section_t section_of(const knot_pkt_t *pkt, uint16_t at)
{
	for (int section = KNOT_ADDITIONAL; section > KNOT_ANSWER; section--) {
		if (pkt->sections[section].count > 0 && at >= pkt->sections[section].pos) {
			return (knot_section_t)section;
		}
	}
	return KNOT_ANSWER;
}

/*! Take all RRsets from the given one on off the packet; their descriptors stay behind the count. */
static void take_off(knot_pkt_t *pkt, uint16_t from)
{
	uint16_t size = pkt->rr_info[from].pos;
	while (pkt->rrset_count > from) {
		uint16_t last = pkt->rrset_count - 1;
		knot_section_t section = section_of(pkt, last);
		count_records(pkt->wire, section, -(int)pkt->rr[last].rrs.count);
		pkt->sections[section].count--;
		pkt->rrset_count--;
	}
	pkt->size = size;
	// libknot starts again from the question: the name it had found may be gone.
	pkt->compr.suffix.pos = 0;
	pkt->compr.suffix.labels = 0;
}

/*! Put an RRset back; where its owner was a pointer to before what was taken off, as that again. */
static int put_back(knot_pkt_t *pkt, size_t kept, const knot_rrset_t *rrset,
                    const knot_rrinfo_t *info)
{
	uint16_t hint = info->compress_ptr[KNOT_COMPR_HINT_OWNER];
	if (hint >= kept) {
		hint = KNOT_COMPR_HINT_NONE;
	}
	return knot_pkt_put(pkt, hint, rrset, info->flags);
}

/*! Make records those of an RRset. */
static void replace(knot_rrset_t *rrset, knot_rrinfo_t *info, const struct rewrite_records *records)
{
	rrset->ttl = records->ttl;
	rrset->rrs = records->rrs;
	// The time to live is what it says, not what is within the signature.
	info->flags &= (uint16_t) ~(KNOT_PF_FREE | KNOT_PF_ORIGTTL);
}

/*!
 * Write records over those of an RRset, if all are as long: then nothing else moves.
 *
 * Names in them are not compressed (RFC 3597 section 4), and stay where they are: what comes after may
 * point to the target of an HTTPS record, so of these there must be one.
 */
static bool overwrite(knot_pkt_t *pkt, uint16_t at, const struct rewrite_records *records)
{
	knot_rrset_t *rrset = &pkt->rr[at];
	bool hints = rrset->type == KNOT_RRTYPE_HTTPS || rrset->type == KNOT_RRTYPE_SVCB;
	if (rrset->rrs.count != records->rrs.count || rrset->rrs.size != records->rrs.size ||
	    (hints && rrset->rrs.count != 1)) {
		return false;
	}
	for (int writing = 0; writing < 2; writing++) {
		uint8_t *wire = pkt->wire + pkt->rr_info[at].pos;
		knot_rdata_t *record = records->rrs.rdata;
		for (uint16_t i = 0; i < records->rrs.count; i++) {
			while (*wire != 0 && !knot_wire_is_pointer(wire)) {
				wire += 1 + *wire;
			}
			wire += *wire == 0 ? 1 : sizeof(uint16_t);
			if (writing) {
				knot_wire_write_u32(wire + TTL_OFFSET, records->ttl);
				memcpy(wire + RDATA_OFFSET, record->data, record->len);
			} else if (knot_wire_read_u16(wire + LENGTH_OFFSET) != record->len) {
				return false;
			}
			wire += RDATA_OFFSET + record->len;
			record = knot_rdataset_next(record);
		}
	}
	replace(rrset, &pkt->rr_info[at], records);
	return true;
}

/*!
 * Put the RRsets from first on, which were taken off, back or others in their place.
 * \param decision  About the first one.
 */
static enum rewrite_result put_rest(knot_pkt_t *pkt, uint16_t first, uint16_t count,
                                    struct decision decision, rewrite_decide decide, void *context)
{
	enum rewrite_result result = REWRITE_DONE;
	size_t kept = pkt->size;
	// Descriptors are put at or before the place they are read from.
	for (uint16_t i = first; i < count; i++) {
		knot_rrset_t rrset = pkt->rr[i];
		knot_rrinfo_t info = pkt->rr_info[i];
		if (i > first) {
			decision = decide_rrset(pkt, pkt->rrset_count, &rrset, decide, context);
		}
		if (result == REWRITE_DROPPED && is_orphan(pkt, &rrset)) {
			continue;
		}
		if (decision.action == REWRITE_REFUSE || decision.action == REWRITE_DROP) {
			result = REWRITE_DROPPED;
			continue;
		}
		if (decision.action == REWRITE_REPLACE) {
			replace(&rrset, &info, &decision.records);
		}
		int ret = put_back(pkt, kept, &rrset, &info);
		if (ret != KNOT_EOK) {
			return ret == KNOT_ESPACE ? REWRITE_NO_ROOM : REWRITE_ERROR;
		}
	}
	return result;
}

enum rewrite_result rewrite_section(knot_pkt_t *pkt, rewrite_decide decide, void *context)
{
	enum rewrite_result result = REWRITE_UNCHANGED;
	struct decision decision;
	uint16_t at = pkt->sections[pkt->current].pos;
	while ((at = find_first(pkt, at, decide, context, &decision)) < pkt->rrset_count &&
	       decision.action == REWRITE_REPLACE && overwrite(pkt, at, &decision.records)) {
		result = REWRITE_DONE;
		at++;
	}
	if (at == pkt->rrset_count) {
		return result;
	}
	if (decision.action == REWRITE_REFUSE && result == REWRITE_UNCHANGED) {
		return REWRITE_REFUSED;
	}
	uint16_t count = pkt->rrset_count;
	take_off(pkt, at);
	return put_rest(pkt, at, count, decision, decide, context);
}

bool rewrite_needed(const knot_pkt_t *pkt, rewrite_decide decide, void *context)
{
	struct decision decision;
	return find_first(pkt, 0, decide, context, &decision) < pkt->rrset_count;
}

void rewrite_finished(knot_pkt_t *pkt, rewrite_decide decide, void *context)
{
	struct decision decision;
	uint16_t first = find_first(pkt, 0, decide, context, &decision);
	if (first == pkt->rrset_count) {
		return;
	}
	bool whole = section_of(pkt, first) == KNOT_ADDITIONAL;
	uint16_t count = pkt->rrset_count;
	knot_rrset_t opt = pkt->rr[count - 1];
	knot_rrinfo_t opt_info = pkt->rr_info[count - 1];
	bool with_opt = opt.type == KNOT_RRTYPE_OPT;
	uint16_t opt_size = with_opt ? (uint16_t)(pkt->size - opt_info.pos) : 0;
	take_off(pkt, first);

	// What is taken off includes the OPT record, so there is room for it.
	(void)knot_pkt_reserve(pkt, opt_size);
	if (whole) {
		(void)put_rest(pkt, first, with_opt ? count - 1 : count, decision, decide, context);
	} else {
		knot_wire_set_tc(pkt->wire);
		pkt->sections[KNOT_ADDITIONAL].pos = first;
	}
	(void)knot_pkt_reclaim(pkt, opt_size);
	if (with_opt) {
		(void)knot_pkt_put(pkt, KNOT_COMPR_HINT_NONE, &opt, opt_info.flags);
	}
}
