/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Judging of the gateway: what follows from facts about it. Pure.
 */

#pragma once

#include <jansson.h>

#include "ctl/findings.h"
#include "site/site.h"

/*! What the name server of an uplink has said to this machine. */
struct gateway_answer {
	const struct uplink *uplink;
	struct address address;
	uint16_t port;
	const char *host;    /*!< The name that was asked for. */
	int error;           /*!< 0 or -errno: there is no reply. */
	const char *problem; /*!< Of a reply that is no answer, in words; or NULL. */
	bool expected;       /*!< It is what the site file says for this uplink. */
	char answer[256];    /*!< In words. */
};

/*! What the answer table says of itself. */
struct gateway_table {
	int error;       /*!< -errno: it could not be read. */
	bool other_boot; /*!< Written before this boot. */
	uint64_t generation;
	uint64_t age_ms;         /*!< Of the heartbeat. */
	uint32_t stale_after_ms; /*!< Answers end with that age; 0: never. */
};

struct gateway_facts {
	const struct site *site;
	const json_t *status;   /*!< The daemon's; NULL: it does not answer. */
	const json_t *observed; /*!< What the daemon sees of others; NULL: it does not say. */
	const char *silence;    /*!< Why one of them is NULL. */
	bool elsewhere;         /*!< This machine has none of the uplinks' interfaces. */
	struct gateway_table table;
	bool unsynchronised; /*!< The kernel's clock is not disciplined (adjtimex(2)). */
	const struct gateway_answer *answers;
	size_t answer_count;
};

/*! \brief Judge all. */
void check_gateway_find(const struct gateway_facts *facts, struct findings *findings);
