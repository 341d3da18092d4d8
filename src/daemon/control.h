/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The control socket: one JSON object a line in, one a line out.
 *
 * Only root, the daemon's own user and its group may ask (SO_PEERCRED). A slow, silent or greedy
 * client costs a bounded buffer and a time limit, never a pass.
 */

#pragma once

#include <jansson.h>
#include <uv.h>

struct control;

/*! Answers one request; returns a new reference, or NULL if memory ran out. */
typedef json_t *(*control_handler)(const json_t *request, void *context);

/*!
 * \brief Listen on a path; a stale socket there is replaced.
 * \return 0 or -errno.
 */
int control_open(uv_loop_t *loop, const char *path, control_handler handler, void *context,
                 struct control **control);

/*!
 * \brief Make the socket anew if somebody has removed it; clients that are connected stay.
 * \return 0 if it is there, 1 if it was made anew, -errno if it could not be: ask again later.
 */
int control_renew(struct control *control);

/*! \brief Close the socket and all its clients; run the loop once more to finish. NULL is legal. */
void control_close(struct control *control);
