/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The answer table in its LMDB environment: one writer, one reader a process.
 *
 * The environment is a folder with data.mdb and lock.mdb, 0750, 0640 and 0660: readers need write
 * access to the lock file alone. Nobody may truncate or overwrite data.mdb (a mapped page that is
 * gone is SIGBUS), so only the writer can write it.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "table/table.h"

struct table_writer;
struct table_reader;

/*!
 * \brief Create or open the environment for writing; a damaged one is made anew.
 *
 * \param path    Folder; created if absent (its parent must exist).
 * \param group   Group that may read, or (gid_t)-1 to leave it.
 * \param writer  Out: closed by table_writer_close().
 * \return 0 or -errno.
 */
int table_writer_open(const char *path, gid_t group, struct table_writer **writer);

/*! \brief Close; NULL is legal. What was published stays. */
void table_writer_close(struct table_writer *writer);

/*!
 * \brief What is published at the moment (of this boot).
 * \param table  Out: freed by table_free(); an empty table with generation 0 if there is none.
 * \return 0 or -errno.
 */
int table_writer_read(struct table_writer *writer, struct table **table);

/*!
 * \brief Replace the published table in one transaction; rows that did not change are not written.
 *
 * Sets generation (only if a row changed), boot id and heartbeat in the table's meta row. An
 * environment that somebody deleted or that LMDB gave up is made anew.
 * \return 0 or -errno: -ENOSPC, -EIO; then the old table stays published.
 */
int table_writer_publish(struct table_writer *writer, struct table *table);

/*!
 * \brief Renew the heartbeat alone.
 * \return 0, -ESTALE (the environment is gone: publish again), or another -errno.
 */
int table_writer_heartbeat(struct table_writer *writer);

/*! \brief Clear the slots of readers that died. \return 0 or -errno. */
int table_writer_check_readers(struct table_writer *writer);

/*!
 * \brief Open the environment for reading.
 * \return 0 or -errno (-ENOENT: not there yet).
 */
int table_reader_open(const char *path, struct table_reader **reader);

/*! \brief Close; NULL is legal. */
void table_reader_close(struct table_reader *reader);

/*! \brief Whether the folder's data file is another one than was opened: close and open again. */
bool table_reader_replaced(const struct table_reader *reader);

/*!
 * \brief Read the meta row alone, in one short transaction.
 * \return 0, -ENOENT (empty), -EBADMSG, -EPROTONOSUPPORT, or another -errno.
 */
int table_reader_meta(struct table_reader *reader, struct table_meta *meta);

/*!
 * \brief Copy and validate the whole table in one short transaction.
 * \param table  Out: freed by table_free(); sorted.
 * \return 0, -ENOENT (empty), -EBADMSG, -EPROTONOSUPPORT, -ESTALE (written before this boot), or
 *         another -errno.
 */
int table_reader_read(struct table_reader *reader, struct table **table);
