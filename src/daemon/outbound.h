/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief By which uplink the site's own new connections leave, if it wants failover: pure.
 */

#pragma once

#include <stddef.h>

#include "daemon/plan.h"

/*!
 * \brief Order the uplinks that can be used, in the order of the file; drained ones come last.
 *
 * \param uplinks  A view for each uplink of the site.
 * \param family   FAMILY_4 or FAMILY_6.
 * \param order    Out: numbers, room for SITE_UPLINKS_MAX.
 * \return How many; none if the site says «outbound: leave».
 */
size_t outbound_order(const struct site *site, const struct uplink_view *uplinks,
                      uplink_set drained, unsigned family, unsigned *order);
