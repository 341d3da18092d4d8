/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Learning of a zone: SOA before and after, so that all answers are from one version of it.
 */

#include "arrival/learn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/packet/wire.h>
#include <libknot/rrtype/rrsig.h>
#include <libknot/rrtype/soa.h>

/*! Zones that change while they are asked are asked that often. */
#define ROUNDS 5

/*! What is asked for, and the answers. */
struct lesson {
	const uint8_t *zone;
	struct self_question *questions;
	struct signed_set **sets; /*!< Of each question. */
	size_t count;
	struct region region; /*!< Of all that. */
};

void learnt_deinit(struct learnt *learnt)
{
	region_free(&learnt->region);
	*learnt = (struct learnt){ 0 };
}

static int compare_key(const uint8_t *owner, size_t owner_size, uint16_t type,
                       const struct signed_set *set)
{
	if (owner_size != set->owner_size) {
		return owner_size < set->owner_size ? -1 : 1;
	}
	int order = memcmp(owner, signed_set_owner(set), owner_size);
	return order != 0 ? order : (int)type - (int)set->type;
}

static int compare_sets(const void *a, const void *b)
{
	const struct signed_set *one = *(struct signed_set *const *)a;
	return compare_key(signed_set_owner(one), one->owner_size, one->type,
	                   *(struct signed_set *const *)b);
}

/*! The place of a set, or the count if there is none. */
static size_t find_place(const struct learnt *learnt, const uint8_t *owner, size_t owner_size,
                         uint16_t type)
{
	size_t low = 0;
	size_t high = learnt->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare_key(owner, owner_size, type, learnt->sets[middle]);
		if (order == 0) {
			return middle;
		}
		if (order < 0) {
			high = middle;
		} else {
			low = middle + 1;
		}
	}
	return learnt->count;
}

struct signed_set *learnt_find(const struct learnt *learnt, const uint8_t *owner, size_t owner_size,
                               uint16_t type)
{
	size_t place = find_place(learnt, owner, owner_size, type);
	return place < learnt->count ? learnt->sets[place] : NULL;
}

void learnt_forget(struct learnt *learnt, const uint8_t *owner, size_t owner_size, uint16_t type)
{
	size_t place = find_place(learnt, owner, owner_size, type);
	// Its octets are left over until more is learnt.
	if (place < learnt->count) {
		memmove(&learnt->sets[place], &learnt->sets[place + 1],
		        (--learnt->count - place) * sizeof(*learnt->sets));
	}
}

struct signed_version learnt_version(const struct learnt *learnt)
{
	const knot_rdataset_t signatures = signed_set_signatures(learnt->soa);
	const knot_rdataset_t dnskeys = signed_set_rdata(learnt->dnskey);
	return signed_version(knot_soa_serial(signed_set_rdata(learnt->soa).rdata), &signatures,
	                      &dnskeys);
}

/*! Whether an RRSIG record covers a question's set, of which no wildcard is the source. */
static bool covers(const knot_rdata_t *signature, const struct lesson *lesson,
                   const struct self_question *question)
{
	return knot_rrsig_type_covered(signature) == question->type &&
	       knot_rrsig_labels(signature) == knot_dname_labels(question->name, NULL) &&
	       knot_dname_is_case_equal(knot_rrsig_signer_name(signature), lesson->zone);
}

/*! What a response that is no answer means. \return 0 if it is one. */
static int find_fault(const knot_pkt_t *response)
{
	switch (knot_wire_get_rcode(response->wire)) {
	case KNOT_RCODE_NOERROR:
	case KNOT_RCODE_NXDOMAIN:
		return knot_wire_get_tc(response->wire) ? -EBADMSG : 0;
	case KNOT_RCODE_SERVFAIL:
		return -EAGAIN;
	case KNOT_RCODE_REFUSED:
	case KNOT_RCODE_NOTAUTH:
		return -EACCES;
	default:
		return -EBADMSG;
	}
}

/*! Take what a response says about its question; a name that is not there has no records. */
static int take_response(void *context, size_t index, const knot_pkt_t *response)
{
	struct lesson *lesson = context;
	const struct self_question *question = &lesson->questions[index];
	int ret = find_fault(response);
	if (ret != 0) {
		return ret;
	}
	knot_rdataset_t rdata = { 0 };
	knot_rdataset_t signatures = { 0 };
	uint32_t ttl = 0;
	const knot_pktsection_t *section = knot_pkt_section(response, KNOT_ANSWER);
	for (uint16_t i = 0; ret == 0 && i < section->count; i++) {
		const knot_rrset_t *rr = knot_pkt_rr(section, i);
		if (!knot_wire_get_aa(response->wire) ||
		    !knot_dname_is_case_equal(rr->owner, question->name)) {
			continue;
		}
		if (rr->type == question->type) {
			ret = knot_rdataset_add(&rdata, rr->rrs.rdata, NULL);
			ttl = rr->ttl;
		} else if (rr->type == KNOT_RRTYPE_RRSIG &&
		           covers(rr->rrs.rdata, lesson, question)) {
			ret = knot_rdataset_add(&signatures, rr->rrs.rdata, NULL);
		}
	}
	struct signed_set *set = NULL;
	if (ret == 0) {
		set = signed_set_new(&lesson->region, question->name,
		                     knot_dname_size(question->name), question->type, ttl, &rdata,
		                     &signatures);
	}
	knot_rdataset_clear(&rdata, NULL);
	knot_rdataset_clear(&signatures, NULL);
	lesson->sets[index] = set;
	return set != NULL ? 0 : -ENOMEM;
}

static int lesson_init(struct lesson *lesson, const uint8_t *zone, size_t most)
{
	*lesson = (struct lesson){ .zone = zone };
	lesson->questions = region_calloc(&lesson->region, most, sizeof(*lesson->questions));
	lesson->sets = region_calloc(&lesson->region, most, sizeof(*lesson->sets));
	if (lesson->questions == NULL || lesson->sets == NULL) {
		region_free(&lesson->region);
		return -ENOMEM;
	}
	return 0;
}

/*! Take over SOA and DNSKEY sets. */
static int take_apex(struct learnt *learnt, const struct signed_set *soa,
                     const struct signed_set *dnskey)
{
	learnt->soa = signed_set_copy(&learnt->region, soa);
	learnt->dnskey = signed_set_copy(&learnt->region, dnskey);
	return learnt->soa != NULL && learnt->dnskey != NULL ? 0 : -ENOMEM;
}

/*! Ask for the zone's SOA and DNSKEY sets. */
static int learn_apex(struct self_query *query, const uint8_t *zone, struct learnt *apex)
{
	struct lesson lesson;
	int ret = lesson_init(&lesson, zone, 2);
	if (ret != 0) {
		return ret;
	}
	lesson.questions[lesson.count++] = (struct self_question){ zone, KNOT_RRTYPE_SOA };
	lesson.questions[lesson.count++] = (struct self_question){ zone, KNOT_RRTYPE_DNSKEY };
	ret = self_query_ask(query, lesson.questions, lesson.count, take_response, &lesson);
	if (ret == 0 && lesson.sets[0]->count == 0) {
		ret = -EAGAIN;
	} else if (ret == 0 && lesson.sets[0]->signature_count == 0) {
		ret = -ENODATA;
	}
	if (ret == 0) {
		ret = take_apex(apex, lesson.sets[0], lesson.sets[1]);
	}
	if (ret != 0) {
		learnt_deinit(apex);
	}
	region_free(&lesson.region);
	return ret;
}

static bool same_bytes(const struct signed_set *a, const struct signed_set *b)
{
	size_t size = (size_t)a->rdata_size + a->signatures_size;
	return a->rdata_size == b->rdata_size && a->signatures_size == b->signatures_size &&
	       memcmp(a->bytes, b->bytes, size) == 0;
}

/*! The serial alone would not tell of a zone that was purged and made anew. */
static bool same_version(const struct learnt *a, const struct learnt *b)
{
	return a->soa != NULL && same_bytes(a->soa, b->soa) && same_bytes(a->dnskey, b->dnskey);
}

static size_t size_in_region(const struct signed_set *set)
{
	return region_round(signed_set_size(set));
}

/*! Make room for all that is known and the answers, and not for more. */
static int make_room(struct learnt *merged, const struct learnt *learnt,
                     const struct lesson *lesson)
{
	size_t count = learnt->count + lesson->count;
	size_t size = count * sizeof(*merged->sets) + size_in_region(learnt->soa) +
	              size_in_region(learnt->dnskey);
	for (size_t i = 0; i < count; i++) {
		size += size_in_region(i < learnt->count ? learnt->sets[i]
		                                         : lesson->sets[i - learnt->count]);
	}
	int ret = region_expect(&merged->region, size);
	if (ret == 0) {
		merged->sets = region_calloc(&merged->region, count, sizeof(*merged->sets));
		ret = merged->sets != NULL ? take_apex(merged, learnt->soa, learnt->dnskey)
		                           : -ENOMEM;
	}
	return ret;
}

/*! Put answers to what is known. */
static int merge(struct learnt *learnt, const struct lesson *lesson)
{
	struct learnt merged = { 0 };
	int ret = make_room(&merged, learnt, lesson);
	size_t count = learnt->count + lesson->count;
	while (ret == 0 && merged.count < count) {
		size_t i = merged.count;
		struct signed_set *set = signed_set_copy(
			&merged.region,
			i < learnt->count ? learnt->sets[i] : lesson->sets[i - learnt->count]);
		merged.sets[merged.count++] = set;
		ret = set != NULL ? 0 : -ENOMEM;
	}
	if (ret != 0) {
		learnt_deinit(&merged);
		return ret;
	}
	qsort(merged.sets, merged.count, sizeof(struct signed_set *), compare_sets);
	learnt_deinit(learnt);
	*learnt = merged;
	return 0;
}

/*! Ask for what is wanted and not known yet. */
static int learn_missing(struct self_query *query, const uint8_t *zone,
                         struct signed_set *const *wanted, size_t wanted_count,
                         struct learnt *learnt)
{
	struct lesson lesson;
	int ret = lesson_init(&lesson, zone, wanted_count + 1);
	if (ret != 0) {
		return ret;
	}
	struct signed_set **order =
		region_calloc(&lesson.region, wanted_count + 1, sizeof(struct signed_set *));
	if (order == NULL) {
		region_free(&lesson.region);
		return -ENOMEM;
	}
	if (wanted_count > 0) {
		memcpy(order, wanted, wanted_count * sizeof(struct signed_set *));
		qsort(order, wanted_count, sizeof(struct signed_set *), compare_sets);
	}
	for (size_t i = 0; i < wanted_count; i++) {
		const uint8_t *owner = signed_set_owner(order[i]);
		if ((i == 0 || compare_sets(&order[i - 1], &order[i]) != 0) &&
		    learnt_find(learnt, owner, order[i]->owner_size, order[i]->type) == NULL) {
			lesson.questions[lesson.count++] =
				(struct self_question){ owner, order[i]->type };
		}
	}
	ret = self_query_ask(query, lesson.questions, lesson.count, take_response, &lesson);
	if (ret == 0 && lesson.count > 0) {
		ret = merge(learnt, &lesson);
	}
	region_free(&lesson.region);
	return ret;
}

/*! One round; -EBUSY if the zone has changed meanwhile. */
static int learn_once(struct self_query *query, const uint8_t *zone,
                      struct signed_set *const *wanted, size_t wanted_count, struct learnt *learnt)
{
	struct learnt before = { 0 };
	struct learnt after = { 0 };
	int ret = learn_apex(query, zone, &before);
	if (ret != 0) {
		return ret;
	}
	bool same = same_version(learnt, &before);
	if (same) {
		learnt_deinit(&before);
		before = *learnt;
		*learnt = (struct learnt){ 0 };
	}
	size_t known = before.count;
	ret = learn_missing(query, zone, wanted, wanted_count, &before);
	if (ret == 0 && before.count != known) {
		ret = learn_apex(query, zone, &after);
	}
	if (ret == 0 && before.count != known && !same_version(&before, &after)) {
		ret = -EBUSY;
	}
	learnt_deinit(&after);
	if (ret == 0 || same) {
		learnt_deinit(learnt);
		*learnt = before;
	} else {
		learnt_deinit(&before);
	}
	return ret;
}

int learn_zone(struct self_query *query, const uint8_t *zone, struct signed_set *const *wanted,
               size_t wanted_count, struct learnt *learnt)
{
	int ret = -EBUSY;
	for (int i = 0; i < ROUNDS && ret == -EBUSY; i++) {
		ret = learn_once(query, zone, wanted, wanted_count, learnt);
	}
	return ret;
}
