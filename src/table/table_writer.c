/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The one writer of the answer table: publishes in one transaction what has changed.
 *
 * A change copies the pages that it touches, and a full tmpfs has none left: then an uplink that died
 * could not be withdrawn. So some are reserved in the file, behind those in use.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "table/table_lmdb_private.h"

/*! Pages for a few commits of a few rows; they are used again two commits later. */
#define RESERVED_PAGES 64

struct table_writer {
	MDB_env *env; /*!< NULL: could not be opened again. */
	MDB_dbi dbi;
	gid_t group;
	char path[]; /*!< The folder. */
};

/*! Readable by the group, and the lock file writable by it: readers register themselves there. */
static int set_access(const char *path, gid_t group)
{
	static const struct {
		const char *file;
		mode_t mode;
	} files[] = { { "", 0750 }, { "/data.mdb", 0640 }, { "/lock.mdb", 0660 } };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char name[PATH_MAX];
		if (snprintf(name, sizeof(name), "%s%s", path, files[i].file) >=
		    (int)sizeof(name)) {
			return -ENAMETOOLONG;
		}
		if (chmod(name, files[i].mode) != 0 || lchown(name, (uid_t)-1, group) != 0) {
			return -errno;
		}
	}
	return 0;
}

static void remove_files(const char *path)
{
	static const char *const files[] = { "data.mdb", "lock.mdb" };
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char name[PATH_MAX];
		if (snprintf(name, sizeof(name), "%s/%s", path, files[i]) < (int)sizeof(name)) {
			(void)unlink(name);
		}
	}
}

static void reserve_pages(MDB_env *env)
{
	int file;
	off_t used;
	off_t size;
	if (lmdb_file_sizes(env, &file, &used, &size) != 0) {
		return;
	}
	off_t wanted = used + (off_t)RESERVED_PAGES * sysconf(_SC_PAGESIZE);
	if (size < wanted) {
		// Without room, or on a file system that cannot, commits fail one by one instead.
		(void)fallocate(file, 0, size, wanted - size);
	}
}

static int writer_open_env(struct table_writer *writer)
{
	int ret = lmdb_open(writer->path, MDB_NOSYNC | MDB_NOTLS, &writer->env);
	if (ret != 0) {
		return ret;
	}
	ret = lmdb_open_dbi(writer->env, 0, &writer->dbi);
	struct table *table = NULL;
	if (ret == 0) {
		ret = lmdb_check_size(writer->env);
	}
	if (ret == 0) {
		ret = table_writer_read(writer, &table);
		table_free(table);
	}
	if (ret != 0) {
		mdb_env_close(writer->env);
		writer->env = NULL;
	}
	return ret;
}

/*! Open the environment; one that is damaged or absent is made anew. */
static int writer_start(struct table_writer *writer)
{
	if (mkdir(writer->path, 0750) != 0 && errno != EEXIST) {
		return -errno;
	}
	int ret = writer_open_env(writer);
	if (ret != 0 && ret != -EACCES && ret != -EPERM && ret != -EROFS && ret != -ENOMEM &&
	    ret != -ENOSPC) {
		// Unlinked, not overwritten: readers may have the old file mapped.
		remove_files(writer->path);
		ret = writer_open_env(writer);
	}
	if (ret == 0) {
		ret = set_access(writer->path, writer->group);
	}
	if (ret == 0) {
		ret = table_writer_check_readers(writer);
	}
	if (ret != 0) {
		mdb_env_close(writer->env);
		writer->env = NULL;
		return ret;
	}
	reserve_pages(writer->env);
	return 0;
}

int table_writer_open(const char *path, gid_t group, struct table_writer **writer)
{
	size_t size = strlen(path) + 1;
	struct table_writer *opened = calloc(1, sizeof(*opened) + size);
	if (opened == NULL) {
		return -ENOMEM;
	}
	memcpy(opened->path, path, size);
	opened->group = group;
	int ret = writer_start(opened);
	if (ret != 0) {
		table_writer_close(opened);
		return ret;
	}
	*writer = opened;
	return 0;
}

/*! Whether readers that look at the folder now do not find what we write. */
static bool writer_lost(const struct table_writer *writer)
{
	char data[PATH_MAX];
	return writer->env == NULL ||
	       (snprintf(data, sizeof(data), "%s/data.mdb", writer->path) < (int)sizeof(data) &&
	        lmdb_replaced(writer->env, data));
}

static int writer_restart(struct table_writer *writer)
{
	mdb_env_close(writer->env);
	writer->env = NULL;
	return writer_start(writer);
}

void table_writer_close(struct table_writer *writer)
{
	if (writer == NULL) {
		return;
	}
	mdb_env_close(writer->env);
	free(writer);
}

int table_writer_read(struct table_writer *writer, struct table **table)
{
	int ret = lmdb_read(writer->env, writer->dbi, table);
	if (ret == -ENOENT || ret == -ESTALE) {
		*table = table_new();
		return *table != NULL ? 0 : -ENOMEM;
	}
	return ret;
}

/*!
 * Write a row unless it is there already.
 * \return 1 if it was written, 0 if not, or -errno.
 */
static int put_row(MDB_txn *txn, MDB_dbi dbi, struct table_row *row)
{
	MDB_val key = { row->key_size, row->key };
	MDB_val value = { row->value_size, row->value };
	MDB_val old;
	int ret = mdb_get(txn, dbi, &key, &old);
	if (ret == 0 && old.mv_size == value.mv_size &&
	    memcmp(old.mv_data, value.mv_data, value.mv_size) == 0) {
		return 0;
	}
	if (ret != 0 && ret != MDB_NOTFOUND) {
		return lmdb_error(ret);
	}
	ret = mdb_put(txn, dbi, &key, &value, 0);
	return ret == 0 ? 1 : lmdb_error(ret);
}

/*! Delete the rows that the new table does not have; returns their number or -errno. */
static int delete_absent(MDB_txn *txn, MDB_dbi dbi, const struct table *table)
{
	MDB_cursor *cursor = NULL;
	int ret = mdb_cursor_open(txn, dbi, &cursor);
	if (ret != 0) {
		return lmdb_error(ret);
	}
	MDB_val key;
	int deleted = 0;
	while ((ret = mdb_cursor_get(cursor, &key, NULL, MDB_NEXT)) == 0) {
		const uint8_t *name = key.mv_data;
		bool kept = (name[0] == 'm' && key.mv_size == 1) ||
		            (name[0] == 'u' && key.mv_size == 2 &&
		             table_find_uplink(table, name[1]) != NULL) ||
		            (name[0] == 'h' &&
		             table_find_host(table, name + 1, key.mv_size - 1) != NULL);
		if (kept) {
			continue;
		}
		ret = mdb_cursor_del(cursor, 0);
		if (ret != 0) {
			break;
		}
		deleted++;
	}
	mdb_cursor_close(cursor);
	return ret == MDB_NOTFOUND ? deleted : lmdb_error(ret);
}

/*! Write all rows but the meta row; returns the number of changed rows or -errno. */
static int put_rows(MDB_txn *txn, MDB_dbi dbi, const struct table *table)
{
	struct table_row row;
	int changed = delete_absent(txn, dbi, table);
	for (size_t i = 0; changed >= 0 && i < table->uplink_count; i++) {
		int ret = table_encode_uplink(&table->uplinks[i], &row);
		ret = ret == 0 ? put_row(txn, dbi, &row) : ret;
		changed = ret < 0 ? ret : changed + ret;
	}
	for (size_t i = 0; changed >= 0 && i < table->host_count; i++) {
		int ret = table_encode_host(&table->hosts[i], &row);
		ret = ret == 0 ? put_row(txn, dbi, &row) : ret;
		changed = ret < 0 ? ret : changed + ret;
	}
	return changed;
}

/*! Whether two meta rows differ in what the answers depend on. */
static bool meta_differs(const struct table_meta *a, const struct table_meta *b)
{
	if (strcmp(a->site, b->site) != 0 ||
	    memcmp(a->boot_id, b->boot_id, sizeof(a->boot_id)) != 0 ||
	    a->stale_after_ms != b->stale_after_ms || a->lan_count != b->lan_count) {
		return true;
	}
	for (size_t i = 0; i < a->lan_count; i++) {
		if (prefix_compare(&a->lan[i], &b->lan[i]) != 0) {
			return true;
		}
	}
	return false;
}

static int publish_in(MDB_txn *txn, MDB_dbi dbi, struct table *table)
{
	int changed = put_rows(txn, dbi, table);
	if (changed < 0) {
		return changed;
	}
	struct table_meta old = { 0 };
	int ret = lmdb_read_meta(txn, dbi, &old);
	bool renewed = changed > 0 || ret != 0 || meta_differs(&old, &table->meta);
	table->meta.generation = old.generation + renewed;
	table->meta.heartbeat_ms = table_now_ms();

	struct table_row row;
	ret = table_encode_meta(&table->meta, &row);
	ret = ret == 0 ? put_row(txn, dbi, &row) : ret;
	return ret < 0 ? ret : 0;
}

static int publish_once(struct table_writer *writer, struct table *table)
{
	MDB_txn *txn = NULL;
	int ret = mdb_txn_begin(writer->env, NULL, 0, &txn);
	if (ret != 0) {
		return lmdb_error(ret);
	}
	ret = publish_in(txn, writer->dbi, table);
	if (ret != 0) {
		mdb_txn_abort(txn);
		return ret;
	}
	ret = lmdb_error(mdb_txn_commit(txn));
	if (ret == 0) {
		reserve_pages(writer->env);
	}
	return ret;
}

int table_writer_publish(struct table_writer *writer, struct table *table)
{
	int ret = table_boot_id(table->meta.boot_id);
	if (ret != 0) {
		return ret;
	}
	table_sort(table);

	ret = writer_lost(writer) ? writer_restart(writer) : 0;
	if (ret == 0) {
		ret = publish_once(writer, table);
	}
	if (ret == -EBADMSG) {
		// After some failures LMDB refuses all further work until it is opened again (MDB_PANIC).
		ret = writer_restart(writer);
		ret = ret == 0 ? publish_once(writer, table) : ret;
	}
	return ret;
}

int table_writer_heartbeat(struct table_writer *writer)
{
	if (writer_lost(writer)) {
		return -ESTALE;
	}
	MDB_txn *txn = NULL;
	int ret = mdb_txn_begin(writer->env, NULL, 0, &txn);
	if (ret != 0) {
		return lmdb_error(ret);
	}
	struct table_meta meta;
	ret = lmdb_read_meta(txn, writer->dbi, &meta);
	if (ret == 0) {
		struct table_row row;
		meta.heartbeat_ms = table_now_ms();
		ret = table_encode_meta(&meta, &row);
		ret = ret == 0 ? put_row(txn, writer->dbi, &row) : ret;
	}
	if (ret < 0) {
		mdb_txn_abort(txn);
		return ret;
	}
	return lmdb_error(mdb_txn_commit(txn));
}

int table_writer_check_readers(struct table_writer *writer)
{
	int dead = 0;
	return lmdb_error(mdb_reader_check(writer->env, &dead));
}
