/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief RRsets with their signatures, found by what is in them: pure.
 *
 * Whoever has an RRset to answer with asks for the signatures over just these records. So an answer
 * and its signature cannot come apart, whatever else has changed since it was signed.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <libknot/rdataset.h>

#include "arrival/hash.h"
#include "arrival/region.h"

/*! One RRset and its signatures, immutable once made. */
struct signed_set {
	uint64_t hash;      /*!< Of owner, type and data of the records. */
	uint32_t ttl;       /*!< As in the zone. */
	uint32_t inception; /*!< Of the latest signature, in the clock of RFC 4034 section 3.1.5. */
	uint32_t expiration; /*!< Of the earliest one. */
	uint16_t type;
	uint16_t count;
	uint16_t signature_count; /*!< 0: not signed. */
	uint16_t rdata_size;
	uint16_t signatures_size;
	uint16_t owner_size;
	uint8_t bytes[] __attribute__((aligned(2))); /*!< Records, RRSIG records, owner. */
};

/*! \brief The records of a set, sorted; borrowed. */
static inline knot_rdataset_t signed_set_rdata(const struct signed_set *set)
{
	return (knot_rdataset_t){ .count = set->count,
		                  .size = set->rdata_size,
		                  .rdata = (knot_rdata_t *)(uintptr_t)set->bytes };
}

/*! \brief Its RRSIG records; borrowed. */
static inline knot_rdataset_t signed_set_signatures(const struct signed_set *set)
{
	const uint8_t *signatures = set->bytes + set->rdata_size;
	return (knot_rdataset_t){ .count = set->signature_count,
		                  .size = set->signatures_size,
		                  .rdata = (knot_rdata_t *)(uintptr_t)signatures };
}

/*! \brief Its owner in wire form and lower case; borrowed. */
static inline const uint8_t *signed_set_owner(const struct signed_set *set)
{
	return set->bytes + set->rdata_size + set->signatures_size;
}

/*!
 * \brief Whether its signatures hold at a time, a little before their end for the sake of the way.
 * \param now  Seconds since 1970, modulo 2^32.
 */
static inline bool signed_set_holds(const struct signed_set *set, uint32_t now)
{
	return (int32_t)(now - set->inception) >= 0 && (int32_t)(set->expiration - now) > 0;
}

/*! \brief Octets of a set. */
static inline size_t signed_set_size(const struct signed_set *set)
{
	return offsetof(struct signed_set, bytes) + set->rdata_size + set->signatures_size +
	       set->owner_size;
}

/*!
 * \brief Make a set.
 * \param region      Where it is made; NULL: by malloc().
 * \param owner       Wire form, lower case.
 * \param rdata       Sorted as libknot does; may be empty.
 * \param signatures  RRSIG records, or NULL.
 * \return NULL if memory ran out.
 */
struct signed_set *signed_set_new(struct region *region, const uint8_t *owner, size_t owner_size,
                                  uint16_t type, uint32_t ttl, const knot_rdataset_t *rdata,
                                  const knot_rdataset_t *signatures);

/*! \brief Copy a set into a region. \return The copy, or NULL if memory ran out. */
struct signed_set *signed_set_copy(struct region *region, const struct signed_set *set);

/*! \brief Whether the signatures of two sets differ in nothing but the signature itself. */
bool signed_set_same_headers(const struct signed_set *a, const struct signed_set *b);

/*! A version of a zone, by hashes. */
struct signed_version {
	uint64_t
		soa; /*!< SOA serial and the signatures over it: after a reload knotd may come to a serial again. */
	uint64_t keys; /*!< The DNSKEY set, and which keys sign. */
};

/*!
 * \brief The version that a zone is.
 * \param serial      Of its SOA record.
 * \param signatures  RRSIG records at its apex; those over other sets make no difference.
 * \param dnskeys     Its DNSKEY set.
 */
struct signed_version signed_version(uint32_t serial, const knot_rdataset_t *signatures,
                                     const knot_rdataset_t *dnskeys);

/*! An index of sets, which it has as copies in one piece of memory. */
struct signed_answers {
	struct signed_version version; /*!< That they were made for; the caller's. */
	size_t count;
	size_t mask;
	struct signed_set **slots; /*!< Open addressing, at most half full. */
	struct region region;      /*!< Of the sets and the slots. */
};

/*!
 * \brief Make an empty index.
 * \param count  Of the sets that will be added, as far as is known.
 * \param size   What they will take: signed_set_size() of each, by region_round().
 * \return NULL if memory ran out.
 */
struct signed_answers *signed_answers_new(size_t count, size_t size);

/*! \brief Free an index with its sets; NULL is legal. */
void signed_answers_free(struct signed_answers *answers);

/*!
 * \brief Add a copy of a set, unless there is an equal one.
 * \param added  Out: the copy, or that one; it lives as long as the index.
 * \return 0 or -ENOMEM.
 */
int signed_answers_add(struct signed_answers *answers, const struct signed_set *set,
                       struct signed_set **added);

/*!
 * \brief Find a set.
 * \param rdata       The records, in any order.
 * \param rdata_hash  tail_hash_rdata() of them.
 * \return A set, signed or not, or NULL.
 */
struct signed_set *signed_answers_find(const struct signed_answers *answers, const uint8_t *owner,
                                       size_t owner_size, uint16_t type,
                                       const knot_rdataset_t *rdata, uint64_t rdata_hash);

/*! \brief Hash what a set is found by. */
static inline uint64_t signed_set_hash(const uint8_t *owner, size_t owner_size, uint16_t type,
                                       uint64_t rdata_hash)
{
	return hash_word(hash_word(hash_bytes(owner, owner_size), type), rdata_hash);
}

/*! \brief Whether two records of so many octets, their length included, are the same A or AAAA record. */
static inline bool signed_set_same_address(const void *a, const void *b, size_t size)
{
	// Constant sizes need no call.
	return size == 6 ? memcmp(a, b, 6) == 0 : size == 18 && memcmp(a, b, 18) == 0;
}

/*! \brief The same as signed_answers_find(), but most answers of one record are found without a call. */
static inline const struct signed_set *signed_answers_find_inline(
	const struct signed_answers *answers, const uint8_t *owner, size_t owner_size,
	uint16_t type, const knot_rdataset_t *rdata, uint64_t rdata_hash)
{
	uint64_t hash = signed_set_hash(owner, owner_size, type, rdata_hash);
	const struct signed_set *set = answers->slots[hash & answers->mask];
	if (set != NULL && set->hash == hash && set->count == 1 && rdata->count == 1 &&
	    set->type == type && set->owner_size == owner_size && set->rdata_size == rdata->size &&
	    signed_set_same_address(set->bytes, rdata->rdata, rdata->size) &&
	    hash_same_bytes(signed_set_owner(set), owner, owner_size)) {
		return set;
	}
	return signed_answers_find(answers, owner, owner_size, type, rdata, rdata_hash);
}

/*! \brief Bytes of memory held, sets included. */
size_t signed_answers_memory(const struct signed_answers *answers);
