/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The addresses from which mail servers send, each with the uplink by which its mail leaves: pure.
 *
 * SPF and PTR promise the uplinks' addresses (RFC 7208, RFC 1912 section 2.1): mail that left by
 * another one, or by an uplink that is down, would be refused or wait.
 */

#pragma once

#include "daemon/plan.h"

struct mail_sender {
	struct address address;      /*!< Inside. */
	const struct server *server; /*!< Borrowed from the site. */
	unsigned uplink;             /*!< Its number; 0: none is in use, the main table decides. */
};

struct mail_senders {
	struct mail_sender *items;
	size_t count;
};

/*!
 * \brief List every address of every server that takes mail, once.
 *
 * An address that a server holds for one uplink sends by that one while it is in use; all others, and
 * those of an uplink that is not, by the first in use in the order of the domain's MX preferences.
 * In use is an uplink that can forward in that family and is not drained; if all are drained, a
 * drained one.
 *
 * \param uplinks  A view for each uplink of the site.
 * \param senders  Out; its items are to be freed.
 * \return 0 or -ENOMEM.
 */
int mail_senders_build(const struct site *site, const struct uplink_view *uplinks,
                       uplink_set drained, struct mail_senders *senders);
