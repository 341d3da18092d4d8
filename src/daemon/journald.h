/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Log lines with fields, in the native protocol of systemd-journald.
 *
 * What happens to an uplink can be searched for: journalctl MULTIHOME_UPLINK=primary.
 */

#pragma once

#include <stdbool.h>

#include "base/log.h"
#include "table/journal.h"

#define JOURNALD_SOCKET "/run/systemd/journal/socket"

/*! \brief Whether standard error goes to journald, as JOURNAL_STREAM tells (systemd.exec(5)). */
bool journald_present(void);

/*!
 * \brief Send one entry with its message.
 * \param path  JOURNALD_SOCKET, but for tests.
 * \return 0 or -errno: then the line must be logged in another way.
 */
int journald_send(const char *path, enum log_level level, const char *message,
                  const struct journal_entry *entry);
