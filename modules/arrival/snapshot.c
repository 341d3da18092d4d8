/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Table to snapshot: a thread a table that reads when something changed and publishes by RCU.
 *
 * Theory of operation. inotify(7) on the table's folder tells of each commit (LMDB writes data.mdb by
 * pwrite), of a folder that is made anew, and, on its parent, of one that appears; a timer backs it
 * up. The thread reads the meta row first: a new heartbeat alone costs no more than that.
 */

#include "arrival/snapshot.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "arrival/snapshot_swap.h"
#include "arrival/thread.h"
#include "base/log.h"
#include "table/table_lmdb.h"

/*! Looks without any event that often: for what inotify cannot see (a parent that is missing). */
#define LOOK_MS 1000

struct snapshot_source {
	struct snapshot_source *next;
	unsigned references; /*!< Guarded by sources_lock. */
	char *path;
	pthread_t thread;
	int stop_fd;
	int inotify_fd;
	struct snapshot *current; /*!< Published by the thread. */

	pthread_mutex_t lock; /*!< Guards looked, error, listener, and answers for other threads. */
	int listener;         /*!< Eventfd that is told of each publication, or -1. */
	pthread_cond_t signal; /*!< looked became true. */
	bool looked;
	int error;

	// The thread's own.
	struct table_reader *reader;
	struct table_meta meta; /*!< Of the answers that are published. */
	struct answers *answers;
	bool stale;   /*!< Of the snapshot that is published. */
	int reported; /*!< What was said last: 0 or -errno. */
	bool reported_stale;
};

/*! All sources; the one mutable state of the module that zones share. Owned by get and put. */
static struct snapshot_source *sources;
static pthread_mutex_t sources_lock = PTHREAD_MUTEX_INITIALIZER;

/*! Publish what the thread has, and free what that replaces. */
static int publish(struct snapshot_source *source, struct answers *answers, bool stale)
{
	struct snapshot *snapshot = malloc(sizeof(*snapshot));
	if (snapshot == NULL) {
		return -ENOMEM;
	}
	*snapshot = (struct snapshot){ answers, answers_serial(answers), stale };
	snapshot_replace((void **)&source->current, snapshot);
	pthread_mutex_lock(&source->lock);
	struct answers *old = source->answers != answers ? source->answers : NULL;
	source->answers = answers;
	if (source->listener >= 0) {
		(void)eventfd_write(source->listener, 1);
	}
	pthread_mutex_unlock(&source->lock);
	answers_free(old);
	source->stale = stale;
	return 0;
}

/*! Whether the writer has been silent for longer than its answers may be given. */
static bool is_stale(const struct table_meta *meta)
{
	return meta->stale_after_ms != 0 &&
	       table_now_ms() > meta->heartbeat_ms + meta->stale_after_ms;
}

static int read_table(struct snapshot_source *source)
{
	struct table *table = NULL;
	struct answers *answers = NULL;
	int ret = table_reader_read(source->reader, &table);
	if (ret == 0) {
		ret = answers_new(table, &answers);
	}
	if (ret == 0) {
		ret = publish(source, answers, is_stale(&table->meta));
	}
	if (ret == 0) {
		source->meta = table->meta;
	} else {
		answers_free(answers);
	}
	table_free(table);
	return ret;
}

/*! Look at the table and publish what is new. */
static int look(struct snapshot_source *source)
{
	bool reopened = false;
	if (source->reader != NULL && table_reader_replaced(source->reader)) {
		table_reader_close(source->reader);
		source->reader = NULL;
	}
	if (source->reader == NULL) {
		int ret = table_reader_open(source->path, &source->reader);
		if (ret != 0) {
			return ret;
		}
		reopened = true;
	}
	struct table_meta meta;
	int ret = table_reader_meta(source->reader, &meta);
	if (ret == 0 && (reopened || source->answers == NULL || source->error != 0 ||
	                 meta.generation != source->meta.generation ||
	                 memcmp(meta.boot_id, source->meta.boot_id, sizeof(meta.boot_id)) != 0)) {
		ret = read_table(source);
	} else if (ret == 0) {
		source->meta.heartbeat_ms = meta.heartbeat_ms;
	}
	if (ret != 0) {
		// An environment may be beyond help until it is opened anew.
		table_reader_close(source->reader);
		source->reader = NULL;
	}
	return ret;
}

/*!
 * Say once what changed for the worse or the better. The first outcome is for whoever loads the module
 * to report. Of other reasons for the same failure only those that last are told: a table that is being
 * made is not there, then not readable, and then it is.
 */
static void report(struct snapshot_source *source, int error, bool stale, bool lasting)
{
	// Not by knotd_mod_log(): the zone that would speak may be on its way out, its name freed.
	bool told = !source->looked || error == source->reported;
	if (!told && error == 0) {
		log_info("table '%s', read", source->path);
	} else if (!told && (source->reported == 0 || lasting)) {
		log_warning("table '%s', failed to read (%s), %s", source->path, strerror(-error),
		            source->answers != NULL ? "keeping the last answers"
		                                    : "serving the zones' own data");
	} else {
		error = source->looked ? source->reported : error;
	}
	source->reported = error;
	if (stale != source->reported_stale) {
		log_warning("table '%s', %s", source->path,
		            stale ? "its writer is silent, answers are withdrawn"
		                  : "its writer is back");
	}
	source->reported_stale = stale;
}

/*! One round; lasting if nothing has happened for long. */
static void look_and_report(struct snapshot_source *source, bool lasting)
{
	int error = look(source);
	bool stale = source->answers != NULL && is_stale(&source->meta);
	if (source->answers != NULL && stale != source->stale) {
		(void)publish(source, source->answers, stale);
	}
	report(source, error, stale, lasting);

	pthread_mutex_lock(&source->lock);
	source->error = error;
	source->looked = true;
	pthread_cond_broadcast(&source->signal);
	pthread_mutex_unlock(&source->lock);
}

/*! Watch the folder, and its parent for the case that there is none; known watches stay as they are. */
static void watch(struct snapshot_source *source)
{
	(void)inotify_add_watch(source->inotify_fd, source->path,
	                        IN_MODIFY | IN_CREATE | IN_ATTRIB | IN_DELETE | IN_MOVED_TO |
	                                IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR);
	char parent[PATH_MAX];
	size_t length = strrchr(source->path, '/') - source->path;
	memcpy(parent, source->path, length);
	strcpy(parent + length, length == 0 ? "/" : "");
	(void)inotify_add_watch(source->inotify_fd, parent,
	                        IN_CREATE | IN_MOVED_TO | IN_ATTRIB | IN_ONLYDIR);
}

/*! How long to wait for an event: at most so long, and not beyond the end of the answers. */
static int wait_ms(const struct snapshot_source *source, int at_most)
{
	const struct table_meta *meta = &source->meta;
	if (source->answers == NULL || meta->stale_after_ms == 0 || source->stale) {
		return at_most;
	}
	uint64_t now = table_now_ms();
	uint64_t end = meta->heartbeat_ms + meta->stale_after_ms + 1;
	return end <= now ? 0 : end - now < (uint64_t)at_most ? (int)(end - now) : at_most;
}

static void *run(void *data)
{
	struct snapshot_source *source = data;
	(void)pthread_setname_np(pthread_self(), "arrival-table");
	struct pollfd fds[] = { { .fd = source->stop_fd, .events = POLLIN },
		                { .fd = source->inotify_fd, .events = POLLIN } };
	int pause = LOOK_MS;
	while (fds[0].revents == 0) {
		// What is written from now on makes a new event.
		char events[4096];
		while (read(source->inotify_fd, events, sizeof(events)) > 0) {
		}
		watch(source);
		look_and_report(source, pause == LOOK_MS);
		// LMDB lets a commit be seen a moment after the write that is the event: look again.
		bool event = poll(fds, 2, wait_ms(source, pause)) > 0;
		pause = event ? 1 : pause * 2 < LOOK_MS ? pause * 2 : LOOK_MS;
	}
	return NULL;
}

static void source_free(struct snapshot_source *source)
{
	if (source == NULL) {
		return;
	}
	table_reader_close(source->reader);
	answers_free(source->answers);
	free(source->current);
	if (source->stop_fd >= 0) {
		close(source->stop_fd);
	}
	if (source->inotify_fd >= 0) {
		close(source->inotify_fd);
	}
	pthread_cond_destroy(&source->signal);
	pthread_mutex_destroy(&source->lock);
	free(source->path);
	free(source);
}

/*! A source that is not running yet. */
static int source_new(const char *path, struct snapshot_source **source)
{
	struct snapshot_source *created = calloc(1, sizeof(*created));
	if (created == NULL) {
		return -ENOMEM;
	}
	pthread_mutex_init(&created->lock, NULL);
	pthread_cond_init(&created->signal, NULL);
	created->path = strdup(path);
	created->listener = -1;
	created->stop_fd = eventfd(0, EFD_CLOEXEC);
	created->inotify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (created->path == NULL || created->stop_fd < 0 || created->inotify_fd < 0) {
		int ret = created->path == NULL ? -ENOMEM : -errno;
		source_free(created);
		return ret;
	}
	*source = created;
	return 0;
}

/*! Start the thread, and wait for its first look. */
static int source_start(struct snapshot_source *source)
{
	int ret = thread_start(&source->thread, run, source);
	if (ret != 0) {
		return ret;
	}
	pthread_mutex_lock(&source->lock);
	while (!source->looked) {
		pthread_cond_wait(&source->signal, &source->lock);
	}
	pthread_mutex_unlock(&source->lock);
	return 0;
}

static int source_error(struct snapshot_source *source)
{
	pthread_mutex_lock(&source->lock);
	int error = source->error;
	pthread_mutex_unlock(&source->lock);
	return error;
}

/*! The same folder has one text: no double slashes, none at the end. */
static int normalize_path(const char *path, char *normal)
{
	size_t length = 0;
	for (; *path != '\0'; path++) {
		if (path[0] == '/' && (path[1] == '/' || path[1] == '\0')) {
			continue;
		}
		if (length + 1 >= PATH_MAX) {
			return -ENAMETOOLONG;
		}
		normal[length++] = *path;
	}
	normal[length] = '\0';
	return normal[0] == '/' ? 0 : -EINVAL;
}

int snapshot_source_get(const char *path, struct snapshot_source **source, int *reason)
{
	char normal[PATH_MAX];
	int first = 0;
	int ret = normalize_path(path, normal);
	if (ret != 0) {
		return ret;
	}
	pthread_mutex_lock(&sources_lock);
	struct snapshot_source *found = sources;
	while (found != NULL && strcmp(found->path, normal) != 0) {
		found = found->next;
	}
	if (found == NULL) {
		ret = source_new(normal, &found);
		if (ret == 0) {
			ret = source_start(found);
			if (ret != 0) {
				source_free(found);
			} else {
				found->next = sources;
				sources = found;
				first = source_error(found);
			}
		}
	}
	if (ret == 0) {
		found->references++;
		*source = found;
		*reason = first;
	}
	pthread_mutex_unlock(&sources_lock);
	return ret;
}

void snapshot_source_put(struct snapshot_source *source)
{
	if (source == NULL) {
		return;
	}
	pthread_mutex_lock(&sources_lock);
	if (--source->references == 0) {
		struct snapshot_source **at = &sources;
		while (*at != source) {
			at = &(*at)->next;
		}
		*at = source->next;
		// Within the lock: whoever opens the same table next must find it closed.
		(void)eventfd_write(source->stop_fd, 1);
		pthread_join(source->thread, NULL);
		snapshot_wait();
		source_free(source);
	}
	pthread_mutex_unlock(&sources_lock);
}

struct snapshot *const *snapshot_place(const struct snapshot_source *source)
{
	return &source->current;
}

void snapshot_source_listen(struct snapshot_source *source, int listener)
{
	pthread_mutex_lock(&source->lock);
	source->listener = listener;
	pthread_mutex_unlock(&source->lock);
}

void snapshot_source_look(struct snapshot_source *source,
                          void (*look_at)(void *context, const struct answers *answers),
                          void *context)
{
	pthread_mutex_lock(&source->lock);
	struct answers *answers = source->answers != NULL ? answers_hold(source->answers) : NULL;
	pthread_mutex_unlock(&source->lock);
	// Without the lock: a look at many hosts takes a second, and the next table must not wait for it.
	if (answers != NULL) {
		look_at(context, answers);
	}
	answers_free(answers);
}
