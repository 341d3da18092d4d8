/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * How far a drain has come.
 */

#include "daemon/kernel.h"
#include "daemon/report.h"

/*! The longest time that a resolver may keep an answer with the uplink's address. */
static uint32_t longest_ttl(const struct standing *standing, unsigned uplink)
{
	uint32_t ttl = 0;
	for (size_t i = 0; i < standing->published->host_count; i++) {
		const struct table_host *host = &standing->published->hosts[i];
		if (((host->ready4 | host->ready6) & UPLINK_BIT(uplink)) != 0 && host->ttl > ttl) {
			ttl = host->ttl;
		}
	}
	return ttl;
}

/*! Whether another uplink takes the new clients. */
static bool others_ready(const struct standing *standing, unsigned uplink)
{
	for (size_t i = 0; i < standing->published->uplink_count; i++) {
		const struct table_uplink *row = &standing->published->uplinks[i];
		if (row->number != uplink && row->usable && !row->drained) {
			return true;
		}
	}
	return false;
}

json_t *report_drain(const struct standing *standing, unsigned uplink)
{
	const struct site *site = standing->site;
	bool drained = (standing->drains->uplinks & UPLINK_BIT(uplink)) != 0;
	uint64_t end =
		standing->drains->since_ms[uplink] + longest_ttl(standing, uplink) * UINT64_C(1000);
	uint64_t now = table_now_ms();
	size_t connections = 0;
	json_t *count =
		conntrack_count(site_mark(site, uplink), site->fwmark_mask, &connections) == 0
			? json_integer((json_int_t)connections)
			: json_null();
	return json_pack("{s:s, s:b, s:I, s:o, s:b}", "uplink", site_uplink(site, uplink)->id,
	                 "drained", drained, "expires_s",
	                 (json_int_t)(drained && end > now ? (end - now + 999) / 1000 : 0),
	                 "connections", count, "others", others_ready(standing, uplink));
}
