/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Address hints in a host's zone, by the function that the module has for its answers.
 */

#include "ctl/zone_hints.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "arrival/svcb.h"
#include "ctl/zone_host.h"

static const uint8_t families[2] = { AF_INET, AF_INET6 };

/*! A search for a target among the site's hosts. */
struct search {
	const struct site *site;
	struct tail_buffer tail[2];
	bool missing[2]; /*!< The target is a host without such addresses. */
};

static bool is_host(const struct host *host, const char *name)
{
	if (strcasecmp(host->domain, name) == 0) {
		return true;
	}
	for (size_t i = 0; i < host->alias.count; i++) {
		char owner[KNOT_DNAME_TXT_MAXLEN + 1];
		if (host_alias_owner(host, i, owner, sizeof(owner)) == 0 &&
		    strcasecmp(owner, name) == 0) {
			return true;
		}
	}
	return false;
}

static bool find_target(void *context, const knot_dname_t *target, size_t target_size,
                        struct svcb_addresses *addresses)
{
	(void)target_size;
	struct search *search = context;
	char name[KNOT_DNAME_TXT_MAXLEN + 1];
	if (knot_dname_to_str(name, target, sizeof(name)) == NULL) {
		return true;
	}
	name[strlen(name) - 1] = '\0';
	const struct host *host = NULL;
	for (size_t i = 0; i < search->site->host_count && host == NULL; i++) {
		host = is_host(&search->site->hosts[i], name) ? &search->site->hosts[i] : NULL;
	}
	for (size_t i = 0; i < 2 && host != NULL; i++) {
		struct address address;
		search->missing[i] =
			!zone_host_placeholder(search->site, host, families[i], &address);
		addresses->hint[i] = search->missing[i] ? SVCB_HINT_KEEP : SVCB_HINT_REPLACE;
		addresses->tail[i] = search->missing[i] ? NULL
		                                        : tail_init(search->tail[i].bytes,
		                                                    host->ttl, &address, 1);
	}
	return true;
}

static void *allocate(void *context, size_t size)
{
	(void)context;
	return malloc(size);
}

int zone_hints_fit(const struct site *site, const knot_rrset_t *record, struct zone_hints *hints,
                   const char **why)
{
	const knot_rdata_t *rdata = record->rrs.rdata;
	hints->ttl = record->ttl;
	hints->size = rdata->len;
	memcpy(hints->rdata, rdata->data, rdata->len);
	struct svcb svcb;
	if ((record->type != KNOT_RRTYPE_SVCB && record->type != KNOT_RRTYPE_HTTPS) ||
	    !svcb_parse(rdata->data, rdata->len, &svcb)) {
		return 0;
	}
	struct search search = { .site = site };
	knot_mm_t mm = { .alloc = allocate, .free = free };
	const struct tail *tail = NULL;
	enum svcb_result result = svcb_replace(record, find_target, &search, &mm, &tail);
	if (result == SVCB_REPLACED) {
		rdata = (const knot_rdata_t *)(const void *)tail->rdata;
		hints->ttl = tail->ttl;
		hints->size = rdata->len;
		memcpy(hints->rdata, rdata->data, rdata->len);
		free((void *)(uintptr_t)tail);
	}
	for (size_t i = 0; i < 2; i++) {
		if (search.missing[i] && svcb.has_hint[i]) {
			*why = i == 0 ? "its target has no IPv4 address: leave ipv4hint out"
			              : "its target has no IPv6 address: leave ipv6hint out";
			return -EINVAL;
		}
	}
	return result == SVCB_ERROR ? -ENOMEM : 0;
}
