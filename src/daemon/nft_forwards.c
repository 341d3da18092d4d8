/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The forwards of a site as elements of nft maps.
 *
 * Two hosts on one server share its forwards (virtual hosts): the same element must not come twice.
 */

#include "daemon/nft_forwards.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/array.h"
#include "site/provider.h"

struct element {
	unsigned uplink;
	uint8_t family;
	bool range;
	uint8_t protocol;
	uint16_t first;
	uint16_t last;
	uint16_t inside;
	struct address target;
	struct address outside; /*!< The server's own out there; none: it is the uplink's. */
};

struct nft_forwards {
	struct element *items;
	size_t count;
};

#define ORDER_BY(field)                                             \
	do {                                                        \
		if (left->field != right->field) {                  \
			return left->field < right->field ? -1 : 1; \
		}                                                   \
	} while (0)

static int element_compare(const void *a, const void *b)
{
	const struct element *left = a;
	const struct element *right = b;
	ORDER_BY(uplink);
	ORDER_BY(family);
	ORDER_BY(range);
	ORDER_BY(protocol);
	ORDER_BY(first);
	ORDER_BY(last);
	ORDER_BY(inside);
	int order = address_compare(&left->target, &right->target);
	return order != 0 ? order : address_compare(&left->outside, &right->outside);
}

static int add_service(struct nft_forwards *forwards, const struct site *site,
                       const struct server *server, const struct service *service, unsigned uplink,
                       uint8_t family)
{
	const struct address *target = server_target(server, uplink, family);
	if (target == NULL) {
		return 0;
	}
	struct element *items = array_grow(forwards->items, forwards->count, sizeof(*items));
	if (items == NULL) {
		return -ENOMEM;
	}
	forwards->items = items;
	items[forwards->count++] = (struct element){
		.uplink = uplink,
		.family = family,
		.range = service->first != service->last,
		.protocol = service->protocol,
		.first = service->first,
		.last = service->last,
		.inside = service->inside,
		.target = *target,
		.outside = provider_address(site, server, uplink, family),
	};
	return 0;
}

static int add_forward(struct nft_forwards *forwards, const struct site *site,
                       const struct site_forward *forward)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	int ret = 0;
	for (size_t i = 0; i < site->uplink_count; i++) {
		unsigned uplink = site->uplinks[i].number;
		if ((forward->uplinks & UPLINK_BIT(uplink)) == 0) {
			continue;
		}
		for (size_t j = 0; ret == 0 && j < 2 * forward->port->count; j++) {
			ret = add_service(forwards, site, forward->server,
			                  &forward->port->items[j / 2], uplink, families[j % 2]);
		}
	}
	return ret;
}

int nft_forwards_build(const struct site *site, struct nft_forwards **forwards)
{
	struct site_forward *all = NULL;
	size_t count = 0;
	int ret = site_forwards(site, &all, &count);
	if (ret != 0) {
		return ret;
	}
	struct nft_forwards *built = calloc(1, sizeof(*built));
	ret = built != NULL ? 0 : -ENOMEM;
	for (size_t i = 0; ret == 0 && i < count; i++) {
		ret = add_forward(built, site, &all[i]);
	}
	free(all);
	if (ret != 0) {
		nft_forwards_free(built);
		return ret;
	}
	if (built->count > 1) {
		qsort(built->items, built->count, sizeof(*built->items), element_compare);
	}
	*forwards = built;
	return 0;
}

void nft_forwards_free(struct nft_forwards *forwards)
{
	if (forwards == NULL) {
		return;
	}
	free(forwards->items);
	free(forwards);
}

static bool is_double(const struct nft_forwards *forwards, size_t index)
{
	const struct element *item = &forwards->items[index];
	return index > 0 && element_compare(item, item - 1) == 0;
}

void nft_forwards_print_outside(const struct nft_forwards *forwards, unsigned uplink, bool range,
                                struct text *text)
{
	size_t start = text->length;
	for (size_t i = 0; i < forwards->count; i++) {
		const struct element *item = &forwards->items[i];
		char outside[ADDRESS_TEXT_MAX];
		if (item->uplink != uplink || item->range != range || item->outside.family == 0 ||
		    is_double(forwards, i)) {
			continue;
		}
		text_add(text, "%s%s . %s . %u", text->length == start ? "" : ",\n\t\t\t",
		         address_format(&item->outside, outside),
		         item->protocol == IPPROTO_TCP ? "tcp" : "udp", item->first);
		if (range) {
			text_add(text, "-%u", item->last);
		}
	}
}

void nft_forwards_print(const struct nft_forwards *forwards, unsigned uplink, uint8_t family,
                        bool range, struct text *text)
{
	size_t start = text->length;
	for (size_t i = 0; i < forwards->count; i++) {
		const struct element *item = &forwards->items[i];
		char target[ADDRESS_TEXT_MAX];
		if (item->uplink != uplink || item->family != family || item->range != range ||
		    item->outside.family != 0 || is_double(forwards, i)) {
			continue;
		}
		text_add(text, "%s%s . %u", text->length == start ? "" : ",\n\t\t\t",
		         item->protocol == IPPROTO_TCP ? "tcp" : "udp", item->first);
		address_format(&item->target, target);
		if (range) {
			text_add(text, "-%u : %s", item->last, target);
		} else {
			text_add(text, " : %s . %u", target, item->inside);
		}
	}
}

const struct address *nft_forwards_target(const struct nft_forwards *forwards, unsigned uplink,
                                          uint8_t family, uint8_t protocol, uint16_t port,
                                          uint16_t *inside)
{
	for (size_t i = 0; i < forwards->count; i++) {
		const struct element *item = &forwards->items[i];
		if (item->uplink == uplink && item->family == family && item->outside.family == 0 &&
		    item->protocol == protocol && item->first <= port && port <= item->last) {
			*inside = item->range ? port : item->inside;
			return &item->target;
		}
	}
	return NULL;
}
