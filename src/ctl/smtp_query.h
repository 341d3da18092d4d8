/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief By which name a mail server greets: its banner and its answer to EHLO, and no mail.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/address.h"
#include "ctl/talk.h"

/*! Longest line of a reply, RFC 5321 section 4.5.3.1.5 and room for those who exceed it. */
#define SMTP_LINE_MAX 1024

/*! A connection to a mail server and what came of it. */
struct smtp_query {
	struct talk talk; /*!< Its member done says whether the rest holds. */
	struct address server;
	uint16_t port;
	int error;                  /*!< 0 or -errno: -ETIMEDOUT, -ECONNREFUSED, -EBADMSG, ... */
	unsigned code;              /*!< Of the last reply, 250 if it greeted. */
	char banner[SMTP_LINE_MAX]; /*!< The name in the banner, in lower case, or «». */
	char name[SMTP_LINE_MAX];   /*!< The name in the answer to EHLO, likewise. */

	bool greeted; /*!< From here on: how far it is. */
	bool connected;
	bool first; /*!< The next line is the first one of a reply. */
	char line[SMTP_LINE_MAX];
	size_t length;
};

/*!
 * \brief Make a connection ready for talk_run().
 * \param query  Out: freed by smtp_query_free().
 * \return 0 or -ENOMEM.
 */
int smtp_query_new(const struct address *server, uint16_t port, struct smtp_query **query);

/*! \brief Free a query; NULL is legal. */
void smtp_query_free(struct smtp_query *query);
