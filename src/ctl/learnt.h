/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief What has been learnt from others, and what is still to be asked.
 *
 * Whoever judges asks here as if all were known. What is not known yet is noted, the judgement is
 * thrown away, everything noted is asked at once, and it is judged again: so no second piece of code
 * has to foresee which questions the first one will have.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "ctl/dns_query.h"
#include "ctl/smtp_query.h"

struct learnt_server;

struct learnt {
	struct dns_query **queries;
	size_t query_count;
	struct smtp_query **greetings;
	size_t greeting_count;
	struct learnt_server **servers;
	size_t server_count;
	bool missing; /*!< Something was asked for that is not known yet. */
	bool failed;  /*!< Memory ran out. */
};

#define LEARNT_EMPTY ((struct learnt){ 0 })

/*! \brief What came of a question. \return A query that is done, or NULL: not known yet. */
const struct dns_query *learnt_reply(struct learnt *learnt, const struct dns_question *question);

/*! \brief By which name a mail server greets. \return A query that is done, or NULL. */
const struct smtp_query *learnt_greeting(struct learnt *learnt, const struct address *server);

/*!
 * \brief Ask everything that is missing, side by side.
 * \param timeout_ms  For each question.
 * \return 0 or -ENOMEM.
 */
int learnt_ask(struct learnt *learnt, unsigned timeout_ms);

/*! \brief Free all. */
void learnt_free(struct learnt *learnt);
