/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief A zone as a list of records and comments, and its text that is known to be right.
 *
 * Records are kept in wire form and printed by libknot; before anything is given out the text is read
 * back by libzscanner, the parser that knotd itself uses, and compared record by record. So whatever
 * a site file holds, no zone is printed that knotd would read in another way.
 *
 * Errors of the functions that add stick: zone_text() returns the first one.
 */

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/text.h"

struct name_list;
struct site;
struct zone;

/*! Timers of a SOA record in seconds, RFC 1035 section 3.3.13. */
struct zone_soa {
	const char *mname;
	const char *rname; /*!< The mailbox as a domain name, RFC 1035 section 8. */
	uint32_t serial;
	uint32_t refresh;
	uint32_t retry;
	uint32_t expire;
	uint32_t minimum; /*!< Negative answers, RFC 2308 section 4. */
};

/*!
 * \brief Begin a zone.
 *
 * \param apex  Its name, with or without the last dot.
 * \param zone  Out: freed by zone_free().
 * \return 0, -EINVAL (not a domain name) or -ENOMEM.
 */
int zone_new(const char *apex, struct zone **zone);

/*! \brief Free a zone; NULL is legal. */
void zone_free(struct zone *zone);

/*! \brief Add a line of comment («; » is put before it). */
void zone_comment(struct zone *zone, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*! \brief Add the SOA record, which must come first. */
void zone_add_soa(struct zone *zone, uint32_t ttl, const struct zone_soa *soa);

/*! \brief Add a NS record at the apex. */
void zone_add_ns(struct zone *zone, uint32_t ttl, const char *name_server);

/*! \brief Add a NS record below the apex. */
void zone_add_delegation(struct zone *zone, const char *owner, uint32_t ttl,
                         const char *name_server);

/*! \brief Add the PTR record of an address, owner in in-addr.arpa or ip6.arpa. */
void zone_add_pointer(struct zone *zone, const struct address *address, uint32_t ttl,
                      const char *name);

/*! \brief Add a MX record. */
void zone_add_mx(struct zone *zone, const char *owner, uint32_t ttl, uint16_t preference,
                 const char *exchange);

/*! \brief Add a TXT record, its text in as many strings of 255 bytes as it needs. */
void zone_add_txt(struct zone *zone, const char *owner, uint32_t ttl, const char *value);

/*! \brief Add an A or AAAA record, by the address's family. */
void zone_add_address(struct zone *zone, const char *owner, uint32_t ttl,
                      const struct address *address);

/*!
 * \brief Add records as lines of a zone file, relative to the apex.
 *
 * One is refused if it does not go with those added before, so they come last. Address hints become
 * those of the site's hosts, see zone_hints_fit().
 *
 * \param whose   Kind of entry of the site file that has them, «host», and
 * \param domain  its name: for the message.
 * \param error   Out: on -EINVAL what is wrong.
 * \return 0, -EINVAL or -ENOMEM.
 */
int zone_add_lines(struct zone *zone, const struct site *site, const struct name_list *lines,
                   const char *whose, const char *domain, struct text *error);

/*! \brief Add those records of another zone that belong into this one, without its comments. */
void zone_copy(struct zone *zone, const struct zone *other);

/*!
 * \brief The zone's text in the form of a zone file.
 *
 * \param text  The zone's text is added to it, or nothing on failure.
 * \return 0, -EINVAL (a name is too long or malformed, or an owner lies outside the zone), -EBADMSG
 *         (the text reads back differently) or -ENOMEM.
 */
int zone_text(const struct zone *zone, struct text *text);

/*! A record or a comment, in texts that are valid during the call that gets it. */
struct zone_record {
	const char *comment; /*!< Without «; »; the rest is NULL or 0 then. */
	const char *owner;   /*!< With the last dot. */
	uint32_t ttl;
	const char *type;
	const char *data; /*!< As in a zone file. */
	const char *txt;  /*!< Of a TXT record: its strings as one; NULL for other types. */
};

/*!
 * \brief Look at everything in a zone, in its order.
 * \param each  Called for each; other than 0 ends the walk.
 * \return 0, what each returned, the zone's first error (see zone_text()) or -ENOMEM.
 */
int zone_each(const struct zone *zone, int (*each)(const struct zone_record *record, void *context),
              void *context);
