/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Which of the planned answers hold: the table before and after the kernel is changed.
 *
 * Going down DNS is first: answers_withdrawn() takes away what the plan no longer wants or the kernel
 * has lost, before anything is touched. Going up the kernel is first: answers_installed() gives what
 * was read back.
 */

#pragma once

#include "daemon/plan.h"
#include "table/table.h"

/*! \brief A copy of a table, or NULL. */
struct table *table_copy(const struct table *table);

/*!
 * \brief The published table less all that is not planned any more, or lost in the kernel.
 * \param lost  Uplinks whose forwards or reply path the kernel has lost, a set a family.
 * \return A new table, or NULL if memory ran out.
 */
struct table *answers_withdrawn(const struct table *published, const struct table *planned,
                                const struct uplink_sets *lost);

/*!
 * \brief The planned table less what could not be installed.
 * \param broken  Uplinks that lack something in the kernel, a set a family.
 * \return A new table, or NULL if memory ran out.
 */
struct table *answers_installed(const struct table *planned, const struct uplink_sets *broken);

/*!
 * \brief Which addresses of an uplink a host may be answered with: those of families that both can use.
 * \param uplink   Row of the uplink; may be NULL.
 * \param host     Row of the host; may be NULL.
 * \param offered  Out: TABLE_ADDRESSES_MAX addresses, or NULL: only count them.
 * \return Their number.
 */
size_t answers_offered(const struct table_uplink *uplink, const struct table_host *host,
                       struct address *offered);

/*! \brief Whether two tables answer alike (generation, boot and heartbeat aside). */
bool answers_equal(const struct table *a, const struct table *b);
