/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * One address after the other, from the one on that has answered last.
 */

#include "arrival/ask_knotd.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "arrival/self_query.h"

/*! What another address would not change. */
static bool is_final(int ret)
{
	return ret == 0 || ret == -ENODATA || ret == -EAGAIN || ret == -EBUSY || ret == -ECANCELED;
}

static int ask_at(const struct ask_knotd *ask, const struct self_address *address,
                  const uint8_t *zone, const struct wanted *wanted, struct learnt *learnt)
{
	struct self_query *query = NULL;
	int ret = self_query_open(address, ask->stop_fd, &query);
	if (ret != 0) {
		return ret;
	}
	atomic_store(ask->self_port, self_query_port(query));
	ret = learn_zone(query, zone, wanted->list, wanted->count, learnt);
	atomic_store(ask->self_port, 0);
	self_query_close(query);
	return ret;
}

int ask_knotd(const struct ask_knotd *ask, const uint8_t *zone, const struct wanted *wanted,
              struct learnt *learnt)
{
	struct self_address *list = NULL;
	size_t count = 0;
	const struct mirror_copy *settings = ask->settings;
	int ret = self_addresses(settings->listen, settings->listen_count, &list, &count);
	if (ret != 0) {
		return ret;
	}
	size_t first = 0;
	for (size_t i = 0; i < count; i++) {
		if (memcmp(&list[i], ask->answering, sizeof(list[i])) == 0) {
			first = i;
		}
	}
	ret = -EADDRNOTAVAIL;
	for (size_t i = 0; i < count && !is_final(ret); i++) {
		const struct self_address *address = &list[(first + i) % count];
		int its = ask_at(ask, address, zone, wanted, learnt);
		// Where nobody listens is the least telling of all.
		ret = is_final(its) || i == 0 || ret == -ECONNREFUSED ? its : ret;
		if (is_final(its) && its != -ECANCELED) {
			*ask->answering = *address;
		}
	}
	free(list);
	return ret;
}

struct ask_knotd_reason ask_knotd_reason(int error)
{
	static const struct {
		int error;
		struct ask_knotd_reason words;
	} rows[] = {
		{ -EAGAIN,
		  { "knotd has not loaded it",
		    "waiting until it has: its log says what is wrong" } },
		{ -EBUSY,
		  { "it changes while it is asked for", "waiting until it comes to rest" } },
		{ -EACCES,
		  { "knotd refuses questions from its own host",
		    "modules that limit or refuse queries must let TCP from its addresses pass" } },
		{ -ETIMEDOUT,
		  { "knotd does not answer its own host",
		    "firewalls must let TCP from this host to the addresses in 'listen' pass" } },
		{ -ECONNREFUSED,
		  { "knotd is not reached from its own host",
		    "firewalls must let TCP from this host to the addresses in 'listen' pass" } },
		{ -EADDRNOTAVAIL,
		  { "no address in 'listen' is one of this host", "list one that is" } },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].error == error) {
			return rows[i].words;
		}
	}
	return (struct ask_knotd_reason){ strerror(-error), "what is not signed yet stays so" };
}
