/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The sections of multihomectl check.
 */

#pragma once

#include "ctl/command.h"
#include "ctl/findings.h"

/*!
 * \brief A section: look, and add what was found. That of DNS wants to be the first one.
 * \return EXIT_GOOD, or the exit code if it could not look at all, having said why.
 */
int check_gateway(const struct command_line *line, struct findings *findings);
int check_dns(const struct command_line *line, struct findings *findings);
