/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Signing of all variants of a zone: what is still good is kept, the rest is signed.
 *
 * A variant that cannot be signed as completely as the zone's own record is left out, and that record
 * serves instead: a validator may want a signature of each algorithm (RFC 6840 section 5.11).
 */

#include "arrival/signer.h"

#include <errno.h>
#include <stdlib.h>

#include <libknot/rrtype/rrsig.h>

#include "table/table.h"

/*! A part of long work is published after so long. */
#define PART_MS 200

/*! An RRset has one signature an algorithm, and two keys of one in a rollover at worst. */
#define SIGNATURE_SIZE_MAX 1024

/*! One set that is wanted and what has become of it. */
struct job {
	const struct signed_set *wanted;
	const struct signed_set *model;  /*!< The zone's own. */
	const struct signed_set *result; /*!< Borrowed, wherever it is; NULL: none. */
	bool done;
	bool lasts; /*!< The result is as good as the zone's own; if not, it serves meanwhile. */
};

/*! Take what can be had without signing. */
static void job_init(struct job *job, const struct signer *signer, const struct signed_set *wanted)
{
	const uint8_t *owner = signed_set_owner(wanted);
	struct signed_set *model =
		learnt_find(signer->learnt, owner, wanted->owner_size, wanted->type);
	*job = (struct job){ .wanted = wanted, .model = model, .done = true, .lasts = true };
	if (model == NULL || model->signature_count == 0 || wanted->count == 0) {
		return;
	}
	if (model->hash == wanted->hash && model->rdata_size == wanted->rdata_size &&
	    memcmp(model->bytes, wanted->bytes, wanted->rdata_size) == 0) {
		job->result = model;
		return;
	}
	struct signed_set *old = NULL;
	if (signer->old != NULL) {
		knot_rdataset_t rdata = signed_set_rdata(wanted);
		old = signed_answers_find(signer->old, owner, wanted->owner_size, wanted->type,
		                          &rdata, tail_hash_rdata(&rdata));
	}
	job->done = old != NULL && old->ttl == model->ttl && signed_set_same_headers(old, model);
	job->lasts = job->done || (old != NULL && old->signature_count == model->signature_count &&
	                           zone_keys_published(signer->keys, old));
	// The same version again is no older one, whose keys knotd would keep for a while.
	if (old != NULL &&
	    (job->lasts || signer->old->version.soa != learnt_version(signer->learnt).soa)) {
		job->result = old;
	}
}

/*! Sign after the model, into a region. \return 0, -ENOKEY, -ENOMEM. */
static int sign_job(const struct signer *signer, struct job *job, struct region *region)
{
	knot_rdataset_t signatures = { 0 };
	knot_rdata_t *model = signed_set_signatures(job->model).rdata;
	int ret = 0;
	for (uint16_t i = 0; ret == 0 && i < job->model->signature_count; i++) {
		bool missing = false;
		dnssec_sign_ctx_t *context =
			zone_keys_find(signer->keys, job->model, model, &missing);
		if (missing) {
			signer->missing(signer->context, knot_rrsig_alg(model),
			                knot_rrsig_key_tag(model));
		}
		uint8_t rdata[SIGNATURE_SIZE_MAX];
		size_t size = sizeof(rdata);
		knot_rdata_t *record = NULL;
		if (context == NULL || !sign_set(context, job->wanted, model, rdata, &size)) {
			ret = -ENOKEY;
		} else if ((record = malloc(knot_rdata_size((uint16_t)size))) == NULL) {
			ret = -ENOMEM;
		} else {
			knot_rdata_init(record, (uint16_t)size, rdata);
			ret = knot_rdataset_add(&signatures, record, NULL) == 0 ? 0 : -ENOMEM;
		}
		free(record);
		model = knot_rdataset_next(model);
	}
	if (ret == 0) {
		knot_rdataset_t rdata = signed_set_rdata(job->wanted);
		const struct signed_set *result = signed_set_new(
			region, signed_set_owner(job->wanted), job->wanted->owner_size,
			job->wanted->type, job->model->ttl, &rdata, &signatures);
		ret = result != NULL ? 0 : -ENOMEM;
		job->result = result != NULL ? result : job->result;
		job->lasts = job->lasts || result != NULL;
	}
	knot_rdataset_clear(&signatures, NULL);
	job->done = true;
	return ret;
}

/*! Leave out what has not been replaced, and tell what the rest will take. */
static size_t measure(struct job *jobs, size_t count, bool whole, size_t *results)
{
	size_t size = 0;
	*results = 0;
	for (size_t i = 0; i < count; i++) {
		if (whole && !jobs[i].lasts) {
			jobs[i].result = NULL;
		}
		if (jobs[i].result != NULL) {
			(*results)++;
			size += region_round(signed_set_size(jobs[i].result));
		}
	}
	return size;
}

/*!
 * Publish what there is. All results are those that are published then.
 *
 * A part has what was signed for an older version too, until that is replaced; if its keys or algorithms are not
 * those of this version any more, the part is of the older one as well, which limits the time for which it is
 * served.
 */
static int publish(const struct signer *signer, struct job *jobs,
                   const struct signed_version *older, bool whole)
{
	size_t count = 0;
	size_t size = measure(jobs, signer->wanted->count, whole, &count);
	struct signed_answers *answers = signed_answers_new(count, size);
	if (answers == NULL) {
		return -ENOMEM;
	}
	answers->version = learnt_version(signer->learnt);
	for (size_t i = 0; i < signer->wanted->count; i++) {
		struct signed_set *added = NULL;
		if (jobs[i].result == NULL) {
			continue;
		}
		int ret = signed_answers_add(answers, jobs[i].result, &added);
		if (ret != 0) {
			signed_answers_free(answers);
			return ret;
		}
		answers->version = jobs[i].lasts ? answers->version : *older;
		jobs[i].result = added;
	}
	signer->publish(signer->context, answers);
	return 0;
}

/*! Sign what is left, and publish each part. */
static int sign_all(const struct signer *signer, struct job *jobs, struct region *region)
{
	bool keys_missing = false;
	const struct signed_version older =
		signer->old != NULL ? signer->old->version : (struct signed_version){ 0 };
	uint64_t published = table_now_ms();
	for (size_t i = 0; i < signer->wanted->count; i++) {
		if (jobs[i].done) {
			continue;
		}
		if (atomic_load_explicit(signer->stop, memory_order_relaxed)) {
			return -ECANCELED;
		}
		int ret = sign_job(signer, &jobs[i], region);
		if (ret == 0 && table_now_ms() - published > PART_MS) {
			ret = publish(signer, jobs, &older, false);
			published = table_now_ms();
		}
		if (ret != 0 && ret != -ENOKEY) {
			return ret;
		}
		keys_missing = keys_missing || ret == -ENOKEY;
	}
	int ret = publish(signer, jobs, &older, true);
	return ret != 0 ? ret : keys_missing ? -ENOKEY : 0;
}

int signer_run(const struct signer *signer)
{
	struct region region = { 0 };
	struct job *jobs = region_calloc(&region, signer->wanted->count, sizeof(*jobs));
	if (jobs == NULL) {
		return -ENOMEM;
	}
	const knot_rdataset_t dnskeys = signed_set_rdata(signer->learnt->dnskey);
	zone_keys_begin(signer->keys, &dnskeys);
	for (size_t i = 0; i < signer->wanted->count; i++) {
		job_init(&jobs[i], signer, signer->wanted->list[i]);
	}
	int ret = sign_all(signer, jobs, &region);
	region_free(&region);
	return ret;
}
