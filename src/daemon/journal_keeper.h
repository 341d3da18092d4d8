/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief A process of its own that keeps the journal, so that no disk and no damaged file stops a pass.
 *
 * The daemon only ever puts a datagram into a socket. What the keeper cannot write yet, since the disk
 * is full or the folder missing, it holds and tries again. If LMDB kills it, it is started anew on a
 * new file and the old one is put aside. When the daemon ends, however it ends, the keeper writes what
 * it has got and ends too.
 */

#pragma once

#include <uv.h>

#include "table/journal.h"

struct journal_keeper;

/*! What the keeper tells of; all are optional. */
struct keeper_calls {
	/*! Addresses that were confirmed at the parent, when an earlier daemon ran. */
	void (*confirmed)(const struct journal_confirmed *confirmed, void *context);
	/*! That was all of them; also called if the journal cannot be read. */
	void (*ready)(void *context);
	void *context;
};

/*!
 * \brief Start the keeper.
 * \param state_dir  Folder of the site; the journal is in its folder «journal».
 * \return 0 or -errno.
 */
int journal_keeper_open(uv_loop_t *loop, const char *state_dir, const struct keeper_calls *calls,
                        struct journal_keeper **keeper);

/*! \brief Let it write and end; run the loop once more to finish. NULL is legal. */
void journal_keeper_close(struct journal_keeper *keeper);

/*! \brief Hand over an entry, without waiting. NULL is legal. */
void journal_keeper_append(struct journal_keeper *keeper, const struct journal_entry *entry);

/*! \brief Hand over confirmed addresses, without waiting. NULL is legal. */
void journal_keeper_confirm(struct journal_keeper *keeper,
                            const struct journal_confirmed *confirmed);

/*! \brief Start it again if it has ended: to be called every few seconds. NULL is legal. */
void journal_keeper_tick(struct journal_keeper *keeper);

/*! \brief Entries that could not be handed over. */
uint64_t journal_keeper_lost(const struct journal_keeper *keeper);
