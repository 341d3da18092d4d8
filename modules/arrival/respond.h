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
#include "arrival/snapshot.h"

/*! Stands for an uplink's number in answers without a table. */
#define RESPOND_LOCAL 0

/*! A query, as far as the answer depends on it. Everything is borrowed. */
struct request {
	const knot_pkt_t *response;
	const knot_dname_t *zone;
	size_t zone_size;
	struct local local;
	const struct sockaddr *client;

	const struct snapshot *snapshot; /*!< NULL: no table has been read yet. */

	bool standalone;
	knot_rrset_t ns; /*!< Standalone: the apex's NS set. */
	uint32_t ttl;    /*!< Standalone. */
	struct tail_buffer
		*own; /*!< Standalone: where the answer is made; lives until it is sent. */

	bool keep_signed; /*!< DNSSEC is wanted and there: a placeholder stays with its signature. */
	bool optional;    /*!< The section may lack records. */

	/*! Out: to the last RRset that was for the module. */
	struct answer answer;
};

/*! \brief Answer a question of the query. */
struct answer respond_answer(const struct request *request, const knot_dname_t *owner,
			     size_t owner_size, uint8_t family);

/*!
 * \brief Decide about an RRset of the response, see rewrite.h.
 * \param request  struct request
 */
enum rewrite_action respond_decide(void *request, const knot_rrset_t *rrset,
				   const struct tail **tail);

/*! \brief Make a tail the answer section. \return Whether there was room. */
bool respond_append(knot_pkt_t *pkt, const struct tail *tail);
