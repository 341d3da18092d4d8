/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Signed RRsets and their index: libknot's plain records only, no signing.
 */

#include "arrival/signed_answers.h"

#include <errno.h>
#include <stdlib.h>

#include <libknot/descriptor.h>
#include <libknot/rrtype/rrsig.h>

#include "arrival/tail.h"

#define SLOTS_MIN 16

/*! As many octets of a signature tell it from others. No algorithm has shorter ones. */
#define BITS 32

_Static_assert(sizeof(struct signed_set) == offsetof(struct signed_set, bytes),
               "a set takes signed_set_size()");

/*! The time in which all signatures hold (RFC 1982 arithmetic). */
static void find_time(struct signed_set *set, const knot_rdataset_t *signatures)
{
	const knot_rdata_t *record = signatures->rdata;
	for (uint16_t i = 0; i < signatures->count; i++) {
		uint32_t inception = knot_rrsig_sig_inception(record);
		uint32_t expiration = knot_rrsig_sig_expiration(record);
		if (i == 0 || (int32_t)(inception - set->inception) > 0) {
			set->inception = inception;
		}
		if (i == 0 || (int32_t)(expiration - set->expiration) < 0) {
			set->expiration = expiration;
		}
		record = knot_rdataset_next((knot_rdata_t *)(uintptr_t)record);
	}
}

struct signed_set *signed_set_new(struct region *region, const uint8_t *owner, size_t owner_size,
                                  uint16_t type, uint32_t ttl, const knot_rdataset_t *rdata,
                                  const knot_rdataset_t *signatures)
{
	static const knot_rdataset_t none;
	if (signatures == NULL) {
		signatures = &none;
	}
	if (rdata->size > UINT16_MAX || signatures->size > UINT16_MAX) {
		return NULL;
	}
	size_t size = sizeof(struct signed_set) + rdata->size + signatures->size + owner_size;
	struct signed_set *set = region != NULL ? region_alloc(region, size) : malloc(size);
	if (set == NULL) {
		return NULL;
	}
	*set = (struct signed_set){
		.hash = signed_set_hash(owner, owner_size, type, tail_hash_rdata(rdata)),
		.ttl = ttl,
		.type = type,
		.count = rdata->count,
		.signature_count = signatures->count,
		.rdata_size = (uint16_t)rdata->size,
		.signatures_size = (uint16_t)signatures->size,
		.owner_size = (uint16_t)owner_size,
	};
	if (rdata->size > 0) {
		memcpy(set->bytes, rdata->rdata, rdata->size);
	}
	if (signatures->size > 0) {
		memcpy(set->bytes + rdata->size, signatures->rdata, signatures->size);
	}
	memcpy(set->bytes + rdata->size + signatures->size, owner, owner_size);
	find_time(set, signatures);
	return set;
}

struct signed_set *signed_set_copy(struct region *region, const struct signed_set *set)
{
	size_t size = signed_set_size(set);
	struct signed_set *copy = region_alloc(region, size);
	return copy != NULL ? memcpy(copy, set, size) : NULL;
}

bool signed_set_same_headers(const struct signed_set *a, const struct signed_set *b)
{
	if (a->signature_count != b->signature_count) {
		return false;
	}
	knot_rdata_t *one = signed_set_signatures(a).rdata;
	knot_rdata_t *other = signed_set_signatures(b).rdata;
	for (uint16_t i = 0; i < a->signature_count; i++) {
		size_t size = knot_rrsig_signature(one) - one->data;
		if (one->len != other->len || memcmp(one->data, other->data, size) != 0) {
			return false;
		}
		one = knot_rdataset_next(one);
		other = knot_rdataset_next(other);
	}
	return true;
}

static bool has_record(const knot_rdataset_t *set, const knot_rdata_t *wanted)
{
	// Not knot_rdataset_member(), which takes the set for sorted.
	knot_rdata_t *record = set->rdata;
	for (uint16_t i = 0; i < set->count; i++) {
		if (record->len == wanted->len &&
		    memcmp(record->data, wanted->data, wanted->len) == 0) {
			return true;
		}
		record = knot_rdataset_next(record);
	}
	return false;
}

/*! Whether records are those of a set, which has each once, in any order. */
static inline bool same_records(const struct signed_set *set, const knot_rdataset_t *rdata)
{
	if (set->count != rdata->count || set->rdata_size != rdata->size) {
		return false;
	}
	knot_rdata_t *record = signed_set_rdata(set).rdata;
	for (uint16_t i = 0; i < set->count; i++) {
		if (!has_record(rdata, record)) {
			return false;
		}
		record = knot_rdataset_next(record);
	}
	return true;
}

struct signed_version signed_version(uint32_t serial, const knot_rdataset_t *signatures,
                                     const knot_rdataset_t *dnskeys)
{
	struct signed_version version = {
		.soa = hash_word(0, serial),
		.keys = tail_hash_rdata(dnskeys),
	};
	const knot_rdata_t *signature = signatures->rdata;
	for (uint16_t i = 0; i < signatures->count; i++) {
		if (knot_rrsig_type_covered(signature) == KNOT_RRTYPE_SOA) {
			// Without the signer's name, which may be in another case on its way through a message.
			size_t size = signature->len < BITS ? signature->len : BITS;
			version.soa += hash_bytes(signature->data + signature->len - size, size);
			version.keys +=
				hash_word(knot_rrsig_alg(signature), knot_rrsig_key_tag(signature));
		}
		signature = knot_rdataset_next((knot_rdata_t *)(uintptr_t)signature);
	}
	return version;
}

struct signed_answers *signed_answers_new(size_t count, size_t size)
{
	struct signed_answers *answers = malloc(sizeof(*answers));
	if (answers == NULL) {
		return NULL;
	}
	size_t slot_count = SLOTS_MIN;
	while (slot_count < count * 2) {
		slot_count *= 2;
	}
	*answers = (struct signed_answers){ .mask = slot_count - 1 };
	size += slot_count * sizeof(*answers->slots);
	if (region_expect(&answers->region, size) == 0) {
		answers->slots =
			region_calloc(&answers->region, slot_count, sizeof(*answers->slots));
	}
	if (answers->slots == NULL) {
		signed_answers_free(answers);
		return NULL;
	}
	return answers;
}

void signed_answers_free(struct signed_answers *answers)
{
	if (answers != NULL) {
		region_free(&answers->region);
		free(answers);
	}
}

/*! Keep half of the slots empty. */
static int grow(struct signed_answers *answers)
{
	if ((answers->count + 1) * 2 <= answers->mask + 1) {
		return 0;
	}
	size_t mask = answers->mask * 2 + 1;
	struct signed_set **slots = region_calloc(&answers->region, mask + 1, sizeof(*slots));
	if (slots == NULL) {
		return -ENOMEM;
	}
	for (size_t i = 0; i <= answers->mask; i++) {
		if (answers->slots[i] == NULL) {
			continue;
		}
		size_t at = answers->slots[i]->hash & mask;
		while (slots[at] != NULL) {
			at = (at + 1) & mask;
		}
		slots[at] = answers->slots[i];
	}
	answers->slots = slots;
	answers->mask = mask;
	return 0;
}

/*! The slot of a set or the empty one where it belongs. */
static inline __attribute__((always_inline)) struct signed_set **find_slot(
	const struct signed_answers *answers, uint64_t hash, const uint8_t *owner,
	size_t owner_size, uint16_t type, const knot_rdataset_t *rdata)
{
	for (size_t at = hash & answers->mask;; at = (at + 1) & answers->mask) {
		const struct signed_set *set = answers->slots[at];
		if (set == NULL) {
			return &answers->slots[at];
		}
		if (set->hash != hash || set->type != type || set->owner_size != owner_size ||
		    memcmp(signed_set_owner(set), owner, owner_size) != 0) {
			continue;
		}
		if (same_records(set, rdata)) {
			return &answers->slots[at];
		}
	}
}

int signed_answers_add(struct signed_answers *answers, const struct signed_set *set,
                       struct signed_set **added)
{
	int ret = grow(answers);
	if (ret != 0) {
		return ret;
	}
	knot_rdataset_t rdata = signed_set_rdata(set);
	struct signed_set **slot = find_slot(answers, set->hash, signed_set_owner(set),
	                                     set->owner_size, set->type, &rdata);
	if (*slot == NULL) {
		struct signed_set *copy = signed_set_copy(&answers->region, set);
		if (copy == NULL) {
			return -ENOMEM;
		}
		*slot = copy;
		answers->count++;
	}
	*added = *slot;
	return 0;
}

struct signed_set *signed_answers_find(const struct signed_answers *answers, const uint8_t *owner,
                                       size_t owner_size, uint16_t type,
                                       const knot_rdataset_t *rdata, uint64_t rdata_hash)
{
	return *find_slot(answers, signed_set_hash(owner, owner_size, type, rdata_hash), owner,
	                  owner_size, type, rdata);
}

size_t signed_answers_memory(const struct signed_answers *answers)
{
	return sizeof(*answers) + region_memory(&answers->region);
}
