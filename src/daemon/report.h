/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief What the operator is told: the standing of the site as JSON.
 *
 * The shapes are the interface of multihomectl --json: members are added, never changed or removed,
 * while "version" stays 1.
 */

#pragma once

#include <jansson.h>

#include "daemon/reconcile.h"

/*! \brief Uplinks, hosts, forwards and warnings. \return New reference, or NULL if memory ran out. */
json_t *report_status(const struct standing *standing, uint64_t started_ms);

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
