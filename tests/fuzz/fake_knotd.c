/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Functions of knot/module.h, and the steps around the hooks.
 */

#include "fake_knotd.h"

#include <knot/module.h>

#include "fake_answer.h"
#include "fuzz.h"

extern const knotd_mod_api_t knotd_mod_api;

const uint8_t fake_key_secret[32] = { 1, 2, 3 };

struct knotd_mod {
	void *context;
	const struct fake_zone *zone;
	struct fake_settings settings;
	knotd_mod_hook_f begin;
	knotd_mod_hook_f end;
	knotd_mod_in_hook_f in[KNOTD_STAGE_END];
};

struct fake_knotd {
	struct knotd_mod mod;
};

// --- for the module ---

void *knotd_mod_ctx(knotd_mod_t *mod)
{
	return mod->context;
}

void knotd_mod_ctx_set(knotd_mod_t *mod, void *ctx)
{
	mod->context = ctx;
}

const knot_dname_t *knotd_mod_zone(knotd_mod_t *mod)
{
	return mod->zone->name;
}

void knotd_mod_log(knotd_mod_t *mod, int priority, const char *fmt, ...)
{
	(void)mod;
	(void)priority;
	FUZZ_CLAIM(fmt[0] != '\0');
}

int knotd_mod_stats_add(knotd_mod_t *mod, const char *ctr_name, uint32_t idx_count,
                        knotd_mod_idx_to_str_f idx_to_str)
{
	(void)mod;
	(void)ctr_name;
	for (uint32_t i = 0; i < idx_count; i++) {
		free(idx_to_str(i, idx_count));
	}
	return KNOT_EOK;
}

void knotd_mod_stats_incr(knotd_mod_t *mod, unsigned thr_id, uint32_t ctr_id, uint32_t idx,
                          uint64_t val)
{
	(void)mod;
	FUZZ_CLAIM(thr_id == 0 && ctr_id < 2 && idx < (ctr_id == 0 ? 65 : 3) && val == 1);
}

unsigned knotd_mod_threads(knotd_mod_t *mod)
{
	(void)mod;
	return 1;
}

knotd_conf_t knotd_conf_mod(knotd_mod_t *mod, const yp_name_t *item_name)
{
	knotd_conf_t value = { 0 };
	if (strcmp(item_name + 1, "ttl") == 0) {
		value.single.integer = 10;
	} else if (strcmp(item_name + 1, "sections") == 0) {
		value.single.option = mod->settings.full;
	} else if (mod->settings.table != NULL) {
		value.single.string = mod->settings.table;
		value.count = 1;
	}
	return value;
}

knotd_conf_t knotd_conf_zone(knotd_mod_t *mod, const yp_name_t *item_name, const knot_dname_t *zone)
{
	(void)zone;
	knotd_conf_t value = { 0 };
	if (strcmp(item_name + 1, "dnssec-signing") == 0) {
		value.single.boolean = mod->zone->is_signed;
	}
	return value;
}

knotd_conf_t knotd_conf(knotd_mod_t *mod, const yp_name_t *section_name, const yp_name_t *item_name,
                        const knotd_conf_t *id)
{
	(void)section_name;
	(void)id;
	knotd_conf_t value = { 0 };
	if (strcmp(item_name + 1, "storage") == 0 || strcmp(item_name + 1, "kasp-db") == 0 ||
	    strcmp(item_name + 1, "config") == 0) {
		value.single.string = "/nowhere";
	} else if (strcmp(item_name + 1, "backend") == 0) {
		value.single.option = mod->settings.pkcs11 ? 2 : 1;
		value.count = 1;
	}
	return value;
}

knotd_conf_t knotd_conf_check_item(knotd_conf_check_args_t *args, const yp_name_t *item_name)
{
	(void)args;
	(void)item_name;
	return (knotd_conf_t){ 0 };
}

void knotd_conf_free(knotd_conf_t *conf)
{
	(void)conf;
}

int knotd_mod_hook(knotd_mod_t *mod, knotd_stage_t stage, knotd_mod_hook_f hook)
{
	*(stage == KNOTD_STAGE_BEGIN ? &mod->begin : &mod->end) = hook;
	return KNOT_EOK;
}

int knotd_mod_in_hook(knotd_mod_t *mod, knotd_stage_t stage, knotd_mod_in_hook_f hook)
{
	mod->in[stage] = hook;
	return KNOT_EOK;
}

#if KNOTD_MOD_ABI_VERSION >= 500
const struct sockaddr_storage *knotd_qdata_local_addr(knotd_qdata_t *qdata)
{
	return &qdata->extra->query->local;
}
#else
const struct sockaddr_storage *knotd_qdata_local_addr(knotd_qdata_t *qdata,
                                                      struct sockaddr_storage *buff)
{
	(void)buff;
	return &qdata->extra->query->local;
}
#endif

const struct sockaddr_storage *knotd_qdata_remote_addr(knotd_qdata_t *qdata)
{
	return &qdata->extra->query->client;
}

knot_rrset_t knotd_qdata_zone_apex_rrset(knotd_qdata_t *qdata, uint16_t type)
{
	const struct fake_zone *zone = qdata->extra->zone;
	const knot_rrset_t *rrset = fake_zone_find(zone, zone->name, type);
	knot_rrset_t none;
	knot_rrset_init_empty(&none);
	return rrset != NULL ? *rrset : none;
}

// --- the server ---

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
	params.remote = &how->client;
#endif
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
