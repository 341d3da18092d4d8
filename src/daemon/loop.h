/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The daemon at work: events, signals, timers and the control socket, each ending in a pass.
 */

#pragma once

#include "site/site.h"

/*!
 * \brief Run until SIGTERM or SIGINT.
 *
 * \param path  Site file, read again at a reload.
 * \param site  The site; owned from then on.
 * \return 0 after a clean stop, or -errno if it could not start (logged).
 */
int loop_run(const char *path, struct site *site);
