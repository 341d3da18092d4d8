/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief What must not be answered, if a site goes by its cross-probes. Pure.
 *
 * Two uplinks alone cannot tell who of them blocks. So blocked is what is unproven beyond doubt: a TCP
 * service that two uplinks cannot reach, or one uplink that reaches another service of the same uplink.
 */

#pragma once

#include "daemon/cross.h"

struct cross_blocked {
	struct blocked_list now;
	struct blocked_list spare; /*!< Room for the next one. */
};

/*! \brief Begin with nothing blocked, and room for a list. \return 0 or -ENOMEM, and nothing has changed. */
int cross_blocked_init(struct cross_blocked *blocked, const struct cross_list *list);

void cross_blocked_deinit(struct cross_blocked *blocked);

/*! \brief Find anew what is blocked. \param required  Else nothing is. \return Whether it has changed. */
bool cross_blocked_renew(struct cross_blocked *blocked, const struct cross_list *list,
                         bool required);
