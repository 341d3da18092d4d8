/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief One cross-probe on the event loop: an ordinary socket that connects to an alias.
 */

#pragma once

#include <stdint.h>
#include <uv.h>

#include "daemon/cross.h"

/*! Whom to ask, and by which way. */
struct cross_request {
	const char *interface; /*!< Of the source; used only while the attempt is begun. */
	uint32_t mark;
	struct address source;
	uint16_t source_port;
	struct address alias; /*!< Of the target. */
	uint16_t port;
	const char *zone; /*!< As in struct cross_line; used only while the attempt is begun. */
};

struct cross_attempt;

/*! \brief Called once, unless the attempt is given up; never by cross_attempt_begin(). Source and seen are left. */
typedef void (*cross_done)(void *context, const struct cross_outcome *outcome);

/*! \brief Begin. \param attempt  Out; belongs to itself once done was called. \return 0 or -errno. */
int cross_attempt_begin(uv_loop_t *loop, const struct cross_request *request, cross_done done,
                        void *context, struct cross_attempt **attempt);

/*! \brief Give up without a result; NULL is legal. */
void cross_attempt_cancel(struct cross_attempt *attempt);
