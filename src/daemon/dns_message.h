/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief DNS messages as bytes: a query, whether something is its reply, and the address in that. Pure.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"

/*! Types of records, RFC 1035 section 3.2.2 and RFC 3596. */
#define DNS_TYPE_A 1
#define DNS_TYPE_TXT 16
#define DNS_TYPE_AAAA 28

/*! Room for any query: header, a name of at most 255 bytes, type and class. */
#define DNS_QUERY_MAX (12 + 255 + 4)

/*!
 * \brief Write a query, recursion desired.
 * \param id     Two bytes that nobody can guess.
 * \param query  Of DNS_QUERY_MAX bytes.
 * \return Its size.
 */
size_t dns_query_write(const char *name, uint8_t type, const uint8_t *id, uint8_t *query);

/*! \brief Whether a message is a reply to that query. */
bool dns_is_reply(const uint8_t *message, size_t size, const uint8_t *query, size_t query_size);

/*! \brief Whether a reply is given with authority. */
bool dns_has_authority(const uint8_t *message);

/*! \brief The response code of a reply. */
unsigned dns_rcode(const uint8_t *message);

/*!
 * \brief Read the one address of the queried name from a reply: an A or AAAA record, or a TXT record that is one.
 * \param address  Out.
 * \return 0; -ENOENT if there is none, -EEXIST if there are several, -EPROTO if the reply is damaged,
 *         cut off, or does not repeat the question.
 */
int dns_read_address(const uint8_t *message, size_t size, const uint8_t *query, size_t query_size,
                     struct address *address);
