/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The policy: a pure function from (site, observed, drains) to everything that should be.
 *
 * DNS and data plane agree by construction, because this one function derives the ruleset, the
 * routes, the rules and the answer table from the same view of each uplink.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/state.h"
#include "site/site.h"
#include "table/table.h"

/*! Families as array indexes. */
enum { FAMILY_4, FAMILY_6, FAMILIES };

/*! \brief AF_INET or AF_INET6 of an index. */
uint8_t family_number(unsigned family);

/*! \brief «IPv4» or «IPv6» of an index. */
const char *family_name(unsigned family);

/*! What the probes of an uplink say about one family; without any, what its cable does. */
struct verdict_family {
	bool withheld;    /*!< It must not be answered. */
	bool pending;     /*!< Only since nothing is known yet: no verdict at all. */
	bool unproved;    /*!< Only since it has to prove itself: nothing says that it is dead. */
	char reason[192]; /*!< Why it is withheld; the same as long as it is. */
};

/*! What the probes of an uplink say. */
struct verdict {
	char id[64]; /*!< Of the uplink. */
	struct verdict_family family[FAMILIES];
};

/*! A TCP service of an uplink to which cross-probes find no way in. */
struct blocked {
	unsigned uplink; /*!< Its number. */
	unsigned family;
	uint16_t port;
};

struct blocked_list {
	struct blocked *items;
	size_t count;
};

struct discover_list;

/*! An uplink that is not in here has no probes. */
struct verdicts {
	struct verdict *items;
	size_t count;
	const struct blocked_list
		*blocked; /*!< What must not be answered; borrowed; may be NULL. */
	const struct discover_list
		*discovered; /*!< What was learnt of public addresses; borrowed; may be NULL. */
};

/*! One family of an uplink. */
struct uplink_family {
	struct address address; /*!< The uplink's own address that the outside uses; may be none. */
	struct address public; /*!< What DNS answers: public-address, or the own one; may be none. */
	struct address gateway; /*!< None on a point-to-point interface. */
	bool routed;      /*!< Packets can leave by it: link, address and gateway are there. */
	bool open;        /*!< Routed, and nothing that is known keeps connections from working. */
	bool usable;      /*!< Open, and the outside can reach its address: may be answered. */
	bool discovered;  /*!< The public address is to be, or was, learnt from others. */
	bool hidden;      /*!< Open, but that address is not known, or nobody gets in by it. */
	bool closed;      /*!< It would be open but for its probes. */
	bool unproved;    /*!< Closed, though its probes have not found it dead. */
	bool withheld;    /*!< It would be usable but for its probes. */
	bool last_resort; /*!< Usable though withheld, since no uplink is better. */
	/*! Why it is not usable, or usable as a last resort only; empty if nobody expects it to be. */
	char reason[256];
};

/*! An uplink as it stands now. */
struct uplink_view {
	const struct uplink *uplink; /*!< Borrowed from the site. */
	const struct link *link;     /*!< Borrowed from the observation; NULL: no such interface. */
	struct uplink_family family[FAMILIES];
};

/*! All that should be; freed by plan_free(). */
struct plan {
	struct uplink_view *uplinks;
	size_t uplink_count;
	char *live;           /*!< nft text of the elements that follow the uplinks' state. */
	struct route *routes; /*!< Sorted by route_compare(). */
	size_t route_count;
	struct rule *rules; /*!< Sorted by rule_compare(). */
	size_t rule_count;
	struct table *table; /*!< The answers if all of the above is installed. */
};

/*! Sets of uplinks, one a family. */
struct uplink_sets {
	uplink_set family[FAMILIES];
};

/*!
 * \brief Derive the plan.
 *
 * \param site      The site; must outlive the plan.
 * \param observed  What the kernel says; must outlive the plan's views.
 * \param drained   Uplinks that the operator drains.
 * \param verdicts  What probes say; may be NULL: nothing.
 * \param plan      Out.
 * \return 0 or -ENOMEM.
 */
int plan_build(const struct site *site, const struct observed *observed, uplink_set drained,
               const struct verdicts *verdicts, struct plan **plan);

void plan_free(struct plan *plan);

/*!
 * \brief Uplinks that lack a route or rule of a plan in the kernel.
 *
 * \param site      The site of the plan.
 * \param plan      What should be.
 * \param also      Only objects that this plan wants too are looked at; NULL: all.
 * \param observed  What is.
 */
struct uplink_sets plan_missing(const struct site *site, const struct plan *plan,
                                const struct plan *also, const struct observed *observed);

/*! \brief How an uplink's state reads in one line: «up», or the first reason why it is not. */
const char *uplink_view_reason(const struct uplink_view *view);

/*! \brief Whether any family of it is usable. */
bool uplink_view_usable(const struct uplink_view *view);
