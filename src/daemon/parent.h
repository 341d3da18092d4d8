/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The parent zone follows: it holds an address of each uplink, and some of them change.
 *
 * What counts as published is what the uplinks' rows of the answer table hold; an uplink that is down
 * keeps its last addresses, as the records in the parent are static. What the parent holds is known
 * from the last update that it took, or that the operator has confirmed.
 */

#pragma once

#include <jansson.h>
#include <uv.h>

#include "daemon/recorder.h"
#include "site/site.h"

struct parent;

/*! Keeps confirmed addresses over restarts. */
typedef void (*parent_keep)(const struct journal_confirmed *confirmed, void *context);

/*!
 * \brief Begin to follow; nothing is sent before parent_ready().
 * \param config  Path of the site file, for the program that makes the update.
 * \return 0 or -errno.
 */
int parent_open(uv_loop_t *loop, const char *config, struct recorder *recorder, parent_keep keep,
                void *context, struct parent **parent);

/*! \brief End; an update that is on its way is killed. Run the loop once more. NULL is legal. */
void parent_close(struct parent *parent);

/*! \brief Take over the uplinks and actions of a site. \return 0 or -ENOMEM. */
int parent_set_site(struct parent *parent, const struct site *site);

/*! \brief Addresses that were confirmed before the daemon started. */
void parent_restore(struct parent *parent, const struct journal_confirmed *confirmed);

/*! \brief All that was confirmed before is restored. */
void parent_ready(struct parent *parent);

/*! \brief Look at what is published after a pass. */
void parent_look(struct parent *parent, const struct table *published);

/*! \brief The operator says that the parent holds what is published. */
void parent_confirm(struct parent *parent);

/*!
 * \brief How the parent stands: state («confirmed», «pending», «unknown»), since_s, reason, uplinks.
 * \return New reference, or NULL if memory ran out.
 */
json_t *parent_report(const struct parent *parent);

/*! \brief How many uplinks' addresses the parent does not hold yet. */
unsigned parent_pending(const struct parent *parent);
