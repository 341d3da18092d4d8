/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Reading an observation from a file of short lines.
 */

#include "daemon/observed_text.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

/*! The words of a line still to be read. */
struct words {
	char *rest;
};

static const char *next_word(struct words *words)
{
	return strtok_r(NULL, " \t\r\n", &words->rest);
}

static int read_link(struct words *words, struct observed *observed)
{
	const char *name = next_word(words);
	struct link link = { .index = (int)observed->link_count + 1 };
	uint8_t rp_filter = 0;
	if (name == NULL || strlen(name) >= sizeof(link.name)) {
		return -EINVAL;
	}
	strcpy(link.name, name);
	for (const char *word = next_word(words); word != NULL; word = next_word(words)) {
		if (strcmp(word, "up") == 0) {
			link.up = true;
		} else if (strcmp(word, "carrier") == 0) {
			link.carrier = true;
		} else if (strcmp(word, "point-to-point") == 0) {
			link.point_to_point = true;
		} else if (strcmp(word, "rp-filter") == 0 && (word = next_word(words)) != NULL) {
			rp_filter = (uint8_t)atoi(word);
		} else {
			return -EINVAL;
		}
	}

	struct link *links = array_grow(observed->links, observed->link_count, sizeof(*links));
	if (links == NULL) {
		return -ENOMEM;
	}
	observed->links = links;
	uint8_t *filters = array_grow(observed->rp_filter, observed->link_count, sizeof(*filters));
	if (filters == NULL) {
		return -ENOMEM;
	}
	observed->rp_filter = filters;
	filters[observed->link_count] = rp_filter;
	links[observed->link_count++] = link;
	return 0;
}

static int read_address(struct words *words, struct observed *observed)
{
	const char *name = next_word(words);
	const char *prefix = next_word(words);
	const char *state = next_word(words);
	const struct link *link = name != NULL ? observed_link(observed, name) : NULL;
	struct link_address address = { .usable = state == NULL };
	if (link == NULL || prefix == NULL || prefix_parse(prefix, &address.prefix) != 0 ||
	    (state != NULL && strcmp(state, "unusable") != 0)) {
		return -EINVAL;
	}
	address.link = link->index;
	struct link_address *addresses =
		array_grow(observed->addresses, observed->address_count, sizeof(*addresses));
	if (addresses == NULL) {
		return -ENOMEM;
	}
	observed->addresses = addresses;
	addresses[observed->address_count++] = address;
	return 0;
}

static int read_route(struct words *words, struct observed *observed)
{
	const char *prefix = next_word(words);
	struct route route = { .table = RT_TABLE_MAIN, .type = RTN_UNICAST };
	if (prefix == NULL || prefix_parse(prefix, &route.destination) != 0) {
		return -EINVAL;
	}
	route.family = route.destination.address.family;
	for (const char *word = next_word(words); word != NULL; word = next_word(words)) {
		const char *value = next_word(words);
		if (value == NULL) {
			return -EINVAL;
		}
		if (strcmp(word, "via") == 0) {
			if (address_parse(value, &route.gateway) != 0) {
				return -EINVAL;
			}
		} else if (strcmp(word, "dev") == 0) {
			const struct link *link = observed_link(observed, value);
			route.link = link != NULL ? link->index : 0;
		} else if (strcmp(word, "metric") == 0) {
			route.metric = (uint32_t)strtoul(value, NULL, 10);
		} else {
			return -EINVAL;
		}
	}
	if (route.link == 0) {
		return -EINVAL;
	}
	if (route.destination.length == 0) {
		route.destination = (struct prefix){ 0 };
	}
	struct route *routes =
		array_grow(observed->main_routes, observed->main_route_count, sizeof(*routes));
	if (routes == NULL) {
		return -ENOMEM;
	}
	observed->main_routes = routes;
	routes[observed->main_route_count++] = route;
	return 0;
}

static int read_line(char *line, struct observed *observed)
{
	line[strcspn(line, "#")] = '\0';
	struct words words;
	const char *kind = strtok_r(line, " \t\r\n", &words.rest);
	if (kind == NULL) {
		return 0;
	}
	if (strcmp(kind, "link") == 0) {
		return read_link(&words, observed);
	}
	if (strcmp(kind, "address") == 0) {
		return read_address(&words, observed);
	}
	if (strcmp(kind, "route") == 0) {
		return read_route(&words, observed);
	}
	const struct {
		const char *name;
		bool *value;
	} settings[] = {
		{ "forwarding4", &observed->forwarding4 },
		{ "forwarding6", &observed->forwarding6 },
		{ "src-valid-mark", &observed->src_valid_mark },
		{ "no-ipv6", &observed->no_ipv6 },
	};
	const char *value = next_word(&words);
	for (size_t i = 0; value != NULL && i < sizeof(settings) / sizeof(settings[0]); i++) {
		if (strcmp(kind, settings[i].name) == 0) {
			*settings[i].value = strcmp(value, "on") == 0;
			return 0;
		}
	}
	return -EINVAL;
}

int observed_read(const char *path, struct observed *observed)
{
	FILE *file = fopen(path, "re");
	if (file == NULL) {
		int ret = -errno;
		(void)fprintf(stderr, "%s: %s\n", path, strerror(-ret));
		return ret;
	}
	struct observed read = { .forwarding4 = true, .forwarding6 = true };
	char line[512];
	unsigned number = 0;
	int ret = 0;
	while (ret == 0 && fgets(line, sizeof(line), file) != NULL) {
		number++;
		ret = read_line(line, &read);
	}
	(void)fclose(file);
	if (ret != 0) {
		(void)fprintf(stderr, "%s:%u: %s\n", path, number,
		              ret == -EINVAL ? "not understood; see multihomed(8), --observed"
		                             : strerror(-ret));
		observed_deinit(&read);
		return ret;
	}
	observed_sort(&read);
	*observed = read;
	return 0;
}
