/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The daemon as a whole: what its loop and its commands share. Private to loop.c and commands.c.
 */

#pragma once

#include <jansson.h>
#include <uv.h>

#include "daemon/chronicle.h"
#include "daemon/control.h"
#include "daemon/cross_prober.h"
#include "daemon/discoverer.h"
#include "daemon/prober.h"
#include "daemon/reconcile.h"

struct daemon {
	const char *path; /*!< Of the site file. */
	struct reconcile *reconcile;
	struct control *control;
	struct chronicle *chronicle;
	struct prober *prober;
	struct cross_prober *cross;
	struct discoverer *discoverer;
	uint64_t started_ms;
	uv_loop_t loop;
	uv_poll_t rtnl;
	uv_poll_t nfnl;
	uv_timer_t tick;
	uv_timer_t retry;
	uint64_t retry_ms; /*!< Delay of the next retry. */
	uv_signal_t signals[3];
	bool stopping; /*!< Signals that come again say nothing new. */
};

/*! \brief What follows a pass: a retry of what did not work, a look at what is published. */
void daemon_after_pass(struct daemon *daemon, int ret);

/*!
 * \brief Read the site file again; a file with errors changes nothing.
 * \param messages  Array that gets every line of the report.
 * \return 0 or -errno (logged).
 */
int daemon_reload(struct daemon *daemon, json_t *messages);

/*! \brief Answer a request of the control socket. \param context  The daemon. */
json_t *commands_answer(const json_t *request, void *context);
