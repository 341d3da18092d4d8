/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Which address types a host's zone has: those that some uplink of it may answer.
 *
 * A name has the same types wherever it is asked for, since a signed zone says which there are: one
 * that no uplink can answer must not be in it. One that an uplink lacks is answered with another
 * uplink's address there.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "site/site.h"

/*! \brief Whether an uplink may be the one whose address of a family a host is answered with. */
bool zone_may_answer(const struct host *host, const struct uplink *uplink, uint8_t family);

/*!
 * \brief Say which types are left out though the server has an address, and which depend on few uplinks.
 * \param warnings  A line for each is added to it.
 */
void zone_types_warn(const struct site *site, const struct host *host, struct text *warnings);
