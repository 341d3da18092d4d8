/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The log of cross-probes.
 */

#pragma once

#include "daemon/cross.h"

/*! \brief Log that a line has changed its state. */
void cross_log(const struct site *site, const struct cross_line *line, enum cross_state before);
