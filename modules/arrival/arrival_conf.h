/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The module's configuration, and what an instance makes of it.
 *
 * Included after knot/module.h.
 */

#pragma once

#include <stdatomic.h>

#include "arrival/fast.h"
#include "arrival/mirror.h"
#include "arrival/sections.h"
#include "arrival/snapshot.h"

/*! An instance: the module in one zone. */
struct arrival {
	struct snapshot_source *source;   /*!< NULL: standalone. */
	struct snapshot *const *snapshot; /*!< The source's current one; NULL: standalone. */
	struct mirror_zone *mirror; /*!< NULL: the zone is not signed here, or not by plain keys. */
	uint32_t ttl;
	atomic_bool warned;
	knot_dname_storage_t zone;
	size_t zone_size;
	struct fast_memory *threads;    /*!< One each. */
	struct sections_slot *sections; /*!< SECTIONS_SLOTS a thread; NULL: minimal. */
};

/*! The section of knot.conf. */
extern const yp_item_t arrival_conf[];

/*! \brief Judge a section of knot.conf, for knotd. */
int arrival_conf_check(knotd_conf_check_args_t *args);

/*!
 * \brief Read the configuration into a context of zeroes.
 * \return KNOT_EOK or an error of libknot; the context is freed by arrival_free() in any case.
 */
int arrival_configure(struct arrival *arrival, knotd_mod_t *mod);

/*! \brief Free a context; NULL is legal. */
void arrival_free(struct arrival *arrival);
