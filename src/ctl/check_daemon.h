/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief What checks need of this machine and its daemon.
 */

#pragma once

#include <jansson.h>

#include "ctl/command.h"

/*!
 * \brief Ask the daemon, which may be dead.
 * \param command  «status», «observe».
 * \param key      The member of the answer that holds what was asked for.
 * \param error    The reason is added to it if there is none.
 * \return New reference, or NULL.
 */
json_t *check_ask(const struct command_line *line, const struct site *site, const char *command,
                  const char *key, struct text *error);

/*!
 * \brief Give the uplinks without address in the file those that the outside sees of them now.
 * \param status  The daemon's; may be NULL.
 * \return 0 or -ENOMEM.
 */
int check_follow(struct site *site, const json_t *status);

/*! \brief The addresses of this machine. \param own  Its items are to be freed. \return 0 or -errno. */
int check_list_own(struct address_list *own);
