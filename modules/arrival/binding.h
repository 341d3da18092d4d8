/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Where a query came from: its uplink by the local end of the socket, or the LAN by its client.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arrival/local.h"
#include "table/table.h"

/*! An address or port that tells an uplink. */
struct binding_key {
	uint64_t word[2];
	uint32_t kind; /*!< Family of the address, BINDING_KIND_PORT, or 0 for an empty slot. */
};

struct binding_slot {
	struct binding_key key;
	uint32_t uplink; /*!< Index of the uplink in the table. */
};

struct binding_prefix {
	uint8_t family;
	uint64_t word[2];
	uint64_t mask[2];
};

/*! All bindings of a table; zeroed memory is an empty one. */
struct binding_map {
	struct binding_slot *slots; /*!< Open addressing, at most half full. */
	size_t mask;
	bool by_address;
	bool by_port;
	struct binding_prefix lan[TABLE_LAN_MAX];
	size_t lan_count;
};

/*! \brief Collect the bindings of a table. \return 0 or -ENOMEM. */
int binding_map_init(struct binding_map *map, const struct table *table);

/*! \brief Free the content. */
void binding_map_deinit(struct binding_map *map);

/*!
 * \brief Find the uplink on which a query arrived.
 *
 * A port is looked at first: it is an uplink's own, whereas an address may be the gateway's on several.
 *
 * \return Index of the uplink in the table, or -1: none is bound to that address or port.
 */
int binding_find(const struct binding_map *map, const struct local *local);

/*! \brief Whether a client is on the LAN. */
bool binding_is_lan(const struct binding_map *map, const struct sockaddr *client);
