/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Connections that were made while their forward was missing, and would never reach the server.
 */

#pragma once

#include "daemon/plan.h"

/*!
 * \brief Delete the untranslated connections to forwarded ports of the uplinks' addresses; log how many.
 * \return 0 or -errno (logged).
 */
int orphans_end(const struct site *site, const struct plan *plan, const struct observed *observed);
