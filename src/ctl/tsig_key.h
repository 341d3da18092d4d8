/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief TSIG keys in the files in which people have them.
 */

#pragma once

#include "base/text.h"

/*! A key; members are NULL or strings to free, by tsig_key_deinit(). */
struct tsig_key {
	char *name;
	char *algorithm; /*!< NULL: the reader's default, hmac-sha256. */
	char *secret;
};

/*!
 * \brief Read a key: of named.conf, of knot.conf and keymgr(8), or «[algorithm:]name:secret».
 * \param key  Out: written only on success.
 * \return 0, -EINVAL (no key) or -ENOMEM.
 */
int tsig_key_parse(const char *text, struct tsig_key *key);

void tsig_key_deinit(struct tsig_key *key);
