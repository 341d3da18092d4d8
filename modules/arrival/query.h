/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief knotd's view of a query in the module's own terms, for the hooks.
 *
 * Included by arrival.c alone, after knot/module.h.
 */

#pragma once

#include <time.h>

#include "arrival/arrival_conf.h"
#include "arrival/compat.h"
#include "arrival/respond.h"

/*! DNSSEC is wanted and there. */
static inline bool is_signed(knotd_qdata_t *qdata)
{
	return knot_pkt_has_dnssec(qdata->query) &&
	       knotd_qdata_zone_apex_rrset(qdata, KNOT_RRTYPE_DNSKEY).rrs.count > 0;
}

/*! Nobody else's packets can come from an address of this host. */
static __attribute__((noinline)) bool is_from_here(knotd_qdata_t *qdata, uint32_t port)
{
	struct local room;
	struct local client;
	return local_from_sockaddr(compat_client(qdata), &client) && client.port == port &&
	       local_same_address(&client, compat_local(qdata, &room));
}

/*! Whether a query is the signer's own, which asks for the zone's records as they are. */
static inline bool is_self(const struct arrival *arrival, knotd_qdata_t *qdata)
{
	if (arrival->mirror == NULL || qdata->params->proto != KNOTD_QUERY_PROTO_TCP) {
		return false;
	}
	uint32_t port = mirror_self_port(arrival->mirror);
	return port != 0 && is_from_here(qdata, port);
}

/*! What serves if this thread sees a version of the zone for the first time, or there are no answers for it. */
static __attribute__((noinline)) const struct signed_answers *find_by_version(
	const struct arrival *arrival, knotd_qdata_t *qdata, const knot_rdata_t *soa,
	const struct signed_answers *answers, uint32_t now)
{
	knot_rrset_t signatures = knotd_qdata_zone_apex_rrset(qdata, KNOT_RRTYPE_RRSIG);
	knot_rrset_t dnskeys = knotd_qdata_zone_apex_rrset(qdata, KNOT_RRTYPE_DNSKEY);
	uint32_t serial = fast_soa_serial(soa);
	struct signed_version version = signed_version(serial, &signatures.rrs, &dnskeys.rrs);
	if (answers == NULL || answers->version.soa != version.soa) {
		return mirror_kick(arrival->mirror, answers, &version, now);
	}
	struct fast_memory *memory = &arrival->threads[qdata->params->thread_id];
	memory->soa = soa;
	memory->soa_serial = serial;
	memory->soa_version = version.soa;
	return answers;
}

/*! Signed answers for a query that wants DNSSEC; the zone has not changed if it is found again. */
static inline const struct signed_answers *find_variants(const struct arrival *arrival,
                                                         knotd_qdata_t *qdata, uint32_t now)
{
	if (arrival->mirror == NULL) {
		return NULL;
	}
	knot_rrset_t soa = knotd_qdata_zone_apex_rrset(qdata, KNOT_RRTYPE_SOA);
	if (soa.rrs.count == 0) {
		return NULL;
	}
	const struct signed_answers *answers = mirror_answers(arrival->mirror);
	const struct fast_memory *memory = &arrival->threads[qdata->params->thread_id];
	return answers != NULL && answers->version.soa == memory->soa_version &&
	                       memory->soa == soa.rrs.rdata &&
	                       memory->soa_serial == fast_soa_serial(soa.rrs.rdata)
	               ? answers
	               : find_by_version(arrival, qdata, soa.rrs.rdata, answers, now);
}

/*! Fill in a request for a hook that looks at RRsets. */
static void request_init(struct request *request, const struct arrival *arrival,
                         knot_pkt_t *response, knotd_qdata_t *qdata)
{
	struct fast_memory *memory = &arrival->threads[qdata->params->thread_id];
	*request = (struct request){
		.snapshot = memory->snapshot,
		.standalone = arrival->snapshot == NULL,
		.dnssec = is_signed(qdata),
		.ttl = arrival->ttl,
		.own = &memory->own,
		.response = response,
		.zone = arrival->zone,
		.zone_size = arrival->zone_size,
	};
	if (request->standalone) {
		request->ns = knotd_qdata_zone_apex_rrset(qdata, KNOT_RRTYPE_NS);
	}
	request->origin = (struct answer_origin){
		.local = compat_arrival(qdata, memory->snapshot, &request->room),
		.client = compat_client(qdata),
		.stale = request->snapshot != NULL && request->snapshot->stale,
	};
	if (request->dnssec) {
		// One for all hooks, so that they agree.
		if (memory->now == 0) {
			memory->now = (uint32_t)time(NULL);
			memory->variants = find_variants(arrival, qdata, memory->now);
		}
		request->now = memory->now;
		request->variants = memory->variants;
		request->mirrored = arrival->mirror != NULL;
	}
}
