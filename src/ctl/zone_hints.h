/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Address hints of HTTPS and SVCB lines: those of the placeholders, whatever the operator wrote.
 *
 * So an operator need not know an address, and what is signed is as right as the A and AAAA beside it.
 */

#pragma once

#include <libknot/libknot.h>

#include "site/site.h"

/*! Room for what zone_hints_fit() makes. */
struct zone_hints {
	uint32_t ttl;
	uint16_t size;
	uint8_t rdata[UINT16_MAX];
};

/*!
 * \brief Fill in the hints of a record whose target is a host of the site or an alias.
 *
 * A record with such hints lives no longer than the host's addresses.
 *
 * \param record  One record, of any type.
 * \param hints   Out: the record's TTL and rdata as they are to be.
 * \param why     Out: on -EINVAL what is wrong with it.
 * \return 0, -EINVAL (a hint of a family that the target has no address of) or -ENOMEM.
 */
int zone_hints_fit(const struct site *site, const knot_rrset_t *record, struct zone_hints *hints,
                   const char **why);
