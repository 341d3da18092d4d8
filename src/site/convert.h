/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Converters of the site file's values: each is one kind of value, told by the schema.
 *
 * All have the contract of convert_function. Strings that they make are freed by site_free().
 */

#pragma once

#include "base/text.h"
#include "site/schema.h"

#define CONVERTER(name)                                                                        \
	int convert_##name(const struct conversion *conversion, const char *text, void *value, \
	                   struct text *why)

CONVERTER(switch);            /*!< bool: on, off, yes, no, true, false. */
CONVERTER(word);              /*!< uint32_t: one of the key's words. */
CONVERTER(number);            /*!< uint32_t: decimal or 0x hexadecimal. */
CONVERTER(seconds);           /*!< uint32_t: a duration in whole seconds. */
CONVERTER(milliseconds);      /*!< uint32_t: a duration. */
CONVERTER(id);                /*!< char *: letters, digits, hyphen, underscore, dot. */
CONVERTER(domain);            /*!< char *: lower case, without the last dot. */
CONVERTER(alias);             /*!< char *: lower case, as written. */
CONVERTER(mailbox);           /*!< char *: as in an SOA record; name@domain is accepted. */
CONVERTER(interface);         /*!< char *: a name that the kernel accepts. */
CONVERTER(directory);         /*!< char *: an absolute path, short enough for a socket in it. */
CONVERTER(address);           /*!< struct address. */
CONVERTER(public_address);    /*!< struct public_address. */
CONVERTER(prefix);            /*!< struct prefix. */
CONVERTER(prefix6);           /*!< struct prefix: an IPv6 network. */
CONVERTER(service);           /*!< struct service. */
CONVERTER(percent);           /*!< uint32_t: a number and %. */
CONVERTER(probe);             /*!< struct probe. */
CONVERTER(server);            /*!< const struct server *: looked up by id. */
CONVERTER(uplink);            /*!< unsigned: number, looked up by id. */
CONVERTER(uplink_address);    /*!< struct uplink_address. */
CONVERTER(record);            /*!< char *: a line of a zone file, its form checked. */
CONVERTER(uplink_preference); /*!< struct uplink_preference. */
CONVERTER(spf_term);          /*!< char *: a mechanism of RFC 7208, or exp=. */
CONVERTER(dmarc);             /*!< char *: the text of the record. */
CONVERTER(mta_sts);           /*!< char *: letters and digits. */
CONVERTER(notification);      /*!< char *: exec COMMAND, without the word exec. */
CONVERTER(parent_action);     /*!< char *: nsupdate FILE or exec COMMAND, as written. */
CONVERTER(report_address);    /*!< char *: mailto: or https:. */

/*!
 * \brief Read digits of a base at the start of a text.
 * \return What follows the digits, or NULL if there is none or the number is over 32 bits.
 */
const char *convert_digits(const char *text, unsigned base, uint64_t *number);

/*!
 * \brief Why a text is not a domain name, with the remedy, or NULL if it is one.
 *
 * A last dot is legal. Labels are letters, digits, hyphen and underscore (RFC 1035 section 2.3.1,
 * RFC 8552), at most 63 of them; 255 bytes in the wire form (section 2.3.4).
 */
const char *convert_domain_error(const char *text);
