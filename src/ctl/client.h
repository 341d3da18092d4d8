/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The client's side of the control socket: one line of JSON out, one line of JSON back.
 *
 *     {"command":"status"}
 *     {"command":"explain","name":"www.example.com","uplink":"primary"}
 *     {"command":"reload"}
 *
 * The daemon answers {"ok":true, ...} or {"ok":false,"error":"...","messages":["..."]}.
 */

#pragma once

#include <jansson.h>

#include "base/text.h"

/*! Longest answer that is read, in bytes. */
#define CLIENT_ANSWER_MAX (64u << 20)

/*!
 * \brief Ask the daemon one thing.
 *
 * \param path        Of the control socket.
 * \param request     Object to send, borrowed.
 * \param timeout_ms  For connecting, and again for the whole answer.
 * \param answer      Out: an object with a boolean «ok», to release by json_decref().
 * \param error       On failure the reason and the remedy are added to it.
 * \return 0 or -errno: -ENOENT, -ECONNREFUSED (no daemon), -EACCES, -ETIMEDOUT, -ECONNRESET (no
 *         whole line), -EMSGSIZE (too long), -EBADMSG (no such object), ...
 */
int client_ask(const char *path, const json_t *request, unsigned timeout_ms, json_t **answer,
               struct text *error);
