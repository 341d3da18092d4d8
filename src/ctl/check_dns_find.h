/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Judging of DNS: what follows from the site against what others answer. Pure.
 */

#pragma once

#include <jansson.h>

#include "ctl/findings.h"
#include "ctl/learnt.h"
#include "site/site.h"

/*! All that the judgement depends on, and where it goes. */
struct check_dns {
	const struct site *site; /*!< With the addresses of uplinks that are followed, if known. */
	struct address resolver;
	uint16_t resolver_port;
	const struct address_list *own; /*!< Addresses of this machine. */
	const json_t *status;           /*!< The daemon's, or NULL: it could not be asked. */
	const char *no_status;          /*!< Why not; for uplinks that need it. */
	struct learnt *learnt;
	struct findings *findings;
};

/*! \brief Judge all; if something is missing in learnt afterwards, the findings are worth nothing. */
void check_dns_find(const struct check_dns *check);

/*!
 * \brief Judge, ask what is missing, and so on until nothing is.
 * \param ask      Makes everything done that is missing in learnt; 0 or -errno.
 * \param context  Passed to it.
 * \return 0, -ENOMEM or what ask returned.
 */
int check_dns_run(const struct check_dns *check, int (*ask)(struct learnt *learnt, void *context),
                  void *context);
