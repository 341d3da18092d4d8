/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Tails and what is appended of them: a response with one is a message that libknot reads, with the
 * addresses that went in, and nothing is written behind its room.
 */

#include <sys/socket.h>

#include <libknot/libknot.h>

#include "arrival/fast.h"
#include "fuzz.h"

#define ADDRESSES_MAX 64
#define TAILS_MAX 24

/*! What a tail was made from. */
struct made {
	uint32_t ttl;
	size_t count;
	struct address addresses[ADDRESSES_MAX];
	uint32_t index;
};

static bool is_same(const struct made *a, const struct made *b)
{
	bool same = a->ttl == b->ttl && a->count == b->count;
	for (size_t i = 0; same && i < a->count; i++) {
		same = address_equal(&a->addresses[i], &b->addresses[i]);
	}
	return same;
}

static void make(struct fuzz_input *input, struct tail_pool *pool, struct made *made)
{
	uint8_t family = fuzz_number(input, 1) % 2 == 0 ? AF_INET : AF_INET6;
	made->ttl = (uint32_t)fuzz_number(input, 1) << (fuzz_number(input, 1) % 25);
	made->count = 1 + fuzz_number(input, 1) % ADDRESSES_MAX;
	for (size_t i = 0; i < made->count; i++) {
		made->addresses[i] = fuzz_address(input, family);
	}
	FUZZ_CLAIM(tail_pool_get(pool, made->ttl, made->addresses, made->count, &made->index) == 0);
	FUZZ_CLAIM(made->index > 0 && made->index < pool->count);
}

/*! RRSIG records as knotd gives them to the module: only their sizes matter here. */
static struct signed_set *sign(struct fuzz_input *input, const struct tail *tail, uint16_t type)
{
	knot_rdataset_t signatures = { 0 };
	for (size_t left = fuzz_number(input, 1) % 4; left > 0; left--) {
		uint8_t data[600] = { 0, (uint8_t)type };
		uint16_t size = (uint16_t)(20 + fuzz_number(input, 2) % (sizeof(data) - 19));
		data[sizeof(data) - 1] = (uint8_t)fuzz_number(input, 1);
		knot_rdata_t *rdata = malloc(knot_rdata_size(size));
		knot_rdata_init(rdata, size, data);
		(void)knot_rdataset_add(&signatures, rdata, NULL);
		free(rdata);
	}
	knot_rdataset_t records = tail_rdata(tail);
	struct signed_set *set = signed_set_new(NULL, (const uint8_t *)"\x03www", 5, type,
	                                        (uint32_t)fuzz_number(input, 2), &records,
	                                        signatures.count > 0 ? &signatures : NULL);
	FUZZ_CLAIM(set != NULL && set->signature_count == signatures.count);
	knot_rdataset_clear(&signatures, NULL);
	return set;
}

/*! The message has the addresses in their order, and that many signatures behind them. */
static void check_message(const knot_pkt_t *pkt, const struct made *made, uint16_t signatures)
{
	FUZZ_CLAIM(pkt->size <= pkt->max_size - pkt->reserved);
	uint8_t *wire = malloc(pkt->size);
	memcpy(wire, pkt->wire, pkt->size);
	knot_pkt_t *read = knot_pkt_new(wire, (uint16_t)pkt->size, NULL);
	FUZZ_CLAIM(knot_pkt_parse(read, 0) == KNOT_EOK);
	const knot_pktsection_t *answer = knot_pkt_section(read, KNOT_ANSWER);
	FUZZ_CLAIM(answer->count == made->count + signatures);
	for (uint16_t i = 0; i < answer->count; i++) {
		const knot_rrset_t *rrset = knot_pkt_rr(answer, i);
		FUZZ_CLAIM(knot_dname_is_equal(rrset->owner, (const uint8_t *)"\x03www"));
		if (i < made->count) {
			FUZZ_CLAIM(memcmp(rrset->rrs.rdata->data, made->addresses[i].bytes,
			                  address_size(&made->addresses[i])) == 0);
			FUZZ_CLAIM(rrset->ttl <= made->ttl);
		} else {
			FUZZ_CLAIM(rrset->type == KNOT_RRTYPE_RRSIG);
		}
	}
	knot_pkt_free(read);
	free(wire);
}

static void respond(struct fuzz_input *input, const struct tail_pool *pool, const struct made *made)
{
	const struct tail *tail = pool->tails[made->index];
	uint16_t type = made->addresses[0].family == AF_INET ? KNOT_RRTYPE_A : KNOT_RRTYPE_AAAA;
	// A response of knotd has room for 512 octets at least.
	uint16_t room = (uint16_t)(512 + fuzz_number(input, 2) % 1024);
	uint8_t *wire = calloc(1, room);
	knot_pkt_t *pkt = knot_pkt_new(wire, room, NULL);
	FUZZ_CLAIM(knot_pkt_put_question(pkt, (const uint8_t *)"\x03www", KNOT_CLASS_IN, type) ==
	           KNOT_EOK);
	knot_wire_set_qr(pkt->wire);
	pkt->reserved = (uint16_t)(fuzz_number(input, 1) % 300);
	struct signed_set *set = NULL;
	if (fuzz_number(input, 1) % 2 == 0) {
		set = sign(input, tail, type);
	}
	if (set == NULL ? fast_append(pkt, tail) : fast_append_signed(pkt, tail, set)) {
		check_message(pkt, made, set == NULL ? 0 : set->signature_count);
	}
	free(set);
	knot_pkt_free(pkt);
	free(wire);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct made made[TAILS_MAX];
	struct fuzz_input input = { data, size };
	struct tail_pool pool;
	FUZZ_CLAIM(tail_pool_init(&pool) == 0);
	size_t count = 0;
	for (; input.left > 0 && count < TAILS_MAX; count++) {
		make(&input, &pool, &made[count]);
		for (size_t i = 0; i < count; i++) {
			FUZZ_CLAIM(is_same(&made[i], &made[count]) ==
			           (made[i].index == made[count].index));
		}
		respond(&input, &pool, &made[count]);
	}
	tail_pool_finish(&pool);
	for (size_t i = 0; i < count; i++) {
		struct address first = tail_first(pool.tails[made[i].index]);
		FUZZ_CLAIM(address_equal(&first, &made[i].addresses[0]));
	}
	tail_pool_deinit(&pool);
	return 0;
}
