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
	const struct signed_answers
		*variants; /*!< What is signed; NULL: the zone's own data alone. */
	uint32_t now;      /*!< Seconds since 1970, for signatures. */
	bool optional;     /*!< The section may lack records. */

	// Standalone alone.
	uint32_t ttl;
	struct tail_buffer *own; /*!< Where the answer is made; lives until it is sent. */
	const knot_pkt_t *response;
	const knot_dname_t *zone;
	size_t zone_size;
	knot_rrset_t ns; /*!< The apex's NS set. */
};

/*! \brief Answer a question without a table: by the local address. */
struct answer respond_local(const struct request *request, uint8_t family);

/*!
 * \brief Decide about an RRset of the response, see rewrite.h.
 * \param request  struct request
 */
enum rewrite_action respond_decide(void *request, const knot_rrset_t *rrset,
                                   const knot_rrset_t *covered, struct rewrite_records *records);
