/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The journal in its LMDB environment: one writer, readers that need no daemon.
 *
 * Each append is a transaction that is on the disk when it returns; so it may take as long as the disk
 * takes. LMDB kills a process that maps a damaged file, by SIGBUS, SIGSEGV or SIGABRT: whoever must not
 * die lets another process write (daemon/journal_keeper.h).
 */

#pragma once

#include "table/journal.h"

struct journal_writer;

/*!
 * \brief Create or open the environment for writing, and read all of it once.
 * \param path    Folder; it and its parent are created if absent.
 * \param writer  Out: closed by journal_writer_close().
 * \return 0, -EBADMSG (damaged) or another -errno.
 */
int journal_writer_open(const char *path, struct journal_writer **writer);

/*! \brief Close; NULL is legal. */
void journal_writer_close(struct journal_writer *writer);

/*!
 * \brief Put a damaged environment aside, as data.mdb.damaged, so that a new one can be made.
 * \return 0 or -errno.
 */
int journal_put_aside(const char *path);

/*!
 * \brief Append an entry, or count it to the one that it repeats; the oldest ones leave.
 * \param entry  Its number is set.
 * \return 0 or -errno: -ENOSPC, -EIO, ...; then nothing was written.
 */
int journal_writer_append(struct journal_writer *writer, struct journal_entry *entry);

/*! \brief Keep what the parent zone holds. \return 0 or -errno. */
int journal_writer_confirm(struct journal_writer *writer,
                           const struct journal_confirmed *confirmed);

/*! Called for each row that is looked at; other than 0 ends it. */
typedef int (*journal_entry_call)(const struct journal_entry *entry, void *context);
typedef int (*journal_confirmed_call)(const struct journal_confirmed *confirmed, void *context);

/*! \brief Look at all confirmed addresses. \return 0, what a call returned, or -errno. */
int journal_writer_each_confirmed(struct journal_writer *writer, journal_confirmed_call call,
                                  void *context);

/*!
 * \brief Look at all entries of a journal, the oldest first, in one read transaction.
 * \param unreadable  Out: rows that are damaged or of another format.
 * \return 0, -ENOENT (there is no journal), -EBADMSG (damaged), what a call returned, or another
 *         -errno.
 */
int journal_read(const char *path, journal_entry_call call, void *context, size_t *unreadable);
