/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief All differences between the module ABIs of Knot DNS 3.2 (400), 3.3 (500), 3.4 and 3.5 (600).
 *
 * Included by arrival.c alone, after knot/module.h.
 */

#pragma once

#include "arrival/local.h"

#if KNOTD_MOD_ABI_VERSION >= 500

/*! \brief The local end of the query's socket: knotd knows it, also for a wildcard UDP socket. */
static bool compat_local(knotd_qdata_t *qdata, struct local *local)
{
	const struct sockaddr_storage *address = knotd_qdata_local_addr(qdata);
	return address != NULL && local_from_sockaddr((const struct sockaddr *)address, local);
}

#else

/*! UDP sockets of this process; knotd 3.2 never binds them anew. Owned by local_from_cache(). */
static struct local_cache compat_sockets;

/*! \brief The local end of the query's socket: asked of the kernel, once a UDP socket, once a TCP query. */
static bool compat_local(knotd_qdata_t *qdata, struct local *local)
{
	if (qdata->params->xdp_msg != NULL) {
		struct sockaddr_storage unused;
		const struct sockaddr_storage *address = knotd_qdata_local_addr(qdata, &unused);
		return address != NULL &&
		       local_from_sockaddr((const struct sockaddr *)address, local);
	}
	return qdata->params->proto == KNOTD_QUERY_PROTO_UDP
		       ? local_from_cache(&compat_sockets, qdata->params->socket, local)
		       : local_from_socket(qdata->params->socket, local);
}

#endif
