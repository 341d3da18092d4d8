/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Address hints of HTTPS and SVCB records in a response: those of the same query's A and AAAA answers.
 */

#include "arrival/respond.h"

#include <string.h>
#include <sys/socket.h>

#include <libknot/packet/wire.h>

#include "arrival/svcb.h"

/*! A search for the addresses of a target, and the answer it came to. */
struct search {
	const struct request *request;
	struct answer answer;
};

static bool find_target(void *context, const knot_dname_t *target, size_t target_size,
                        struct svcb_addresses *addresses)
{
	static const enum svcb_hint hints[] = {
		[ANSWER_FOREIGN] = SVCB_HINT_KEEP,         [ANSWER_NO_TABLE] = SVCB_HINT_KEEP,
		[ANSWER_UNKNOWN_BINDING] = SVCB_HINT_KEEP, [ANSWER_NOT_READY] = SVCB_HINT_DROP,
		[ANSWER_ABSENT] = SVCB_HINT_DROP,          [ANSWER_LAN] = SVCB_HINT_REPLACE,
		[ANSWER_UPLINK] = SVCB_HINT_REPLACE,
	};
	static const uint8_t families[2] = { AF_INET, AF_INET6 };
	struct search *search = context;
	const struct request *request = search->request;
	// A target may be anywhere, unlike the owner of a record; standalone, hosts are in the zone.
	if (request->standalone && knot_dname_in_bailiwick(target, request->zone) < 0) {
		return true;
	}
	struct answer last = { .verdict = ANSWER_FOREIGN };
	size_t unready = 0;
	for (size_t i = 0; i < 2; i++) {
		struct answer answer = respond_find(request, target, target_size, families[i]);
		addresses->hint[i] = hints[answer.verdict];
		addresses->tail[i] = answer.tail;
		unready += answer.verdict == ANSWER_NOT_READY;
		// The family that has addresses tells the uplink.
		last = i == 0 || answer.tail != NULL ? answer : last;
	}
	search->answer = last.verdict != ANSWER_FOREIGN ? last : search->answer;
	return unready < 2;
}

enum rewrite_action respond_hints(const struct request *request, const knot_rrset_t *rrset,
                                  struct answer *answer, const struct tail **tail)
{
	static const enum rewrite_action actions[] = {
		[SVCB_UNCHANGED] = REWRITE_KEEP,
		[SVCB_REPLACED] = REWRITE_REPLACE,
		[SVCB_NOT_READY] = REWRITE_REFUSE,
		[SVCB_ERROR] = REWRITE_REFUSE,
	};
	struct search search = { .request = request };
	enum svcb_result result =
		svcb_replace(rrset, find_target, &search, &request->response->mm, tail);
	*answer = search.answer;
	return actions[result];
}

/*! A search for the addresses that may be answered now, all of them or one of each family. */
struct ready_search {
	const struct request *request;
	bool alone;  /*!< One of each family. */
	bool inside; /*!< On the LAN nothing may take the place of inside addresses. */
};

/*! The first address of a tail alone, in memory of its own: several targets are put together. */
static const struct tail *first_alone(knot_mm_t *mm, const struct tail *tail)
{
	struct address first = tail_first(tail);
	struct tail_buffer *room = mm->alloc(mm->ctx, sizeof(*room));
	return room != NULL ? tail_init(room->bytes, tail->ttl, &first, 1) : NULL;
}

static bool find_ready_target(void *context, const knot_dname_t *target, size_t target_size,
                              struct svcb_addresses *addresses)
{
	static const uint8_t families[2] = { AF_INET, AF_INET6 };
	struct ready_search *search = context;
	const struct request *request = search->request;
	const struct answers *answers = request->snapshot->answers;
	const struct answer_host *host = answers_find_host(answers, target, target_size);
	for (size_t i = 0; host != NULL && i < 2; i++) {
		const struct tail *tail = NULL;
		if (!request->origin.stale) {
			tail = answers_ready_tail(answers, host, families[i]);
		}
		struct answer answer = respond_find(request, target, target_size, families[i]);
		if (answer.tail != NULL && (search->alone || search->inside)) {
			tail = answer.tail;
		}
		if (search->alone && tail != NULL) {
			tail = first_alone(&request->response->mm, tail);
		}
		addresses->hint[i] = tail == NULL ? SVCB_HINT_DROP : SVCB_HINT_REPLACE;
		addresses->tail[i] = tail;
	}
	return true;
}

/*! Whether all addresses of a hint are a tail's. */
static bool hint_is_within(const uint8_t *hint, size_t size, const struct tail *tail)
{
	for (size_t at = 0; at < size;) {
		const knot_rdata_t *rdata = (const knot_rdata_t *)(const void *)tail->rdata;
		size_t octets = rdata->len;
		uint16_t i = 0;
		while (i < tail->count && memcmp(rdata->data, hint + at, octets) != 0) {
			rdata = knot_rdataset_next((knot_rdata_t *)(uintptr_t)rdata);
			i++;
		}
		if (i == tail->count) {
			return false;
		}
		at += octets;
	}
	return true;
}

/*! Whether a well-formed record's hints are among the addresses of its target. */
static bool record_is_right(const struct svcb *svcb, const struct svcb_addresses *addresses)
{
	size_t size = 0;
	for (size_t at = SVCB_TARGET + svcb->target_size; at < svcb->size; at += 4 + size) {
		uint16_t key = knot_wire_read_u16(svcb->rdata + at);
		size = knot_wire_read_u16(svcb->rdata + at + 2);
		size_t index = key == SVCB_KEY_IPV6HINT;
		if ((key != SVCB_KEY_IPV4HINT && key != SVCB_KEY_IPV6HINT) ||
		    addresses->hint[index] == SVCB_HINT_KEEP) {
			continue;
		}
		if (addresses->hint[index] == SVCB_HINT_DROP ||
		    !hint_is_within(svcb->rdata + at + 4, size, addresses->tail[index])) {
			return false;
		}
	}
	return true;
}

/*! The target of a record, in lower case. \return Its size, or 0 if the record is malformed. */
static size_t get_target(const knot_rrset_t *rrset, const knot_rdata_t *rdata, struct svcb *svcb,
                         knot_dname_storage_t target)
{
	if (!svcb_parse(rdata->data, rdata->len, svcb)) {
		return 0;
	}
	size_t size = knot_dname_store(target, svcb->target_size == 1 ? rrset->owner
	                                                              : rdata->data + SVCB_TARGET);
	knot_dname_to_lower(target);
	return size;
}

/*!
 * Whether all hosts that are targets have inside addresses for the client, so that there will be a signed RRset
 * with these. One with those of inside and outside is never signed.
 */
static bool is_inside(const struct request *request, const knot_rrset_t *rrset)
{
	knot_rdata_t *rdata = rrset->rrs.rdata;
	bool inside = true;
	for (uint16_t i = 0; i < rrset->rrs.count; i++) {
		struct svcb svcb;
		knot_dname_storage_t target;
		size_t size = get_target(rrset, rdata, &svcb, target);
		if (size > 0) {
			struct answer four = respond_find(request, target, size, AF_INET);
			struct answer six = respond_find(request, target, size, AF_INET6);
			inside = inside && (four.verdict == ANSWER_FOREIGN ||
			                    respond_is_inside(request, &four) ||
			                    respond_is_inside(request, &six));
		}
		rdata = knot_rdataset_next(rdata);
	}
	return inside;
}

/*! Whether an RRset may be given as the zone has it. */
static bool is_right(const knot_rrset_t *rrset, struct ready_search *search)
{
	knot_rdata_t *rdata = rrset->rrs.rdata;
	for (uint16_t i = 0; i < rrset->rrs.count; i++) {
		struct svcb svcb;
		struct svcb_addresses addresses = { .hint = { SVCB_HINT_KEEP, SVCB_HINT_KEEP } };
		knot_dname_storage_t target;
		size_t size = get_target(rrset, rdata, &svcb, target);
		if (size > 0) {
			(void)find_ready_target(search, target, size, &addresses);
			if (!record_is_right(&svcb, &addresses)) {
				return false;
			}
		}
		rdata = knot_rdataset_next(rdata);
	}
	return true;
}

const struct signed_set *respond_other_hints(const struct request *request,
                                             const knot_rrset_t *rrset, bool *ready)
{
	struct ready_search search = { .request = request, .inside = is_inside(request, rrset) };
	*ready = is_right(rrset, &search);
	search.alone = true;
	const struct tail *tail = NULL;
	if (svcb_replace(rrset, find_ready_target, &search, &request->response->mm, &tail) !=
	    SVCB_REPLACED) {
		return NULL;
	}
	knot_rdataset_t records = tail_rdata(tail);
	return respond_variant(request, rrset, &records);
}
