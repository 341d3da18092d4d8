/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The four sets in which packets of the probes leave their traces: nft_cross.c fills them.
 */

#include "daemon/cross_seen.h"

#include <errno.h>
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

static int trace_take(const uint8_t *key, size_t size, void *context)
{
	struct trace *trace = context;
	trace->found |=
		size >= sizeof(trace->key) && memcmp(key, trace->key, sizeof(trace->key)) == 0;
	return 0;
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
		int ret = -EAGAIN;
		for (int k = 0; k < LIST_ATTEMPTS && ret == -EAGAIN; k++) {
			ret = nfnl_elements(nfnl, places[i].set, trace_take, &trace);
		}
		if (ret != 0) {
			return ret;
		}
		bits |= trace.found ? places[i].bit : 0;
	}
	*seen = bits;
	return 0;
}
