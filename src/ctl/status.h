/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The daemon's status as tables for people.
 */

#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/text.h"

/*!
 * \brief Write a status object: the daemon, its uplinks, what they forward, warnings last.
 *
 * \param color  Whether what is wrong stands out in red.
 * \param text   The report is added to it.
 * \return 0 or -ENOMEM.
 */
int status_write(const json_t *status, bool color, struct text *text);
