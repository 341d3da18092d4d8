/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The statistics: which counter an answer goes to, and their names.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arrival/answer.h"
#include "arrival/respond.h"

/*! Counters, in the order of their registration. */
enum { COUNTER_ANSWER, COUNTER_OTHER };

/*! Places within COUNTER_ANSWER: uplinks have their numbers. */
enum { COUNT_LOCAL = RESPOND_LOCAL, COUNT_LAN = TABLE_UPLINKS_MAX + 1, COUNT_ANSWERS };

/*! Places within COUNTER_OTHER. */
enum { COUNT_NOT_READY, COUNT_UNKNOWN_BINDING, COUNT_PLACEHOLDER, COUNT_OTHERS };

struct counter {
	uint32_t counter;
	uint32_t place;
};

/*! \brief Names of the places, as knotd asks for them. \return Freed by the caller. */
char *counters_answer_name(uint32_t place, uint32_t count);
char *counters_other_name(uint32_t place, uint32_t count);

/*! \brief The place within COUNTER_ANSWER of addresses that have been answered. */
static inline uint32_t counters_place(const struct answer *answer)
{
	return answer->verdict == ANSWER_LAN ? COUNT_LAN : answer->uplink;
}

/*! \brief The counter of an answer that is not ANSWER_FOREIGN. */
static inline struct counter counters_find(const struct answer *answer)
{
	static const struct counter counters[] = {
		[ANSWER_NO_TABLE] = { COUNTER_OTHER, COUNT_PLACEHOLDER },
		[ANSWER_UNKNOWN_BINDING] = { COUNTER_OTHER, COUNT_UNKNOWN_BINDING },
		[ANSWER_NOT_READY] = { COUNTER_OTHER, COUNT_NOT_READY },
		[ANSWER_ABSENT] = { COUNTER_ANSWER, COUNT_LAN },
		[ANSWER_LAN] = { COUNTER_ANSWER, COUNT_LAN },
	};
	bool by_uplink = answer->verdict == ANSWER_UPLINK ||
	                 (answer->verdict == ANSWER_ABSENT && answer->uplink != 0);
	return by_uplink ? (struct counter){ COUNTER_ANSWER, answer->uplink }
	                 : counters[answer->verdict];
}
