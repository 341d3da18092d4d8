/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Tables in some states of a site, in the place of those that snapshot.c and mirror.c keep.
 *
 * An instance is given its scene as the path of its table: one octet, '0' and the scene's number.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "fake_zone.h"

/*! A state of the site with two uplinks. */
struct scene {
	bool standalone;     /*!< No table. */
	bool unread;         /*!< The table has not been read yet. */
	bool stale;          /*!< Its writer is dead. */
	bool lan;            /*!< Hosts have inside addresses for clients there. */
	bool some_signed;    /*!< Every second variant is signed, not each. */
	uint8_t policy;      /*!< 1 to 4, see table.h. */
	uint8_t unusable;    /*!< Bit N: uplink N. */
	uint8_t drained;     /*!< The same. */
	uint8_t not_ready6;  /*!< The same: it has no forwards of IPv6. */
	uint8_t without6;    /*!< The same: it has no address of IPv6. */
	uint64_t order_only; /*!< Bit N: hosts use uplink N; 0: both. */
};

extern const struct scene fake_scenes[];
extern const size_t fake_scene_count;

/*! Local addresses of knotd: each uplink's, one on the LAN that is no binding. */
enum { FAKE_UPLINK1, FAKE_UPLINK2, FAKE_LAN, FAKE_LOCALS };
extern const char *const fake_locals[FAKE_LOCALS][2];
/*! Clients: outside, on the LAN. */
extern const char *const fake_clients[2][2];

/*! \brief Make all tables, with signatures for a zone. */
void fake_table_init(const struct fake_zone *zone);

/*! \brief Whether a name is a host of the tables. \param owner  Lower case. */
bool fake_table_has(const knot_dname_t *owner);

/*! \brief Whether an address may be answered for a host now. */
bool fake_table_allows(const struct scene *scene, const struct address *address, bool from_lan);
