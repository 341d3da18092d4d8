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
#include "daemon/diff.h"
#include "daemon/kernel.h"
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

/*! Elements of one map, or set, stand together. */
static int map_compare(const struct element *left, const struct element *right)
{
	ORDER_BY(uplink);
	ORDER_BY(family);
	ORDER_BY(range);
	ORDER_BY(outside.family);
	return 0;
}

static int element_compare(const void *a, const void *b)
{
	const struct element *left = a;
	const struct element *right = b;
	int map = map_compare(left, right);
	if (map != 0) {
		return map;
	}
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

static void sort_and_thin(struct nft_forwards *forwards)
{
	struct element *items = forwards->items;
	size_t kept = 0;
	if (forwards->count > 1) {
		qsort(items, forwards->count, sizeof(*items), element_compare);
	}
	for (size_t i = 0; i < forwards->count; i++) {
		if (kept == 0 || element_compare(&items[i], &items[kept - 1]) != 0) {
			items[kept++] = items[i];
		}
	}
	forwards->count = kept;
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
	sort_and_thin(built);
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

/*! Print the key of an element, and what it is mapped to. */
static void print_element(const struct element *item, bool value, struct text *text)
{
	char address[ADDRESS_TEXT_MAX];
	if (item->outside.family != 0) {
		text_add(text, "%s . ", address_format(&item->outside, address));
	}
	text_add(text, "%s . %u", item->protocol == IPPROTO_TCP ? "tcp" : "udp", item->first);
	if (item->range) {
		text_add(text, "-%u", item->last);
	}
	if (value && item->outside.family == 0) {
		text_add(text, " : %s", address_format(&item->target, address));
		if (!item->range) {
			text_add(text, " . %u", item->inside);
		}
	}
}

void nft_forwards_print_outside(const struct nft_forwards *forwards, unsigned uplink, bool range,
                                struct text *text)
{
	size_t start = text->length;
	for (size_t i = 0; i < forwards->count; i++) {
		const struct element *item = &forwards->items[i];
		if (item->uplink == uplink && item->range == range && item->outside.family != 0) {
			text_add(text, "%s", text->length == start ? "" : ",\n\t\t\t");
			print_element(item, true, text);
		}
	}
}

void nft_forwards_print(const struct nft_forwards *forwards, unsigned uplink, uint8_t family,
                        bool range, struct text *text)
{
	size_t start = text->length;
	for (size_t i = 0; i < forwards->count; i++) {
		const struct element *item = &forwards->items[i];
		if (item->uplink == uplink && item->family == family && item->range == range &&
		    item->outside.family == 0) {
			text_add(text, "%s", text->length == start ? "" : ",\n\t\t\t");
			print_element(item, true, text);
		}
	}
}

/*! The elements of one map, or set, of one site. */
struct stretch {
	const struct element *items;
	size_t count;
};

/*! Take the elements of a map, which come one after the other, from the beginning of the rest. */
static struct stretch stretch_take(struct stretch *rest, const struct element *map)
{
	struct stretch taken = { .items = rest->items };
	while (rest->count > 0 && map_compare(rest->items, map) == 0) {
		taken.count++;
		rest->items++;
		rest->count--;
	}
	return taken;
}

static int count_element(const void *data, void *context)
{
	(*(size_t *)context)++;
	return 0;
}

/*! A command of one kind about elements of one map. */
struct change {
	struct text *text;
	const char *verb;
	bool values; /*!< An element is deleted by its key. */
	bool begun;
};

static void print_map(const struct element *item, struct text *text)
{
	const char *size = item->range ? "range" : "single";
	if (item->outside.family != 0) {
		text_add(text, OUR_NFT_TABLE " outside_%s_%u", size, item->uplink);
	} else {
		text_add(text, OUR_NFT_TABLE " %s%c_%u", size, item->family == AF_INET ? '4' : '6',
		         item->uplink);
	}
}

static int change_element(const void *data, void *context)
{
	const struct element *item = data;
	struct change *change = context;
	if (change->begun) {
		text_add(change->text, ", ");
	} else {
		text_add(change->text, "%s element inet ", change->verb);
		print_map(item, change->text);
		text_add(change->text, " { ");
	}
	change->begun = true;
	print_element(item, change->values, change->text);
	return 0;
}

/*! Where the smaller part stays, to fill the map anew is less work than to change it. */
static void change_map(const struct stretch *old, const struct stretch *wanted, struct text *text)
{
	struct change delete = { .text = text, .verb = "delete" };
	struct change add = { .text = text, .verb = "add", .values = true };
	struct stretch kept = *old;
	size_t deleted = 0;
	(void)diff_run(wanted->items, wanted->count, old->items, old->count, sizeof(*old->items),
	               element_compare, NULL, count_element, &deleted);
	if (deleted > 1 && deleted > old->count - deleted) {
		text_add(text, "flush %s inet ", old->items->outside.family != 0 ? "set" : "map");
		print_map(old->items, text);
		text_add(text, "\n");
		kept.count = 0;
	} else if (deleted > 0) {
		(void)diff_run(wanted->items, wanted->count, old->items, old->count,
		               sizeof(*old->items), element_compare, NULL, change_element, &delete);
		text_add(text, " }\n");
	}
	(void)diff_run(wanted->items, wanted->count, kept.items, kept.count, sizeof(*kept.items),
	               element_compare, change_element, NULL, &add);
	text_add(text, "%s", add.begun ? " }\n" : "");
}

void nft_forwards_change(const struct nft_forwards *old, const struct nft_forwards *forwards,
                         struct text *text)
{
	struct stretch before = { .items = old->items, .count = old->count };
	struct stretch after = { .items = forwards->items, .count = forwards->count };
	while (before.count > 0 || after.count > 0) {
		bool first = after.count == 0 ||
		             (before.count > 0 && map_compare(before.items, after.items) < 0);
		const struct element *map = first ? before.items : after.items;
		struct stretch is = stretch_take(&before, map);
		struct stretch wanted = stretch_take(&after, map);
		change_map(&is, &wanted, text);
	}
}

/*! The last element at or before a port, of one map and protocol; or NULL. */
static const struct element *find_element(const struct nft_forwards *forwards,
                                          const struct element *wanted)
{
	size_t low = 0;
	size_t high = forwards->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (element_compare(&forwards->items[middle], wanted) <= 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	const struct element *found = low > 0 ? &forwards->items[low - 1] : NULL;
	return found != NULL && found->uplink == wanted->uplink &&
	                       found->family == wanted->family && found->range == wanted->range &&
	                       found->outside.family == 0 && found->protocol == wanted->protocol
	               ? found
	               : NULL;
}

const struct address *nft_forwards_target(const struct nft_forwards *forwards, unsigned uplink,
                                          uint8_t family, uint8_t protocol, uint16_t port,
                                          uint16_t *inside)
{
	for (int range = 0; range < 2; range++) {
		struct element wanted = {
			.uplink = uplink,
			.family = family,
			.range = range == 1,
			.protocol = protocol,
			.first = port,
			.last = UINT16_MAX,
			.inside = UINT16_MAX,
			.target.family = UINT8_MAX,
		};
		const struct element *found = find_element(forwards, &wanted);
		if (found != NULL && port <= found->last) {
			*inside = found->range ? port : found->inside;
			return &found->target;
		}
	}
	return NULL;
}
