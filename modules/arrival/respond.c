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

/*!
 * Standalone there is no list of hosts: each name in the zone is one, but for its name servers below
 * the apex, whose addresses are facts, and for what a referral carries.
 */
static struct answer answer_standalone(const struct request *request, const knot_dname_t *owner,
				       size_t owner_size, uint8_t family)
{
	bool apex =
		owner_size == request->zone_size && memcmp(owner, request->zone, owner_size) == 0;
	if (!apex &&
	    (!knot_wire_get_aa(request->response->wire) || is_name_server(&request->ns, owner))) {
		return (struct answer){ .verdict = ANSWER_FOREIGN };
	}
	if (request->local.address.family != family) {
		return (struct answer){ .verdict = ANSWER_UNKNOWN_BINDING };
	}
	return (struct answer){
		.verdict = ANSWER_UPLINK,
		.uplink = RESPOND_LOCAL,
		.tail = tail_init(request->own->bytes, request->ttl, &request->local.address, 1),
	};
}

struct answer respond_answer(const struct request *request, const knot_dname_t *owner,
			     size_t owner_size, uint8_t family)
{
	if (request->standalone) {
		return answer_standalone(request, owner, owner_size, family);
	}
	if (request->snapshot == NULL) {
		return (struct answer){ .verdict = ANSWER_NO_TABLE };
	}
	struct answer_query query = {
		.owner = owner,
		.owner_size = owner_size,
		.family = family,
		.stale = request->snapshot->stale,
		.local = &request->local,
		.client = request->client,
	};
	return answers_find(request->snapshot->answers, &query);
}

enum rewrite_action respond_decide(void *context, const knot_rrset_t *rrset,
				   const struct tail **tail)
{
	static const enum rewrite_action actions[] = {
		[ANSWER_FOREIGN] = REWRITE_KEEP,         [ANSWER_NO_TABLE] = REWRITE_KEEP,
		[ANSWER_UNKNOWN_BINDING] = REWRITE_KEEP, [ANSWER_NOT_READY] = REWRITE_REFUSE,
		[ANSWER_ABSENT] = REWRITE_DROP,          [ANSWER_LAN] = REWRITE_REPLACE,
		[ANSWER_UPLINK] = REWRITE_REPLACE,
	};
	struct request *request = context;
	struct answer answer = respond_answer(request, rrset->owner, knot_dname_size(rrset->owner),
					      rrset->type == KNOT_RRTYPE_A ? AF_INET : AF_INET6);
	enum rewrite_action action = actions[answer.verdict];
	if (request->keep_signed && (action == REWRITE_REPLACE || action == REWRITE_DROP)) {
		answer.verdict = ANSWER_NO_TABLE;
		action = REWRITE_KEEP;
	}
	if (answer.verdict != ANSWER_FOREIGN) {
		request->answer = answer;
	}
	*tail = answer.tail;
	return action == REWRITE_REFUSE && request->optional ? REWRITE_DROP : action;
}

bool respond_append(knot_pkt_t *pkt, const struct tail *tail)
{
	if (tail->wire_size > pkt->max_size - pkt->reserved - pkt->size) {
		return false;
	}
	memcpy(pkt->wire + pkt->size, tail->wire, tail->wire_size);
	pkt->size += tail->wire_size;
	knot_wire_set_ancount(pkt->wire, tail->count);
	knot_wire_set_aa(pkt->wire);
	return true;
}
