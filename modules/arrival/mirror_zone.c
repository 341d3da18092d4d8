/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * A session with one zone, and when the next one is due.
 */

#include "arrival/mirror_zone.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libknot/dname.h>

#include "arrival/signer.h"
#include "arrival/snapshot_swap.h"
#include "base/log.h"

/*! Without any event a zone is looked at that often, and oftener near the end of its signatures. */
#define POLL_MS 30000
#define POLL_MS_MIN 1000

/*! Between two sessions with a zone, whoever asks for one; and if there was nothing to be had. */
#define PAUSE_MS 10
#define PAUSE_UNSIGNED_MS 200

/*! After failures, doubled each time. */
#define DELAY_MS_MIN 50
#define DELAY_MS_MAX 30000

/*! Failures are told of when they last: knotd may be starting. */
#define DELAY_MS_TOLD 3000

static void copy_free(struct mirror_copy *copy)
{
	if (copy == NULL) {
		return;
	}
	for (size_t i = 0; copy->keystores != NULL && copy->keystores[i] != NULL; i++) {
		free(copy->keystores[i]);
	}
	free(copy->keystores);
	free(copy->listen);
	free(copy);
}

static struct mirror_copy *copy_new(const struct mirror_settings *settings)
{
	size_t count = 0;
	while (settings->keystores[count] != NULL) {
		count++;
	}
	struct mirror_copy *copy = calloc(1, sizeof(*copy));
	if (copy == NULL) {
		return NULL;
	}
	copy->listen = calloc(settings->listen_count + 1, sizeof(*copy->listen));
	copy->keystores = calloc(count + 1, sizeof(*copy->keystores));
	bool whole = copy->listen != NULL && copy->keystores != NULL;
	for (size_t i = 0; whole && i < count; i++) {
		copy->keystores[i] = strdup(settings->keystores[i]);
		whole = copy->keystores[i] != NULL;
	}
	if (!whole) {
		copy_free(copy);
		return NULL;
	}
	for (size_t i = 0; i < settings->listen_count; i++) {
		copy->listen[i] = settings->listen[i];
	}
	copy->listen_count = settings->listen_count;
	return copy;
}

int mirror_work_new(const uint8_t *zone, struct mirror_work **work)
{
	struct mirror_work *created = calloc(1, sizeof(*created));
	if (created == NULL) {
		return -ENOMEM;
	}
	memcpy(created->zone, zone, knot_dname_size(zone));
	*work = created;
	return 0;
}

void mirror_work_free(struct mirror_work *work)
{
	if (work == NULL) {
		return;
	}
	signed_answers_free(work->view.current);
	learnt_deinit(&work->learnt);
	zone_keys_free(work->keys);
	copy_free(work->settings);
	copy_free(work->settings_new);
	free(work);
}

bool mirror_work_is(const struct mirror_work *work, const uint8_t *zone)
{
	return knot_dname_is_equal(work->zone, zone);
}

struct mirror_work *mirror_work_of(struct mirror_zone *view)
{
	return (struct mirror_work *)(void *)view;
}

int mirror_work_set(struct mirror_work *work, const struct mirror_settings *settings)
{
	struct mirror_copy *copy = copy_new(settings);
	if (copy == NULL) {
		return -ENOMEM;
	}
	copy_free(work->settings_new);
	work->settings_new = copy;
	atomic_store(&work->view.patience, settings->patience);
	return 0;
}

/*! Whether the keystores are others. */
static bool keystores_differ(const struct mirror_copy *a, const struct mirror_copy *b)
{
	size_t i = 0;
	while (a->keystores[i] != NULL && b->keystores[i] != NULL &&
	       strcmp(a->keystores[i], b->keystores[i]) == 0) {
		i++;
	}
	return a->keystores[i] != NULL || b->keystores[i] != NULL;
}

void mirror_work_begin(struct mirror_work *work)
{
	uint32_t kicked = atomic_load(&work->view.kicked);
	work->table_only = work->table_changed && work->settings_new == NULL &&
	                   (kicked == 0 || kicked == work->seen_kick) && work->delay_ms == 0;
	work->table_changed = false;
	if (work->settings_new == NULL) {
		return;
	}
	if (work->settings != NULL && keystores_differ(work->settings, work->settings_new)) {
		zone_keys_free(work->keys);
		work->keys = NULL;
	}
	copy_free(work->settings);
	work->settings = work->settings_new;
	work->settings_new = NULL;
}

static uint64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t mirror_work_due(const struct mirror_work *work)
{
	uint32_t kicked = atomic_load(&work->view.kicked);
	bool event = work->settings_new != NULL || work->table_changed ||
	             (kicked != 0 && kicked != work->seen_kick);
	return event && work->earliest_ms < work->due_ms ? work->earliest_ms : work->due_ms;
}

/*! Ask the first of knotd's addresses that answers. */
static int learn(struct mirror_work *work, const struct wanted *wanted, _Atomic uint32_t *self_port,
                 int stop_fd)
{
	int ret = -EADDRNOTAVAIL;
	for (size_t i = 0; i < work->settings->listen_count; i++) {
		struct self_query *query = NULL;
		ret = self_query_open(&work->settings->listen[i], stop_fd, &query);
		if (ret == 0) {
			atomic_store(self_port, self_query_port(query));
			ret = learn_zone(query, work->zone, wanted->list, wanted->count,
			                 &work->learnt);
			atomic_store(self_port, 0);
			self_query_close(query);
		}
		if (ret == 0 || ret == -ENODATA || ret == -EAGAIN || ret == -ECANCELED) {
			break;
		}
	}
	return ret;
}

static void publish(void *context, struct signed_answers *answers)
{
	struct mirror_work *work = context;
	signed_answers_free(snapshot_swap((void **)&work->view.current, answers));
}

static const char *zone_text(const struct mirror_work *work, knot_dname_txt_storage_t text)
{
	return knot_dname_to_str(text, work->zone, sizeof(knot_dname_txt_storage_t)) != NULL ? text
	                                                                                     : "?";
}

static void report_missing(void *context, uint8_t algorithm, uint16_t tag)
{
	struct mirror_work *work = context;
	uint32_t key = (uint32_t)algorithm << 16 | tag;
	if (key == work->reported_key) {
		return;
	}
	work->reported_key = key;
	knot_dname_txt_storage_t text;
	log_warning(
		"zone '%s', private key %u of algorithm %u not found among the keystore's files, "
		"validating resolvers get the zone's own records",
		zone_text(work, text), tag, algorithm);
}

/*! Whether a change of the table has brought nothing that is not signed, or known not to be. */
static bool is_complete(const struct mirror_work *work, const struct wanted *wanted)
{
	for (size_t i = 0; i < wanted->count; i++) {
		const struct signed_set *set = wanted->list[i];
		knot_rdataset_t rdata = signed_set_rdata(set);
		const uint8_t *owner = signed_set_owner(set);
		const struct signed_set *model =
			learnt_find(&work->learnt, owner, set->owner_size, set->type);
		if (model == NULL ||
		    (model->signature_count > 0 && set->count > 0 &&
		     (work->view.current == NULL ||
		      signed_answers_find(work->view.current, owner, set->owner_size, set->type,
		                          &rdata, tail_hash_rdata(&rdata)) == NULL))) {
			return false;
		}
	}
	return true;
}

static int learn_and_sign(struct mirror_work *work, struct snapshot_source *source,
                          struct wanted *wanted, _Atomic uint32_t *self_port, int stop_fd)
{
	int ret = learn(work, wanted, self_port, stop_fd);
	if (ret == 0) {
		snapshot_source_visit(source, wanted_add_hints, wanted);
		ret = wanted->error;
	}
	if (ret == 0 && work->keys == NULL) {
		work->keys = zone_keys_new(work->zone, work->settings->keystores);
		ret = work->keys != NULL ? 0 : -ENOMEM;
	}
	if (ret != 0) {
		return ret;
	}
	const struct signer signer = {
		.keys = work->keys,
		.learnt = &work->learnt,
		.wanted = wanted,
		.old = work->view.current,
		.stop = &work->stop,
		.publish = publish,
		.missing = report_missing,
		.context = work,
	};
	return signer_run(&signer);
}

/*! How long the signatures that are published will be left alone. */
static uint64_t poll_ms(const struct mirror_work *work)
{
	const struct signed_answers *answers = work->view.current;
	uint32_t now = (uint32_t)time(NULL);
	int64_t least = POLL_MS;
	for (size_t i = 0; answers != NULL && i <= answers->mask; i++) {
		if (answers->slots[i] != NULL) {
			int64_t left = (int32_t)(answers->slots[i]->expiration - now);
			least = left * 250 < least ? left * 250 : least;
		}
	}
	return least > POLL_MS_MIN ? (uint64_t)least : POLL_MS_MIN;
}

/*! What has failed is tried again, later each time. */
static void fail(struct mirror_work *work, int ret)
{
	work->delay_ms = work->delay_ms == 0                 ? DELAY_MS_MIN
	                 : work->delay_ms * 2 < DELAY_MS_MAX ? work->delay_ms * 2
	                                                     : DELAY_MS_MAX;
	work->due_ms = now_ms() + work->delay_ms;
	if (ret != -ENOKEY && work->delay_ms >= DELAY_MS_TOLD && !work->reported) {
		knot_dname_txt_storage_t text;
		log_warning("zone '%s', failed to ask knotd for its records (%s), "
		            "what is not signed yet stays so",
		            zone_text(work, text), strerror(-ret));
		work->reported = true;
	}
}

/*! Settle when the next session will be. */
static void finish(struct mirror_work *work, int ret, uint32_t kicked)
{
	work->earliest_ms = now_ms() + PAUSE_MS;
	work->seen_kick = kicked;
	if (ret == -ECANCELED) {
		work->due_ms = 0;
		work->seen_kick = 0;
		return;
	}
	if (ret == -ENODATA) {
		// Not signed (any more): there is nothing to mirror.
		publish(work, NULL);
		work->earliest_ms = now_ms() + PAUSE_UNSIGNED_MS;
	} else if (ret != 0 && ret != -ENOKEY) {
		fail(work, ret);
		return;
	}
	// Only now: meanwhile there may have been more queries, but not more to do.
	atomic_store(&work->view.kicked, 0);
	work->seen_kick = 0;
	work->reported = false;
	if (ret == -ENOKEY) {
		fail(work, ret);
		return;
	}
	work->reported_key = 0;
	work->delay_ms = 0;
	work->due_ms = now_ms() + poll_ms(work);
}

void mirror_work_session(struct mirror_work *work, struct snapshot_source *source,
                         _Atomic uint32_t *self_port, int stop_fd)
{
	uint32_t kicked = atomic_load(&work->view.kicked);
	struct wanted wanted;
	int ret = wanted_init(&wanted, work->zone, &work->learnt);
	if (ret == 0) {
		snapshot_source_visit(source, wanted_add_addresses, &wanted);
		snapshot_source_visit(source, wanted_add_hints, &wanted);
		ret = wanted.error;
	}
	if (ret == 0 && work->table_only && is_complete(work, &wanted)) {
		work->earliest_ms = now_ms() + PAUSE_MS;
		wanted_deinit(&wanted);
		return;
	}
	if (ret == 0) {
		ret = learn_and_sign(work, source, &wanted, self_port, stop_fd);
	}
	wanted_deinit(&wanted);
	finish(work, ret, kicked);
}
