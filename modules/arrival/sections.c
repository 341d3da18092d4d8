/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Authority and additional section of «sections: full», composed once a thread and then copied.
 */

#include "arrival/sections.h"

#include <ctype.h>
#include <string.h>
#include <sys/socket.h>

#include <libknot/errcode.h>
#include <libknot/packet/wire.h>
#include <libknot/rrtype/rdname.h>

unsigned sections_uplink_number(const uint8_t *name)
{
	size_t at = name[0];
	unsigned number = 0;
	for (unsigned scale = 1; at > 0 && isdigit(name[at]) && scale <= 10; at--, scale *= 10) {
		number += scale * (unsigned)(name[at] - '0');
	}
	// A label before, as «www-ns1», and no zero in front of the number.
	bool marked = at > 3 && name[at - 2] == '-' && tolower(name[at - 1]) == 'n' &&
	              tolower(name[at]) == 's' && name[at + 1] != '0';
	return marked && number <= TABLE_UPLINKS_MAX ? number : 0;
}

/*! Put the addresses of one name server. */
static int put_addresses(knot_pkt_t *pkt, const struct answers *answers, uint16_t index,
                         const knot_rrset_t *ns, const knot_dname_t *name)
{
	static const struct {
		uint8_t family;
		uint16_t type;
	} types[] = { { AF_INET, KNOT_RRTYPE_A }, { AF_INET6, KNOT_RRTYPE_AAAA } };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		const struct tail *tail =
			answers_uplink_tail(answers, sections_uplink_number(name), types[i].family);
		if (tail == NULL) {
			continue;
		}
		knot_rrset_t rrset;
		knot_rrset_init(&rrset, (knot_dname_t *)(uintptr_t)name, types[i].type,
		                KNOT_CLASS_IN, ns->ttl);
		rrset.rrs.count = tail->count;
		rrset.rrs.size = tail->rdata_size;
		rrset.rrs.rdata = (knot_rdata_t *)(uintptr_t)tail->rdata;
		// The NS set is the packet's first RRset.
		uint16_t hint = knot_compr_hint(&pkt->rr_info[0], KNOT_COMPR_HINT_RDATA + index);
		int ret = knot_pkt_put(pkt, hint, &rrset, KNOT_PF_NOTRUNC);
		if (ret != KNOT_EOK) {
			return ret;
		}
	}
	return KNOT_EOK;
}

/*! Let libknot compose both sections in the packet itself. */
static int compose(knot_pkt_t *pkt, const struct answers *answers, const knot_rrset_t *ns,
                   size_t *authority_end)
{
	*authority_end = pkt->size;
	knot_rrset_t set = *ns;
	set.additional = NULL;
	(void)knot_pkt_begin(pkt, KNOT_AUTHORITY);
	int ret = knot_pkt_put(pkt, KNOT_COMPR_HINT_NONE, &set, KNOT_PF_NOTRUNC);
	*authority_end = pkt->size;
	if (ret != KNOT_EOK) {
		return ret;
	}
	(void)knot_pkt_begin(pkt, KNOT_ADDITIONAL);
	knot_rdata_t *rdata = ns->rrs.rdata;
	for (uint16_t i = 0; ret == KNOT_EOK && answers != NULL && i < ns->rrs.count; i++) {
		ret = put_addresses(pkt, answers, i, ns, knot_ns_name(rdata));
		rdata = knot_rdataset_next(rdata);
	}
	return ret;
}

/*! Forget the packet's RRsets, whose wire stays: their memory is the zone's and the table's. */
static void forget_rrsets(knot_pkt_t *pkt)
{
	pkt->rrset_count = 0;
	for (size_t i = 0; i < KNOT_PKT_SECTIONS; i++) {
		pkt->sections[i].pos = 0;
		pkt->sections[i].count = 0;
	}
}

/*!
 * Names are compressed against the question, of which they have at most the zone's name in common, unless
 * a name server is below it.
 */
static bool is_below(const knot_rrset_t *ns)
{
	knot_rdata_t *rdata = ns->rrs.rdata;
	for (uint16_t i = 0; i < ns->rrs.count; i++) {
		if (knot_dname_in_bailiwick(knot_ns_name(rdata), ns->owner) > 0) {
			return true;
		}
		rdata = knot_rdataset_next(rdata);
	}
	return false;
}

static void store(struct sections_slot *slot, const knot_pkt_t *pkt, size_t start,
                  size_t authority_end, const struct answer_host *host, uint64_t serial,
                  const knot_rrset_t *ns)
{
	slot->key.start = 0;
	if (pkt->size - start > sizeof(slot->wire) || ns->rrs.size > sizeof(slot->ns)) {
		return;
	}
	slot->key = (struct sections_key){
		.serial = serial,
		.start = start,
		.host = is_below(ns) ? host : NULL,
		.ns_ttl = ns->ttl,
		.qname_size = pkt->qname_size,
		.ns_size = (uint16_t)ns->rrs.size,
	};
	slot->authority_size = (uint16_t)(authority_end - start);
	slot->size = (uint16_t)(pkt->size - start);
	memcpy(slot->counts, pkt->wire + SECTIONS_COUNTS, sizeof(slot->counts));
	memcpy(slot->ns, ns->rrs.rdata, ns->rrs.size);
	memcpy(slot->wire, pkt->wire + start, slot->size);
}

void sections_compose(knot_pkt_t *pkt, struct sections_slot *slot, const struct answer_host *host,
                      const struct answers *answers, uint64_t serial, const knot_rrset_t *ns)
{
	size_t start = pkt->size;
	size_t authority_end = 0;
	int ret = compose(pkt, answers, ns, &authority_end);
	if (ret == KNOT_EOK) {
		store(slot, pkt, start, authority_end, host, serial, ns);
	} else {
		// Whole sections or none, as from the slot.
		pkt->size = authority_end;
		knot_wire_set_arcount(pkt->wire, 0);
	}
	forget_rrsets(pkt);
}
