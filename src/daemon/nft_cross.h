/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The ruleset's part in cross-probes: aliases become public addresses at the uplinks' edge.
 */

#pragma once

#include "base/text.h"
#include "site/site.h"

/*!
 * Source ports of cross-probes: only these packets are rewritten. They lie above the ports that Linux
 * gives out by default (ip_local_port_range).
 */
#define CROSS_PORT_FIRST 61000
#define CROSS_PORT_COUNT 100

/*! The last of them is no probe's, but where one uplink tells another one its public address. */
#define CROSS_PORT_DISCOVER (CROSS_PORT_FIRST + CROSS_PORT_COUNT - 1)
#define CROSS_PORT_PROBES (CROSS_PORT_COUNT - 1)

/*! Sets of (interface, source port of the probe): where packets of it were seen in the last seconds. */
#define CROSS_SET_SENT "cross_sent"
#define CROSS_SET_ARRIVED "cross_arrived"
#define CROSS_SET_REPLIED "cross_replied"
#define CROSS_SET_RETURNED "cross_returned"

/*! Set of (public port, interface, family): where clients were seen within cross-interval. */
#define CROSS_SET_CLIENTS "cross_clients"

/*! \brief Declare the chains. */
void nft_cross_declare(const struct site *site, struct text *text);

/*! \brief Fill them. */
void nft_cross_fill(const struct site *site, struct text *text);

/*! \brief The rules that note who asks for names, for the place where DNS comes in. */
void nft_cross_note_queries(const struct site *site, struct text *text);

/*! \brief The rules that keep source NAT off the probes, for the begin of its chain. */
void nft_cross_spare(const struct site *site, struct text *text);
