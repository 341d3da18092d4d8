/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Address hints of HTTPS and SVCB records (RFC 9460): other addresses in an operator's record.
 *
 * All parameters are the operator's. The hints that a record has get the addresses that the target's
 * A and AAAA records have in the same answer; a hint that is not there is never made up. Left as they
 * are: AliasMode, records without hints, and what is not well-formed, which is not ours to mend.
 *
 * A hint of a family that is not answered now is left out, and is taken off «mandatory» too: a key
 * listed there that is not in the record makes the whole record malformed (section 8), and a list
 * without keys is malformed as well, so it goes with its last key. The record stays, even without
 * any hint: hints only save a client the lookup of the target's addresses (section 7.3), so that it
 * is as right without them.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libknot/mm_ctx.h>
#include <libknot/rrset.h>

#include "arrival/tail.h"

/*! What becomes of a hint, if a record has it. */
enum svcb_hint {
	SVCB_HINT_KEEP,
	SVCB_HINT_DROP,
	SVCB_HINT_REPLACE, /*!< By the tail's addresses. */
};

/*! What a record's target is answered with, IPv4 and IPv6. */
struct svcb_addresses {
	enum svcb_hint hint[2];
	const struct tail *tail[2]; /*!< For SVCB_HINT_REPLACE; until all records are written. */
};

/*! A well-formed ServiceMode record with hints. Borrows the rdata. */
struct svcb {
	const uint8_t *rdata;
	size_t size;
	size_t target_size; /*!< The target starts at SVCB_TARGET; 1: «.», which stands for the owner. */
	bool has_hint[2]; /*!< IPv4, IPv6. */
};

#define SVCB_TARGET 2

/*! SvcParamKeys of RFC 9460 section 14.3.2. */
enum { SVCB_KEY_MANDATORY = 0, SVCB_KEY_IPV4HINT = 4, SVCB_KEY_IPV6HINT = 6 };

/*! \brief Parse rdata. \return Whether it is a well-formed ServiceMode record with hints. */
bool svcb_parse(const uint8_t *rdata, size_t size, struct svcb *svcb);

/*!
 * \brief Write a record with other hints.
 * \param rdata  Out: UINT16_MAX octets are always enough. NULL: only tell the size.
 * \return Octets written; 0: they would be more than UINT16_MAX.
 */
size_t svcb_write(const struct svcb *svcb, const struct svcb_addresses *addresses, uint8_t *rdata);

/*!
 * \brief Find the addresses of a target.
 * \param target     Wire form, lower case; «.» has been resolved.
 * \param addresses  In: all kept. Out: what becomes of the hints.
 * \return Whether the target is ready; if not, the record is left out, as long as there are others.
 */
typedef bool (*svcb_find)(void *context, const knot_dname_t *target, size_t target_size,
                          struct svcb_addresses *addresses);

/*! Greatest TTL, in seconds, of an RRset that lacks a record because its target is not ready. */
#define SVCB_TTL_LEFT_OUT 10

enum svcb_result {
	SVCB_UNCHANGED, /*!< Also if all hints are right already. */
	SVCB_REPLACED,  /*!< By the tail's records. */
	SVCB_NOT_READY, /*!< No record remains. */
	SVCB_ERROR,     /*!< No memory, or more than an RRset can hold. */
};

/*!
 * \brief Write a whole RRset with other hints.
 *
 * Records are in canonical order and each is there once (RFC 4034 section 6.3), as libknot has them.
 * No record has a longer TTL than the addresses in it.
 *
 * \param rrset  Of type HTTPS or SVCB, its owner in lower case.
 * \param mm     Memory of the new RRset.
 * \param tail   Out: for SVCB_REPLACED; without wire form.
 */
enum svcb_result svcb_replace(const knot_rrset_t *rrset, svcb_find find, void *context,
                              knot_mm_t *mm, const struct tail **tail);
