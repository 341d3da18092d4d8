/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The journal as lines for people.
 */

#pragma once

#include "base/text.h"
#include "table/journal.h"

/*!
 * \brief How long the steps of an entry took: «withdrawn after 2.1 s, kernel 2.3 s, 37 entries removed».
 */
void history_add_steps(const struct journal_entry *entry, struct text *text);

/*! \brief Why: the reason, addresses before and after, how many more times. */
void history_add_why(const struct journal_entry *entry, struct text *text);

/*! \brief Write entries as a table. \return 0 or -ENOMEM. */
int history_write(const struct journal_entry *entries, size_t count, struct text *text);
