/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * What is logged of cross-probes: what has changed.
 */

#include "daemon/cross_log.h"

#include "base/log.h"

void cross_log(const struct site *site, const struct cross_line *line, enum cross_state before)
{
	struct text service = TEXT_EMPTY;
	struct text where = TEXT_EMPTY;
	const char *id = site_uplink(site, line->uplink)->id;
	cross_service(line, &service);
	cross_where(line, site, &where);
	if (!service.failed && !where.failed && line->state == CROSS_PROVEN) {
		log_line(before == CROSS_UNKNOWN ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO,
		         "uplink '%s', %s is reachable from outside over %s", id, service.data,
		         family_name(line->family));
	} else if (!service.failed && !where.failed) {
		log_warning("uplink '%s', %s is not proven reachable from outside over %s (%s)", id,
		            service.data, family_name(line->family), where.data);
	}
	text_free(&service);
	text_free(&where);
}
