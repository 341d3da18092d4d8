/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Address records in wire form and as libknot's rdata, each content kept once.
 */

#include "arrival/tail.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <libknot/descriptor.h>
#include <libknot/packet/wire.h>
#include <libknot/rdataset.h>

#include "arrival/hash.h"
#include "base/array.h"

_Static_assert(sizeof(struct tail_buffer) >= sizeof(struct tail) + 18 + TAIL_WIRE_MIN,
               "room for an AAAA record");

size_t tail_write_record(uint8_t *wire, uint32_t ttl, const struct address *address)
{
	uint16_t size = (uint16_t)address_size(address);
	// To the question's name (RFC 1035 section 4.1.4); libknot's function for it differs by version.
	knot_wire_write_u16(wire, KNOT_WIRE_PTR << 8 | KNOT_WIRE_HEADER_SIZE);
	knot_wire_write_u16(wire + 2, size == 4 ? KNOT_RRTYPE_A : KNOT_RRTYPE_AAAA);
	knot_wire_write_u16(wire + 4, KNOT_CLASS_IN);
	knot_wire_write_u32(wire + 6, ttl);
	knot_wire_write_u16(wire + 10, size);
	memcpy(wire + 12, address->bytes, size);
	return 12 + size;
}

size_t tail_size(uint8_t family, size_t count)
{
	size_t record = TAIL_RECORD_SIZE(family);
	size_t wire = count * record > TAIL_WIRE_MIN ? count * record : TAIL_WIRE_MIN;
	return sizeof(struct tail) + count * knot_rdata_size((uint16_t)(record - 12)) + wire;
}

struct tail *tail_init(void *memory, uint32_t ttl, const struct address *addresses, size_t count)
{
	struct tail *tail = memory;
	size_t rdata_size = count * knot_rdata_size((uint16_t)address_size(addresses));
	uint8_t *wire = tail->rdata + rdata_size;
	*tail = (struct tail){
		.ttl = ttl,
		.count = (uint16_t)count,
		.wire_size = (uint16_t)(count * TAIL_RECORD_SIZE(addresses->family)),
		.rdata_size = (uint16_t)rdata_size,
		.wire = wire,
	};

	// Not knot_rdataset_add(): it sorts, and here the order is the message.
	knot_rdata_t *rdata = (knot_rdata_t *)(void *)tail->rdata;
	for (size_t i = 0; i < count; i++) {
		knot_rdata_init(rdata, (uint16_t)address_size(&addresses[i]), addresses[i].bytes);
		rdata = knot_rdataset_next(rdata);
		wire += tail_write_record(wire, ttl, &addresses[i]);
	}
	return tail;
}

struct address tail_first(const struct tail *tail)
{
	const knot_rdata_t *record = (const knot_rdata_t *)(const void *)tail->rdata;
	struct address address = { .family = record->len == 4 ? AF_INET : AF_INET6 };
	memcpy(address.bytes, record->data, record->len);
	return address;
}

uint64_t tail_hash_rdata(const knot_rdataset_t *rdata)
{
	uint64_t hash = 0;
	const knot_rdata_t *record = rdata->rdata;
	for (uint16_t i = 0; i < rdata->count; i++) {
		hash += hash_bytes(record->data, record->len);
		record = (const knot_rdata_t *)(const void *)((const uint8_t *)record +
		                                              knot_rdata_size(record->len));
	}
	return hash;
}

static uint64_t tail_hash(const struct tail *tail)
{
	return hash_bytes(tail->wire, tail->wire_size);
}

static bool tail_equal(const struct tail *a, const struct tail *b)
{
	return a->wire_size == b->wire_size && memcmp(a->wire, b->wire, a->wire_size) == 0;
}

/*! The slot of a tail or the empty one where it belongs. */
static uint32_t *find_slot(struct tail_pool *pool, const struct tail *tail)
{
	size_t at = tail_hash(tail) & (pool->slot_count - 1);
	while (pool->slots[at] != 0 && !tail_equal(pool->tails[pool->slots[at]], tail)) {
		at = (at + 1) & (pool->slot_count - 1);
	}
	return &pool->slots[at];
}

/*! Keep half of the slots empty. */
static int grow_slots(struct tail_pool *pool)
{
	if (pool->count * 2 < pool->slot_count) {
		return 0;
	}
	size_t slot_count = pool->slot_count == 0 ? 16 : pool->slot_count * 2;
	uint32_t *slots = calloc(slot_count, sizeof(*slots));
	if (slots == NULL) {
		return -ENOMEM;
	}
	free(pool->slots);
	pool->slots = slots;
	pool->slot_count = slot_count;
	for (size_t i = 1; i < pool->count; i++) {
		*find_slot(pool, pool->tails[i]) = (uint32_t)i;
	}
	return 0;
}

int tail_pool_init(struct tail_pool *pool)
{
	*pool = (struct tail_pool){ .tails = array_grow(NULL, 0, sizeof(*pool->tails)) };
	if (pool->tails == NULL) {
		return -ENOMEM;
	}
	pool->tails[pool->count++] = NULL;
	return 0;
}

int tail_pool_get(struct tail_pool *pool, uint32_t ttl, const struct address *addresses,
                  size_t count, uint32_t *index)
{
	struct tail *tail = calloc(1, tail_size(addresses->family, count));
	if (tail == NULL || grow_slots(pool) != 0) {
		free(tail);
		return -ENOMEM;
	}
	tail_init(tail, ttl, addresses, count);
	knot_rdataset_t rdata = tail_rdata(tail);
	tail->hash = tail_hash_rdata(&rdata);
	uint32_t *slot = find_slot(pool, tail);
	if (*slot != 0) {
		free(tail);
		*index = *slot;
		return 0;
	}
	struct tail **grown = array_grow(pool->tails, pool->count, sizeof(*grown));
	if (grown == NULL) {
		free(tail);
		return -ENOMEM;
	}
	pool->tails = grown;
	*slot = (uint32_t)pool->count;
	*index = *slot;
	pool->tails[pool->count++] = tail;
	return 0;
}

void tail_pool_finish(struct tail_pool *pool)
{
	free(pool->slots);
	pool->slots = NULL;
	pool->slot_count = 0;
}

void tail_pool_deinit(struct tail_pool *pool)
{
	tail_pool_finish(pool);
	for (size_t i = 0; i < pool->count; i++) {
		free(pool->tails[i]);
	}
	free(pool->tails);
	*pool = (struct tail_pool){ 0 };
}
