/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief One attempt of one probe on the event loop: begun, and then good, failed or expired.
 */

#pragma once

#include <stdint.h>
#include <uv.h>

#include "base/address.h"
#include "site/site.h"

/*! Whom to ask, and by which way. */
struct probe_request {
	const struct probe *probe; /*!< Must outlive the attempt. */
	const char *uplink;        /*!< Its id; used only while the attempt is begun. */
	const char *interface;     /*!< Like the id. */
	struct address source;
	uint16_t source_port; /*!< 0: any. */
	uint32_t mark;
};

struct probe_attempt;

/*!
 * \brief Called once, unless the attempt is given up; never by probe_attempt_begin().
 * \param fault   NULL: good; else why not.
 * \param rtt_us  Of a good one.
 */
typedef void (*probe_done)(void *context, const char *fault, uint32_t rtt_us);

/*! \brief Begin. \param attempt  Out; belongs to itself once done was called. \return 0 or -errno. */
int probe_attempt_begin(uv_loop_t *loop, const struct probe_request *request, probe_done done,
                        void *context, struct probe_attempt **attempt);

/*!
 * \brief Its time is over: done is called now.
 *
 * A reply that is there already, unread since the loop was busy, still counts.
 */
void probe_attempt_expire(struct probe_attempt *attempt);

/*! \brief Give up without a result; NULL is legal. */
void probe_attempt_cancel(struct probe_attempt *attempt);
