/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Inside of struct answers, between answer_build.c, who makes it, and answer.c, who looks up.
 */

#pragma once

#include "arrival/answer.h"

/*! An answer for an arrival uplink and family. */
struct answer_cell {
	uint32_t tail;  /*!< Index in tails; 0: not ready. */
	uint8_t uplink; /*!< Number of the first address's uplink. */
};

/*! What hosts of the same uplinks, policy and TTL share. */
struct answer_set {
	struct answer_cell *cells; /*!< Two (IPv4, IPv6) for each uplink, in the table's order. */
};

struct answer_host {
	uint32_t owner; /*!< Offset in owners. */
	uint32_t set;
	uint32_t lan[2]; /*!< Indexes in tails; 0: none. */
	uint8_t owner_size;
	bool has_lan;
};

struct answer_slot {
	uint32_t tag;  /*!< High half of the owner's hash. */
	uint32_t host; /*!< Index + 1, 0 for empty. */
};

struct answers {
	uint64_t serial;
	struct binding_map bindings;
	struct tail_pool tails; /*!< Entry 0 is NULL: «none». */
	uint8_t *owners;
	size_t owners_size;
	struct answer_host *hosts;
	size_t host_count;
	struct answer_slot *host_slots; /*!< Open addressing, at most half full. */
	size_t host_mask;
	struct answer_set *sets;
	size_t set_count;
	size_t uplink_count;
	uint32_t uplink_tails[TABLE_UPLINKS_MAX + 1][2]; /*!< By uplink number. */
};
