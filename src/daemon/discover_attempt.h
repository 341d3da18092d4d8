/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief One question for an uplink's public address, put through that uplink: to a server, or to another uplink.
 */

#pragma once

#include <uv.h>

#include "daemon/discover.h"

/*! One end of the way: where a socket is bound. */
struct discover_end {
	const char *interface;
	struct address address;
	uint32_t mark;
};

struct discover_request {
	struct discover_end from; /*!< The uplink in question. */
	const struct public_address
		*how;           /*!< Its server; or, without address, the two below count. */
	struct discover_end to; /*!< Another uplink. */
	struct address alias;   /*!< Its alias. */
};

struct discover_attempt;

/*!
 * \brief Called once, unless the attempt is given up; never by discover_attempt_begin().
 * \param answer  An address of an alias is one of the uplinks'; source is left to the caller.
 */
typedef void (*discover_done)(void *context, const struct discover_answer *answer);

/*!
 * \brief Begin; what the request names is used only now.
 * \param attempt  Out; belongs to itself once done was called.
 * \return 0 or -errno; -EADDRINUSE: another one is under way that ends at the same uplink.
 */
int discover_attempt_begin(uv_loop_t *loop, const struct discover_request *request,
                           discover_done done, void *context, struct discover_attempt **attempt);

/*! \brief Give up. NULL is legal. */
void discover_attempt_cancel(struct discover_attempt *attempt);
