/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The four sets in which packets of the probes leave their traces: nft_cross.c fills them.
 */

#include "daemon/cross_seen.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <net/if.h>
#include <string.h>

#include "daemon/nft_cross.h"

/*! Listings until we give up because of commits in between. */
#define LIST_ATTEMPTS 10

/*! What is looked for: an interface, padded with zeros, and a port in network order. */
struct trace {
	uint8_t key[IFNAMSIZ + 2];
	bool found;
};

static int trace_take(const uint8_t *key, size_t size, uint64_t expires_ms, void *context)
{
	struct trace *trace = context;
	trace->found |=
		size >= sizeof(trace->key) && memcmp(key, trace->key, sizeof(trace->key)) == 0;
	return 0;
}

static int list_set(struct nfnl *nfnl, const char *set, nfnl_element take, void *context)
{
	int ret = -EAGAIN;
	for (int i = 0; i < LIST_ATTEMPTS && ret == -EAGAIN; i++) {
		ret = nfnl_elements(nfnl, set, take, context);
	}
	return ret;
}

int cross_seen(struct nfnl *nfnl, const char *source, const char *target, uint16_t port,
               unsigned *seen)
{
	const struct {
		const char *set;
		const char *interface;
		unsigned bit;
	} places[] = {
		{ CROSS_SET_SENT, source, CROSS_SENT },
		{ CROSS_SET_ARRIVED, target, CROSS_ARRIVED },
		{ CROSS_SET_REPLIED, target, CROSS_REPLIED },
		{ CROSS_SET_RETURNED, source, CROSS_RETURNED },
	};
	unsigned bits = 0;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct trace trace = { .found = false };
		strncpy((char *)trace.key, places[i].interface, IFNAMSIZ - 1);
		trace.key[IFNAMSIZ] = (uint8_t)(port >> 8);
		trace.key[IFNAMSIZ + 1] = (uint8_t)port;
		int ret = list_set(nfnl, places[i].set, trace_take, &trace);
		if (ret != 0) {
			return ret;
		}
		bits |= trace.found ? places[i].bit : 0;
	}
	*seen = bits;
	return 0;
}

/*! What is looked for: port, interface and family, each padded to 4 bytes. */
struct visit {
	uint8_t key[IFNAMSIZ + 8];
	bool found;
	uint64_t expires_ms;
};

static int visit_take(const uint8_t *key, size_t size, uint64_t expires_ms, void *context)
{
	struct visit *visit = context;
	if (size >= sizeof(visit->key) && memcmp(key, visit->key, sizeof(visit->key)) == 0) {
		visit->found = true;
		visit->expires_ms = expires_ms;
	}
	return 0;
}

int cross_client(struct nfnl *nfnl, const char *uplink, unsigned family, uint16_t port,
                 uint64_t window_ms, uint64_t *age_ms)
{
	struct visit visit = { .found = false };
	visit.key[0] = (uint8_t)(port >> 8);
	visit.key[1] = (uint8_t)port;
	strncpy((char *)visit.key + 4, uplink, IFNAMSIZ - 1);
	visit.key[4 + IFNAMSIZ] = family == FAMILY_4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
	int ret = list_set(nfnl, CROSS_SET_CLIENTS, visit_take, &visit);
	if (ret != 0) {
		return ret;
	}
	if (!visit.found) {
		return -ENOENT;
	}
	*age_ms = visit.expires_ms < window_ms ? window_ms - visit.expires_ms : 0;
	return 0;
}
