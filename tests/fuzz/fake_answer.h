/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief How knotd answers from a zone, with the module's hooks between the sections. Included after knot/module.h.
 */

#pragma once

#include "fake_knotd.h"

/*! An instance of the module. */
struct knotd_mod {
	void *context;
	const struct fake_zone *zone;
	struct fake_settings settings;
	knotd_mod_hook_f begin;
	knotd_mod_hook_f end;
	knotd_mod_in_hook_f in[KNOTD_STAGE_END];
};

/*! Memory of a query, freed after it at once: knotd's is a pool. */
struct fake_block {
	_Alignas(16) struct fake_block *next;
};
struct fake_memory {
	struct fake_block *first;
};

/*! Signatures wait for the end of the section. */
#define FAKE_PENDING_MAX 64

/*! knotd's private part of a query's context. */
struct knotd_qdata_extra {
	const struct fake_query *query;
	const struct fake_zone *zone;
	struct knotd_mod *mod; /*!< NULL: the name is in no zone. */
	struct {
		knot_rrset_t signatures;
		uint16_t of; /*!< Index of the RRset in the packet. */
	} pending[FAKE_PENDING_MAX];
	size_t pending_count;
};

/*!
 * \brief Answer from the zone.
 * \param hooks  By stage; NULL where there is none.
 */
knotd_state_t fake_answer(knot_pkt_t *pkt, knotd_qdata_t *qdata, const knotd_mod_in_hook_f *hooks);
