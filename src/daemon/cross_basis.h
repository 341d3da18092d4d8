/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief What cross-probes depend on, and whether a pass has changed it.
 */

#pragma once

#include "daemon/cross.h"
#include "daemon/reconcile.h"

/*! What a probe depends on, of a family of an uplink; compared as bytes. */
struct cross_way {
	struct address address;
	struct address public;
	struct address gateway;
	bool routed;
	bool open;
	bool usable;
};

/*! The outcome of a pass, as far as probes are concerned. */
struct cross_basis {
	uint64_t uplinks; /*!< A hash of their ids in order. */
	uplink_set drained;
	unsigned commits;
	struct uplink_sets broken;
	struct cross_way ways[SITE_UPLINKS_MAX][FAMILIES];
};

/*! \brief Whether a site has the uplinks of before, by their ids in order. Notes those it has. */
bool cross_basis_same_uplinks(struct cross_basis *basis, const struct site *site);

/*! \brief Note the outcome of a pass. \return Whether it differs from the last one. */
bool cross_basis_changed(struct cross_basis *basis, const struct standing *standing);
