/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Lookup of the arrival uplink by local address or port, and of LAN clients by prefix.
 */

#include "arrival/binding.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arrival/hash.h"

/*! Above any address family. */
#define BINDING_KIND_PORT 0x10000

static struct binding_key key_from_address(const struct address *address)
{
	struct binding_key key = { .kind = address->family };
	memcpy(key.word, address->bytes, sizeof(key.word));
	return key;
}

static struct binding_key key_from_port(uint16_t port)
{
	return (struct binding_key){ .kind = BINDING_KIND_PORT, .word = { port, 0 } };
}

static bool key_equal(const struct binding_key *a, const struct binding_key *b)
{
	return a->word[0] == b->word[0] && a->word[1] == b->word[1] && a->kind == b->kind;
}

/*! The slot of a key or the empty one where it belongs. */
static struct binding_slot *find_slot(const struct binding_map *map, const struct binding_key *key)
{
	size_t at = hash_word(hash_word(key->kind, key->word[0]), key->word[1]) & map->mask;
	while (map->slots[at].key.kind != 0 && !key_equal(&map->slots[at].key, key)) {
		at = (at + 1) & map->mask;
	}
	return &map->slots[at];
}

static void add_binding(struct binding_map *map, const struct table_binding *binding, size_t uplink)
{
	struct binding_key key;
	switch (binding->kind) {
	case TABLE_BINDING_ADDRESS:
		key = key_from_address(&binding->address);
		map->by_address = true;
		break;
	case TABLE_BINDING_PORT:
		key = key_from_port(binding->port);
		map->by_port = true;
		break;
	default:
		// knotd does not tell a module the device of a socket.
		return;
	}
	struct binding_slot *slot = find_slot(map, &key);
	if (key.kind != 0 && slot->key.kind == 0) {
		*slot = (struct binding_slot){ key, (uint32_t)uplink };
	}
}

static struct binding_prefix prefix_prepare(const struct prefix *prefix)
{
	struct prefix network = prefix_network(prefix);
	struct binding_prefix prepared = { .family = network.address.family };
	uint8_t mask[16] = { 0 };
	for (size_t bit = 0; bit < network.length; bit++) {
		mask[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	}
	memcpy(prepared.word, network.address.bytes, sizeof(prepared.word));
	memcpy(prepared.mask, mask, sizeof(prepared.mask));
	return prepared;
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
		map->lan[map->lan_count++] = prefix_prepare(&table->meta.lan[i]);
	}
	return 0;
}

void binding_map_deinit(struct binding_map *map)
{
	free(map->slots);
	*map = (struct binding_map){ 0 };
}

static int find_key(const struct binding_map *map, const struct binding_key *key)
{
	const struct binding_slot *slot = find_slot(map, key);
	return slot->key.kind != 0 ? (int)slot->uplink : -1;
}

int binding_find(const struct binding_map *map, const struct local *local)
{
	int found = -1;
	if (map->by_port) {
		struct binding_key key = key_from_port(local->port);
		found = find_key(map, &key);
	}
	if (found < 0 && map->by_address && local->address.family != 0) {
		struct binding_key key = key_from_address(&local->address);
		found = find_key(map, &key);
	}
	return found;
}

bool binding_is_lan(const struct binding_map *map, const struct sockaddr *client)
{
	struct local end;
	if (map->lan_count == 0 || !local_from_sockaddr(client, &end)) {
		return false;
	}
	uint64_t word[2];
	memcpy(word, end.address.bytes, sizeof(word));
	for (size_t i = 0; i < map->lan_count; i++) {
		const struct binding_prefix *lan = &map->lan[i];
		if (lan->family == end.address.family &&
		    ((word[0] & lan->mask[0]) ^ lan->word[0]) == 0 &&
		    ((word[1] & lan->mask[1]) ^ lan->word[1]) == 0) {
			return true;
		}
	}
	return false;
}
