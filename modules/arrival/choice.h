/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The policy: which uplinks' addresses answer for a host, and in which order.
 */

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "table/table.h"

/*! Values of a host row's policy. A name of one uplink has that one first in its order. */
enum choice_policy { CHOICE_ARRIVAL = 1, CHOICE_ALL = 2, CHOICE_PREFERRED = 3, CHOICE_UPLINK = 4 };

/*!
 * \brief Choose the uplinks that answer for a host, best first.
 *
 * An uplink is ready for a host and family if all of the host's forwards and its reply path are
 * installed on it, it is usable, and it has an address of the family. Drained ones are chosen only if
 * no other is ready: a drain moves clients, it does not turn them away.
 *
 * \param table    Sorted.
 * \param host     Host row of the table.
 * \param arrival  Number of the uplink on which the query arrived.
 * \param family   AF_INET or AF_INET6.
 * \param chosen   Out: numbers of uplinks, at least TABLE_UPLINKS_MAX.
 * \return How many were chosen; 0: the host is not ready.
 */
size_t choice_make(const struct table *table, const struct table_host *host, unsigned arrival,
                   uint8_t family, uint8_t *chosen);

/*! \brief All uplinks that choice_make() may choose from, in the host's order. */
size_t choice_list(const struct table *table, const struct table_host *host, uint8_t family,
                   uint8_t *chosen);

/*!
 * \brief The address of an uplink that is answered and stands for it: the first of a family.
 * \return Borrowed from the row, or NULL if it has none.
 */
const struct address *choice_address(const struct table_uplink *uplink, uint8_t family);

/*!
 * \brief The address that answers for a host on an uplink: the host's own there, else the uplink's.
 *
 * An uplink without an address of the family carries nothing of it, so a host's own one does not count.
 *
 * \return Borrowed from a row, or NULL if there is none.
 */
const struct address *choice_host_address(const struct table_host *host,
                                          const struct table_uplink *uplink, uint8_t family);
