/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Sending of updates by nsupdate(1) or knsupdate(1), whichever is there.
 */

#pragma once

#include "base/text.h"

/*!
 * \brief Send an update and wait for the server's verdict.
 *
 * \param update    In the format «nsupdate».
 * \param key_file  With the TSIG key, see tsig_key.h.
 * \param server    «ADDRESS» or «ADDRESS@PORT»; NULL: the primary of the zone, as its SOA tells.
 * \param error     The reason is added to it.
 * \return 0 or -errno; -EREMOTEIO if the server refused or did not answer.
 */
int zone_send(const struct text *update, const char *key_file, const char *server,
              struct text *error);
