/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * From a query to its answer, and from an answer to what becomes of an RRset: libknot only, no knotd.
 */

#include "arrival/respond.h"

#include <string.h>
#include <sys/socket.h>

#include <libknot/packet/wire.h>
#include <libknot/rrtype/rdname.h>

static bool is_name_server(const knot_rrset_t *ns, const knot_dname_t *owner)
{
	knot_rdata_t *rdata = ns->rrs.rdata;
	for (uint16_t i = 0; i < ns->rrs.count; i++) {
		if (knot_dname_is_case_equal(knot_ns_name(rdata), owner)) {
			return true;
		}
		rdata = knot_rdataset_next(rdata);
	}
	return false;
}

struct answer respond_local(const struct request *request, uint8_t family)
{
	const struct local *local = request->origin.local;
	if (local->family != family) {
		return (struct answer){ .verdict = ANSWER_UNKNOWN_BINDING };
	}
	struct address address = local_address(local);
	return (struct answer){
		.verdict = ANSWER_UPLINK,
		.uplink = RESPOND_LOCAL,
		.tail = tail_init(request->own->bytes, request->ttl, &address, 1),
	};
}

/*!
 * Standalone there is no list of hosts: each name in the zone is one, but for its name servers below
 * the apex, whose addresses are facts, and for what a referral carries.
 */
static bool is_standalone_host(const struct request *request, const knot_dname_t *owner,
                               size_t owner_size)
{
	bool apex =
		owner_size == request->zone_size && memcmp(owner, request->zone, owner_size) == 0;
	return apex ||
	       (knot_wire_get_aa(request->response->wire) && !is_name_server(&request->ns, owner));
}

/*! The host that an RRset belongs to; NULL: none, or there is no table to tell. */
static const struct answer_host *find_host(const struct request *request, const knot_rrset_t *rrset)
{
	return request->snapshot == NULL
	               ? NULL
	               : answers_find_host(request->snapshot->answers, rrset->owner,
	                                   knot_dname_size(rrset->owner));
}

static uint8_t family_of(const knot_rrset_t *rrset)
{
	return rrset->type == KNOT_RRTYPE_A ? AF_INET : AF_INET6;
}

static struct answer answer_rrset(const struct request *request, const knot_rrset_t *rrset,
                                  const struct answer_host *host)
{
	uint8_t family = family_of(rrset);
	if (request->standalone) {
		return is_standalone_host(request, rrset->owner, knot_dname_size(rrset->owner))
		               ? respond_local(request, family)
		               : (struct answer){ .verdict = ANSWER_FOREIGN };
	}
	if (request->snapshot == NULL) {
		return (struct answer){ .verdict = ANSWER_NO_TABLE };
	}
	return answers_find(request->snapshot->answers, host, family, &request->origin);
}

/*! The signed set with just these records, if its signatures hold now. */
static const struct signed_set *find_variant(const struct request *request,
                                             const knot_rrset_t *rrset,
                                             const knot_rdataset_t *records, uint64_t hash)
{
	if (request->variants == NULL) {
		return NULL;
	}
	const struct signed_set *set =
		signed_answers_find(request->variants, rrset->owner, knot_dname_size(rrset->owner),
	                            rrset->type, records, hash);
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
		found = find_variant(request, rrset, &one, tail_hash_rdata(&one));
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

/*!
 * What takes a placeholder's place where only signed records may: the answer; one address of it, or of
 * those that may be answered instead; the placeholder itself if it is among them; else nothing, as a
 * proof of absence would contradict the zone's (RFC 4035 section 3.1.3.1).
 */
static enum rewrite_action decide_signed(const struct request *request, const knot_rrset_t *rrset,
                                         const struct answer_host *host, struct answer *answer,
                                         struct rewrite_records *records)
{
	const struct tail *ready = NULL;
	if (!request->origin.stale) {
		ready = answers_ready_tail(request->snapshot->answers, host, family_of(rrset));
	}
	const struct tail *tail = answer->tail;
	const struct signed_set *set = NULL;
	if (tail != NULL) {
		knot_rdataset_t rdata = tail_rdata(tail);
		set = find_variant(request, rrset, &rdata, tail->hash);
		*records = (struct rewrite_records){ tail->ttl, rdata };
	}
	if (set == NULL) {
		set = find_alone(request, rrset, tail);
		set = set != NULL ? set : find_alone(request, rrset, ready);
		if (set != NULL) {
			*records = (struct rewrite_records){ set->ttl, signed_set_rdata(set) };
		}
	}
	if (set != NULL) {
		records->ttl = set->ttl < records->ttl ? set->ttl : records->ttl;
		return REWRITE_REPLACE;
	}
	answer->verdict = ANSWER_NO_TABLE;
	if (is_within(rrset, tail) || is_within(rrset, ready)) {
		return REWRITE_KEEP;
	}
	answer->verdict = ANSWER_NOT_READY;
	return REWRITE_REFUSE;
}

/*! Signatures follow their RRset: those over a variant are found by it, others are the zone's. */
static enum rewrite_action decide_signatures(const struct request *request,
                                             const knot_rrset_t *covered,
                                             struct rewrite_records *records)
{
	const struct signed_set *set =
		find_variant(request, covered, &covered->rrs, tail_hash_rdata(&covered->rrs));
	if (set == NULL) {
		return REWRITE_KEEP;
	}
	*records = (struct rewrite_records){ covered->ttl, signed_set_signatures(set) };
	return REWRITE_REPLACE;
}

enum rewrite_action respond_decide(void *context, const knot_rrset_t *rrset,
                                   const knot_rrset_t *covered, struct rewrite_records *records)
{
	static const enum rewrite_action actions[] = {
		[ANSWER_FOREIGN] = REWRITE_KEEP,         [ANSWER_NO_TABLE] = REWRITE_KEEP,
		[ANSWER_UNKNOWN_BINDING] = REWRITE_KEEP, [ANSWER_NOT_READY] = REWRITE_REFUSE,
		[ANSWER_ABSENT] = REWRITE_DROP,          [ANSWER_LAN] = REWRITE_REPLACE,
		[ANSWER_UPLINK] = REWRITE_REPLACE,
	};
	struct request *request = context;
	if (covered != NULL) {
		return decide_signatures(request, covered, records);
	}
	const struct answer_host *host = find_host(request, rrset);
	struct answer answer = answer_rrset(request, rrset, host);
	enum rewrite_action action = actions[answer.verdict];
	bool changes = action == REWRITE_REPLACE || action == REWRITE_DROP;
	if (changes && request->dnssec && request->standalone) {
		answer.verdict = ANSWER_NO_TABLE;
		action = REWRITE_KEEP;
	} else if (changes && request->dnssec) {
		action = decide_signed(request, rrset, host, &answer, records);
	} else if (action == REWRITE_REPLACE) {
		*records = (struct rewrite_records){ answer.tail->ttl, tail_rdata(answer.tail) };
	}
	if (answer.verdict != ANSWER_FOREIGN) {
		request->answer = answer;
	}
	return action == REWRITE_REFUSE && request->optional ? REWRITE_DROP : action;
}
