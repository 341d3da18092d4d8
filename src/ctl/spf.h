/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief What an SPF record says of an address, as far as it tells without looking up more (RFC 7208).
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/address.h"

enum spf_verdict {
	SPF_NAMED,     /*!< A term with the address in it lets it pass. */
	SPF_UNSETTLED, /*!< A term that needs a lookup may let it pass. */
	SPF_NOT_NAMED, /*!< It does not pass. */
};

/*! \brief Whether a TXT record is one of SPF, RFC 7208 section 4.5. */
bool spf_is_record(const char *text);

/*! \brief Judge an address by a record. */
enum spf_verdict spf_judge(const char *record, const struct address *address);

/*! \brief Whether a record has a term, written in any case. */
bool spf_has_term(const char *record, const char *term);
