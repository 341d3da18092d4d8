/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief What the files that judge the gateway share.
 */

#pragma once

#include <stdint.h>

#include "ctl/check_gateway_find.h"

/*! The parts of the judgement; each says what it has found. */
void check_gateway_settings(const struct gateway_facts *facts, struct findings *findings);
void check_gateway_routing(const struct gateway_facts *facts, struct findings *findings);
void check_gateway_ruleset(const struct gateway_facts *facts, struct findings *findings);
void check_gateway_uplinks(const struct gateway_facts *facts, struct findings *findings);
void check_gateway_answers(const struct gateway_facts *facts, struct findings *findings);

/*! \brief A member that is a string; «» if there is none. */
const char *member_text(const json_t *object, const char *key);

/*! \brief A member that is a number, or what holds without it. */
int64_t member_number(const json_t *object, const char *key, int64_t absent);

/*! \brief The state of a cross-probed service, «proven»; «» if there is none. */
const char *inbound_state(const struct gateway_facts *facts, const char *uplink, const char *family,
                          const char *service);

/*! \brief Whether each cross-probed service is proven. */
bool inbound_all_proven(const struct gateway_facts *facts);

/*! \brief Advise a mask that nobody uses, or something else if there is none. */
void remedy_mask(const struct gateway_facts *facts, const char *else_remedy,
                 struct findings *findings);

/*! \brief Say that all is well with something, unless anything was said of it. */
void good_if_silent(struct findings *findings, const char *subject, const char *check,
                    const char *message);
