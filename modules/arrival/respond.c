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

static struct answer answer_rrset(const struct request *request, const knot_rrset_t *rrset)
{
	uint8_t family = rrset->type == KNOT_RRTYPE_A ? AF_INET : AF_INET6;
	size_t owner_size = knot_dname_size(rrset->owner);
	if (request->standalone) {
		return is_standalone_host(request, rrset->owner, owner_size)
		               ? respond_local(request, family)
		               : (struct answer){ .verdict = ANSWER_FOREIGN };
	}
	if (request->snapshot == NULL) {
		return (struct answer){ .verdict = ANSWER_NO_TABLE };
	}
	const struct answers *answers = request->snapshot->answers;
	return answers_find(answers, answers_find_host(answers, rrset->owner, owner_size), family,
	                    &request->origin);
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
	struct answer answer = answer_rrset(request, rrset);
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
