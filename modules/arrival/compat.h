/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief All differences between the module ABIs of Knot DNS 3.2 (400), 3.3 (500), 3.4 and 3.5 (600).
 *
 * Included by arrival.c alone, after knot/module.h.
 */

#pragma once

#include "arrival/answer_index.h"
#include "arrival/binding.h"
#include "arrival/layout.h"
#include "arrival/local.h"
#include "arrival/snapshot.h"

#if KNOTD_MOD_ABI_VERSION >= 500

/*!
 * Knot DNS 3.4 and 3.5 tell the wildcard that DNS over TLS listens on instead of the address: they note
 * wildcards together with UDP sockets (server_init_iface()), of which TLS has none.
 */
static __attribute__((noinline)) void compat_local_ask(knotd_qdata_t *qdata, struct local *room)
{
	const knotd_qdata_params_t *params = qdata->params;
	struct local found;
	if (params->proto != KNOTD_QUERY_PROTO_UDP && params->proto != KNOTD_QUERY_PROTO_QUIC &&
	    params->xdp_msg == NULL && local_from_socket(params->socket, &found)) {
		*room = found;
	}
}

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
	if (__builtin_expect(room->family == 0, 0)) {
		compat_local_ask(qdata, room);
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
		local = local_from_cache(&compat_sockets, local_from_socket, qdata->params->socket,
		                         room);
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

/*! Devices of UDP sockets, which knotd never binds anew. Owned by local_from_cache(). */
static struct local_cache compat_devices;

/*!
 * The device of a query's socket goes before its local end: Knot DNS 3.5.5 and later listen on
 * «0.0.0.0%wan0». Not inline, for the sake of those who have no such table. XDP bypasses sockets.
 */
static __attribute__((noinline)) const struct local *compat_by_device(knotd_qdata_t *qdata,
                                                                      const struct binding_map *map,
                                                                      const struct local *local,
                                                                      struct local *room)
{
	const knotd_qdata_params_t *params = qdata->params;
	if (params->xdp_msg != NULL) {
		return local;
	}
	struct local unused;
	const struct local *device = &unused;
	bool comes_and_goes = params->proto != KNOTD_QUERY_PROTO_UDP;
#if KNOTD_MOD_ABI_VERSION >= 500
	comes_and_goes &= params->proto != KNOTD_QUERY_PROTO_QUIC;
#endif
	if (!comes_and_goes) {
		device = local_from_cache(&compat_devices, local_device_from_socket, params->socket,
		                          &unused);
	} else if (!local_device_from_socket(params->socket, &unused)) {
		device = NULL;
	}
	return device != NULL ? binding_local(map, local, device, room) : local;
}

/*!
 * \brief What tells the uplink of a query to the bindings of a snapshot.
 * \param snapshot  NULL: there is no table.
 * \return In room, or elsewhere as long as the process lives.
 */
static inline const struct local *compat_arrival(knotd_qdata_t *qdata,
                                                 const struct snapshot *snapshot,
                                                 struct local *room)
{
	const struct local *local = compat_local(qdata, room);
	return snapshot != NULL && __builtin_expect(snapshot->answers->bindings.by_device, 0)
	               ? compat_by_device(qdata, &snapshot->answers->bindings, local, room)
	               : local;
}
