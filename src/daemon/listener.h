/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief A listening Unix socket on libuv that outlives what accept(2) fails of.
 *
 * uv_listen() calls accept(2) again at once after an error, in some releases without ever coming back to
 * the loop, and stops listening for good where its caller has no memory for the client that it got.
 * Here an error is a pause: clients wait in the queue, and the loop has time for everything else.
 */

#pragma once

#include <stdbool.h>
#include <uv.h>

struct listener;

/*! Takes over the descriptor of a client. */
typedef void (*listener_accepted)(int fd, void *context);

/*!
 * \brief Listen on a path, for the owner and its group; what is there goes.
 * \param accepted  Called for each client.
 * \return 0 or -errno.
 */
int listener_open(uv_loop_t *loop, const char *path, listener_accepted accepted, void *context,
                  struct listener **listener);

/*! \brief Whether the path still leads to it. */
bool listener_is_there(const struct listener *listener);

/*! \brief Remove the path and close; run the loop once more to finish. NULL is legal. */
void listener_close(struct listener *listener);
