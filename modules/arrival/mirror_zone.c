/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * A session with one zone, and when the next one is due.
 */

#include "arrival/mirror_zone.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libknot/descriptor.h>
#include <libknot/dname.h>

#include "arrival/ask_knotd.h"
#include "arrival/signer.h"
#include "arrival/snapshot_swap.h"
#include "base/log.h"
#include "table/table.h"

/*! Without any event a zone is looked at that often, and oftener near the end of its signatures. */
#define POLL_MS 30000
#define POLL_MS_MIN 1000

/*! Between two sessions with a zone, whoever asks for one; and if there was nothing to be had. */
#define PAUSE_MS 2
#define PAUSE_UNSIGNED_MS 200
#define PAUSE_MISSED_MS 100

/*! What queries can make the thread do takes a tenth of its time at most, but for very long sessions. */
#define PAUSE_MISSED_FACTOR 9
#define PAUSE_MISSED_MS_MAX 30000

/*! After failures, doubled each time. */
#define DELAY_MS_MIN 50
#define DELAY_MS_MAX 30000

/*! Failures are told of when they last: knotd may be starting. */
#define DELAY_MS_TOLD 3000

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
	owners_deinit(&work->owners);
	zone_keys_free(work->keys);
	mirror_copy_free(work->settings);
	mirror_copy_free(work->settings_new);
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
	struct mirror_copy *copy = mirror_copy_new(settings);
	if (copy == NULL) {
		return -ENOMEM;
	}
	mirror_copy_free(work->settings_new);
	work->settings_new = copy;
	atomic_store(&work->view.patience, settings->patience);
	return 0;
}

/*! Whether something has happened that a session is for. */
static bool has_event(const struct mirror_work *work)
{
	uint32_t kicked = atomic_load(&work->view.kicked);
	return work->settings_new != NULL || work->table_changed ||
	       (kicked != 0 && kicked != work->seen_kick);
}

void mirror_work_begin(struct mirror_work *work)
{
	uint32_t kicked = atomic_load(&work->view.kicked);
	work->table_only = work->table_changed && work->settings_new == NULL &&
	                   (kicked == 0 || kicked == work->seen_kick) && work->delay_ms == 0;
	work->missed_only = !has_event(work) && work->due_ms > table_now_ms();
	work->table_changed = false;
	if (work->settings_new == NULL) {
		return;
	}
	if (work->settings != NULL && mirror_copy_keys_differ(work->settings, work->settings_new)) {
		zone_keys_free(work->keys);
		work->keys = NULL;
	}
	mirror_copy_free(work->settings);
	work->settings = work->settings_new;
	work->settings_new = NULL;
}

uint64_t mirror_work_due(const struct mirror_work *work)
{
	bool soon = has_event(work) && work->earliest_ms < work->due_ms;
	uint64_t due = soon ? work->earliest_ms : work->due_ms;
	return owner_box_full(&work->view.missed) && work->missed_ms < due ? work->missed_ms : due;
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
		"put it there where knotd's user can read it: until then validating resolvers "
		"get the zone's own records, and those on the LAN none",
		zone_text(work, text), tag, algorithm);
}

static int sign(struct mirror_work *work, const struct wanted *wanted)
{
	if (work->keys == NULL) {
		work->keys = zone_keys_new(work->zone, work->settings->keystores);
	}
	if (work->keys == NULL) {
		return -ENOMEM;
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

static int learn_and_sign(struct mirror_work *work, struct snapshot_source *source,
                          struct wanted *wanted, const struct ask_knotd *how)
{
	struct ask_knotd ask = *how;
	ask.settings = work->settings;
	int ret = ask_knotd(&ask, work->zone, wanted, &work->learnt);
	if (ret == 0) {
		snapshot_source_look(source, wanted_add_hints, wanted);
		ret = wanted->error;
	}
	return ret == 0 ? sign(work, wanted) : ret;
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

/*!
 * What has failed is tried again, later each time. What nobody has confirmed for so long that the keys may
 * have been retired is not served any more, even if no query has told of another version.
 */
static void fail(struct mirror_work *work, int ret)
{
	uint64_t now = table_now_ms();
	work->failing_ms = work->delay_ms == 0 ? now : work->failing_ms;
	if (ret != -ENOKEY && work->view.current != NULL &&
	    now - work->failing_ms > work->view.patience * UINT64_C(1000)) {
		publish(work, NULL);
	}
	work->delay_ms = work->delay_ms == 0                 ? DELAY_MS_MIN
	                 : work->delay_ms * 2 < DELAY_MS_MAX ? work->delay_ms * 2
	                                                     : DELAY_MS_MAX;
	work->due_ms = now + work->delay_ms;
	if (ret != -ENOKEY && work->delay_ms >= DELAY_MS_TOLD && !work->reported) {
		knot_dname_txt_storage_t text;
		struct ask_knotd_reason why = ask_knotd_reason(ret);
		log_warning("zone '%s', failed to sign its answers (%s), %s", zone_text(work, text),
		            why.reason, why.remedy);
		work->reported = true;
	}
}

/*! Settle when the next session will be. */
static void finish(struct mirror_work *work, int ret, uint32_t kicked)
{
	work->earliest_ms = table_now_ms() + PAUSE_MS;
	work->seen_kick = kicked;
	if (ret == -ECANCELED) {
		work->due_ms = 0;
		work->seen_kick = 0;
		return;
	}
	if (ret == -ENODATA) {
		// Not signed (any more): there is nothing to mirror.
		publish(work, NULL);
		work->earliest_ms = table_now_ms() + PAUSE_UNSIGNED_MS;
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
	work->due_ms = table_now_ms() + poll_ms(work);
}

/*! Whether an owner is a host, which is asked for anyway. */
struct host_search {
	const uint8_t *owner;
	bool found;
};

static void find_host(void *context, const struct answers *answers)
{
	struct host_search *search = context;
	search->found =
		answers_find_host(answers, search->owner, knot_dname_size(search->owner)) != NULL;
}

/*! Take an owner that a query has told of. \return Whether it is new, so that there is something to learn. */
static bool take_missed(struct mirror_work *work, struct snapshot_source *source)
{
	struct owner_box *box = &work->view.missed;
	if (!owner_box_full(box) || work->missed_ms > table_now_ms()) {
		return false;
	}
	struct host_search search = { .owner = box->owner };
	snapshot_source_look(source, find_host, &search);
	if (search.found) {
		owner_box_empty(box);
	}
	return owners_take(&work->owners, box);
}

/*! How long owners are left in their box after a session that has taken so long. */
static uint64_t missed_pause_ms(uint64_t session_ms)
{
	uint64_t pause = PAUSE_MISSED_MS + session_ms * PAUSE_MISSED_FACTOR;
	return pause < PAUSE_MISSED_MS_MAX ? pause : PAUSE_MISSED_MS_MAX;
}

/*! Forget the owners at which there was nothing, or only by a wildcard. */
static void forget_owners(struct mirror_work *work)
{
	static const uint16_t types[2] = { KNOT_RRTYPE_HTTPS, KNOT_RRTYPE_SVCB };
	for (size_t i = work->owners.count; i-- > 0;) {
		const knot_dname_t *owner = work->owners.list[i];
		size_t size = knot_dname_size(owner);
		bool known = false;
		for (size_t j = 0; j < 2; j++) {
			const struct signed_set *set =
				learnt_find(&work->learnt, owner, size, types[j]);
			known = known || (set != NULL && set->signature_count > 0);
		}
		if (!known) {
			// Clients choose the names below a wildcard.
			learnt_forget(&work->learnt, owner, size, types[0]);
			learnt_forget(&work->learnt, owner, size, types[1]);
			owners_remove(&work->owners, i);
		}
	}
}

void mirror_work_session(struct mirror_work *work, struct snapshot_source *source,
                         const struct ask_knotd *how)
{
	uint64_t begun = table_now_ms();
	uint32_t kicked = atomic_load(&work->view.kicked);
	bool missed = take_missed(work, source);
	if (work->missed_only && !missed) {
		work->missed_ms = begun + PAUSE_MISSED_MS;
		return;
	}
	work->table_only = work->table_only && !missed;
	struct wanted wanted;
	int ret = wanted_init(&wanted, work->zone, &work->learnt, &work->owners);
	if (ret == 0) {
		snapshot_source_look(source, wanted_add_addresses, &wanted);
		snapshot_source_look(source, wanted_add_hints, &wanted);
		ret = wanted.error;
	}
	enum wanted_progress progress = WANTED_UNKNOWN;
	if (ret == 0 && work->table_only && work->keys != NULL) {
		progress = wanted_progress(&wanted, work->view.current);
	}
	// New addresses of known hosts: there is nothing to ask, and no time to lose.
	if (progress == WANTED_SIGNED || (progress == WANTED_LEARNT && sign(work, &wanted) == 0)) {
		work->earliest_ms = table_now_ms() + PAUSE_MS;
		wanted_deinit(&wanted);
		return;
	}
	if (ret == 0) {
		ret = learn_and_sign(work, source, &wanted, how);
	}
	wanted_deinit(&wanted);
	if (ret == 0) {
		forget_owners(work);
	}
	if (missed) {
		work->missed_ms = table_now_ms() + missed_pause_ms(table_now_ms() - begun);
	}
	finish(work, ret, kicked);
}
