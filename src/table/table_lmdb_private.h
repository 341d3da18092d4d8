/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief What writer and reader of the answer table share. Private to table_*.c.
 */

#pragma once

#include <lmdb.h>

#include "table/table_lmdb.h"

/*! \brief LMDB's codes are negative and below errno's; both become -errno. */
int lmdb_error(int code);

/*! \brief Open an environment. \param flags  Of mdb_env_open(). \return 0 or -errno. */
int lmdb_open(const char *path, unsigned flags, MDB_env **env);

/*! \brief Whether a path leads to another data file than the open one, or to none. */
bool lmdb_replaced(MDB_env *env, const char *data_path);

/*! \brief What is in use of the data file, and its true size, in bytes. \return 0 or -EBADMSG. */
int lmdb_file_sizes(MDB_env *env, int *file, off_t *used, off_t *size);

/*!
 * \brief Whether the data file is as long as LMDB takes it to be.
 *
 * A page behind its end is SIGBUS; a crash of the machine can leave it so on a disk.
 * \return 0 or -EBADMSG.
 */
int lmdb_check_size(MDB_env *env);

/*! \brief Open the main database. \param flags  Of mdb_txn_begin(). \return 0 or -errno. */
int lmdb_open_dbi(MDB_env *env, unsigned flags, MDB_dbi *dbi);

/*! \brief Copy and validate a table of this boot; see table_reader_read() for the results. */
int lmdb_read(MDB_env *env, MDB_dbi dbi, struct table **table);

/*! \brief Read the meta row alone. \return 0, -ENOENT, -EBADMSG, -EPROTONOSUPPORT. */
int lmdb_read_meta(MDB_txn *txn, MDB_dbi dbi, struct table_meta *meta);
