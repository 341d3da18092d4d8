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
#include "arrival/wanted.h"
#include "arrival/zone_keys.h"

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
