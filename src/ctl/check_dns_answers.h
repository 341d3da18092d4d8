/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief What an answer with addresses says about the uplinks, by the policy of its host.
 */

#pragma once

#include "ctl/string_set.h"
#include "site/site.h"

enum answer_verdict {
	ANSWER_AS_WANTED,
	ANSWER_OF_OTHER, /*!< Another uplink's address: this one is not ready, or drained. */
	ANSWER_PARTIAL,  /*!< With «all»: without the addresses of some uplinks. */
	ANSWER_ORDER,    /*!< With «all»: this uplink's address is not the first one. */
	ANSWER_INSIDE,   /*!< The server's inside address, as for the LAN. */
	ANSWER_EMPTY,
	ANSWER_FOREIGN, /*!< Something that is no address of the host. */
};

/*!
 * \brief Judge an answer.
 *
 * \param uplink   Whose name server answered.
 * \param family   AF_INET or AF_INET6.
 * \param answers  In their order.
 */
enum answer_verdict answer_judge(const struct host *host, const struct site *site,
                                 const struct uplink *uplink, uint8_t family,
                                 const struct string_set *answers);

/*!
 * \brief The addresses of a family that a host may be answered with, in its order.
 * \param set  Out: added to it.
 */
void answer_offered(const struct host *host, const struct site *site, uint8_t family,
                    struct string_set *set);
