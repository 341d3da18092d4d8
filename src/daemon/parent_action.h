/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The actions of «on-change»: an update of the parent zone, or a command of the operator.
 */

#pragma once

#include "daemon/hook.h"
#include "site/site.h"
#include "table/journal.h"

/*! What the parent should hold for an uplink, and what it holds. */
struct parent_row {
	char id[TABLE_ID_MAX];
	unsigned number;
	bool fixed;                         /*!< The site file has its addresses. */
	bool confirmed_once;                /*!< It is known what the parent holds. */
	struct journal_addresses wanted;    /*!< At most one a family. */
	struct journal_addresses confirmed; /*!< What the parent holds. */
	struct journal_addresses sent;      /*!< In the update that is on its way. */
	struct journal_addresses told;      /*!< In the entry «parent-pending». */
};

struct parent_actions;

/*!
 * \brief Prepare to run actions.
 * \param config  Path of the site file.
 * \param done    Called once for each parent_actions_run() that returned 0.
 * \return 0 or -errno.
 */
int parent_actions_open(uv_loop_t *loop, const char *config, hook_done done, void *context,
                        struct parent_actions **actions);

/*! \brief End; what runs is killed. NULL is legal. */
void parent_actions_close(struct parent_actions *actions);

/*! \brief Take over the actions of a site. \return 0 or -ENOMEM. */
int parent_actions_set(struct parent_actions *actions, const struct site *site);

/*! \brief Whether there are any. */
bool parent_actions_any(const struct parent_actions *actions);

/*!
 * \brief Run all, one after the other; the first failure ends it.
 * \param rows  Their «sent» is what the parent shall hold; borrowed until this returns.
 * \return 0 or -errno.
 */
int parent_actions_run(struct parent_actions *actions, const struct parent_row *rows, size_t count);
