/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Forward chains of other programs that drop by policy: our accept cannot overrule them.
 */

#pragma once

#include "daemon/kernel.h"

/*!
 * \brief Look for such chains, and log the finding if it is a new one.
 * \param known  In and out: the last finding, a line each chain; NULL at first. The caller frees it.
 */
void foreign_look(struct nfnl *nfnl, char **known);
