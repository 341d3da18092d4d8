/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The thread of mirror signing: when to learn, to sign and to publish.
 *
 * Theory of operation. A session with a zone asks knotd for the records there are and their signatures,
 * and signs what the table wants answered in the same way. There is one when a query has seen a
 * version of the zone that is not that of the published answers (the kick: one write to an eventfd a change),
 * when the table has changed, and now and then for zones that nobody asks about. What has failed is tried
 * again, later each time.
 */

#include "arrival/mirror.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "arrival/mirror_zone.h"
#include "arrival/self_address.h"
#include "arrival/snapshot_swap.h"
#include "arrival/thread.h"
#include "table/table.h"

/*! A thread and its zones. */
struct mirror {
	struct mirror *next;
	struct snapshot_source *source;
	pthread_t thread;
	pthread_mutex_t lock; /*!< Guards what follows. */
	pthread_cond_t idle;  /*!< busy became NULL. */
	struct mirror_work *zones;
	struct mirror_work *busy; /*!< In a session, which runs without the lock. */
	bool ending;
	_Atomic uint32_t self_port;
	struct self_address answering; /*!< The thread's own: where knotd has answered last. */
	int wake_fd;                   /*!< There is something to do. */
	int table_fd;                  /*!< The table has changed. */
	int stop_fd;                   /*!< The session must end. */
};

/*! All threads; owned by mirror_get() and mirror_put(). */
static struct mirror *mirrors;
static pthread_mutex_t mirrors_lock = PTHREAD_MUTEX_INITIALIZER;

const struct signed_answers *mirror_kick(struct mirror_zone *zone,
                                         const struct signed_answers *answers,
                                         const struct signed_version *version, uint32_t now)
{
	uint32_t kicked = atomic_load_explicit(&zone->kicked, memory_order_relaxed);
	if (kicked == 0) {
		if (atomic_compare_exchange_strong(&zone->kicked, &kicked, now)) {
			(void)eventfd_write(zone->wake_fd, 1);
		}
		return answers;
	}
	uint32_t patience = atomic_load_explicit(&zone->patience, memory_order_relaxed);
	// Another thread's query may have seen the time earlier, and the clock may be set back.
	int32_t age = (int32_t)(now - kicked);
	bool soon = age <= 0 || (uint32_t)age <= patience;
	return answers != NULL && (soon || answers->version.keys == version->keys) ? answers : NULL;
}

void mirror_miss(struct mirror_zone *zone, const uint8_t *owner)
{
	if (owner_box_put(&zone->missed, owner)) {
		(void)eventfd_write(zone->wake_fd, 1);
	}
}

/*! The zone that is due first. */
static struct mirror_work *find_due(const struct mirror *mirror, uint64_t *due)
{
	struct mirror_work *first = NULL;
	for (struct mirror_work *work = mirror->zones; work != NULL; work = work->next) {
		uint64_t its_due = mirror_work_due(work);
		if (first == NULL || its_due < *due) {
			first = work;
			*due = its_due;
		}
	}
	return first;
}

/*! Whether an eventfd was told of something. */
static bool drain(int fd)
{
	eventfd_t count;
	return eventfd_read(fd, &count) == 0;
}

/*! Hold a session with one zone; the lock is given away meanwhile. */
static void hold_session(struct mirror *mirror, struct mirror_work *work)
{
	mirror->busy = work;
	mirror_work_begin(work);
	pthread_mutex_unlock(&mirror->lock);
	const struct ask_knotd how = { .self_port = &mirror->self_port,
		                       .stop_fd = mirror->stop_fd,
		                       .answering = &mirror->answering };
	mirror_work_session(work, mirror->source, &how);
	pthread_mutex_lock(&mirror->lock);
	mirror->busy = NULL;
	pthread_cond_broadcast(&mirror->idle);
}

static void *run(void *data)
{
	struct mirror *mirror = data;
	(void)pthread_setname_np(pthread_self(), "arrival-sign");
	struct pollfd fds[] = { { .fd = mirror->wake_fd, .events = POLLIN },
		                { .fd = mirror->table_fd, .events = POLLIN } };
	pthread_mutex_lock(&mirror->lock);
	while (!mirror->ending) {
		(void)drain(mirror->stop_fd);
		uint64_t due = 0;
		struct mirror_work *work = find_due(mirror, &due);
		uint64_t now = table_now_ms();
		if (work != NULL && due <= now) {
			hold_session(mirror, work);
			continue;
		}
		pthread_mutex_unlock(&mirror->lock);
		(void)poll(fds, 2, work == NULL ? -1 : (int)(due - now));
		(void)drain(mirror->wake_fd);
		pthread_mutex_lock(&mirror->lock);
		if (drain(mirror->table_fd)) {
			for (work = mirror->zones; work != NULL; work = work->next) {
				work->table_changed = true;
			}
		}
	}
	pthread_mutex_unlock(&mirror->lock);
	return NULL;
}

static void mirror_free(struct mirror *mirror)
{
	const int fds[] = { mirror->wake_fd, mirror->table_fd, mirror->stop_fd };
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (fds[i] >= 0) {
			close(fds[i]);
		}
	}
	pthread_cond_destroy(&mirror->idle);
	pthread_mutex_destroy(&mirror->lock);
	free(mirror);
}

static int mirror_new(struct snapshot_source *source, struct mirror **mirror)
{
	struct mirror *created = calloc(1, sizeof(*created));
	if (created == NULL) {
		return -ENOMEM;
	}
	pthread_mutex_init(&created->lock, NULL);
	pthread_cond_init(&created->idle, NULL);
	created->source = source;
	created->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	created->table_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	created->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	bool open = created->wake_fd >= 0 && created->table_fd >= 0 && created->stop_fd >= 0;
	int ret = open ? thread_start(&created->thread, run, created) : -errno;
	if (ret != 0) {
		mirror_free(created);
		return ret;
	}
	snapshot_source_listen(source, created->table_fd);
	*mirror = created;
	return 0;
}

/*! End a thread if it has no zones. */
static void end_idle(struct mirror *mirror)
{
	if (mirror->zones != NULL) {
		return;
	}
	struct mirror **at = &mirrors;
	while (*at != mirror) {
		at = &(*at)->next;
	}
	*at = mirror->next;
	snapshot_source_listen(mirror->source, -1);
	pthread_mutex_lock(&mirror->lock);
	mirror->ending = true;
	pthread_mutex_unlock(&mirror->lock);
	(void)eventfd_write(mirror->wake_fd, 1);
	pthread_join(mirror->thread, NULL);
	mirror_free(mirror);
}

/*! The zone of that name, with one more reference. */
static int get_zone(struct mirror *mirror, const uint8_t *zone,
                    const struct mirror_settings *settings, struct mirror_zone **mirrored)
{
	pthread_mutex_lock(&mirror->lock);
	struct mirror_work *work = mirror->zones;
	while (work != NULL && !mirror_work_is(work, zone)) {
		work = work->next;
	}
	bool added = work == NULL;
	int ret = added ? mirror_work_new(zone, &work) : 0;
	if (ret == 0) {
		ret = mirror_work_set(work, settings);
	}
	if (ret == 0 && added) {
		work->view.self_port = &mirror->self_port;
		work->view.wake_fd = mirror->wake_fd;
		work->mirror = mirror;
		work->next = mirror->zones;
		mirror->zones = work;
	}
	if (ret == 0) {
		work->references++;
		*mirrored = &work->view;
	} else if (added) {
		mirror_work_free(work);
	}
	pthread_mutex_unlock(&mirror->lock);
	(void)eventfd_write(mirror->wake_fd, 1);
	return ret;
}

/*! Give a zone back. */
static void put_zone(struct mirror *mirror, struct mirror_work *work)
{
	pthread_mutex_lock(&mirror->lock);
	bool gone = --work->references == 0;
	if (gone) {
		struct mirror_work **at = &mirror->zones;
		while (*at != work) {
			at = &(*at)->next;
		}
		*at = work->next;
		atomic_store(&work->stop, true);
		if (mirror->busy == work) {
			(void)eventfd_write(mirror->stop_fd, 1);
		}
		while (mirror->busy == work) {
			pthread_cond_wait(&mirror->idle, &mirror->lock);
		}
	}
	pthread_mutex_unlock(&mirror->lock);
	if (gone) {
		snapshot_wait();
		mirror_work_free(work);
	}
}

int mirror_get(struct snapshot_source *source, const uint8_t *zone,
               const struct mirror_settings *settings, struct mirror_zone **mirrored)
{
	int ret = 0;
	pthread_mutex_lock(&mirrors_lock);
	struct mirror *mirror = mirrors;
	while (mirror != NULL && mirror->source != source) {
		mirror = mirror->next;
	}
	if (mirror == NULL) {
		ret = mirror_new(source, &mirror);
		if (ret == 0) {
			mirror->next = mirrors;
			mirrors = mirror;
		}
	}
	if (ret == 0) {
		ret = get_zone(mirror, zone, settings, mirrored);
		end_idle(mirror);
	}
	pthread_mutex_unlock(&mirrors_lock);
	return ret;
}

void mirror_put(struct mirror_zone *zone)
{
	if (zone == NULL) {
		return;
	}
	struct mirror_work *work = mirror_work_of(zone);
	struct mirror *mirror = work->mirror;
	pthread_mutex_lock(&mirrors_lock);
	put_zone(mirror, work);
	end_idle(mirror);
	pthread_mutex_unlock(&mirrors_lock);
}
