/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief An observation from a file, so that a plan can be looked at without the machine it is for.
 *
 * A line each, «#» starts a comment:
 *
 *   link NAME [up] [carrier] [point-to-point] [rp-filter N]
 *   address NAME PREFIX [unusable]
 *   route PREFIX dev NAME [via ADDRESS] [metric N]
 *   forwarding4 off | forwarding6 off | src-valid-mark on | no-ipv6 on
 */

#pragma once

#include "daemon/state.h"

/*!
 * \brief Read an observation.
 * \return 0, -EINVAL (told on standard error with file and line), or -errno of opening it (likewise).
 */
int observed_read(const char *path, struct observed *observed);
