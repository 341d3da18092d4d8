/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The answer to one query, whether by a table or standalone, and what it makes of a response.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <libknot/packet/pkt.h>

#include "arrival/answer.h"
#include "arrival/rewrite.h"
#include "arrival/signed_answers.h"
#include "arrival/snapshot.h"

/*! Stands for an uplink's number in answers without a table. */
#define RESPOND_LOCAL 0

/*! A query, as far as the answer depends on it. Everything is borrowed. */
struct request {
	struct local room; /*!< For the local end, if it has no better place. */
	struct answer_origin origin;

	/*! Out: to the last name that was for the module. */
	struct answer answer;

	const struct snapshot *snapshot; /*!< NULL: no table has been read yet. */
	bool standalone;
	bool dnssec; /*!< DNSSEC is wanted and there: nothing is put in place that is not signed. */
	/*! Out: owner of hints that are not signed as they should be, or NULL. */
	const knot_dname_t *missed;
	/*! What is signed; NULL: the zone's own data alone. */
	const struct signed_answers *variants;
	bool mirrored; /*!< What is not signed yet will be. */
	uint32_t now;  /*!< Seconds since 1970, for signatures. */
	bool optional; /*!< The section may lack records. */

	/*! Hints are made in its memory: knotd's pool of a worker thread, which it empties after each query. */
	knot_pkt_t *response;

	// Standalone alone.
	uint32_t ttl;
	struct tail_buffer *own; /*!< Where the answer is made; lives until it is sent. */
	const knot_dname_t *zone;
	size_t zone_size;
	knot_rrset_t ns; /*!< The apex's NS set. */
};

/*! \brief Answer a question without a table: by the local address. */
struct answer respond_local(const struct request *request, uint8_t family);

/*!
 * \brief Answer for a name.
 * \param owner  Wire form, lower case.
 */
struct answer respond_find(const struct request *request, const knot_dname_t *owner,
                           size_t owner_size, uint8_t family);

/*!
 * \brief Put the hints of an HTTPS or SVCB RRset right.
 * \param answer  Out: of the last target that is for the module.
 */
enum rewrite_action respond_hints(const struct request *request, const knot_rrset_t *rrset,
                                  struct answer *answer, const struct tail **tail);

/*! \brief Whether an answer is for the LAN, and no address of an uplink may take its place. */
static inline bool respond_is_inside(const struct request *request, const struct answer *answer)
{
	return answer->verdict == ANSWER_LAN && request->mirrored;
}

/*!
 * \brief The signed set with just these records, if its signatures hold now.
 * \param rrset  Whose owner and type it has.
 * \return NULL if there is none.
 */
const struct signed_set *respond_variant(const struct request *request, const knot_rrset_t *rrset,
                                         const knot_rdataset_t *records);

/*!
 * \brief Decide about an RRset that is to be replaced or left out of a response that is signed.
 * \param answer  In, out: its verdict is as if nothing had been to be done, if that is so.
 * \param tail    What it is to be replaced by; NULL: nothing.
 */
enum rewrite_action respond_signed(struct request *request, const knot_rrset_t *rrset,
                                   struct answer *answer, const struct tail *tail,
                                   struct rewrite_records *records);

/*! \brief Decide about signatures: those over a variant are found by it, others are the zone's. */
enum rewrite_action respond_signatures(const struct request *request, const knot_rrset_t *covered,
                                       struct rewrite_records *records);

/*!
 * \brief Find an HTTPS or SVCB RRset that is signed where the right one is not.
 * \param ready  Out: whether the hints of the zone's own may be given.
 * \return A set with one address in each hint, or NULL.
 */
const struct signed_set *respond_other_hints(const struct request *request,
                                             const knot_rrset_t *rrset, bool *ready);

/*!
 * \brief Decide about an RRset of the response, see rewrite.h.
 * \param request  struct request
 */
enum rewrite_action respond_decide(void *request, const knot_rrset_t *rrset,
                                   const knot_rrset_t *covered, struct rewrite_records *records);
