/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Questions to DNS servers, each to one address, all side by side.
 *
 * Over UDP a question is sent three times; a truncated reply leads to TCP. A reply counts if it comes
 * from the address that was asked, with the number and the question that were sent.
 */

#pragma once

#include <libknot/libknot.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "ctl/talk.h"

/*! What is asked of whom. */
struct dns_question {
	struct address server;
	uint16_t port;
	bool recursive; /*!< Of a resolver; a name server is asked without. */
	bool tcp;       /*!< From the start, not only for a truncated reply. */
	uint16_t type;
	knot_dname_t name[KNOT_DNAME_MAXLEN]; /*!< In lower case. */
};

/*! What is known of an address, port and transport: shared by the questions to it. */
struct dns_server {
	bool replied;
	bool silent; /*!< A question ran into its time-out. */
};

/*! Room for any question. */
#define DNS_QUESTION_MAX 512

/*! A question and what came of it. */
struct dns_query {
	struct talk talk; /*!< Its member done says whether the rest holds. */
	struct dns_question question;
	struct dns_server *server; /*!< Borrowed. One that is silent is not asked again. */
	int error;                 /*!< 0 or -errno: -ETIMEDOUT, -ECONNREFUSED, -EBADMSG, ... */
	knot_pkt_t *reply;         /*!< NULL on error; names in lower case. */

	uint16_t id; /*!< From here on: how far it is. */
	bool stream;
	unsigned sent;
	bool malformed;                     /*!< Something came that was no message. */
	uint8_t wire[2 + DNS_QUESTION_MAX]; /*!< The question behind its length. */
	uint8_t *stream_reply;
	size_t length;
	size_t moved; /*!< Bytes of a stream, sent or received. */
};

/*!
 * \brief Make a question ready for talk_run().
 * \param server  Borrowed, see struct dns_query.
 * \param query   Out: freed by dns_query_free().
 * \return 0 or -ENOMEM.
 */
int dns_query_new(const struct dns_question *question, struct dns_server *server,
                  struct dns_query **query);

/*! \brief Free a query; NULL is legal. */
void dns_query_free(struct dns_query *query);

/*! \brief Whether two questions are the same one to the same server. */
bool dns_question_equal(const struct dns_question *a, const struct dns_question *b);

/*! \brief End a query without a reply. */
void dns_query_fail(struct dns_query *query, int error);
