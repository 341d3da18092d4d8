/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Why a name is or is not answered, as aligned lists for people.
 */

#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/text.h"

/*! \brief Whether at least one uplink of an explain object answers the name. */
bool explain_answered(const json_t *explain);

/*!
 * \brief Write an explain object: for each uplink its chain of steps and the outcome.
 *
 * \param color  Whether what is wrong stands out in red.
 * \param text   The report is added to it.
 */
void explain_write(const json_t *explain, bool color, struct text *text);
