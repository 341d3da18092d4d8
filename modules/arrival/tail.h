/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Prebuilt address records: what is copied behind a question to make it an answer.
 *
 * The owner of each record is a pointer to the question's name, which always starts at octet 12
 * (RFC 1035 section 4.1.4). So a tail does not depend on the owner, and all owners with the same
 * TTL and addresses share one.
 */

#pragma once

#include <stddef.h>
#include <stdint.h>

#include <libknot/rdataset.h>

#include "base/address.h"

struct tail {
	uint64_t hash; /*!< Of the records' data, whatever their order; only of tails in a pool. */
	uint32_t ttl;
	uint16_t count; /*!< Records, all of one family. */
	uint16_t wire_size;
	uint16_t rdata_size;
	const uint8_t *wire;                         /*!< The records as they go into a message. */
	uint8_t rdata[] __attribute__((aligned(2))); /*!< The same as libknot's array of rdata. */
};

/*! Bytes of one address record of a family on the wire. */
#define TAIL_RECORD_SIZE(family) ((family) == AF_INET ? 16 : 28)

/*! \brief Write one record. \return Bytes written, TAIL_RECORD_SIZE(). */
size_t tail_write_record(uint8_t *wire, uint32_t ttl, const struct address *address);

/*! So many bytes of the wire can be read, even of a shorter tail: a copy of fixed size needs no call. */
#define TAIL_WIRE_MIN 32

/*! \brief A tail's records as libknot's set; borrowed, and in the tail's order, not in libknot's. */
static inline knot_rdataset_t tail_rdata(const struct tail *tail)
{
	// libknot has no const rdata; nobody writes there.
	return (knot_rdataset_t){ .count = tail->count,
		                  .size = tail->rdata_size,
		                  .rdata = (knot_rdata_t *)(uintptr_t)tail->rdata };
}

/*! \brief Hash the data of records, whatever their order. */
uint64_t tail_hash_rdata(const knot_rdataset_t *rdata);

/*! \brief Bytes that tail_init() needs. */
size_t tail_size(uint8_t family, size_t count);

/*! Enough for a tail of one record; aligned for it. */
struct tail_buffer {
	_Alignas(8) uint8_t bytes[96];
};

/*!
 * \brief Make the tail of an RRset in memory of the caller.
 * \param memory     tail_size() bytes, aligned for a struct tail.
 * \param addresses  At least one, all of one family, in the order of the answer.
 * \return memory
 */
struct tail *tail_init(void *memory, uint32_t ttl, const struct address *addresses, size_t count);

/*! \brief The first address of a tail. */
struct address tail_first(const struct tail *tail);

/*! Tails, each content once. */
struct tail_pool {
	struct tail **tails; /*!< The first is NULL, so that 0 can stand for «none». */
	size_t count;
	uint32_t *slots; /*!< Index by hash, 0 for empty; only while building. */
	size_t slot_count;
};

/*! \brief Start a pool. \return 0 or -ENOMEM. */
int tail_pool_init(struct tail_pool *pool);

/*!
 * \brief Find or make a tail.
 * \param index  Out: its place in tails, from 1.
 * \return 0 or -ENOMEM.
 */
int tail_pool_get(struct tail_pool *pool, uint32_t ttl, const struct address *addresses,
                  size_t count, uint32_t *index);

/*! \brief Free what only building needs. */
void tail_pool_finish(struct tail_pool *pool);

/*! \brief Free the content. */
void tail_pool_deinit(struct tail_pool *pool);
