/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief When which probe is sent, and whom its result is told: the probes of the site on the event loop.
 *
 * All times are monotonic. An interval is kept without drift; rounds that a busy loop has missed are
 * left out. The probes of a round are spread over its first tenth, at most 100 ms.
 */

#pragma once

#include <uv.h>

#include "daemon/plan.h"
#include "daemon/probed.h"

struct prober;

/*! \brief The verdicts have changed: a pass is due. Called from the event loop, never by functions here. */
typedef void (*prober_changed)(void *context);

/*! \brief Begin without any probe. \return 0 or -errno. */
int prober_open(uv_loop_t *loop, prober_changed changed, void *context, struct prober **prober);

/*! \brief Stop; the loop must run once more for its handles to be closed. NULL is legal. */
void prober_close(struct prober *prober);

/*!
 * \brief Probe for a site, before the first pass with it. Probes that are as before keep their history.
 * \param site       Not kept.
 * \param published  What is offered now, see probed_init().
 * \return 0 or -ENOMEM, and nothing has changed.
 */
int prober_set_site(struct prober *prober, const struct site *site, const struct table *published);

/*! \brief Send from where the last pass found the uplinks to be, and pause where they are not. */
void prober_follow(struct prober *prober, const struct plan *plan);

/*! \brief Put beside the verdicts what cross-probes say, and what was learnt of public addresses; borrowed. */
void prober_set_others(struct prober *prober, const struct blocked_list *blocked,
                       const struct discover_list *discovered);

/*! \brief For the plan; valid until prober_close(). */
const struct verdicts *prober_verdicts(const struct prober *prober);

/*! \brief For the report; valid until prober_close(). */
const struct probed_list *prober_list(const struct prober *prober);
