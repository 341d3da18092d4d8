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

struct answer respond_find(const struct request *request, const knot_dname_t *owner,
                           size_t owner_size, uint8_t family)
{
	if (request->standalone) {
		return is_standalone_host(request, owner, owner_size)
		               ? respond_local(request, family)
		               : (struct answer){ .verdict = ANSWER_FOREIGN };
	}
	if (request->snapshot == NULL) {
		return (struct answer){ .verdict = ANSWER_NO_TABLE };
	}
	const struct answers *answers = request->snapshot->answers;
	return answers_find(answers, answers_find_host(answers, owner, owner_size), family,
	                    &request->origin);
}

/*! Decide about address records. */
static enum rewrite_action respond_address(const struct request *request, const knot_rrset_t *rrset,
                                           struct answer *answer, const struct tail **tail)
{
	static const enum rewrite_action actions[] = {
		[ANSWER_FOREIGN] = REWRITE_KEEP,         [ANSWER_NO_TABLE] = REWRITE_KEEP,
		[ANSWER_UNKNOWN_BINDING] = REWRITE_KEEP, [ANSWER_NOT_READY] = REWRITE_REFUSE,
		[ANSWER_ABSENT] = REWRITE_DROP,          [ANSWER_LAN] = REWRITE_REPLACE,
		[ANSWER_UPLINK] = REWRITE_REPLACE,
	};
	*answer = respond_find(request, rrset->owner, knot_dname_size(rrset->owner),
	                       rrset->type == KNOT_RRTYPE_A ? AF_INET : AF_INET6);
	*tail = answer->tail;
	return actions[answer->verdict];
}

enum rewrite_action respond_decide(void *context, const knot_rrset_t *rrset,
                                   const knot_rrset_t *covered, struct rewrite_records *records)
{
	struct request *request = context;
	if (covered != NULL) {
		return respond_signatures(request, covered, records);
	}
	bool is_address = rrset->type == KNOT_RRTYPE_A || rrset->type == KNOT_RRTYPE_AAAA;
	struct answer answer = { .verdict = ANSWER_FOREIGN };
	const struct tail *tail = NULL;
	enum rewrite_action action = is_address ? respond_address(request, rrset, &answer, &tail)
	                                        : respond_hints(request, rrset, &answer, &tail);
	if (request->dnssec && (action == REWRITE_REPLACE || action == REWRITE_DROP)) {
		action = respond_signed(request, rrset, &answer, tail, records);
	} else if (action == REWRITE_REPLACE) {
		*records = (struct rewrite_records){ tail->ttl, tail_rdata(tail) };
	}
	if (answer.verdict != ANSWER_FOREIGN) {
		request->answer = answer;
	}
	return action == REWRITE_REFUSE && request->optional ? REWRITE_DROP : action;
}
