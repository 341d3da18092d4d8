/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Learning of a zone from knotd wherever it answers, and in plain words what is in the way if it does not.
 */

#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "arrival/learn.h"
#include "arrival/mirror_copy.h"
#include "arrival/self_address.h"
#include "arrival/wanted.h"

/*! How knotd is asked. */
struct ask_knotd {
	const struct mirror_copy *settings;
	_Atomic uint32_t *self_port; /*!< Tells the query path of the port of the questions. */
	int stop_fd;
	struct self_address *answering; /*!< In, out: where knotd has answered last. */
};

/*! \brief Learn what is wanted of a zone. \return As learn_zone(), or -EADDRNOTAVAIL: no address. */
int ask_knotd(const struct ask_knotd *ask, const uint8_t *zone, const struct wanted *wanted,
              struct learnt *learnt);

/*! Why nothing can be learnt, and what is to be done. */
struct ask_knotd_reason {
	const char *reason;
	const char *remedy;
};

/*! \brief Plain words for an error of ask_knotd(). */
struct ask_knotd_reason ask_knotd_reason(int error);
