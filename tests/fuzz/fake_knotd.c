/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The steps around the hooks, see process_query.c of knotd.
 */

#include "fake_knotd.h"

#include <knot/module.h>

#include "fake_answer.h"
#include "fuzz.h"

extern const knotd_mod_api_t knotd_mod_api;

const uint8_t fake_key_secret[32] = { 1, 2, 3 };

struct fake_knotd {
	struct knotd_mod mod;
};

struct fake_knotd *fake_knotd_new(const struct fake_zone *zone,
                                  const struct fake_settings *settings)
{
	struct fake_knotd *knotd = calloc(1, sizeof(*knotd));
	FUZZ_CLAIM(knotd != NULL);
	knotd->mod.zone = zone;
	knotd->mod.settings = *settings;
	FUZZ_CLAIM(knotd_mod_api.load(&knotd->mod) == KNOT_EOK);
	return knotd;
}

void fake_knotd_free(struct fake_knotd *knotd)
{
	knotd_mod_api.unload(&knotd->mod);
	free(knotd);
}

static knotd_query_type_t query_type(const knot_pkt_t *query)
{
	switch (knot_wire_get_opcode(query->wire)) {
	case KNOT_OPCODE_QUERY:
		switch (knot_pkt_qtype(query)) {
		case KNOT_RRTYPE_AXFR:
			return KNOTD_QUERY_TYPE_AXFR;
		case KNOT_RRTYPE_IXFR:
			return KNOTD_QUERY_TYPE_IXFR;
		default:
			return KNOTD_QUERY_TYPE_NORMAL;
		}
	case KNOT_OPCODE_NOTIFY:
		return KNOTD_QUERY_TYPE_NOTIFY;
	case KNOT_OPCODE_UPDATE:
		return KNOTD_QUERY_TYPE_UPDATE;
	default:
		return KNOTD_QUERY_TYPE_INVALID;
	}
}

static int reserve_edns(knot_pkt_t *pkt, knotd_qdata_t *qdata)
{
	return knot_rrset_empty(&qdata->opt_rr)
	               ? KNOT_EOK
	               : knot_pkt_reserve(pkt, (uint16_t)knot_edns_wire_size(&qdata->opt_rr));
}

static int put_edns(knot_pkt_t *pkt, knotd_qdata_t *qdata)
{
	if (knot_rrset_empty(&qdata->opt_rr)) {
		return KNOT_EOK;
	}
	uint16_t size = (uint16_t)knot_edns_wire_size(&qdata->opt_rr);
	if (qdata->rcode_ede != KNOT_EDNS_EDE_NONE &&
	    knot_pkt_reserve(pkt, KNOT_EDNS_EDE_MIN_LENGTH) == KNOT_EOK) {
		(void)knot_pkt_reclaim(pkt, KNOT_EDNS_EDE_MIN_LENGTH);
		uint8_t code[2];
		knot_wire_write_u16(code, (uint16_t)qdata->rcode_ede);
		FUZZ_CLAIM(knot_edns_add_option(&qdata->opt_rr, KNOT_EDNS_OPTION_EDE, sizeof(code),
		                                code, qdata->mm) == KNOT_EOK);
	}
	int ret = knot_pkt_reclaim(pkt, size);
	return ret == KNOT_EOK ? knot_pkt_put(pkt, KNOT_COMPR_HINT_NONE, &qdata->opt_rr, 0) : ret;
}

static int sign_response(knot_pkt_t *pkt, knotd_qdata_t *qdata)
{
	knot_sign_context_t *sign = &qdata->sign;
	if (sign->tsig_key.name == NULL) {
		return KNOT_EOK;
	}
	size_t size = dnssec_tsig_algorithm_size(sign->tsig_key.algorithm);
	return knot_tsig_sign(pkt->wire, &pkt->size, pkt->max_size, sign->tsig_digest,
	                      sign->tsig_digestlen, sign->tsig_digest, &size, &sign->tsig_key, 0,
	                      0);
}

/*! Whether a query that is signed may ask; knotd keeps the MAC where the query has it. */
static bool authorize(knot_pkt_t *pkt, knotd_qdata_t *qdata)
{
	knot_pkt_t *query = qdata->query;
	knot_tsig_key_t key = { .name = (knot_dname_t *)(uintptr_t)FAKE_KEY_NAME,
		                .algorithm = DNSSEC_TSIG_HMAC_SHA256,
		                .secret = { .size = sizeof(fake_key_secret),
		                            .data = (uint8_t *)(uintptr_t)fake_key_secret } };
	if (!knot_pkt_has_tsig(query)) {
		return true;
	}
	qdata->rcode = KNOT_RCODE_NOTAUTH;
	if (!knot_dname_is_case_equal(query->tsig_rr->owner, key.name) ||
	    knot_tsig_server_check(query->tsig_rr, query->wire, query->size, &key) != KNOT_EOK) {
		return false;
	}
	qdata->rcode = KNOT_RCODE_NOERROR;
	qdata->sign.tsig_key = key;
	qdata->sign.tsig_digest = (uint8_t *)(uintptr_t)knot_tsig_rdata_mac(query->tsig_rr);
	qdata->sign.tsig_digestlen = knot_tsig_rdata_mac_length(query->tsig_rr);
	return knot_pkt_reserve(pkt, (uint16_t)knot_tsig_wire_size(&key)) == KNOT_EOK;
}

static bool prepare(knot_pkt_t *pkt, knotd_qdata_t *qdata)
{
	knot_pkt_t *query = qdata->query;
	const struct fake_query *how = qdata->extra->query;
	if (query->parsed < query->size) {
		qdata->rcode = KNOT_RCODE_FORMERR;
		return false;
	}
	if (knot_pkt_init_response(pkt, query) != KNOT_EOK) {
		return false;
	}
	if (knot_pkt_has_edns(query)) {
		FUZZ_CLAIM(knot_edns_init(&qdata->opt_rr, how->udp_max, 0, KNOT_EDNS_VERSION,
		                          qdata->mm) == KNOT_EOK);
		if (knot_edns_get_version(query->opt_rr) != KNOT_EDNS_VERSION) {
			qdata->rcode = KNOT_RCODE_BADVERS;
		}
		if (knot_pkt_has_dnssec(query)) {
			knot_edns_set_do(&qdata->opt_rr);
		}
	}
	if (reserve_edns(pkt, qdata) != KNOT_EOK || qdata->rcode != 0) {
		return false;
	}
	pkt->max_size = how->tcp ? KNOT_WIRE_MAX_PKTSIZE : KNOT_WIRE_MIN_PKTSIZE;
	if (!how->tcp && knot_pkt_has_edns(query)) {
		uint16_t its = knot_edns_get_payload(query->opt_rr);
		its = its < how->udp_max ? its : how->udp_max;
		pkt->max_size = its > pkt->max_size ? its : pkt->max_size;
	}
	return knot_pkt_qname(query) != NULL;
}

static void process_error(knot_pkt_t *pkt, knotd_qdata_t *qdata)
{
	(void)knot_pkt_init_response(pkt, qdata->query);
	if (pkt->current != KNOT_ADDITIONAL) {
		(void)knot_pkt_begin(pkt, KNOT_ADDITIONAL);
	}
	if (reserve_edns(pkt, qdata) != KNOT_EOK || put_edns(pkt, qdata) != KNOT_EOK) {
		qdata->rcode = KNOT_RCODE_FORMERR;
	}
	if (qdata->rcode == KNOT_RCODE_NOERROR) {
		qdata->rcode = KNOT_RCODE_SERVFAIL;
	}
	knot_wire_set_rcode(pkt->wire, (uint8_t)(qdata->rcode & 0xf));
	(void)sign_response(pkt, qdata);
}

/*! States of libknot's layers that modules have no name for. */
enum { STATE_PRODUCE = 2 };

static knotd_state_t process(knot_pkt_t *pkt, knotd_qdata_t *qdata)
{
	knotd_state_t state = (knotd_state_t)STATE_PRODUCE;
	struct knotd_mod *mod = qdata->extra->mod;
	if (qdata->extra->query->answered) {
		FUZZ_CLAIM(knot_pkt_begin(pkt, KNOT_ANSWER) == KNOT_EOK);
		state = KNOTD_STATE_DONE;
	}
	if (mod != NULL) {
		state = mod->begin(state, pkt, qdata, mod);
	}
	uint16_t rclass = knot_pkt_qclass(pkt);
	if (state == (knotd_state_t)STATE_PRODUCE) {
		state = KNOTD_STATE_FAIL;
		if ((rclass != KNOT_CLASS_IN && rclass != KNOT_CLASS_ANY) || mod == NULL ||
		    qdata->type != KNOTD_QUERY_TYPE_NORMAL) {
			qdata->rcode = KNOT_RCODE_REFUSED;
		} else if (authorize(pkt, qdata)) {
			qdata->name = knot_pkt_qname(qdata->query);
			state = fake_answer(pkt, qdata, mod->in);
		}
	}
	if (state == KNOTD_STATE_DONE) {
		// knotd itself leaves the query's own in a response that is truncated, until it is signed.
		knot_wire_set_rcode(pkt->wire, (uint8_t)(qdata->rcode & 0xf));
		if (pkt->current != KNOT_ADDITIONAL) {
			(void)knot_pkt_begin(pkt, KNOT_ADDITIONAL);
		}
		if (put_edns(pkt, qdata) != KNOT_EOK || sign_response(pkt, qdata) != KNOT_EOK) {
			state = KNOTD_STATE_FAIL;
		}
	}
	return state;
}

static void *allocate(void *context, size_t size)
{
	struct fake_memory *memory = context;
	struct fake_block *block = malloc(sizeof(*block) + size);
	FUZZ_CLAIM(block != NULL);
	block->next = memory->first;
	memory->first = block;
	return block + 1;
}

static void keep(void *block)
{
	(void)block;
}

size_t fake_knotd_process(struct fake_knotd *knotd, const struct fake_query *how, uint8_t *response)
{
	struct fake_memory memory = { 0 };
	knot_mm_t mm = { .ctx = &memory, .alloc = allocate, .free = keep };
	knotd_qdata_params_t params = { .proto = how->tcp ? KNOTD_QUERY_PROTO_TCP
		                                          : KNOTD_QUERY_PROTO_UDP };
#if KNOTD_MOD_ABI_VERSION < 500
	// Local addresses are asked of sockets, but not those of XDP.
	params.xdp_msg = (const struct knot_xdp_msg *)how;
#else
	params.local = &how->local;
#endif
	params.remote = &how->client;
	struct knotd_qdata_extra extra = { .query = how, .zone = knotd->mod.zone };
	knot_pkt_t *query = knot_pkt_new(how->wire, (uint16_t)how->size, &mm);
	knot_pkt_t *pkt = knot_pkt_new(response, KNOT_WIRE_MAX_PKTSIZE, &mm);
	knotd_qdata_t qdata = { .query = query,
		                .mm = &mm,
		                .params = &params,
		                .extra = &extra,
		                .rcode_ede = KNOT_EDNS_EDE_NONE };
	(void)knot_pkt_parse(query, 0);
	size_t size = 0;
	if (query->parsed < KNOT_WIRE_HEADER_SIZE || knot_wire_get_qr(query->wire)) {
		goto cleanup;
	}
	qdata.type = query_type(query);
	knotd_state_t state = KNOTD_STATE_FAIL;
	if (prepare(pkt, &qdata)) {
		if (knot_dname_in_bailiwick(knot_pkt_qname(query), extra.zone->name) >= 0) {
			extra.mod = &knotd->mod;
		}
		state = process(pkt, &qdata);
	}
	if (state == KNOTD_STATE_FAIL) {
		process_error(pkt, &qdata);
		state = KNOTD_STATE_DONE;
	} else if (state == KNOTD_STATE_DONE) {
		knot_wire_set_rcode(pkt->wire, (uint8_t)(qdata.rcode & 0xf));
	}
	if (extra.mod != NULL) {
		state = extra.mod->end(state, pkt, &qdata, extra.mod);
		if (state == KNOTD_STATE_FAIL) {
			process_error(pkt, &qdata);
		}
	}
	FUZZ_CLAIM(pkt->size <= pkt->max_size);
	size = pkt->size;
cleanup:
	knot_pkt_free(pkt);
	knot_pkt_free(query);
	while (memory.first != NULL) {
		struct fake_block *next = memory.first->next;
		free(memory.first);
		memory.first = next;
	}
	return size;
}
