/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The state of each service on each uplink as cross-probes find it.
 */

#include "daemon/cross.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "site/provider.h"

#define DNS_PORT 53

static int compare_lines(const void *first, const void *second)
{
	const struct cross_line *a = first;
	const struct cross_line *b = second;
	const int64_t orders[] = {
		(int64_t)a->uplink - b->uplink,
		(int64_t)a->family - b->family,
		(int64_t)(a->zone == NULL) - (b->zone == NULL),
		(int64_t)a->port - b->port,
	};
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		if (orders[i] != 0) {
			return orders[i] < 0 ? -1 : 1;
		}
	}
	return 0;
}

static int add_line(struct cross_list *list, const struct cross_line *line)
{
	struct cross_line *items = array_grow(list->items, list->count, sizeof(*items));
	if (items == NULL) {
		return -ENOMEM;
	}
	list->items = items;
	items[list->count++] = *line;
	return 0;
}

/*! Several names may share a service. */
static void sort_lines(struct cross_list *list)
{
	size_t kept = 0;
	if (list->count == 0) {
		return;
	}
	qsort(list->items, list->count, sizeof(*list->items), compare_lines);
	for (size_t i = 1; i < list->count; i++) {
		if (compare_lines(&list->items[kept], &list->items[i]) != 0) {
			list->items[++kept] = list->items[i];
		}
	}
	list->count = kept + 1;
}

/*! The first host that an uplink serves has the zone that its name server is asked for. */
static const char *zone_of(const struct site *site, unsigned uplink)
{
	for (size_t i = 0; i < site->host_count; i++) {
		const struct host *host = &site->hosts[i];
		for (size_t k = 0; k < host->uplink_count; k++) {
			if (host->uplink[k] == uplink) {
				return host->domain;
			}
		}
	}
	return NULL;
}

static int add_forward(const struct site *site, const struct site_forward *forward,
                       struct cross_line line, struct cross_list *list)
{
	bool used = (forward->uplinks & UPLINK_BIT(line.uplink)) != 0 &&
	            server_target(forward->server, line.uplink, family_number(line.family)) != NULL;
	// An alias stands for the uplink's address, and the gateway is in the way to no other one.
	used = used && (line.family == FAMILY_4 ||
	                provider_address(site, forward->server, line.uplink, AF_INET6).family == 0);
	int ret = 0;
	for (size_t i = 0; used && ret == 0 && i < forward->port->count; i++) {
		const struct service *service = &forward->port->items[i];
		line.port = service->first;
		if (service->protocol == IPPROTO_TCP) {
			ret = add_line(list, &line);
		}
	}
	return ret;
}

static int add_uplink(const struct site *site, const struct site_forward *forwards, size_t count,
                      unsigned uplink, struct cross_list *list)
{
	int ret = 0;
	for (unsigned family = 0; ret == 0 && family < FAMILIES; family++) {
		struct cross_line line = { .uplink = uplink, .family = family };
		for (size_t i = 0; ret == 0 && i < count; i++) {
			ret = add_forward(site, &forwards[i], line, list);
		}
		line.zone = zone_of(site, uplink);
		line.port = DNS_PORT;
		if (ret == 0 && line.zone != NULL) {
			ret = add_line(list, &line);
		}
	}
	return ret;
}

int cross_list_build(const struct site *site, struct cross_list *list)
{
	struct site_forward *forwards = NULL;
	struct cross_list built = { 0 };
	size_t count = 0;
	int ret = site_crosses(site) ? site_forwards(site, &forwards, &count) : 0;
	for (size_t i = 0; forwards != NULL && ret == 0 && i < site->uplink_count; i++) {
		ret = add_uplink(site, forwards, count, site->uplinks[i].number, &built);
	}
	free(forwards);
	sort_lines(&built);
	if (ret != 0) {
		free(built.items);
		return ret;
	}
	*list = built;
	return 0;
}

static const struct cross_line *find_line(const struct cross_list *list,
                                          const struct cross_line *like)
{
	return list == NULL || list->count == 0
	               ? NULL
	               : bsearch(like, list->items, list->count, sizeof(*like), compare_lines);
}

const struct cross_line *cross_find(const struct cross_list *list, unsigned uplink, unsigned family,
                                    uint16_t port)
{
	const struct cross_line like = {
		.uplink = uplink,
		.family = family,
		.port = port == 0 ? DNS_PORT : port,
		.zone = port == 0 ? "" : NULL,
	};
	return find_line(list, &like);
}

void cross_list_inherit(struct cross_list *list, const struct cross_list *older)
{
	for (size_t i = 0; i < list->count; i++) {
		struct cross_line *line = &list->items[i];
		const struct cross_line *same = find_line(older, line);
		if (same != NULL) {
			const char *zone = line->zone;
			*line = *same;
			line->zone = zone;
		}
	}
}

static bool set_state(struct cross_line *line, enum cross_state state, uint64_t now_ms)
{
	bool changed = line->state != state;
	if (changed) {
		line->state = state;
		line->since_ms = now_ms;
	}
	return changed;
}

bool cross_note(struct cross_line *line, const struct cross_outcome *outcome, uint64_t now_ms)
{
	line->last = *outcome;
	line->tried_ms = now_ms;
	if (outcome->result == CROSS_GOOD && (outcome->seen & CROSS_ARRIVED) == 0) {
		// A provider's proxy has answered in our place.
		line->last.result = CROSS_LOST;
		(void)snprintf(line->last.fault, sizeof(line->last.fault),
		               "answered by a stranger");
	}
	if (line->last.result == CROSS_GOOD) {
		line->failures = 0;
		line->failed = 0;
		return set_state(line, CROSS_PROVEN, now_ms);
	}
	line->failures++;
	line->failed |= UPLINK_BIT(line->last.source);
	if (line->failures < CROSS_FAILURES) {
		return false;
	}
	// Refused somewhere on the way, or here?
	bool here = line->last.result == CROSS_REFUSED && (outcome->seen & CROSS_REPLIED) != 0;
	return set_state(line, here ? CROSS_DEAD : CROSS_UNPROVEN, now_ms);
}

bool cross_note_client(struct cross_line *line, uint64_t seen_ms, uint64_t since_ms,
                       uint64_t now_ms, bool *changed)
{
	line->client_ms = seen_ms;
	*changed = false;
	// A DNS query has come in, but nobody knows whether its answer went out.
	if (line->zone != NULL || seen_ms <= line->tried_ms || seen_ms <= since_ms) {
		return false;
	}
	line->failures = 0;
	line->failed = 0;
	*changed = set_state(line, CROSS_PROVEN, now_ms);
	return true;
}

static bool shares_address(const struct plan *plan, size_t uplink, unsigned family)
{
	const struct address *public = &plan->uplinks[uplink].family[family].public;
	for (size_t i = 0; i < plan->uplink_count; i++) {
		const struct uplink_family *other = &plan->uplinks[i].family[family];
		if (i != uplink && other->routed && address_equal(&other->public, public)) {
			return true;
		}
	}
	return false;
}

/*! Why an uplink is no target now, or NULL. */
static const char *target_fault(const struct plan *plan, size_t uplink, unsigned family,
                                uplink_set drained)
{
	const struct uplink_view *view = &plan->uplinks[uplink];
	if (!view->family[family].usable) {
		return "the uplink is not in use";
	}
	if ((drained & UPLINK_BIT(view->uplink->number)) != 0) {
		return "the uplink is drained";
	}
	return shares_address(plan, uplink, family) ? "another uplink has the same public address"
	                                            : NULL;
}

static unsigned choose_source(const struct cross_line *line, const struct plan *plan,
                              uplink_set drained)
{
	unsigned first = 0;
	unsigned next = 0;
	for (size_t i = 0; i < plan->uplink_count; i++) {
		const struct uplink_family *state = &plan->uplinks[i].family[line->family];
		unsigned number = plan->uplinks[i].uplink->number;
		if (number == line->uplink || !state->routed || !state->open ||
		    (drained & UPLINK_BIT(number)) != 0) {
			continue;
		}
		first = first == 0 ? number : first;
		next = next == 0 && number > line->last.source ? number : next;
		if (line->last.source == number && line->failures == 0) {
			return number;
		}
	}
	return next != 0 ? next : first;
}

unsigned cross_source(struct cross_line *line, const struct plan *plan, uplink_set drained,
                      uint64_t now_ms)
{
	const char *fault = target_fault(plan, line->uplink - 1, line->family, drained);
	unsigned source = fault == NULL ? choose_source(line, plan, drained) : 0;
	if (fault == NULL && source == 0) {
		fault = "no other uplink is there to probe from";
	}
	line->idle = fault;
	if (fault != NULL) {
		(void)set_state(line, CROSS_UNKNOWN, now_ms);
		line->failures = 0;
		line->failed = 0;
	}
	return source;
}

const char *cross_state_name(enum cross_state state)
{
	static const char *const names[] = {
		[CROSS_UNKNOWN] = "unknown",
		[CROSS_PROVEN] = "proven",
		[CROSS_DEAD] = "service dead",
		[CROSS_UNPROVEN] = "unproven",
	};
	return names[state];
}

void cross_service(const struct cross_line *line, struct text *text)
{
	if (line->zone != NULL) {
		text_add(text, "dns");
	} else {
		text_add(text, "tcp/%u", line->port);
	}
}

enum cross_death cross_death(const struct cross_line *line)
{
	// The farthest place at which a packet was seen; the first row that holds.
	static const struct {
		unsigned seen;
		unsigned unseen;
		enum cross_death death;
	} places[] = {
		{ CROSS_RETURNED, CROSS_ARRIVED, CROSS_DEATH_ELSEWHERE },
		{ CROSS_REPLIED, 0, CROSS_DEATH_BACK },
		{ CROSS_ARRIVED, 0, CROSS_DEATH_INSIDE },
		{ CROSS_SENT, 0, CROSS_DEATH_BETWEEN },
		{ 0, 0, CROSS_DEATH_HERE },
	};
	unsigned seen = line->last.seen;
	size_t i = 0;
	if (line->failures == 0 || line->last.source == 0) {
		return CROSS_DEATH_NONE;
	} else if ((seen & CROSS_REPLIED) != 0 && line->last.result == CROSS_REFUSED) {
		return CROSS_DEATH_SERVICE;
	}
	while ((seen & places[i].seen) != places[i].seen || (seen & places[i].unseen) != 0) {
		i++;
	}
	return places[i].death;
}

const char *cross_death_name(enum cross_death death)
{
	static const char *const names[] = {
		[CROSS_DEATH_NONE] = "",
		[CROSS_DEATH_SERVICE] = "service",
		[CROSS_DEATH_ELSEWHERE] = "elsewhere",
		[CROSS_DEATH_BACK] = "way back",
		[CROSS_DEATH_INSIDE] = "inside",
		[CROSS_DEATH_BETWEEN] = "between",
		[CROSS_DEATH_HERE] = "here",
	};
	return names[death];
}

void cross_where(const struct cross_line *line, const struct site *site, struct text *text)
{
	enum cross_death death = cross_death(line);
	if (death == CROSS_DEATH_NONE) {
		return;
	}
	const char *target = site_uplink(site, line->uplink)->id;
	const char *source = site_uplink(site, line->last.source)->id;
	text_add(text, "%s: ", line->last.fault);
	switch (death) {
	case CROSS_DEATH_SERVICE:
		text_add(text, "the way in by '%s' and back is good, the service is not", target);
		break;
	case CROSS_DEATH_ELSEWHERE:
		text_add(text, "sent by '%s', answered before it came in by '%s'", source, target);
		break;
	case CROSS_DEATH_BACK:
		text_add(text, "came in by '%s' and was answered, no answer came back by '%s'",
		         target, source);
		break;
	case CROSS_DEATH_INSIDE:
		text_add(text,
		         "came in by '%s', no answer left by it: a firewall, the server or its "
		         "way back",
		         target);
		break;
	case CROSS_DEATH_BETWEEN:
		text_add(text,
		         "sent by '%s', never came in by '%s': the one provider blocks it "
		         "outwards, the other one inwards, or there is no way between them",
		         source, target);
		break;
	default:
		text_add(text, "nothing left by '%s'", source);
		break;
	}
}
