/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief What the operator is told: the standing of the site as JSON.
 *
 * The shapes are the interface of multihomectl --json: members are added, never changed or removed,
 * while "version" stays 1.
 */

#pragma once

#include <jansson.h>

#include "daemon/discover.h"
#include "daemon/reconcile.h"

/*! \brief Uplinks, hosts, forwards and warnings. \return New reference, or NULL if memory ran out. */
json_t *report_status(const struct standing *standing, uint64_t started_ms);

/*! \brief Add to an uplink's object what its probes have found: loss_1m, rtt_ms, health and probes. */
void report_probes(const struct standing *standing, const struct uplink *uplink, json_t *object);

/*!
 * \brief How the probes of an uplink change what is to be said about it.
 * \param state   Out: «unknown», «degraded», «down»; or «up» of one that they still hold back.
 * \param reason  Gets the words for it.
 * \return Whether they change anything.
 */
bool report_probe_state(const struct standing *standing, const struct uplink_view *view,
                        const char **state, struct text *reason);

/*! \brief Add to an uplink's object what cross-probes have found: inbound and inbound_proven. */
void report_cross(const struct standing *standing, unsigned uplink, json_t *object);

/*! \brief Add the services that are not proven reachable, a warning each. */
void report_cross_warnings(const struct standing *standing, json_t *warnings);

/*! \brief Add to an uplink's object what was learnt of its public addresses: discovered. */
void report_discover(const struct standing *standing, unsigned uplink, json_t *object);

/*! \brief Add the public addresses that are in doubt, a warning each. */
void report_discover_warnings(const struct standing *standing, json_t *warnings);

/*!
 * \brief Say what was learnt of an uplink's public addresses; nothing if they need not be.
 * \return Whether none is missing.
 */
bool report_discover_uplink(const struct standing *standing, const struct uplink_view *view,
                            struct text *text);

/*!
 * \brief The worst that cross-probes say of a forward by an uplink, and the details.
 * \param text  Gets each service that is not proven, and how many are, with the name server's;
 *              NULL: its TCP services alone count.
 * \return A state's name, or NULL if nothing of it is probed.
 */
const char *report_cross_forward(const struct standing *standing, const struct service_list *port,
                                 unsigned uplink, struct text *text);

/*!
 * \brief What a drain has come to: when old answers end, and what is still on the uplink.
 * \return New reference, or NULL if memory ran out.
 */
json_t *report_drain(const struct standing *standing, unsigned uplink);

/*!
 * \brief Why a name is or is not answered, link by link.
 *
 * \param name    A host's domain or alias.
 * \param uplink  Id of one uplink, or NULL: all uplinks of the host.
 * \param error   Out: a static message if the result is NULL.
 * \return New reference, or NULL.
 */
json_t *report_explain(const struct standing *standing, const char *name, const char *uplink,
                       const char **error);
