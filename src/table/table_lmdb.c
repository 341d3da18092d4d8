/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The answer table in LMDB: what writer and reader share.
 *
 * Theory of operation. The environment lives on a tmpfs and is rebuilt by the daemon's first pass, so
 * it is never synced (MDB_NOSYNC) and never repaired: what is damaged is made anew. A writer compares
 * before it writes, since each commit wakes every reader. A reader keeps no transaction open: a reader
 * that hangs in one would keep the writer from reusing pages until the map is full.
 */

#include "table/table_lmdb_private.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*! Address space, not memory: 100 000 hosts need some 40 MiB, and a commit needs free pages beside. */
#define MAP_SIZE ((size_t)512 << 20)

/*! Slots in the lock file; those of killed readers are cleared by table_writer_check_readers(). */
#define READERS_MAX 512

int lmdb_error(int code)
{
	switch (code) {
	case MDB_SUCCESS:
		return 0;
	case MDB_NOTFOUND:
		return -ENOENT;
	case MDB_MAP_FULL:
	case MDB_TXN_FULL:
		return -ENOSPC;
	case MDB_READERS_FULL:
		return -EAGAIN;
	case MDB_VERSION_MISMATCH:
		return -EPROTONOSUPPORT;
	default:
		return code > 0 ? -code : -EBADMSG;
	}
}

int lmdb_open(const char *path, unsigned flags, MDB_env **env)
{
	MDB_env *created = NULL;
	int ret = mdb_env_create(&created);
	if (ret == 0) {
		ret = mdb_env_set_mapsize(created, MAP_SIZE);
	}
	if (ret == 0) {
		ret = mdb_env_set_maxreaders(created, READERS_MAX);
	}
	if (ret == 0) {
		ret = mdb_env_open(created, path, flags, 0660);
	}
	if (ret != 0) {
		mdb_env_close(created);
		return lmdb_error(ret);
	}
	*env = created;
	return 0;
}

bool lmdb_replaced(MDB_env *env, const char *data_path)
{
	mdb_filehandle_t file;
	struct stat open;
	struct stat named;
	return mdb_env_get_fd(env, &file) != 0 || fstat(file, &open) != 0 ||
	       stat(data_path, &named) != 0 || named.st_dev != open.st_dev ||
	       named.st_ino != open.st_ino;
}

int lmdb_file_sizes(MDB_env *env, int *file, off_t *used, off_t *size)
{
	struct stat status;
	MDB_envinfo info;
	MDB_stat pages;
	if (mdb_env_get_fd(env, file) != 0 || fstat(*file, &status) != 0) {
		return -EBADMSG;
	}
	// The numbers themselves are on the first two pages.
	if (status.st_size < 2 * sysconf(_SC_PAGESIZE) || mdb_env_info(env, &info) != 0 ||
	    mdb_env_stat(env, &pages) != 0) {
		return -EBADMSG;
	}
	// A writer may have made the file longer before that commit.
	if (fstat(*file, &status) != 0) {
		return -EBADMSG;
	}
	*used = (off_t)(info.me_last_pgno + 1) * pages.ms_psize;
	*size = status.st_size;
	return 0;
}

int lmdb_check_size(MDB_env *env)
{
	int file;
	off_t used;
	off_t size;
	int ret = lmdb_file_sizes(env, &file, &used, &size);
	return ret == 0 && size < used ? -EBADMSG : ret;
}

/*! Read every row; rows of another format or damaged ones fail the whole. */
static int read_rows(MDB_txn *txn, MDB_dbi dbi, struct table *table)
{
	MDB_cursor *cursor = NULL;
	int ret = mdb_cursor_open(txn, dbi, &cursor);
	if (ret != 0) {
		return lmdb_error(ret);
	}
	MDB_val key;
	MDB_val value;
	size_t rows = 0;
	while ((ret = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
		ret = table_decode(key.mv_data, key.mv_size, value.mv_data, value.mv_size, table);
		if (ret != 0) {
			mdb_cursor_close(cursor);
			return ret;
		}
		rows++;
	}
	mdb_cursor_close(cursor);
	if (ret != MDB_NOTFOUND) {
		return lmdb_error(ret);
	}
	if (rows == 0) {
		return -ENOENT;
	}
	table_sort(table);
	return table_validate(table);
}

int lmdb_read(MDB_env *env, MDB_dbi dbi, struct table **table)
{
	uint8_t boot_id[16];
	int ret = table_boot_id(boot_id);
	if (ret != 0) {
		return ret;
	}
	struct table *read = table_new();
	if (read == NULL) {
		return -ENOMEM;
	}

	MDB_txn *txn = NULL;
	ret = lmdb_error(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn));
	if (ret == 0) {
		ret = read_rows(txn, dbi, read);
		mdb_txn_abort(txn);
	}
	if (ret == 0 && memcmp(boot_id, read->meta.boot_id, sizeof(boot_id)) != 0) {
		ret = -ESTALE;
	}
	if (ret != 0) {
		table_free(read);
		return ret;
	}
	*table = read;
	return 0;
}

int lmdb_open_dbi(MDB_env *env, unsigned flags, MDB_dbi *dbi)
{
	MDB_txn *txn = NULL;
	int ret = mdb_txn_begin(env, NULL, flags, &txn);
	if (ret != 0) {
		return lmdb_error(ret);
	}
	ret = mdb_dbi_open(txn, NULL, 0, dbi);
	if (ret != 0) {
		mdb_txn_abort(txn);
		return lmdb_error(ret);
	}
	return lmdb_error(mdb_txn_commit(txn));
}

int lmdb_read_meta(MDB_txn *txn, MDB_dbi dbi, struct table_meta *meta)
{
	struct table table = { 0 };
	char name[] = "m";
	MDB_val key = { 1, name };
	MDB_val value;
	int ret = mdb_get(txn, dbi, &key, &value);
	if (ret != 0) {
		return lmdb_error(ret);
	}
	ret = table_decode(key.mv_data, key.mv_size, value.mv_data, value.mv_size, &table);
	if (ret == 0) {
		*meta = table.meta;
	}
	return ret;
}
