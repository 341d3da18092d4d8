/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The child zone of one host, as knotd with mod-arrival serves it.
 *
 * It is a valid zone without the module: its A and AAAA records are placeholders, so that type
 * bitmaps and signatures are right, and their values those of the first uplink, so that a knotd
 * without the module still answers an address that works while that uplink does.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "ctl/command.h"
#include "site/site.h"

/*!
 * \brief Write a host's zone.
 *
 * \param serial  Serial number of the SOA record.
 * \param text    The zone file's text is added to it, or nothing on failure.
 * \param error   The reason is added to it, object first.
 * \return 0, -EINVAL (a name that is made from the host's is too long), -EBADMSG or -ENOMEM.
 */
int zone_host_write(const struct site *site, const struct host *host, uint32_t serial,
                    struct text *text, struct text *error);

/*!
 * \brief The address of a family that a host's zone holds.
 * \return Whether there is one: the address in the site file, or one that belongs to nobody.
 */
bool zone_host_placeholder(const struct site *site, const struct host *host, uint8_t family,
                           struct address *address);

/*!
 * \brief Write a host's zone for the file that it will replace, see serial_write().
 * \param path  The file, or NULL.
 * \return 0 or -errno; the reason has been written on standard error.
 */
int zone_host_make(const struct command_line *line, const struct site *site,
                   const struct host *host, const char *path, struct text *text);
