/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Changes that call for a new round of cross-probes.
 */

#include "daemon/cross_basis.h"

#include <string.h>

#include "daemon/ruleset.h"

bool cross_basis_same_uplinks(struct cross_basis *basis, const struct site *site)
{
	// FNV-1a; the zero at the end of each id keeps them apart.
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < site->uplink_count; i++) {
		const char *id = site->uplinks[i].id;
		for (size_t k = 0; k <= strlen(id); k++) {
			hash = (hash ^ (uint8_t)id[k]) * UINT64_C(0x100000001b3);
		}
	}
	bool same = basis->uplinks == hash;
	basis->uplinks = hash;
	return same;
}

static void read_ways(const struct plan *plan, struct cross_way ways[SITE_UPLINKS_MAX][FAMILIES])
{
	for (size_t i = 0; i < plan->uplink_count; i++) {
		for (unsigned family = 0; family < FAMILIES; family++) {
			const struct uplink_family *state = &plan->uplinks[i].family[family];
			ways[i][family] =
				(struct cross_way){ state->address, state->public, state->gateway,
				                    state->routed,  state->open,   state->usable };
		}
	}
}

bool cross_basis_changed(struct cross_basis *basis, const struct standing *standing)
{
	struct cross_way ways[SITE_UPLINKS_MAX][FAMILIES] = { 0 };
	read_ways(standing->plan, ways);
	bool changed = basis->commits != standing->loaded->commits ||
	               basis->drained != standing->drains->uplinks ||
	               memcmp(&basis->broken, &standing->broken, sizeof(basis->broken)) != 0 ||
	               memcmp(basis->ways, ways, sizeof(ways)) != 0;
	basis->commits = standing->loaded->commits;
	basis->drained = standing->drains->uplinks;
	basis->broken = standing->broken;
	memcpy(basis->ways, ways, sizeof(ways));
	return changed;
}
