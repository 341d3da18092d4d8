/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Addresses of uplinks from the command line: the site file has none of those that follow their
 * interface.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "ctl/zone_names.h"

static struct uplink *find_uplink(struct site *site, const char *id)
{
	for (size_t i = 0; i < site->uplink_count; i++) {
		if (strcmp(site->uplinks[i].id, id) == 0) {
			return &site->uplinks[i];
		}
	}
	return NULL;
}

/*! What is said for the address of an uplink that has never had one. */
#define NO_ADDRESS "none"

static int learn(struct site *site, char *word, uplink_set *named, struct text *error)
{
	struct address address;
	char *equals = strchr(word, '=');
	if (equals != NULL) {
		*equals = '\0';
	}
	struct uplink *uplink = equals != NULL ? find_uplink(site, word) : NULL;
	bool unknown = uplink != NULL && strcmp(equals + 1, NO_ADDRESS) == 0;
	if (uplink == NULL || (!unknown && address_parse(equals + 1, &address) != 0)) {
		text_add(error,
		         "'%s%s%s', is not of the form uplink=address, such as primary=192.0.2.1",
		         word, equals != NULL ? "=" : "", equals != NULL ? equals + 1 : "");
		return -EINVAL;
	}
	if ((*named & UPLINK_BIT(uplink->number)) == 0) {
		// What an earlier list said of it goes.
		*named |= UPLINK_BIT(uplink->number);
		free(uplink->learnt.items);
		uplink->learnt = (struct address_list){ 0 };
	}
	uplink->unknown = unknown;
	if (unknown) {
		return 0;
	}
	struct address_list *list = &uplink->learnt;
	struct address *items = array_grow(list->items, list->count, sizeof(*items));
	if (items == NULL) {
		return -ENOMEM;
	}
	list->items = items;
	list->items[list->count++] = address;
	return 0;
}

int zone_learn_addresses(struct site *site, const char *list, struct text *error)
{
	char *copy = strdup(list);
	char *rest = NULL;
	uplink_set named = 0;
	int ret = copy != NULL ? 0 : -ENOMEM;
	for (char *word = copy != NULL ? strtok_r(copy, ",", &rest) : NULL;
	     ret == 0 && word != NULL; word = strtok_r(NULL, ",", &rest)) {
		ret = learn(site, word, &named, error);
	}
	free(copy);
	return ret;
}
