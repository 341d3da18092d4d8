/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Uplinks that the operator drains: DNS offers them to nobody new.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "site/site.h"
#include "table/table.h"

struct drains {
	uplink_set uplinks;
	uint64_t since_ms[SITE_UPLINKS_MAX + 1]; /*!< CLOCK_BOOTTIME, by uplink number. */
};

/*!
 * \brief Take over the drains of a published table, by the uplinks' ids: so they outlive a restart, and
 *        another order of uplinks in the site file.
 *
 * When they began is not known any more: now, to be on the safe side.
 */
void drains_restore(struct drains *drains, const struct table *published, const struct site *site);

/*! \brief Drain an uplink, or end that. \return Whether it is a change. */
bool drains_set(struct drains *drains, const struct uplink *uplink, bool drain);
