/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Serial numbers of generated zones, which follow from the files that there are.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "ctl/command.h"

/*! \brief Find the serial number of a zone file's text. \return Whether it has a SOA record. */
bool serial_read(const char *zone, uint32_t *serial);

/*! \brief The number after an old one: the wanted one if that is later, else one more. */
uint32_t serial_next(uint32_t old, uint32_t wanted);

/*!
 * \brief Adds a zone to an empty text.
 * \return 0 or -errno, and the reason in error, which is empty only if memory ran out.
 */
typedef int (*serial_writer)(const void *context, uint32_t serial, struct text *text,
                             struct text *error);

/*!
 * \brief Make a zone with the right serial number.
 *
 * That is the one of --serial; or of the file that will be replaced, if nothing else in it changes; or
 * the day of the site file's last change as YYYYMMDD00, or one more than that of the file.
 *
 * \param path     The file that will be replaced, or NULL.
 * \param context  Passed to the writer.
 * \param text     The zone is added to it; it must be empty.
 * \return 0 or -errno; the reason has been written on standard error.
 */
int serial_write(const struct command_line *line, const char *path, serial_writer write,
                 const void *context, struct text *text);
