/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Sections of a response, see internet.c of knotd.
 */

#include <knot/module.h>

#include "fake_answer.h"
#include "fuzz.h"

/*! knotd's limit for chains. */
#define CNAME_CHAIN_MAX 20

static bool with_dnssec(const knotd_qdata_t *qdata)
{
	return knot_pkt_has_dnssec(qdata->query) && qdata->extra->zone->is_signed;
}

static int put(knot_pkt_t *pkt, knotd_qdata_t *qdata, const knot_rrset_t *rrset, uint16_t hint,
               uint16_t flags)
{
	struct knotd_qdata_extra *extra = qdata->extra;
	uint16_t before = pkt->rrset_count;
	int ret = knot_pkt_put(pkt, hint, rrset, flags);
	knot_rrset_t signatures = fake_zone_signatures(extra->zone, rrset);
	if (ret == KNOT_EOK && with_dnssec(qdata) && pkt->rrset_count != before &&
	    !knot_rrset_empty(&signatures) && extra->pending_count < FAKE_PENDING_MAX) {
		// knotd makes a copy, which the packet owns.
		knot_rrset_t *copy = knot_rrset_copy(&signatures, qdata->mm);
		extra->pending[extra->pending_count].signatures = *copy;
		extra->pending[extra->pending_count++].of = (uint16_t)(pkt->rrset_count - 1);
	}
	return ret;
}

static knotd_in_state_t put_signatures(knotd_in_state_t state, knot_pkt_t *pkt,
                                       knotd_qdata_t *qdata, bool optional)
{
	struct knotd_qdata_extra *extra = qdata->extra;
	uint16_t flags = KNOT_PF_FREE | KNOT_PF_ORIGTTL;
	if (optional) {
		flags |= KNOT_PF_NOTRUNC;
	}
	int ret = KNOT_EOK;
	for (size_t i = 0; i < extra->pending_count && ret == KNOT_EOK; i++) {
		const knot_rrinfo_t *info = &pkt->rr_info[extra->pending[i].of];
		ret = knot_pkt_put(pkt, info->compress_ptr[KNOT_COMPR_HINT_OWNER],
		                   &extra->pending[i].signatures, flags);
	}
	extra->pending_count = 0;
	return ret == KNOT_EOK      ? state
	       : ret == KNOT_ESPACE ? KNOTD_IN_STATE_TRUNC
	                            : KNOTD_IN_STATE_ERROR;
}

/*! The NS set of the delegation at or above a name, or NULL. */
static const knot_rrset_t *find_delegation(const struct fake_zone *zone, const knot_dname_t *name)
{
	while (!knot_dname_is_equal(name, zone->name)) {
		const knot_rrset_t *ns = fake_zone_find(zone, name, KNOT_RRTYPE_NS);
		if (ns != NULL) {
			return ns;
		}
		name += 1 + name[0];
	}
	return NULL;
}

static knotd_in_state_t follow(knot_pkt_t *pkt, knotd_qdata_t *qdata, const knot_rrset_t *alias)
{
	uint16_t before = pkt->rrset_count;
	int ret = put(pkt, qdata, alias, KNOT_COMPR_HINT_NONE, KNOT_PF_CHECKDUP);
	if (ret != KNOT_EOK) {
		return ret == KNOT_ESPACE ? KNOTD_IN_STATE_TRUNC : KNOTD_IN_STATE_ERROR;
	}
	if (pkt->rrset_count == before) {
		return KNOTD_IN_STATE_HIT;
	}
	qdata->name = knot_cname_name(alias->rrs.rdata);
	return KNOTD_IN_STATE_FOLLOW;
}

static knotd_in_state_t solve_name(knot_pkt_t *pkt, knotd_qdata_t *qdata)
{
	const struct fake_zone *zone = qdata->extra->zone;
	uint16_t type = knot_pkt_qtype(pkt);
	if (knot_dname_in_bailiwick(qdata->name, zone->name) < 0) {
		return KNOTD_IN_STATE_HIT;
	}
	if (find_delegation(zone, qdata->name) != NULL && type != KNOT_RRTYPE_DS) {
		return KNOTD_IN_STATE_DELEG;
	}
	const knot_rrset_t *first = fake_zone_first(zone, qdata->name);
	if (first == NULL) {
		return KNOTD_IN_STATE_MISS;
	}
	if (first->type == KNOT_RRTYPE_CNAME && type != KNOT_RRTYPE_CNAME &&
	    type != KNOT_RRTYPE_ANY) {
		return follow(pkt, qdata, first);
	}
	const knot_rrset_t *rrset =
		type == KNOT_RRTYPE_ANY ? first : fake_zone_find(zone, qdata->name, type);
	if (rrset == NULL) {
		return KNOTD_IN_STATE_NODATA;
	}
	uint16_t flags =
		qdata->extra->query->tcp ? KNOT_PF_NOTRUNC | KNOT_PF_ORIGTTL : KNOT_PF_ORIGTTL;
	int ret = put(pkt, qdata, rrset,
	              pkt->rrset_count == 0 ? KNOT_COMPR_HINT_QNAME : KNOT_COMPR_HINT_NONE, flags);
	return ret == KNOT_EOK      ? KNOTD_IN_STATE_HIT
	       : ret == KNOT_ESPACE ? KNOTD_IN_STATE_TRUNC
	                            : KNOTD_IN_STATE_ERROR;
}

static knotd_in_state_t solve_answer(knotd_in_state_t state, knot_pkt_t *pkt, knotd_qdata_t *qdata)
{
	(void)state;
	knotd_in_state_t found = solve_name(pkt, qdata);
	if (found != KNOTD_IN_STATE_DELEG) {
		knot_wire_set_aa(pkt->wire);
	}
	for (size_t i = 0; found == KNOTD_IN_STATE_FOLLOW; i++) {
		found = i < CNAME_CHAIN_MAX ? solve_name(pkt, qdata) : KNOTD_IN_STATE_HIT;
	}
	return found;
}

static knotd_in_state_t solve_authority(knotd_in_state_t state, knot_pkt_t *pkt,
                                        knotd_qdata_t *qdata)
{
	const struct fake_zone *zone = qdata->extra->zone;
	int ret = KNOT_EOK;
	if (state == KNOTD_IN_STATE_MISS || state == KNOTD_IN_STATE_NODATA) {
		qdata->rcode =
			state == KNOTD_IN_STATE_MISS ? KNOT_RCODE_NXDOMAIN : KNOT_RCODE_NOERROR;
		ret = put(pkt, qdata, fake_zone_find(zone, zone->name, KNOT_RRTYPE_SOA),
		          KNOT_COMPR_HINT_NONE, KNOT_PF_NOTRUNC | KNOT_PF_SOAMINTTL);
	} else if (state == KNOTD_IN_STATE_DELEG) {
		ret = put(pkt, qdata, find_delegation(zone, qdata->name), KNOT_COMPR_HINT_NONE, 0);
	}
	return ret == KNOT_EOK      ? state
	       : ret == KNOT_ESPACE ? KNOTD_IN_STATE_TRUNC
	                            : KNOTD_IN_STATE_ERROR;
}

static int put_additional(knot_pkt_t *pkt, knotd_qdata_t *qdata, uint16_t at, bool optional)
{
	static const uint16_t types[] = { KNOT_RRTYPE_A, KNOT_RRTYPE_AAAA, KNOT_RRTYPE_SVCB };
	const struct fake_zone *zone = qdata->extra->zone;
	const knot_rrset_t rrset = pkt->rr[at];
	bool service = rrset.type == KNOT_RRTYPE_SVCB || rrset.type == KNOT_RRTYPE_HTTPS;
	knot_rdata_t *rdata = rrset.rrs.rdata;
	int ret = KNOT_EOK;
	for (uint16_t i = 0; i < rrset.rrs.count && ret == KNOT_EOK; i++) {
		const knot_dname_t *name =
			service ? rdata->data + 2 : knot_rdata_name(rdata, rrset.type);
		name = service && *name == 0 ? rrset.owner : name;
		uint16_t hint =
			knot_compr_hint(&pkt->rr_info[at], (uint16_t)(KNOT_COMPR_HINT_RDATA + i));
		for (size_t j = 0; j < (service ? 3 : 2) && ret == KNOT_EOK; j++) {
			const knot_rrset_t *glue =
				fake_zone_find(zone, name, j == 2 ? rrset.type : types[j]);
			if (glue != NULL) {
				ret = put(pkt, qdata, glue, hint, optional ? KNOT_PF_NOTRUNC : 0);
			}
		}
		rdata = knot_rdataset_next(rdata);
	}
	return ret;
}

static knotd_in_state_t solve_additional(knotd_in_state_t state, knot_pkt_t *pkt,
                                         knotd_qdata_t *qdata)
{
	uint16_t count = pkt->rrset_count;
	int ret = KNOT_EOK;
	for (uint16_t i = 0; i < count && ret == KNOT_EOK; i++) {
		// What a module puts may have lost it, as its records are not the zone's.
		if (knot_rrtype_additional_needed(pkt->rr[i].type)) {
			ret = put_additional(pkt, qdata, i, state != KNOTD_IN_STATE_DELEG);
		}
	}
	return ret == KNOT_EOK      ? state
	       : ret == KNOT_ESPACE ? KNOTD_IN_STATE_TRUNC
	                            : KNOTD_IN_STATE_ERROR;
}

knotd_state_t fake_answer(knot_pkt_t *pkt, knotd_qdata_t *qdata, const knotd_mod_in_hook_f *hooks)
{
	static const struct {
		knot_section_t section;
		knotd_stage_t stage;
		knotd_in_state_t (*solve)(knotd_in_state_t, knot_pkt_t *, knotd_qdata_t *);
	} steps[] = {
		{ KNOT_ANSWER, KNOTD_STAGE_ANSWER, solve_answer },
		{ KNOT_AUTHORITY, KNOTD_STAGE_AUTHORITY, solve_authority },
		{ KNOT_ADDITIONAL, KNOTD_STAGE_ADDITIONAL, solve_additional },
	};
	knotd_in_state_t state = KNOTD_IN_STATE_BEGIN;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		(void)knot_pkt_begin(pkt, steps[i].section);
		for (int part = 0; part < 3; part++) {
			if (part == 0) {
				state = steps[i].solve(state, pkt, qdata);
			} else if (part == 1 && with_dnssec(qdata)) {
				state = put_signatures(state, pkt, qdata,
				                       steps[i].section == KNOT_ADDITIONAL);
			} else if (part == 2 && hooks[steps[i].stage] != NULL) {
				state = hooks[steps[i].stage](state, pkt, qdata, qdata->extra->mod);
			}
			if (state == KNOTD_IN_STATE_TRUNC || state == KNOTD_IN_STATE_ERROR) {
				return state == KNOTD_IN_STATE_TRUNC ? KNOTD_STATE_DONE
				                                     : KNOTD_STATE_FAIL;
			}
		}
	}
	return KNOTD_STATE_DONE;
}
