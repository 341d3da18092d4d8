/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * From the table's answers, and the zone's records where they hold addresses, to sets to be signed.
 */

#include "arrival/wanted.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/descriptor.h>
#include <libknot/dname.h>

#include "arrival/svcb.h"

/*! Types of records with address hints. */
static const uint16_t hint_types[2] = { KNOT_RRTYPE_HTTPS, KNOT_RRTYPE_SVCB };

int wanted_init(struct wanted *wanted, const uint8_t *zone, const struct learnt *learnt,
                const struct owners *owners)
{
	*wanted = (struct wanted){
		.zone = zone, .learnt = learnt, .owners = owners, .seen = signed_answers_new(0, 0)
	};
	return wanted->seen != NULL ? 0 : -ENOMEM;
}

void wanted_deinit(struct wanted *wanted)
{
	signed_answers_free(wanted->seen);
	*wanted = (struct wanted){ 0 };
}

/*! Make room in the list for one more. */
static int grow_list(struct wanted *wanted)
{
	if (wanted->count < wanted->room) {
		return 0;
	}
	size_t room = wanted->room == 0 ? 16 : wanted->room * 2;
	struct signed_set **list = region_calloc(&wanted->seen->region, room, sizeof(*list));
	if (list == NULL) {
		return -ENOMEM;
	}
	if (wanted->count > 0) {
		memcpy(list, wanted->list, wanted->count * sizeof(*list));
	}
	wanted->list = list;
	wanted->room = room;
	return 0;
}

/*! Add a set unless it is there, and free it. */
static int add_wanted(struct wanted *wanted, struct signed_set *set)
{
	if (set == NULL) {
		return -ENOMEM;
	}
	size_t count = wanted->seen->count;
	struct signed_set *added = NULL;
	int ret = grow_list(wanted);
	if (ret == 0) {
		ret = signed_answers_add(wanted->seen, set, &added);
	}
	if (ret == 0 && wanted->seen->count != count) {
		wanted->list[wanted->count++] = added;
	}
	free(set);
	return ret;
}

/*! The set of a tail, its records in libknot's order. */
static struct signed_set *set_from_tail(const uint8_t *owner, size_t owner_size, uint16_t type,
                                        const struct tail *tail)
{
	knot_rdataset_t records = tail_rdata(tail);
	knot_rdataset_t sorted = { 0 };
	struct signed_set *set = NULL;
	if (knot_rdataset_merge(&sorted, &records, NULL) == 0) {
		set = signed_set_new(NULL, owner, owner_size, type, tail->ttl, &sorted, NULL);
	}
	knot_rdataset_clear(&sorted, NULL);
	return set;
}

/*! Ask for what has hints at an owner. */
static void ask_for_hints(struct wanted *wanted, const uint8_t *owner, size_t owner_size)
{
	static const knot_rdataset_t none;
	for (size_t i = 0; i < 2 && wanted->error == 0; i++) {
		wanted->error = add_wanted(wanted, signed_set_new(NULL, owner, owner_size,
		                                                  hint_types[i], 0, &none, NULL));
	}
}

static void add_host(void *context, const struct answers *answers, const uint8_t *owner,
                     size_t owner_size, size_t situation, const struct tail *const tails[2])
{
	static const uint16_t types[2] = { KNOT_RRTYPE_A, KNOT_RRTYPE_AAAA };
	struct wanted *wanted = context;
	(void)answers;
	if (knot_dname_in_bailiwick(owner, wanted->zone) < 0) {
		return;
	}
	for (size_t i = 0; i < 2 && wanted->error == 0; i++) {
		if (tails[i] != NULL) {
			wanted->error = add_wanted(
				wanted, set_from_tail(owner, owner_size, types[i], tails[i]));
		}
	}
	if (situation == 0) {
		ask_for_hints(wanted, owner, owner_size);
	}
}

void wanted_add_addresses(void *context, const struct answers *answers)
{
	struct wanted *wanted = context;
	answers_visit(answers, add_host, wanted);
	for (size_t i = 0; i < wanted->owners->count; i++) {
		const uint8_t *owner = wanted->owners->list[i];
		ask_for_hints(wanted, owner, knot_dname_size(owner));
	}
}

/*! A search for the addresses of targets in a situation. */
struct search {
	const struct answers *answers;
	size_t situation;
};

static bool find_target(void *context, const knot_dname_t *target, size_t target_size,
                        struct svcb_addresses *addresses)
{
	const struct search *search = context;
	if (!answers_situation(search->answers, target, target_size, search->situation,
	                       addresses->tail)) {
		return true;
	}
	for (size_t i = 0; i < 2; i++) {
		addresses->hint[i] =
			addresses->tail[i] != NULL ? SVCB_HINT_REPLACE : SVCB_HINT_DROP;
	}
	return addresses->tail[0] != NULL || addresses->tail[1] != NULL;
}

static void *allocate(void *unused, size_t size)
{
	(void)unused;
	return malloc(size);
}

static void add_hints(void *context, const struct answers *answers, const uint8_t *owner,
                      size_t owner_size, size_t situation, const struct tail *const tails[2])
{
	struct wanted *wanted = context;
	struct search search = { answers, situation };
	knot_mm_t mm = { .alloc = allocate, .free = free };
	(void)tails;
	for (size_t i = 0; i < 2 && wanted->error == 0; i++) {
		const struct signed_set *model =
			learnt_find(wanted->learnt, owner, owner_size, hint_types[i]);
		if (model == NULL || model->signature_count == 0) {
			continue;
		}
		knot_rrset_t rrset = { .owner = (knot_dname_t *)(uintptr_t)owner,
			               .ttl = model->ttl,
			               .type = model->type,
			               .rclass = KNOT_CLASS_IN,
			               .rrs = signed_set_rdata(model) };
		const struct tail *tail = NULL;
		if (svcb_replace(&rrset, find_target, &search, &mm, &tail) == SVCB_REPLACED) {
			wanted->error = add_wanted(
				wanted, set_from_tail(owner, owner_size, hint_types[i], tail));
			free((void *)(uintptr_t)tail);
		}
	}
}

void wanted_add_hints(void *context, const struct answers *answers)
{
	struct wanted *wanted = context;
	answers_visit(answers, add_hints, wanted);
	for (size_t i = 0; i < wanted->owners->count; i++) {
		const uint8_t *owner = wanted->owners->list[i];
		for (size_t j = 0; j < answers_situations(answers); j++) {
			add_hints(wanted, answers, owner, knot_dname_size(owner), j, NULL);
		}
	}
}

enum wanted_progress wanted_progress(const struct wanted *wanted,
                                     const struct signed_answers *published)
{
	enum wanted_progress progress = published != NULL ? WANTED_SIGNED : WANTED_UNKNOWN;
	for (size_t i = 0; progress != WANTED_UNKNOWN && i < wanted->count; i++) {
		const struct signed_set *set = wanted->list[i];
		knot_rdataset_t rdata = signed_set_rdata(set);
		const uint8_t *owner = signed_set_owner(set);
		const struct signed_set *model =
			learnt_find(wanted->learnt, owner, set->owner_size, set->type);
		if (model == NULL) {
			progress = WANTED_UNKNOWN;
		} else if (model->signature_count > 0 && set->count > 0 &&
		           signed_answers_find(published, owner, set->owner_size, set->type, &rdata,
		                               tail_hash_rdata(&rdata)) == NULL) {
			progress = WANTED_LEARNT;
		}
	}
	return progress;
}
