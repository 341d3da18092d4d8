/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * mod-arrival: answers with the address of the uplink on which the query arrived. Knot glue only.
 *
 * Theory of operation. The zone holds real address records at each host, the placeholders. Most queries
 * ask for such a record itself: the BEGIN hook appends the prebuilt one and knotd never looks into the
 * zone. Whatever else carries a placeholder (CNAME chain, ANY, additional data, TSIG) knotd composes
 * from the zone, and the ANSWER and ADDITIONAL hooks put the right records in its place. Where the
 * right answer is not known, all hooks step aside and the placeholder is served.
 */

#include <knot/module.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "arrival/arrival_conf.h"
#include "arrival/compat.h"
#include "arrival/counters.h"
#include "arrival/fast.h"
#include "arrival/query.h"
#include "arrival/respond.h"
#include "arrival/rewrite.h"

/*! Count what the answer section came to. */
static inline void count_answer(const struct answer *answer, knotd_qdata_t *qdata, knotd_mod_t *mod)
{
	if (answer->verdict != ANSWER_FOREIGN) {
		struct counter found = counters_find(answer);
		knotd_mod_stats_incr(mod, qdata->params->thread_id, found.counter, found.place, 1);
	}
}

/*! The same for addresses, as the fast path has them. */
static inline void count_fast(const struct answer *answer, knotd_qdata_t *qdata, knotd_mod_t *mod)
{
	knotd_mod_stats_incr(mod, qdata->params->thread_id, COUNTER_ANSWER, counters_place(answer),
	                     1);
}

/*! The one message of the query path, once in the life of an instance. */
static void warn_of_wildcard(const struct request *request, knotd_mod_t *mod)
{
	struct arrival *arrival = knotd_mod_ctx(mod);
	if (request->answer.verdict == ANSWER_UNKNOWN_BINDING &&
	    request->origin.local->family == 0 &&
	    !atomic_load_explicit(&arrival->warned, memory_order_relaxed) &&
	    !atomic_exchange(&arrival->warned, true)) {
		knotd_mod_log(
			mod, LOG_WARNING,
			"local address of a query not known, serving the zone's own data "
			"(this version of knotd needs each address in 'listen', no wildcard)");
	}
}

/*! Tell the signer of what it cannot know of. */
static void tell_missed(const struct request *request, const struct arrival *arrival)
{
	if (request->missed != NULL && arrival->mirror != NULL) {
		mirror_miss(arrival->mirror, request->missed);
	}
}

/*! Whether no other module has answered. */
static inline bool is_open(knotd_state_t state)
{
	return state < KNOTD_STATE_DONE && state != KNOTD_STATE_NOOP;
}

/*! Leave the query to knotd, and to the hooks that come after it. */
static inline knotd_state_t step_aside(struct fast_memory *memory, const struct snapshot *snapshot,
                                       knotd_state_t state)
{
	memory->snapshot = snapshot;
	memory->ours = is_open(state);
	memory->now = 0;
	memory->answered = 0;
	memory->seen = 0;
	return state;
}

/*!
 * Standalone there is no list of hosts, and of a zone only the apex can be seen: the fast path is for
 * the records there.
 */
static __attribute__((noinline)) knotd_state_t begin_standalone(knotd_state_t state,
                                                                knot_pkt_t *pkt,
                                                                knotd_qdata_t *qdata,
                                                                knotd_mod_t *mod, uint16_t type)
{
	const struct arrival *arrival = knotd_mod_ctx(mod);
	struct fast_memory *memory = &arrival->threads[qdata->params->thread_id];
	if (qdata->query->qname_size != arrival->zone_size) {
		return step_aside(memory, NULL, state);
	}
	struct local room;
	const struct local *local = compat_local(qdata, &room);
	if (local->family != (type == KNOT_RRTYPE_A ? AF_INET : AF_INET6) ||
	    knotd_qdata_zone_apex_rrset(qdata, type).rrs.count == 0 ||
	    pkt->max_size - pkt->reserved - pkt->size < TAIL_WIRE_MIN) {
		return step_aside(memory, NULL, state);
	}
	fast_append_local(pkt, local, arrival->ttl);
	struct sections_slot *slots = memory->sections;
	knot_rrset_t ns = { 0 };
	if (slots != NULL) {
		ns = knotd_qdata_zone_apex_rrset(qdata, KNOT_RRTYPE_NS);
	}
	if (ns.rrs.count > 0) {
		sections_append(pkt, slots, NULL, NULL, 0, &ns);
	}
	knotd_mod_stats_incr(mod, qdata->params->thread_id, COUNTER_ANSWER, COUNT_LOCAL, 1);
	return KNOTD_STATE_DONE;
}

/*! The type of a question that the prebuilt answers are for, A or AAAA, or 0 for others. */
static inline uint16_t fast_type(const knotd_qdata_t *qdata)
{
	// knotd has parsed the question, or refused the query.
	const knot_pkt_t *query = qdata->query;
	const uint8_t *question = query->wire + KNOT_WIRE_HEADER_SIZE + query->qname_size;
	uint16_t type = knot_wire_read_u16(question);
	return (type == KNOT_RRTYPE_A || type == KNOT_RRTYPE_AAAA) &&
	                       knot_wire_read_u16(question + 2) == KNOT_CLASS_IN &&
	                       qdata->type == KNOTD_QUERY_TYPE_NORMAL && query->tsig_rr == NULL
	               ? type
	               : 0;
}

/*! Answer with a tail and its signatures. \return Whether it is signed and there was room. */
static inline bool append_signed(knot_pkt_t *pkt, const knotd_qdata_t *qdata, uint16_t type,
                                 const struct tail *tail, const struct signed_answers *variants,
                                 uint32_t now)
{
	knot_rdataset_t records = tail_rdata(tail);
	const struct signed_set *set =
		signed_answers_find_inline(variants, qdata->query->lower_qname,
	                                   qdata->query->qname_size, type, &records, tail->hash);
	return set != NULL && signed_set_holds(set, now) && fast_append_signed(pkt, tail, set);
}

/*!
 * See to DNSSEC, which is wanted.
 * \param variants  Out: left alone if the zone is not signed.
 * \return Whether the fast path can have an answer.
 */
static inline bool begin_signed(const struct arrival *arrival, knotd_qdata_t *qdata, uint32_t *now,
                                const struct signed_answers **variants)
{
	// The signer's own question must not wake it.
	if (is_self(arrival, qdata)) {
		return false;
	}
	*now = (uint32_t)time(NULL);
	*variants = find_variants(arrival, qdata, *now);
	// Where there are variants the zone is signed: a look for its keys is saved.
	return *variants != NULL || !is_signed(qdata);
}

static knotd_state_t begin_hook(knotd_state_t state, knot_pkt_t *pkt, knotd_qdata_t *qdata,
                                knotd_mod_t *mod)
{
	const struct arrival *arrival = knotd_mod_ctx(mod);
	struct fast_memory *memory = &arrival->threads[qdata->params->thread_id];
	const struct snapshot *snapshot =
		arrival->snapshot != NULL ? snapshot_current(arrival->snapshot) : NULL;
	uint16_t type = fast_type(qdata);
	memory->ours = false;
	if (type == 0 || !is_open(state)) {
		if (knot_pkt_has_tsig(qdata->query)) {
			// Here, as an answer that outgrows its packet comes by no other hook before it is signed.
			resign_remember(&memory->mac, qdata->query);
		}
		return step_aside(memory, snapshot, state);
	}
	uint32_t now = 0;
	const struct signed_answers *variants = NULL;
	if (knot_pkt_has_dnssec(qdata->query) && !begin_signed(arrival, qdata, &now, &variants)) {
		return step_aside(memory, snapshot, state);
	}
	if (snapshot == NULL) {
		return arrival->snapshot == NULL ? begin_standalone(state, pkt, qdata, mod, type)
		                                 : step_aside(memory, snapshot, state);
	}
	// A name in the zone that is as long as the zone's is the zone's.
	bool apex = qdata->query->qname_size == arrival->zone_size;
	struct local room;
	struct answer_origin origin = {
		.local = compat_arrival(qdata, snapshot, &room),
		.client = compat_client(qdata),
		.stale = snapshot->stale,
	};
	const struct answer_host *host = fast_find_host(memory, snapshot, qdata->query, apex);
	struct answer answer =
		answers_find_inline(snapshot->answers, host, type == KNOT_RRTYPE_AAAA, &origin);
	if (answer.verdict != ANSWER_UPLINK && answer.verdict != ANSWER_LAN) {
		return step_aside(memory, snapshot, state);
	}
	if (variants != NULL) {
		if (!append_signed(pkt, qdata, type, answer.tail, variants, now)) {
			return step_aside(memory, snapshot, state);
		}
		count_fast(&answer, qdata, mod);
		return KNOTD_STATE_DONE;
	}
	// Each zone that is loaded has an NS set. One that is not, or has expired, is knotd's to refuse.
	knot_rrset_t ns = knotd_qdata_zone_apex_rrset(qdata, KNOT_RRTYPE_NS);
	if (ns.rrs.count == 0 || !fast_append(pkt, answer.tail)) {
		return step_aside(memory, snapshot, state);
	}
	if (memory->sections != NULL) {
		sections_append(pkt, memory->sections, host, snapshot->answers, snapshot->serial,
		                &ns);
	}
	count_fast(&answer, qdata, mod);
	return KNOTD_STATE_DONE;
}

static knotd_in_state_t answer_hook(knotd_in_state_t state, knot_pkt_t *pkt, knotd_qdata_t *qdata,
                                    knotd_mod_t *mod)
{
	const struct arrival *arrival = knotd_mod_ctx(mod);
	struct fast_memory *memory = &arrival->threads[qdata->params->thread_id];
	if (!rewrite_concerned(pkt, KNOT_ANSWER)) {
		memory->answered = pkt->sections[KNOT_ANSWER].count;
		return state;
	}
	if (state != KNOTD_IN_STATE_HIT || is_self(arrival, qdata)) {
		return state;
	}
	struct request request;
	request_init(&request, arrival, pkt, qdata);
	enum rewrite_result result = rewrite_section(pkt, respond_decide, &request);
	count_answer(&request.answer, qdata, mod);
	warn_of_wildcard(&request, mod);
	tell_missed(&request, arrival);
	memory->answered = pkt->sections[KNOT_ANSWER].count;
	switch (result) {
	case REWRITE_REFUSED:
		// RFC 8914 section 4.15: resolvers turn to another server at once.
		qdata->rcode = KNOT_RCODE_SERVFAIL;
		qdata->rcode_ede = KNOT_EDNS_EDE_NOT_READY;
		return KNOTD_IN_STATE_ERROR;
	case REWRITE_DROPPED:
		return KNOTD_IN_STATE_NODATA;
	case REWRITE_NO_ROOM:
		return KNOTD_IN_STATE_TRUNC;
	case REWRITE_ERROR:
		return KNOTD_IN_STATE_ERROR;
	default:
		return state;
	}
}

/*! Put the additional section right. */
static knotd_in_state_t rewrite_additional(knotd_in_state_t state, knot_pkt_t *pkt,
                                           knotd_qdata_t *qdata, const struct arrival *arrival)
{
	struct request request;
	request_init(&request, arrival, pkt, qdata);
	request.optional = true;
	enum rewrite_result result = rewrite_section(pkt, respond_decide, &request);
	tell_missed(&request, arrival);
	return result == REWRITE_NO_ROOM && knot_wire_get_tc(pkt->wire) ? KNOTD_IN_STATE_TRUNC
	                                                                : state;
}

static knotd_in_state_t additional_hook(knotd_in_state_t state, knot_pkt_t *pkt,
                                        knotd_qdata_t *qdata, knotd_mod_t *mod)
{
	const struct arrival *arrival = knotd_mod_ctx(mod);
	struct fast_memory *memory = &arrival->threads[qdata->params->thread_id];
	if (rewrite_concerned(pkt, KNOT_ADDITIONAL) && !is_self(arrival, qdata)) {
		state = rewrite_additional(state, pkt, qdata, arrival);
	}
	if (memory->answered == pkt->sections[KNOT_ANSWER].count) {
		memory->seen = pkt->rrset_count;
	}
	return state;
}

/*! Rewrite what the hooks before did not see; what was signed by TSIG is signed again. */
static __attribute__((noinline)) knotd_state_t rewrite_late(knotd_state_t state, knot_pkt_t *pkt,
                                                            knotd_qdata_t *qdata, knotd_mod_t *mod)
{
	const struct arrival *arrival = knotd_mod_ctx(mod);
	struct fast_memory *memory = &arrival->threads[qdata->params->thread_id];
	uint16_t count = pkt->rrset_count - (pkt->opt_rr != NULL);
	if (!memory->ours || count == memory->seen || qdata->type != KNOTD_QUERY_TYPE_NORMAL ||
	    !rewrite_concerned(pkt, KNOT_ANSWER) || is_self(arrival, qdata)) {
		return state;
	}
	struct request request;
	request_init(&request, arrival, pkt, qdata);
	if (!rewrite_needed(pkt, respond_decide, &request)) {
		return state;
	}
	const knot_tsig_key_t *key = &qdata->sign.tsig_key;
	if (knot_pkt_has_tsig(qdata->query)) {
		resign_strip(pkt, key);
	}
	request.optional = true;
	rewrite_finished(pkt, respond_decide, &request);
	if (knot_pkt_has_tsig(qdata->query) && !resign(pkt, key, &memory->mac)) {
		return KNOTD_STATE_FAIL;
	}
	return state;
}

/*! knotd leaves out the hooks above when a response gets too long. */
static knotd_state_t end_hook(knotd_state_t state, knot_pkt_t *pkt, knotd_qdata_t *qdata,
                              knotd_mod_t *mod)
{
	// What the fast path has answered is right, and not in the list of RRsets.
	return pkt->rrset_count == 0 ? state : rewrite_late(state, pkt, qdata, mod);
}

static int arrival_load(knotd_mod_t *mod)
{
	struct arrival *arrival = calloc(1, sizeof(*arrival));
	if (arrival == NULL) {
		return KNOT_ENOMEM;
	}
	int ret = arrival_configure(arrival, mod);
	if (ret == KNOT_EOK) {
		ret = knotd_mod_stats_add(mod, "answer", COUNT_ANSWERS, counters_answer_name);
	}
	if (ret == KNOT_EOK) {
		ret = knotd_mod_stats_add(mod, "other", COUNT_OTHERS, counters_other_name);
	}
	// Last: knotd 3.2 keeps the hooks of a module that failed to load.
	knotd_mod_ctx_set(mod, arrival);
	if (ret == KNOT_EOK &&
	    (knotd_mod_hook(mod, KNOTD_STAGE_BEGIN, begin_hook) != KNOT_EOK ||
	     knotd_mod_in_hook(mod, KNOTD_STAGE_ANSWER, answer_hook) != KNOT_EOK ||
	     knotd_mod_in_hook(mod, KNOTD_STAGE_ADDITIONAL, additional_hook) != KNOT_EOK ||
	     knotd_mod_hook(mod, KNOTD_STAGE_END, end_hook) != KNOT_EOK)) {
		ret = KNOT_ENOMEM;
	}
	if (ret != KNOT_EOK) {
		// Some versions of knotd unload a module that failed to load, others do not.
		knotd_mod_ctx_set(mod, NULL);
		arrival_free(arrival);
	}
	return ret;
}

static void arrival_unload(knotd_mod_t *mod)
{
	arrival_free(knotd_mod_ctx(mod));
}

LAYOUT_MOD_API(arrival, KNOTD_MOD_FLAG_SCOPE_ZONE | KNOTD_MOD_FLAG_OPT_CONF, arrival_load,
               arrival_unload, arrival_conf, arrival_conf_check);
