/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief What cross-probes prove: one line for each uplink, family and service, without clocks or sockets.
 *
 * A cross-probe leaves by one uplink (the source) and comes in by another one (the target), through both
 * providers, like any client. One success proves forward, server and reply path. A failure is believed
 * if the next attempt fails too; what was seen of its packets says how far they came.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "daemon/plan.h"

/*! Failures in a row that are believed. */
#define CROSS_FAILURES 2

/*! Where packets of an attempt were seen. */
enum {
	CROSS_SENT = 1 << 0,    /*!< The request left by the source. */
	CROSS_ARRIVED = 1 << 1, /*!< It came in by the target. */
	CROSS_REPLIED = 1 << 2, /*!< A reply left by the target. */
	CROSS_RETURNED = 1 << 3 /*!< It came back by the source. */
};

enum cross_result {
	CROSS_GOOD,    /*!< The service answered. */
	CROSS_REFUSED, /*!< Something answered that is not the service: a reset, an error. */
	CROSS_LOST     /*!< Nothing came back. */
};

enum cross_state {
	CROSS_UNKNOWN, /*!< Not probed, or not since it could be. */
	CROSS_PROVEN,
	CROSS_DEAD, /*!< The way there and back is proven, the service is not. */
	CROSS_UNPROVEN
};

/*! What has become of an attempt. */
struct cross_outcome {
	enum cross_result result;
	unsigned source; /*!< Number of the uplink it was sent by. */
	unsigned seen;
	uint32_t rtt_us;
	char fault[48]; /*!< In words, unless it is good. */
};

struct cross_line {
	unsigned uplink; /*!< Number of the target. */
	unsigned family;
	uint16_t port;
	const char
		*zone; /*!< Of DNS the zone that is asked for, borrowed from the site; NULL: TCP. */

	enum cross_state state;
	uint64_t since_ms;  /*!< When the state began. */
	uint64_t tried_ms;  /*!< When the last attempt ended; 0: never. */
	uint64_t client_ms; /*!< When a real client was last seen; 0: never looked, or none. */
	unsigned failures;  /*!< In a row. */
	uplink_set failed;  /*!< Uplinks by which those were sent. */
	struct cross_outcome last;
	const char *idle; /*!< Why it is not probed now, static; NULL: it is. */
};

/*! Sorted by uplink, family and service. */
struct cross_list {
	struct cross_line *items;
	size_t count;
};

/*!
 * \brief All lines of a site: the TCP ports of each uplink, of a range the first one, and its name server.
 * \param list  Out; its items are to be freed.
 * \return 0 or -ENOMEM.
 */
int cross_list_build(const struct site *site, struct cross_list *list);

/*! \brief Take over from another list what is known of the same services. */
void cross_list_inherit(struct cross_list *list, const struct cross_list *older);

/*! \brief The line of an uplink's TCP port, or with port 0 of its name server; or NULL. */
const struct cross_line *cross_find(const struct cross_list *list, unsigned uplink, unsigned family,
                                    uint16_t port);

/*!
 * \brief Note what has become of an attempt.
 * \return Whether the state has changed.
 */
bool cross_note(struct cross_line *line, const struct cross_outcome *outcome, uint64_t now_ms);

/*!
 * \brief Note that a real client was seen there. Over TCP it has completed a handshake, which proves both ways.
 * \param seen_ms   When.
 * \param since_ms  Nothing before proves anything, as things have changed then.
 * \param changed   Out: whether the state has changed.
 * \return Whether a probe can be spared.
 */
bool cross_note_client(struct cross_line *line, uint64_t seen_ms, uint64_t since_ms,
                       uint64_t now_ms, bool *changed);

/*!
 * \brief Choose the uplink to send the next attempt by, or say why there is none.
 *
 * After a failure another one than last time, if there is any, so that no single one is to blame.
 * \param drained  Uplinks that no client is to be sent to, and probes neither.
 * \return Its number, or 0: then the line is idle and its state unknown.
 */
unsigned cross_source(struct cross_line *line, const struct plan *plan, uplink_set drained,
                      uint64_t now_ms);

/*! \brief «proven», «unproven», «service dead» or «unknown». */
const char *cross_state_name(enum cross_state state);

/*! \brief «tcp/80» or «dns». */
void cross_service(const struct cross_line *line, struct text *text);

/*! Where an attempt died. */
enum cross_death {
	CROSS_DEATH_NONE,      /*!< It did not, or nothing is known. */
	CROSS_DEATH_SERVICE,   /*!< At the service: the way is good. */
	CROSS_DEATH_ELSEWHERE, /*!< Somebody else has answered. */
	CROSS_DEATH_BACK,      /*!< The answer, behind the target. */
	CROSS_DEATH_INSIDE,    /*!< Between coming in and an answer. */
	CROSS_DEATH_BETWEEN,   /*!< Between the two uplinks. */
	CROSS_DEATH_HERE       /*!< It has not left. */
};

/*! \brief Where the last attempt died. */
enum cross_death cross_death(const struct cross_line *line);

/*! \brief The same as a word, «inside». */
const char *cross_death_name(enum cross_death death);

/*! \brief Say what is wrong and where the last attempt died; nothing if it did not. */
void cross_where(const struct cross_line *line, const struct site *site, struct text *text);
