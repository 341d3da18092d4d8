/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief When which uplink's public address is asked for: the lines of discover.h on the event loop.
 *
 * At once when an uplink's way out is new, then once every cross-interval, sooner after a failure.
 */

#pragma once

#include <uv.h>

#include "daemon/discover.h"
#include "daemon/reconcile.h"

struct discoverer;

/*! \brief What is known has changed: a pass is due. Called from the event loop, never by functions here. */
typedef void (*discoverer_changed)(void *context);

/*! \brief Begin with nothing to ask. \param recorder  Borrowed; may be NULL. \return 0 or -errno. */
int discoverer_open(uv_loop_t *loop, struct recorder *recorder, discoverer_changed changed,
                    void *context, struct discoverer **discoverer);

/*! \brief Stop; the loop must run once more for its handles to be closed. NULL is legal. */
void discoverer_close(struct discoverer *discoverer);

/*!
 * \brief Ask for a site, before the first pass with it. What is known of its uplinks stays.
 * \param site       Not kept.
 * \param published  What is offered now, see discover_adopt().
 * \return 0 or -ENOMEM, and nothing has changed.
 */
int discoverer_set_site(struct discoverer *discoverer, const struct site *site,
                        const struct table *published);

/*! \brief Go by the outcome of the last pass, borrowed until the next call. */
void discoverer_follow(struct discoverer *discoverer, const struct standing *standing);

/*! \brief For plan and report; valid until discoverer_close(). */
const struct discover_list *discoverer_list(const struct discoverer *discoverer);
