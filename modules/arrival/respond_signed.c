/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * What may take a placeholder's place in a signed response: only what is signed, only what is ready.
 *
 * In this order: the answer; one address of it, or of those that may be answered instead, as these are
 * signed ahead; the placeholder itself if it is among them. Else nothing at all: a proof of absence would
 * contradict the zone's own (RFC 4035 section 3.1.3.1). On the LAN nothing may be answered instead of the inside
 * address, which will be signed in a moment.
 */

#include "arrival/respond.h"

#include <string.h>
#include <sys/socket.h>

#include "arrival/svcb.h"

const struct signed_set *respond_variant(const struct request *request, const knot_rrset_t *rrset,
                                         const knot_rdataset_t *records)
{
	if (request->variants == NULL) {
		return NULL;
	}
	const struct signed_set *set =
		signed_answers_find(request->variants, rrset->owner, knot_dname_size(rrset->owner),
	                            rrset->type, records, tail_hash_rdata(records));
	return set != NULL && set->signature_count > 0 && signed_set_holds(set, request->now)
	               ? set
	               : NULL;
}

/*! The first record of a tail that is signed alone. */
static const struct signed_set *find_alone(const struct request *request, const knot_rrset_t *rrset,
                                           const struct tail *tail)
{
	const struct signed_set *found = NULL;
	knot_rdataset_t rest = tail != NULL ? tail_rdata(tail) : (knot_rdataset_t){ 0 };
	for (uint16_t i = 0; found == NULL && i < rest.count; i++) {
		const knot_rdataset_t one = { .count = 1,
			                      .size = knot_rdata_size(rest.rdata->len),
			                      .rdata = rest.rdata };
		found = respond_variant(request, rrset, &one);
		rest.rdata = knot_rdataset_next(rest.rdata);
	}
	return found;
}

/*! Whether all records of an RRset are in a tail. */
static bool is_within(const knot_rrset_t *rrset, const struct tail *tail)
{
	const knot_rdata_t *record = rrset->rrs.rdata;
	for (uint16_t i = 0; i < rrset->rrs.count; i++) {
		knot_rdataset_t rest = tail != NULL ? tail_rdata(tail) : (knot_rdataset_t){ 0 };
		bool found = false;
		for (uint16_t j = 0; !found && j < rest.count; j++) {
			found = rest.rdata->len == record->len &&
			        memcmp(rest.rdata->data, record->data, record->len) == 0;
			rest.rdata = knot_rdataset_next(rest.rdata);
		}
		if (!found) {
			return false;
		}
		record = knot_rdataset_next((knot_rdata_t *)(uintptr_t)record);
	}
	return true;
}

/*! All addresses that may be answered for a host now. */
static const struct tail *find_ready(const struct request *request, const knot_dname_t *owner,
                                     size_t owner_size, uint8_t family)
{
	const struct answers *answers = request->snapshot->answers;
	const struct answer_host *host = answers_find_host(answers, owner, owner_size);
	return host == NULL || request->origin.stale ? NULL
	                                             : answers_ready_tail(answers, host, family);
}

/*! Another answer to a question for addresses. \return A set, or NULL; *ready: the placeholder will do. */
static const struct signed_set *find_other_address(const struct request *request,
                                                   const knot_rrset_t *rrset,
                                                   const struct answer *answer,
                                                   const struct tail *tail, bool *ready)
{
	uint8_t family = rrset->type == KNOT_RRTYPE_A ? AF_INET : AF_INET6;
	const struct tail *others =
		respond_is_inside(request, answer)
			? NULL
			: find_ready(request, rrset->owner, knot_dname_size(rrset->owner), family);
	*ready = is_within(rrset, tail) || is_within(rrset, others);
	const struct signed_set *set = find_alone(request, rrset, tail);
	return set != NULL ? set : find_alone(request, rrset, others);
}

enum rewrite_action respond_signed(struct request *request, const knot_rrset_t *rrset,
                                   struct answer *answer, const struct tail *tail,
                                   struct rewrite_records *records)
{
	bool is_address = rrset->type == KNOT_RRTYPE_A || rrset->type == KNOT_RRTYPE_AAAA;
	const struct signed_set *set = NULL;
	bool ready = request->standalone;
	if (tail != NULL && !request->standalone) {
		knot_rdataset_t rdata = tail_rdata(tail);
		set = respond_variant(request, rrset, &rdata);
		*records = (struct rewrite_records){ tail->ttl, rdata };
	}
	if (set == NULL && !is_address) {
		request->missed = rrset->owner;
	}
	if (set == NULL && !request->standalone) {
		set = is_address ? find_other_address(request, rrset, answer, tail, &ready)
		                 : respond_other_hints(request, rrset, &ready);
		if (set != NULL) {
			*records = (struct rewrite_records){ set->ttl, signed_set_rdata(set) };
		}
	}
	if (set != NULL) {
		records->ttl = set->ttl < records->ttl ? set->ttl : records->ttl;
		return REWRITE_REPLACE;
	}
	answer->verdict = ready ? ANSWER_NO_TABLE : ANSWER_NOT_READY;
	return ready ? REWRITE_KEEP : REWRITE_REFUSE;
}

/*! Signatures follow their RRset: those over a variant are found by it, others are the zone's. */
enum rewrite_action respond_signatures(const struct request *request, const knot_rrset_t *covered,
                                       struct rewrite_records *records)
{
	const struct signed_set *set = respond_variant(request, covered, &covered->rrs);
	if (set == NULL) {
		return REWRITE_KEEP;
	}
	*records = (struct rewrite_records){ covered->ttl, signed_set_signatures(set) };
	return REWRITE_REPLACE;
}
