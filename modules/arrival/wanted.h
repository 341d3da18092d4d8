/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief What is to be signed in a zone: all that its hosts may be answered with.
 */

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "arrival/answer.h"
#include "arrival/learn.h"
#include "arrival/owners.h"
#include "arrival/signed_answers.h"

/*!
 * Sets that are to be signed, each once, the most urgent ones first. Those without records are only
 * asked for: what is made of them depends on what there is.
 */
struct wanted {
	const uint8_t *zone;         /*!< Wire form, lower case. */
	const struct learnt *learnt; /*!< For records that hold addresses among other things. */
	const struct owners *owners; /*!< Of such records, beside the hosts. */
	struct signed_answers *seen; /*!< All of them; what follows is in their region. */
	struct signed_set **list;
	size_t count;
	size_t room; /*!< Places in the list. */
	int error;   /*!< 0, or -ENOMEM: some are missing. */
};

/*! \brief Start a list for a zone. All are borrowed. \return 0 or -ENOMEM. */
int wanted_init(struct wanted *wanted, const uint8_t *zone, const struct learnt *learnt,
                const struct owners *owners);

/*! \brief Add the addresses of the zone's hosts. \param wanted  struct wanted */
void wanted_add_addresses(void *wanted, const struct answers *answers);

/*! \brief Add HTTPS and SVCB records with those addresses, as far as there are any: the same. */
void wanted_add_hints(void *wanted, const struct answers *answers);

/*! How much of what is wanted is there. */
enum wanted_progress {
	WANTED_UNKNOWN, /*!< Nothing, or knotd's own records are not known. */
	WANTED_LEARNT,  /*!< All knotd's own records; something is to be signed. */
	WANTED_SIGNED,  /*!< All. */
};

/*! \brief What is left to do. \param published  NULL: nothing. */
enum wanted_progress wanted_progress(const struct wanted *wanted,
                                     const struct signed_answers *published);

/*! \brief Free the content. */
void wanted_deinit(struct wanted *wanted);
