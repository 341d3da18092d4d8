/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The answers of a table, kept up to date in the background and read without waiting.
 *
 * There is one source a table path in the process, shared by all zones: LMDB forbids opening an
 * environment twice in a process, and 500 zones shall not be 500 threads.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arrival/answer.h"

/*! What the query path sees. */
struct snapshot {
	struct answers *answers;
	uint64_t serial; /*!< Of the answers. */
	bool stale;      /*!< The table's writer is dead and its answers have expired. */
};

struct snapshot_source;

/*!
 * \brief Get the source of a table, and start it if nobody else has it.
 *
 * Waits until the table has been looked at once. A table that is not there or is damaged is no error:
 * it is waited for.
 *
 * \param path    Absolute path of the table's folder.
 * \param source  Out: given back by snapshot_source_put().
 * \param reason  Out: if this call started the source, why the table could not be read (0 or -errno),
 *                for the caller to log; 0 for all others. Later changes are logged from here.
 * \return 0 or -errno: -EINVAL for a relative path, -ENOMEM, or that of starting a thread.
 */
int snapshot_source_get(const char *path, struct snapshot_source **source, int *reason);

/*! \brief Give a source back; the last one stops it. NULL is legal. */
void snapshot_source_put(struct snapshot_source *source);

/*!
 * \brief Where the current snapshot is to be found as long as the source is held.
 * \return For snapshot_current().
 */
struct snapshot *const *snapshot_place(const struct snapshot_source *source);

/*! \brief Tell an eventfd of each new table from now on; -1: none. There is one listener at a time. */
void snapshot_source_listen(struct snapshot_source *source, int listener);

/*!
 * \brief Look at the current answers, from any thread and for any time: nothing that is looked at is freed
 * meanwhile, and newer answers do not wait.
 */
void snapshot_source_look(struct snapshot_source *source,
                          void (*look)(void *context, const struct answers *answers),
                          void *context);

/*!
 * \brief The current snapshot, or NULL as long as no table has been read.
 *
 * The caller is in a read-side section of liburcu's memb flavour, as each hook of knotd is; the
 * snapshot lives until that section ends.
 *
 * \note This is rcu_dereference(), but for each query to have it inline.
 */
static inline const struct snapshot *snapshot_current(struct snapshot *const *place)
{
	return __atomic_load_n(place, __ATOMIC_CONSUME);
}
