/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief What is to be signed in a zone: all that its hosts may be answered with.
 */

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "arrival/answer.h"
#include "arrival/learn.h"
#include "arrival/signed_answers.h"

/*!
 * Sets that are to be signed, each once, the most urgent ones first. Those without records are only
 * asked for: what is made of them depends on what there is.
 */
struct wanted {
	const uint8_t *zone;         /*!< Wire form, lower case. */
	const struct learnt *learnt; /*!< For records that hold addresses among other things. */
	struct signed_answers *seen; /*!< All of them. */
	struct signed_set **list;
	size_t count;
	int error; /*!< 0, or -ENOMEM: some are missing. */
};

/*! \brief Start a list for a zone. Both are borrowed. \return 0 or -ENOMEM. */
int wanted_init(struct wanted *wanted, const uint8_t *zone, const struct learnt *learnt);

/*! \brief Add the addresses of a host if it is in the zone: an answers_visitor. */
void wanted_add_addresses(void *wanted, const struct answers *answers, const uint8_t *owner,
                          size_t owner_size, size_t situation, const struct tail *const tails[2]);

/*! \brief Add its HTTPS and SVCB records with those addresses, as far as there are any: the same. */
void wanted_add_hints(void *wanted, const struct answers *answers, const uint8_t *owner,
                      size_t owner_size, size_t situation, const struct tail *const tails[2]);

/*! \brief Free the content. */
void wanted_deinit(struct wanted *wanted);
