/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Collecting of a table's bindings and LAN prefixes into what is looked up by each query.
 */

#include "arrival/binding.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void add_binding(struct binding_map *map, const struct table_binding *binding, size_t uplink)
{
	struct local key;
	switch (binding->kind) {
	case TABLE_BINDING_ADDRESS:
		key = local_make(&binding->address, 0);
		break;
	case TABLE_BINDING_PORT:
		key = binding_port_key(binding->port);
		map->by_port = true;
		break;
	case TABLE_BINDING_DEVICE:
		key = local_make_device(binding->device);
		map->by_device = true;
		break;
	default:
		return;
	}
	struct binding_slot *slot = binding_slot(map, &key);
	if (key.family != 0 && slot->family == 0) {
		*slot = (struct binding_slot){ .word = { key.word[0], key.word[1] },
			                       .uplink = (uint32_t)uplink,
			                       .family = key.family };
	}
}

static void add_lan(struct binding_map *map, const struct prefix *lan)
{
	struct prefix network = prefix_network(lan);
	uint8_t mask[16] = { 0 };
	for (size_t bit = 0; bit < network.length; bit++) {
		mask[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	}
	if (network.address.family == AF_INET) {
		struct binding_prefix4 *prefix = &map->lan4[map->lan4_count++];
		memcpy(&prefix->word, network.address.bytes, sizeof(prefix->word));
		memcpy(&prefix->mask, mask, sizeof(prefix->mask));
	} else if (network.address.family == AF_INET6) {
		struct binding_prefix6 *prefix = &map->lan6[map->lan6_count++];
		memcpy(prefix->word, network.address.bytes, sizeof(prefix->word));
		memcpy(prefix->mask, mask, sizeof(prefix->mask));
	}
}

bool binding_is_lan6(const struct binding_map *map, const struct sockaddr *client)
{
	struct local end;
	if (!local_from_sockaddr(client, &end)) {
		return false;
	}
	if (end.family == AF_INET) {
		uint32_t word;
		memcpy(&word, end.word, sizeof(word));
		return binding_has_lan4(map, word);
	}
	for (size_t i = 0; i < map->lan6_count; i++) {
		const struct binding_prefix6 *lan = &map->lan6[i];
		if ((end.word[0] & lan->mask[0]) == lan->word[0] &&
		    (end.word[1] & lan->mask[1]) == lan->word[1]) {
			return true;
		}
	}
	return false;
}

const struct local *binding_local(const struct binding_map *map, const struct local *local,
                                  const struct local *device, struct local *room)
{
	if (device->family == 0 || binding_slot(map, device)->family == 0) {
		return local;
	}
	uint16_t port = local->port;
	*room = *device;
	room->port = port;
	return room;
}

int binding_map_init(struct binding_map *map, const struct table *table)
{
	size_t count = 0;
	for (size_t i = 0; i < table->uplink_count; i++) {
		count += table->uplinks[i].binding_count;
	}
	size_t slot_count = 4;
	while (slot_count < count * 2) {
		slot_count *= 2;
	}
	*map = (struct binding_map){ .mask = slot_count - 1 };
	map->slots = calloc(slot_count, sizeof(*map->slots));
	if (map->slots == NULL) {
		return -ENOMEM;
	}
	for (size_t i = 0; i < table->uplink_count; i++) {
		const struct table_uplink *uplink = &table->uplinks[i];
		for (size_t j = 0; j < uplink->binding_count; j++) {
			add_binding(map, &uplink->binding[j], i);
		}
	}
	for (size_t i = 0; i < table->meta.lan_count; i++) {
		add_lan(map, &table->meta.lan[i]);
	}
	return 0;
}

void binding_map_deinit(struct binding_map *map)
{
	free(map->slots);
	*map = (struct binding_map){ 0 };
}
