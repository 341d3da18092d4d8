/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief From what a zone holds and what is to be answered to signed answers.
 */

#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arrival/learn.h"
#include "arrival/signed_answers.h"
#include "arrival/tail.h"
#include "arrival/zone_keys.h"

/*! Sets that are to be signed, each once, the most urgent ones first; zeroed memory is an empty list. */
struct wanted {
	const uint8_t *zone;         /*!< Wire form, lower case. */
	struct signed_answers *seen; /*!< All of them. */
	struct signed_set **list;
	size_t count;
	int error; /*!< 0, or -ENOMEM: some are missing. */
};

/*! \brief Start a list for a zone. \return 0 or -ENOMEM. */
int wanted_init(struct wanted *wanted, const uint8_t *zone);

/*! \brief Add the answers of a host if it is in the zone: an answers_visitor. */
void wanted_add_host(void *wanted, const uint8_t *owner, size_t owner_size,
                     const struct tail *const tails[2]);

/*! \brief Free the content. */
void wanted_deinit(struct wanted *wanted);

/*! What signing is done with. Everything is borrowed. */
struct signer {
	struct zone_keys *keys;
	const struct learnt *learnt;
	const struct wanted *wanted;
	const struct signed_answers *old; /*!< What is published; NULL: nothing. */
	const atomic_bool *stop;

	/*! Publish; takes answers over and frees what was there. */
	void (*publish)(void *context, struct signed_answers *answers);
	/*! Told once of each key that is missing. */
	void (*missing)(void *context, uint8_t algorithm, uint16_t tag);
	void *context;
};

/*!
 * \brief Sign what is not signed yet and publish, long work in parts.
 *
 * What was published before stays until there is something newer in its place.
 *
 * \return 0; -ENOKEY: some keys are missing; -ECANCELED; -ENOMEM.
 */
int signer_run(const struct signer *signer);
