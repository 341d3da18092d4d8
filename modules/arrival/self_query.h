/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Questions to the server that this is a part of, by plain DNS over TCP from its own address.
 *
 * That the two ends of the connection have the same address is how the module tells them from others'.
 */

#pragma once

#include <stddef.h>
#include <stdint.h>

#include <libknot/packet/pkt.h>

#include "arrival/self_address.h"

struct self_query;

struct self_question {
	const uint8_t *name; /*!< Wire form. */
	uint16_t type;
};

/*!
 * \brief Told of each response, in the order of the questions.
 * \param index     Of the question.
 * \param response  Parsed; gone after the call.
 * \return 0, or -errno to end there.
 */
typedef int (*self_query_answer)(void *context, size_t index, const knot_pkt_t *response);

/*!
 * \brief Connect.
 * \param stop_fd  Ends all waiting once it is readable.
 * \param query    Out: freed by self_query_close().
 * \return 0, -ECANCELED if stopped, or -errno.
 */
int self_query_open(const struct self_address *address, int stop_fd, struct self_query **query);

/*! \brief Close; NULL is legal. */
void self_query_close(struct self_query *query);

/*! \brief The port that the questions come from. */
uint16_t self_query_port(const struct self_query *query);

/*!
 * \brief Ask, all with DO.
 * \return 0, -ECANCELED if stopped, -ETIMEDOUT, -EBADMSG for what is no response, or -errno.
 */
int self_query_ask(struct self_query *query, const struct self_question *questions, size_t count,
                   self_query_answer answer, void *context);
