/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief An entry of the journal as JSON: what history --json prints and hooks read.
 *
 * All keys are always there; what is not known is null. Keys are added, never changed or removed.
 */

#pragma once

#include <jansson.h>

#include "table/journal.h"

/*! Room for journal_time_text(). */
#define JOURNAL_TIME_MAX 32

/*! \brief «2026-11-23T09:15:02.125Z»; returns the buffer of JOURNAL_TIME_MAX bytes. */
const char *journal_time_text(int64_t wall_ms, char *buffer);

/*! \brief Addresses as an array of strings. \return New reference, or NULL if memory ran out. */
json_t *journal_addresses_json(const struct journal_addresses *list);

/*! \brief A text that may be cut within a character; one that is not UTF-8 at all becomes null. */
json_t *journal_text_json(const char *text);

/*! \brief An entry as an object. \return New reference, or NULL if memory ran out. */
json_t *journal_entry_json(const struct journal_entry *entry);
