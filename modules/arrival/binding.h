/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Where a query came from: its uplink by the socket's local end or device, or the LAN by its client.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <netinet/in.h>

#include "arrival/hash.h"
#include "arrival/local.h"
#include "table/table.h"

/*! Stands for the family in the key of a port. */
#define BINDING_PORT 0xff

struct binding_slot {
	uint64_t word[2]; /*!< Bytes of the address, the port, or the device's name. */
	uint32_t uplink;  /*!< Index of the uplink in the table. */
	uint8_t family; /*!< Of the address, BINDING_PORT, LOCAL_DEVICE, or 0 for an empty slot. */
};

struct binding_prefix4 {
	uint32_t word;
	uint32_t mask;
};

struct binding_prefix6 {
	uint64_t word[2];
	uint64_t mask[2];
};

/*! All bindings of a table; zeroed memory is an empty one. */
struct binding_map {
	struct binding_slot *slots; /*!< Open addressing, at most half full. */
	size_t mask;
	bool by_port;
	bool by_device; /*!< Local ends shall be those of binding_local(). */
	struct binding_prefix4 lan4[TABLE_LAN_MAX];
	struct binding_prefix6 lan6[TABLE_LAN_MAX];
	size_t lan4_count;
	size_t lan6_count;
};

/*! \brief Collect the bindings of a table. \return 0 or -ENOMEM. */
int binding_map_init(struct binding_map *map, const struct table *table);

/*! \brief Free the content. */
void binding_map_deinit(struct binding_map *map);

/*! \brief The key of a port. */
static inline struct local binding_port_key(uint16_t port)
{
	return (struct local){ .word = { port, 0 },
		               .hash = hash_word(BINDING_PORT, port),
		               .family = BINDING_PORT };
}

/*! \brief The slot of a key or the empty one where it belongs. */
static inline struct binding_slot *binding_slot(const struct binding_map *map,
                                                const struct local *key)
{
	for (size_t at = key->hash & map->mask;; at = (at + 1) & map->mask) {
		struct binding_slot *slot = &map->slots[at];
		bool found = slot->word[0] == key->word[0] && slot->word[1] == key->word[1] &&
		             slot->family == key->family;
		if (found || slot->family == 0) {
			return slot;
		}
	}
}

/*!
 * \brief What a query is looked up by: the device of its socket, if an uplink is bound to that.
 * \param local   The socket's local end.
 * \param device  Of local_make_device().
 * \param room    For the result.
 * \return local or room, with local's port.
 */
const struct local *binding_local(const struct binding_map *map, const struct local *local,
                                  const struct local *device, struct local *room);

/*!
 * \brief Find the uplink on which a query arrived.
 *
 * A port is looked at first: it is an uplink's own, whereas an address may be the gateway's on several.
 *
 * \return Index of the uplink in the table, or -1: none is bound to that address or port.
 */
static inline int binding_find(const struct binding_map *map, const struct local *local)
{
	if (map->by_port) {
		struct local key = binding_port_key(local->port);
		const struct binding_slot *slot = binding_slot(map, &key);
		if (slot->family != 0) {
			return (int)slot->uplink;
		}
	}
	if (local->family == 0) {
		return -1;
	}
	const struct binding_slot *slot = binding_slot(map, local);
	return slot->family != 0 ? (int)slot->uplink : -1;
}

/*! \brief Whether an IPv4 address is on the LAN. */
static inline bool binding_has_lan4(const struct binding_map *map, uint32_t word)
{
	for (size_t i = 0; i < map->lan4_count; i++) {
		if ((word & map->lan4[i].mask) == map->lan4[i].word) {
			return true;
		}
	}
	return false;
}

/*! \brief Whether a client is on the LAN, if its socket is one of IPv4. */
static inline bool binding_is_lan4(const struct binding_map *map, const struct sockaddr *client)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)client;
	return binding_has_lan4(map, in->sin_addr.s_addr);
}

/*! \brief Whether a client is on the LAN, whatever its socket. */
bool binding_is_lan6(const struct binding_map *map, const struct sockaddr *client);
