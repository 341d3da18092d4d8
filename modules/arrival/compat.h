/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief All differences between the module ABIs of Knot DNS 3.2 (400), 3.3 (500), 3.4 and 3.5 (600).
 *
 * Included by arrival.c alone, after knot/module.h.
 */

#pragma once

#include "arrival/local.h"

#if KNOTD_MOD_ABI_VERSION >= 500

/*!
 * \brief The local end of the query's socket, as knotd knows it.
 * \return In room; zeroes if it is not known.
 */
static inline const struct local *compat_local(knotd_qdata_t *qdata, struct local *room)
{
	const struct sockaddr_storage *address = knotd_qdata_local_addr(qdata);
	if (address == NULL || !local_from_sockaddr((const struct sockaddr *)address, room)) {
		*room = (struct local){ 0 };
	}
	return room;
}

/*! \brief The remote end of the query's socket. */
static inline const struct sockaddr *compat_client(knotd_qdata_t *qdata)
{
	return (const struct sockaddr *)knotd_qdata_remote_addr(qdata);
}

#else

/*! UDP sockets of this process; knotd 3.2 never binds them anew. Owned by local_from_cache(). */
static struct local_cache compat_sockets;

/*! Ask the kernel for a TCP socket, which comes and goes; XDP has no socket and tells by itself. */
static inline bool compat_local_ask(knotd_qdata_t *qdata, struct local *room)
{
	if (qdata->params->xdp_msg == NULL) {
		return local_from_socket(qdata->params->socket, room);
	}
	struct sockaddr_storage unused;
	const struct sockaddr_storage *address = knotd_qdata_local_addr(qdata, &unused);
	return address != NULL && local_from_sockaddr((const struct sockaddr *)address, room);
}

/*!
 * \brief The local end of the query's socket; zeroes if it is not known.
 * \return In room, or elsewhere as long as the process lives.
 */
static inline const struct local *compat_local(knotd_qdata_t *qdata, struct local *room)
{
	const struct local *local = room;
	if (qdata->params->proto == KNOTD_QUERY_PROTO_UDP && qdata->params->xdp_msg == NULL) {
		local = local_from_cache(&compat_sockets, qdata->params->socket, room);
	} else if (!compat_local_ask(qdata, room)) {
		local = NULL;
	}
	if (local == NULL) {
		*room = (struct local){ 0 };
		local = room;
	}
	return local;
}

/*! \brief The remote end of the query's socket: a call is saved, which newer versions have inline. */
static inline const struct sockaddr *compat_client(knotd_qdata_t *qdata)
{
	return (const struct sockaddr *)(qdata->params->xdp_msg == NULL
	                                         ? qdata->params->remote
	                                         : knotd_qdata_remote_addr(qdata));
}

#endif
