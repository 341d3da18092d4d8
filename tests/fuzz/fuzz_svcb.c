/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * libFuzzer entry of the rewriting of SVCB records: what is well-formed stays so, and writing it again
 * changes nothing.
 */

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <libknot/libknot.h>

#include "arrival/svcb.h"
#include "fuzz.h"

static const struct address addresses[2][2] = {
	{ { AF_INET, { 192, 0, 2, 1 } }, { AF_INET, { 192, 0, 2, 2 } } },
	{ { AF_INET6, { 0xfd, [15] = 1 } }, { AF_INET6, { 0xfd, [15] = 2 } } },
};

/*! The input's first octet: what becomes of each family's hint, and whether the target is ready. */
struct scene {
	uint8_t choice;
	struct tail *tail[2];
};

static bool find(void *context, const knot_dname_t *target, size_t target_size,
                 struct svcb_addresses *found)
{
	const struct scene *scene = context;
	if (knot_dname_size(target) != target_size) {
		abort();
	}
	for (size_t i = 0; i < 2; i++) {
		found->hint[i] = (enum svcb_hint)((scene->choice >> (2 * i) & 3) % 3);
		found->tail[i] = found->hint[i] == SVCB_HINT_REPLACE ? scene->tail[i] : NULL;
	}
	return (scene->choice & 0x10) == 0 || target_size % 2 == 0;
}

static void *plain_alloc(void *context, size_t size)
{
	(void)context;
	return malloc(size);
}

static void check(const knot_rrset_t *rrset, struct scene *scene)
{
	knot_mm_t mm = { .alloc = plain_alloc, .free = free };
	const struct tail *tail = NULL;
	if (svcb_replace(rrset, find, scene, &mm, &tail) != SVCB_REPLACED) {
		return;
	}
	knot_rrset_t again = *rrset;
	again.ttl = tail->ttl;
	again.rrs.count = tail->count;
	again.rrs.size = tail->rdata_size;
	again.rrs.rdata = (knot_rdata_t *)(uintptr_t)tail->rdata;
	const struct tail *other = NULL;
	if (svcb_replace(&again, find, scene, &mm, &other) != SVCB_UNCHANGED) {
		abort();
	}
	free((void *)(uintptr_t)tail);
}

/*! Records follow each other, each with a length of two octets in front. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0) {
		return 0;
	}
	struct scene scene = { .choice = *data };
	for (size_t i = 0; i < 2; i++) {
		size_t count = 1 + (scene.choice >> (6 + i) & 1);
		void *memory = malloc(tail_size(addresses[i][0].family, count));
		scene.tail[i] = tail_init(memory, 10, addresses[i], count);
	}
	uint8_t owner[] = "\x03www";
	knot_rrset_t *rrset = knot_rrset_new(owner, KNOT_RRTYPE_HTTPS, KNOT_CLASS_IN, 300, NULL);
	for (size_t at = 1; at + 2 <= size;) {
		size_t length = ((size_t)data[at] << 8 | data[at + 1]) % 1024;
		at += 2;
		length = length > size - at ? size - at : length;
		uint8_t *exact = malloc(length + 1);
		memcpy(exact, data + at, length);
		(void)knot_rrset_add_rdata(rrset, exact, (uint16_t)length, NULL);
		free(exact);
		at += length;
	}
	if (rrset->rrs.count > 0) {
		check(rrset, &scene);
	}
	knot_rrset_free(rrset, NULL);
	free(scene.tail[0]);
	free(scene.tail[1]);
	return 0;
}
