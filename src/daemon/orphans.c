/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Ending of connections that a forward should have translated.
 *
 * Only the first packet of a connection meets the nat chains. A client that sends datagrams from one
 * port (SIP, QUIC, WireGuard) keeps a connection alive that was made while the forward was missing, or
 * led to another server. A port that we do not forward is somebody else's, and left alone.
 */

#include "daemon/orphans.h"

#include <string.h>

#include "base/log.h"
#include "daemon/kernel.h"

struct search {
	const struct plan *plan;
	const struct observed *observed;
	const struct nft_forwards *forwards;
};

/*! The uplink whose interface holds an address, or 0. */
static unsigned address_uplink(const struct search *search, const struct address *address)
{
	for (size_t i = 0; i < search->observed->address_count; i++) {
		const struct link_address *own = &search->observed->addresses[i];
		for (size_t j = 0; j < search->plan->uplink_count; j++) {
			const struct uplink_view *view = &search->plan->uplinks[j];
			if (view->link != NULL && view->link->index == own->link &&
			    address_equal(&own->prefix.address, address)) {
				return view->uplink->number;
			}
		}
	}
	return 0;
}

static bool is_orphan(const struct connection *connection, void *context)
{
	const struct search *search = context;
	unsigned uplink = address_uplink(search, &connection->destination);
	if (uplink == 0) {
		return false;
	}
	uint16_t inside = 0;
	const struct address *target =
		nft_forwards_target(search->forwards, uplink, connection->destination.family,
	                            connection->protocol, connection->port, &inside);
	return target != NULL &&
	       (!connection->translated || !address_equal(target, &connection->target) ||
	        inside != connection->target_port);
}

int orphans_end(const struct nft_forwards *forwards, const struct plan *plan,
                const struct observed *observed, size_t *ended)
{
	struct search search = { plan, observed, forwards };
	size_t deleted = 0;
	int ret = conntrack_delete_matching(NULL, is_orphan, &search, &deleted);
	if (ret != 0) {
		log_error("connections apart from their forward, failed to end (%s)",
		          strerror(-ret));
	} else if (deleted > 0) {
		log_info("connections apart from their forward, ended %zu", deleted);
	}
	if (ret == 0) {
		*ended = deleted;
	}
	return ret;
}
