/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief When which cross-probe is sent: the lines of cross.h on the event loop.
 *
 * After each change of what is installed all services are probed soon, then each once an interval, spread
 * over it. A round has at most 64 of them, ten a second; a site with more takes several intervals.
 */

#pragma once

#include <uv.h>

#include "daemon/cross.h"
#include "daemon/kernel.h"
#include "daemon/reconcile.h"

struct cross_prober;

/*! \brief What is blocked has changed: a pass is due. Called from the event loop, never by functions here. */
typedef void (*cross_prober_changed)(void *context);

/*! \brief Begin without any probe. \param nfnl  Borrowed. \return 0 or -errno. */
int cross_prober_open(uv_loop_t *loop, struct nfnl *nfnl, cross_prober_changed changed,
                      void *context, struct cross_prober **prober);

/*! \brief Stop; the loop must run once more for its handles to be closed. NULL is legal. */
void cross_prober_close(struct cross_prober *prober);

/*! \brief Go by the site and the outcome of the last pass, both borrowed until the next call. */
void cross_prober_follow(struct cross_prober *prober, const struct standing *standing);

/*! \brief What must not be answered, empty unless the site requires it; valid until cross_prober_close(). */
const struct blocked_list *cross_prober_blocked(const struct cross_prober *prober);

/*! \brief For the report, valid until the next call of a function here; NULL: nothing is probed. */
const struct cross_list *cross_prober_list(const struct cross_prober *prober);
