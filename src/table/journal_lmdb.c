/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The journal in LMDB.
 *
 * Unlike the answer table it outlives the machine's boot, so commits are synced. Numbers of entries
 * only grow; an entry that is JOURNAL_ENTRIES_MAX behind the newest leaves in the same transaction.
 */

#include "table/journal_lmdb.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "table/table_lmdb_private.h"

/*! In bytes: two pages of data, and the slots of all readers in the lock file. */
#define ROOM_LEAST 65536

struct journal_writer {
	MDB_env *env;
	MDB_dbi dbi;
	uint64_t newest;
	/*! The newest entry of each event, for journal_entry_repeats(). */
	struct journal_entry last[JOURNAL_EVENTS];
};

typedef int (*row_call)(const MDB_val *key, const MDB_val *value, void *context);

static int each_row(MDB_env *env, MDB_dbi dbi, row_call call, void *context)
{
	MDB_txn *txn = NULL;
	MDB_cursor *cursor = NULL;
	int ret = lmdb_error(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn));
	if (ret != 0) {
		return ret;
	}
	ret = lmdb_error(mdb_cursor_open(txn, dbi, &cursor));
	if (ret == 0) {
		MDB_val key;
		MDB_val value;
		int next;
		while ((next = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0 && ret == 0) {
			ret = call(&key, &value, context);
		}
		ret = ret != 0 || next == MDB_NOTFOUND ? ret : lmdb_error(next);
		mdb_cursor_close(cursor);
	}
	mdb_txn_abort(txn);
	return ret;
}

static int note_newest(const MDB_val *key, const MDB_val *value, void *context)
{
	struct journal_writer *writer = context;
	const uint8_t *name = key->mv_data;
	struct journal_entry entry;
	if (key->mv_size == 9 && name[0] == 'e') {
		// The number counts also if the row is damaged: its key is taken.
		uint64_t number = 0;
		for (size_t i = 1; i < 9; i++) {
			number = number << 8 | name[i];
		}
		writer->newest = number > writer->newest ? number : writer->newest;
	}
	if (journal_decode_entry(key->mv_data, key->mv_size, value->mv_data, value->mv_size,
	                         &entry) == 0) {
		writer->last[entry.event] = entry;
	}
	return 0;
}

/*! The folder, in a folder that the system may not have made yet. */
static int make_folder(const char *path)
{
	char parent[PATH_MAX];
	int length = snprintf(parent, sizeof(parent), "%s", path);
	char *slash = strrchr(parent, '/');
	if (length >= (int)sizeof(parent)) {
		return -ENAMETOOLONG;
	}
	if (slash != NULL && slash != parent) {
		*slash = '\0';
		if (mkdir(parent, 0750) != 0 && errno != EEXIST) {
			return -errno;
		}
	}
	return mkdir(path, 0750) != 0 && errno != EEXIST ? -errno : 0;
}

/*! Path of the data or lock file. */
static int file_path(const char *path, const char *file, char *buffer)
{
	return snprintf(buffer, PATH_MAX, "%s/%s", path, file) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/*! LMDB reads the first two pages of its map without a look at the file's length. */
static int check_length(const char *path)
{
	char data[PATH_MAX];
	struct stat status;
	int ret = file_path(path, "data.mdb", data);
	if (ret != 0 || stat(data, &status) != 0) {
		return ret != 0 ? ret : -errno;
	}
	return status.st_size != 0 && status.st_size < 2 * sysconf(_SC_PAGESIZE) ? -EBADMSG : 0;
}

/*! LMDB maps its lock file: where there is no room for its pages, writing there is SIGBUS. */
static int check_room(const char *path)
{
	struct statvfs status;
	if (statvfs(path, &status) != 0) {
		return -errno;
	}
	return (uint64_t)status.f_bavail * status.f_frsize < ROOM_LEAST ? -ENOSPC : 0;
}

/*! Whatever the umask: readers of the group register themselves in the lock file. */
static void set_access(const char *path)
{
	char file[PATH_MAX];
	if (file_path(path, "data.mdb", file) == 0) {
		(void)chmod(file, 0640);
	}
	if (file_path(path, "lock.mdb", file) == 0) {
		(void)chmod(file, 0660);
	}
}

int journal_writer_open(const char *path, struct journal_writer **writer)
{
	struct journal_writer *opened = calloc(1, sizeof(*opened));
	if (opened == NULL) {
		return -ENOMEM;
	}
	int ret = make_folder(path);
	if (ret == 0) {
		ret = check_room(path);
	}
	if (ret == 0) {
		ret = check_length(path);
		ret = ret == -ENOENT ? 0 : ret;
	}
	if (ret == 0) {
		ret = lmdb_open(path, MDB_NOTLS, &opened->env);
	}
	if (ret == 0) {
		set_access(path);
		ret = lmdb_check_size(opened->env);
	}
	if (ret == 0) {
		ret = lmdb_open_dbi(opened->env, 0, &opened->dbi);
	}
	if (ret == 0) {
		int dead = 0;
		(void)mdb_reader_check(opened->env, &dead);
		ret = each_row(opened->env, opened->dbi, note_newest, opened);
	}
	if (ret != 0) {
		journal_writer_close(opened);
		return ret;
	}
	*writer = opened;
	return 0;
}

void journal_writer_close(struct journal_writer *writer)
{
	if (writer != NULL) {
		mdb_env_close(writer->env);
		free(writer);
	}
}

int journal_put_aside(const char *path)
{
	char data[PATH_MAX];
	char aside[PATH_MAX];
	char lock[PATH_MAX];
	int ret = file_path(path, "data.mdb", data);
	ret = ret == 0 ? file_path(path, "data.mdb.damaged", aside) : ret;
	ret = ret == 0 ? file_path(path, "lock.mdb", lock) : ret;
	if (ret == 0 && rename(data, aside) != 0 && errno != ENOENT) {
		ret = -errno;
	}
	if (ret == 0 && unlink(lock) != 0 && errno != ENOENT) {
		ret = -errno;
	}
	return ret;
}

static int put_row(MDB_txn *txn, MDB_dbi dbi, struct journal_row *row)
{
	MDB_val key = { row->key_size, row->key };
	MDB_val value = { row->value_size, row->value };
	return lmdb_error(mdb_put(txn, dbi, &key, &value, 0));
}

/*! Delete entries up to a number; there is one more at most, but for a journal of another bound. */
static int delete_oldest(MDB_txn *txn, MDB_dbi dbi, uint64_t last)
{
	MDB_cursor *cursor = NULL;
	int ret = mdb_cursor_open(txn, dbi, &cursor);
	if (ret != 0) {
		return lmdb_error(ret);
	}
	uint8_t start[] = { 'e', 0, 0, 0, 0, 0, 0, 0, 0 };
	uint8_t end[] = { 'e', 0, 0, 0, 0, 0, 0, 0, 0 };
	for (size_t i = 0; i < 8; i++) {
		end[1 + i] = (uint8_t)(last >> (8 * (7 - i)));
	}
	MDB_val key = { sizeof(start), start };
	MDB_val value;
	ret = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
	while (ret == 0 && key.mv_size == sizeof(end) &&
	       memcmp(key.mv_data, end, sizeof(end)) <= 0) {
		ret = mdb_cursor_del(cursor, 0);
		ret = ret == 0 ? mdb_cursor_get(cursor, &key, &value, MDB_NEXT) : ret;
	}
	mdb_cursor_close(cursor);
	return ret == MDB_NOTFOUND ? 0 : lmdb_error(ret);
}

int journal_writer_append(struct journal_writer *writer, struct journal_entry *entry)
{
	const struct journal_entry *last = &writer->last[entry->event];
	struct journal_entry written = *entry;
	bool repeats = last->number != 0 && journal_entry_repeats(last, entry);
	if (repeats) {
		written = *last;
		written.repeated++;
		memcpy(written.reason, entry->reason, sizeof(written.reason));
	} else {
		written.number = writer->newest + 1;
	}
	struct journal_row row;
	int ret = journal_encode_entry(&written, &row);
	if (ret != 0) {
		return ret;
	}
	MDB_txn *txn = NULL;
	ret = lmdb_error(mdb_txn_begin(writer->env, NULL, 0, &txn));
	if (ret != 0) {
		return ret;
	}
	ret = put_row(txn, writer->dbi, &row);
	if (ret == 0 && written.number > JOURNAL_ENTRIES_MAX) {
		ret = delete_oldest(txn, writer->dbi, written.number - JOURNAL_ENTRIES_MAX);
	}
	if (ret != 0) {
		mdb_txn_abort(txn);
		return ret;
	}
	ret = lmdb_error(mdb_txn_commit(txn));
	if (ret == 0) {
		writer->newest = repeats ? writer->newest : written.number;
		writer->last[entry->event] = written;
		entry->number = written.number;
	}
	return ret;
}

int journal_writer_confirm(struct journal_writer *writer, const struct journal_confirmed *confirmed)
{
	struct journal_row row;
	int ret = journal_encode_confirmed(confirmed, &row);
	if (ret != 0) {
		return ret;
	}
	MDB_txn *txn = NULL;
	ret = lmdb_error(mdb_txn_begin(writer->env, NULL, 0, &txn));
	if (ret != 0) {
		return ret;
	}
	ret = put_row(txn, writer->dbi, &row);
	if (ret != 0) {
		mdb_txn_abort(txn);
		return ret;
	}
	return lmdb_error(mdb_txn_commit(txn));
}

struct confirmed_look {
	journal_confirmed_call call;
	void *context;
};

static int look_at_confirmed(const MDB_val *key, const MDB_val *value, void *context)
{
	const struct confirmed_look *look = context;
	struct journal_confirmed confirmed;
	int ret = journal_decode_confirmed(key->mv_data, key->mv_size, value->mv_data,
	                                   value->mv_size, &confirmed);
	return ret == 0 ? look->call(&confirmed, look->context) : 0;
}

int journal_writer_each_confirmed(struct journal_writer *writer, journal_confirmed_call call,
                                  void *context)
{
	struct confirmed_look look = { call, context };
	return each_row(writer->env, writer->dbi, look_at_confirmed, &look);
}

struct entry_look {
	journal_entry_call call;
	void *context;
	size_t unreadable;
};

static int look_at_entry(const MDB_val *key, const MDB_val *value, void *context)
{
	struct entry_look *look = context;
	struct journal_entry entry;
	int ret = journal_decode_entry(key->mv_data, key->mv_size, value->mv_data, value->mv_size,
	                               &entry);
	if (ret == 0) {
		return look->call(&entry, look->context);
	}
	look->unreadable += ret != -ENOENT;
	return 0;
}

int journal_read(const char *path, journal_entry_call call, void *context, size_t *unreadable)
{
	struct entry_look look = { .call = call, .context = context };
	char lock[PATH_MAX];
	MDB_env *env = NULL;
	MDB_dbi dbi;
	int ret = check_length(path);
	ret = ret == 0 ? file_path(path, "lock.mdb", lock) : ret;
	if (ret != 0) {
		return ret;
	}
	// Without a lock file nobody writes; one that we made would be in the way of the daemon's user.
	unsigned flags = MDB_RDONLY | MDB_NOTLS | (access(lock, F_OK) != 0 ? MDB_NOLOCK : 0);
	ret = lmdb_open(path, flags, &env);
	if (ret != 0) {
		return ret;
	}
	ret = lmdb_check_size(env);
	if (ret == 0) {
		ret = lmdb_open_dbi(env, MDB_RDONLY, &dbi);
	}
	if (ret == 0) {
		ret = each_row(env, dbi, look_at_entry, &look);
	}
	mdb_env_close(env);
	if (ret == 0) {
		*unreadable = look.unreadable;
	}
	return ret;
}
