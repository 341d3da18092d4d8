/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The probes of one uplink and their verdict for each family. Pure.
 *
 * With probes of both families each family has its verdict, so that an uplink whose IPv6 alone is dead
 * keeps its IPv4; commands count for IPv4 then. With probes of one family alone these speak for the
 * whole uplink.
 */

#pragma once

#include "daemon/health.h"
#include "daemon/plan.h"

/*! A family's probes, or all probes of the uplink. */
struct probed_line {
	unsigned family; /*!< Of its targets; FAMILIES: it has commands only. */
	bool gone;       /*!< The whole uplink was, not this family alone: neither is proved yet. */
	struct health health;
	size_t members[SITE_PROBES_MAX]; /*!< For each probe of health its position in the site. */
};

struct probed {
	char id[64]; /*!< Of the uplink. */
	struct probed_line lines[FAMILIES];
	size_t line_count;
};

struct probed_list {
	struct probed **items;
	size_t count;
};

/*!
 * \brief Begin to judge an uplink.
 *
 * What the published table offers is adopted: a restart withdraws nothing. What it has and does not
 * offer has to earn it.
 * \param published  Its row in the published table, or NULL.
 * \param probed     Out; freed by probed_deinit().
 * \return 0 or -ENOMEM.
 */
int probed_init(struct probed *probed, const struct uplink *uplink,
                const struct table_uplink *published, uint64_t now_ms);

void probed_deinit(struct probed *probed);

/*! \brief Take over the histories of probes that an older one has too. */
void probed_inherit(struct probed *probed, struct probed *older);

/*!
 * \brief Pause and resume.
 * \param view  The uplink as the last pass saw it.
 */
void probed_follow(struct probed *probed, const struct uplink_view *view, uint64_t now_ms);

/*! \brief The family from which a line's probes are sent now, or FAMILIES: none can. */
unsigned probed_source(const struct probed_line *line, const struct uplink_view *view);

/*! \brief What the probes say about each family. */
void probed_verdict(const struct probed *probed, struct verdict *verdict);

/*! \brief The line that speaks for a family. */
const struct probed_line *probed_line(const struct probed *probed, unsigned family);

/*! \brief The probes of an uplink, or NULL if it has none. */
const struct probed *probed_find(const struct probed_list *list, const char *id);

/*!
 * \brief When the probes began to fail whose verdict has just (JUST_NOW_MS) become down.
 * \return A time in now_ms's clock, or now_ms if no verdict has.
 */
uint64_t probed_failing_since(const struct probed_list *list, uint64_t now_ms);
