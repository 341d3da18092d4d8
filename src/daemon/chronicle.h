/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief What follows from what happens: the journal, the commands of «notify», the parent zone.
 *
 * None of it is ever in the way of a pass.
 */

#pragma once

#include <jansson.h>
#include <uv.h>

#include "daemon/parent.h"
#include "daemon/recorder.h"
#include "site/site.h"

struct chronicle;

/*!
 * \brief Begin, for a site.
 * \param config  Path of the site file.
 * \return 0 or -errno (logged).
 */
int chronicle_open(uv_loop_t *loop, const char *config, const struct site *site,
                   struct chronicle **chronicle);

/*! \brief Write what is on its way, and end; run the loop once more. NULL is legal. */
void chronicle_close(struct chronicle *chronicle);

/*! \brief The recorder that the rest of the daemon tells. Lives as long as the chronicle. */
struct recorder *chronicle_recorder(struct chronicle *chronicle);

/*! \brief Take over commands and uplinks of another site; the state-dir stays. */
void chronicle_set_site(struct chronicle *chronicle, const struct site *site);

/*! \brief Look at what a pass has published. */
void chronicle_look(struct chronicle *chronicle, const struct table *published);

/*! \brief To be called every few seconds. */
void chronicle_tick(struct chronicle *chronicle);

/*! \brief The parent zone. */
struct parent *chronicle_parent(struct chronicle *chronicle);

/*! \brief Entries of the journal that were lost, and runs of commands that failed. */
uint64_t chronicle_lost(const struct chronicle *chronicle);
uint64_t chronicle_failures(const struct chronicle *chronicle);
