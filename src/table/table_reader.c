/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * A reader of the answer table: copies it in one short transaction and lets go.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "table/table_lmdb_private.h"

struct table_reader {
	MDB_env *env;
	MDB_dbi dbi;
	bool dbi_open;
	char *data_path;
};

int table_reader_open(const char *path, struct table_reader **reader)
{
	struct table_reader *opened = calloc(1, sizeof(*opened));
	if (opened == NULL) {
		return -ENOMEM;
	}
	int ret = asprintf(&opened->data_path, "%s/data.mdb", path) < 0 ? -ENOMEM : 0;
	struct stat status;
	if (ret == 0 && stat(opened->data_path, &status) == 0 && status.st_size != 0 &&
	    status.st_size < 2 * sysconf(_SC_PAGESIZE)) {
		// LMDB reads the first two pages from its map without a look at the length.
		ret = -EBADMSG;
	}
	if (ret == 0) {
		ret = lmdb_open(path, MDB_RDONLY | MDB_NOTLS, &opened->env);
	}
	if (ret != 0) {
		table_reader_close(opened);
		return ret;
	}
	*reader = opened;
	return 0;
}

void table_reader_close(struct table_reader *reader)
{
	if (reader == NULL) {
		return;
	}
	mdb_env_close(reader->env);
	free(reader->data_path);
	free(reader);
}

bool table_reader_replaced(const struct table_reader *reader)
{
	return lmdb_replaced(reader->env, reader->data_path);
}

/*! The main database exists from the writer's first commit on: opened when first needed. */
static int reader_dbi(struct table_reader *reader)
{
	struct stat status;
	if (stat(reader->data_path, &status) != 0) {
		return -errno;
	}
	// A file cut to nothing under the map would be SIGBUS; this finds all but a race.
	if (status.st_size == 0) {
		return -EBADMSG;
	}
	if (reader->dbi_open) {
		return 0;
	}
	int ret = lmdb_check_size(reader->env);
	if (ret == 0) {
		ret = lmdb_open_dbi(reader->env, MDB_RDONLY, &reader->dbi);
	}
	reader->dbi_open = ret == 0;
	return ret;
}

int table_reader_meta(struct table_reader *reader, struct table_meta *meta)
{
	int ret = reader_dbi(reader);
	if (ret != 0) {
		return ret;
	}
	MDB_txn *txn = NULL;
	ret = mdb_txn_begin(reader->env, NULL, MDB_RDONLY, &txn);
	if (ret != 0) {
		return lmdb_error(ret);
	}
	ret = lmdb_read_meta(txn, reader->dbi, meta);
	mdb_txn_abort(txn);
	return ret;
}

int table_reader_read(struct table_reader *reader, struct table **table)
{
	int ret = reader_dbi(reader);
	return ret != 0 ? ret : lmdb_read(reader->env, reader->dbi, table);
}
