/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief What the files that judge DNS share: asking, reading of replies, words for what went wrong.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/check_dns_find.h"
#include "ctl/string_set.h"
#include "ctl/zone.h"

/*! Room for the text of any domain name. */
#define NAME_TEXT_SIZE (KNOT_DNAME_TXT_MAXLEN + 1)

/*! The sections of messages by part; each says what it has found. */
void check_dns_host_delegation(const struct check_dns *check, const struct host *host);
void check_dns_host_answers(const struct check_dns *check, const struct host *host);
void check_dns_uplink(const struct check_dns *check, const struct uplink *uplink);
void check_dns_mail(const struct check_dns *check, const struct mail *mail);
void check_dns_spf(const struct check_dns *check, const struct mail *mail);
void check_dns_gateway(const struct check_dns *check, const struct uplink *uplink);

/*! \brief Ask the resolver. \return A query that is done, or NULL: not known yet. */
const struct dns_query *ask_resolver(const struct check_dns *check, const char *name,
                                     uint16_t type);

/*!
 * \brief Ask a name server, not to recurse.
 *
 * On the gateway itself knotd is asked at the port that packets from outside are rewritten to.
 *
 * \return A query that is done, or NULL: not known yet.
 */
const struct dns_query *ask_server(const struct check_dns *check, const struct address *server,
                                   const char *name, uint16_t type, bool tcp);

/*!
 * \brief Ask the resolver for records; it is said once if it fails.
 * \param set  Out: the records' data, CNAME followed; TXT as plain text. Empty: there are none.
 * \return Whether the set holds.
 */
bool resolve_set(const struct check_dns *check, const char *name, uint16_t type,
                 struct string_set *set);

/*!
 * \brief Add the data of a message's records of a type to a set.
 * \param owner  Only of this name, or NULL: of any.
 */
void reply_set(const struct dns_query *query, knot_section_t section, const char *owner,
               uint16_t type, struct string_set *set);

/*! \brief Add the data of a zone's records of a name and type to a set. */
void zone_set(const struct zone *zone, const char *owner, uint16_t type, struct string_set *set);

/*! \brief Whether a query brought a reply with NOERROR, or NXDOMAIN. */
bool query_good(const struct dns_query *query);

/*! \brief Words for what became of a query that is not good: «no reply», «SERVFAIL». */
const char *query_problem(const struct dns_query *query);

/*! \brief Words for an error of a connection. */
const char *error_words(int error);

/*! \brief Whether an address is one of this machine. */
bool is_own(const struct check_dns *check, const struct address *address);

/*! \brief Whether an address cannot be asked from here, which says nothing about it. */
bool is_beyond(const struct address *address, int error);

/*! \brief Whether an uplink's addresses are not known: followed by a daemon that does not tell. */
bool is_unknown(const struct uplink *uplink);

/*! \brief «primary 192.168.2.1». \param place  At least PLACE_SIZE bytes. \return place */
const char *uplink_place(const struct uplink *uplink, const struct address *address, char *place);
#define PLACE_SIZE 256

/*! \brief A member of the daemon's status of an uplink, or NULL if it is not known. */
const char *uplink_status(const struct check_dns *check, const struct uplink *uplink,
                          const char *key);

/*!
 * \brief Whether an uplink's address has a name server that answers at all.
 * \return Also false while that is not known yet.
 */
bool uplink_replies(const struct check_dns *check, const struct address *address);

/*!
 * \brief Say who has to enter the records of a name: a hoster, or whoever serves the zone of a host.
 * \param below  The records belong into the zone above the name.
 * \param what   «NS records».
 */
void remedy_records(const struct check_dns *check, const char *name, bool below, const char *what);
