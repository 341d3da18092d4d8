/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Connections that go elsewhere than their forward says, and would do so for ever.
 */

#pragma once

#include "daemon/nft_forwards.h"
#include "daemon/plan.h"

/*!
 * \brief Delete connections to forwarded ports of the uplinks' addresses that are not translated, or to
 *        another place; log how many.
 * \param ended  Out: how many.
 * \return 0 or -errno (logged).
 */
int orphans_end(const struct nft_forwards *forwards, const struct plan *plan,
                const struct observed *observed, size_t *ended);
