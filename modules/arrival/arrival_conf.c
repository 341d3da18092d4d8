/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Reading of knot.conf: the module's own section, and where knotd has its keys for the zone.
 */

#include <knot/module.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arrival/arrival_conf.h"

// Names as libknot's parser wants them: after their lengths.
#define MOD_TABLE "\x05table"
#define MOD_TTL "\x03ttl"
#define MOD_SECTIONS "\x08sections"

enum { SECTIONS_MINIMAL, SECTIONS_FULL };

static const knot_lookup_t sections_options[] = { { SECTIONS_MINIMAL, "minimal" },
	                                          { SECTIONS_FULL, "full" },
	                                          { 0, NULL } };

#define TTL_DEFAULT 10
#define TTL_MAX 86400

const yp_item_t arrival_conf[] = {
	{ MOD_TABLE, YP_TSTR, YP_VNONE },
	{ MOD_TTL, YP_TINT, YP_VINT = { .max = TTL_MAX, .dflt = TTL_DEFAULT, .unit = YP_STIME } },
	{ MOD_SECTIONS, YP_TOPT, YP_VOPT = { sections_options, SECTIONS_MINIMAL } },
	{ 0 }
};

int arrival_conf_check(knotd_conf_check_args_t *args)
{
	knotd_conf_t table = knotd_conf_check_item(args, MOD_TABLE);
	knotd_conf_t ttl = knotd_conf_check_item(args, MOD_TTL);
	if (table.count == 0) {
		return KNOT_EOK;
	}
	if (table.single.string[0] != '/') {
		args->err_str = "table is not an absolute path";
		return KNOT_EINVAL;
	}
	if (ttl.count != 0) {
		args->err_str = "ttl is for answers without a table, which has its own";
		return KNOT_EINVAL;
	}
	return KNOT_EOK;
}

void arrival_free(struct arrival *arrival)
{
	if (arrival == NULL) {
		return;
	}
	mirror_put(arrival->mirror);
	snapshot_source_put(arrival->source);
	free(arrival->sections);
	free(arrival->threads);
	free(arrival);
}

/*! Values of keystore/backend, whose names are private to knotd but have never changed. */
enum { BACKEND_PEM = 1, BACKEND_PKCS11 = 2 };

/*! A policy has that many keystores at most. */
#define KEYSTORES_MAX 8

/*!
 * The section that a reference names. Without one it is none, not even «default»: knotd takes all items
 * for not set, and so does an id of no octets, which must not be NULL.
 */
static knotd_conf_t get_id(const knotd_conf_val_t *reference)
{
	knotd_conf_t id = { .single = *reference };
	if (reference->data_len == 0) {
		id.single.data = (const uint8_t *)"";
	}
	return id;
}

/*! A path under another, unless it is absolute. */
static char *join_path(const char *folder, const char *path)
{
	char *joined = NULL;
	int size = path[0] == '/' ? asprintf(&joined, "%s", path)
	                          : asprintf(&joined, "%s/%s", folder, path);
	return size < 0 ? NULL : joined;
}

/*! The folder of a keystore. \return KNOT_EOK, KNOT_ENOTSUP for one without files, KNOT_ENOMEM. */
static int get_keystore(knotd_mod_t *mod, const knotd_conf_val_t *reference, const char *kasp,
                        char **folder)
{
	knotd_conf_t id = get_id(reference);
	knotd_conf_t backend = knotd_conf(mod, "\x08keystore",
	                                  "\x07"
	                                  "backend",
	                                  &id);
	knotd_conf_t config = knotd_conf(mod, "\x08keystore",
	                                 "\x06"
	                                 "config",
	                                 &id);
	if (backend.count > 0 && backend.single.option != BACKEND_PEM) {
		return KNOT_ENOTSUP;
	}
	*folder = join_path(kasp, config.single.string != NULL ? config.single.string : "keys");
	return *folder != NULL ? KNOT_EOK : KNOT_ENOMEM;
}

/*! The folders of a policy's keystores, of which there may be several since Knot DNS 3.5. */
static int get_keystores(knotd_mod_t *mod, const knotd_conf_t *policy, char **folders)
{
	knotd_conf_t storage = knotd_conf(mod,
	                                  "\x08"
	                                  "database",
	                                  "\x07storage", NULL);
	knotd_conf_t database = knotd_conf(mod,
	                                   "\x08"
	                                   "database",
	                                   "\x07kasp-db", NULL);
	char *kasp = join_path(storage.single.string, database.single.string);
	if (kasp == NULL) {
		return KNOT_ENOMEM;
	}
	knotd_conf_t stores = knotd_conf(mod, "\x06policy", "\x08keystore", policy);
	size_t count = stores.multi != NULL ? stores.count : 1;
	int ret = KNOT_EOK;
	size_t found = 0;
	for (size_t i = 0; i < count && found < KEYSTORES_MAX; i++) {
		const knotd_conf_val_t *store =
			stores.multi != NULL ? &stores.multi[i] : &stores.single;
		int its = get_keystore(mod, store, kasp, &folders[found]);
		if (its == KNOT_EOK) {
			found++;
		} else {
			ret = its;
		}
	}
	knotd_conf_free(&stores);
	free(kasp);
	return found > 0 ? KNOT_EOK : ret;
}

/*! Mirror the zone if knotd signs it, with keys that can be read. */
static int arrival_mirror(struct arrival *arrival, knotd_mod_t *mod)
{
	const knot_dname_t *zone = knotd_mod_zone(mod);
	if (!knotd_conf_zone(mod,
	                     "\x0e"
	                     "dnssec-signing",
	                     zone)
	             .single.boolean) {
		return KNOT_EOK;
	}
	knotd_conf_t reference = knotd_conf_zone(mod,
	                                         "\x0d"
	                                         "dnssec-policy",
	                                         zone);
	knotd_conf_t policy = get_id(&reference.single);
	char *folders[KEYSTORES_MAX + 1] = { NULL };
	int ret = get_keystores(mod, &policy, folders);
	if (ret == KNOT_ENOTSUP) {
		knotd_mod_log(
			mod, LOG_WARNING,
			"keystore is not one of PEM files, answers cannot be signed per uplink, "
			"validating resolvers get the zone's own records");
		return KNOT_EOK;
	}
	knotd_conf_t listen = knotd_conf(mod, "\x06server", "\x06listen", NULL);
	struct sockaddr_storage *addresses = calloc(listen.count + 1, sizeof(*addresses));
	if (addresses == NULL || ret != KNOT_EOK) {
		ret = KNOT_ENOMEM;
		goto cleanup;
	}
	for (size_t i = 0; i < listen.count; i++) {
		addresses[i] = listen.multi[i].addr;
	}
	const struct mirror_settings settings = {
		.listen = addresses,
		.listen_count = listen.count,
		.keystores = folders,
		.patience =
			(uint32_t)knotd_conf(mod, "\x06policy", "\x11propagation-delay", &policy)
				.single.integer,
	};
	ret = mirror_get(arrival->source, arrival->zone, &settings, &arrival->mirror);
	ret = ret == 0 ? KNOT_EOK : knot_map_errno_code(-ret);
cleanup:
	free(addresses);
	knotd_conf_free(&listen);
	for (size_t i = 0; i < KEYSTORES_MAX; i++) {
		free(folders[i]);
	}
	return ret;
}

/*! Read the configuration into a context. */
int arrival_configure(struct arrival *arrival, knotd_mod_t *mod)
{
	unsigned threads = knotd_mod_threads(mod);
	arrival->zone_size = knot_dname_store(arrival->zone, knotd_mod_zone(mod));
	arrival->ttl = (uint32_t)knotd_conf_mod(mod, MOD_TTL).single.integer;
	arrival->threads =
		aligned_alloc(_Alignof(struct fast_memory), threads * sizeof(*arrival->threads));
	if (arrival->threads == NULL) {
		return KNOT_ENOMEM;
	}
	memset(arrival->threads, 0, threads * sizeof(*arrival->threads));
	if (knotd_conf_mod(mod, MOD_SECTIONS).single.option == SECTIONS_FULL) {
		arrival->sections =
			calloc((size_t)threads * SECTIONS_SLOTS, sizeof(*arrival->sections));
		if (arrival->sections == NULL) {
			return KNOT_ENOMEM;
		}
		for (unsigned i = 0; i < threads; i++) {
			arrival->threads[i].sections = &arrival->sections[SECTIONS_SLOTS * i];
		}
	}
	knotd_conf_t table = knotd_conf_mod(mod, MOD_TABLE);
	if (table.count == 0) {
		return KNOT_EOK;
	}
	int reason = 0;
	int ret = snapshot_source_get(table.single.string, &arrival->source, &reason);
	if (ret != 0) {
		knotd_mod_log(mod, LOG_ERR, "table '%s', failed to watch (%s)", table.single.string,
		              strerror(-ret));
		return knot_map_errno_code(-ret);
	}
	arrival->snapshot = snapshot_place(arrival->source);
	if (reason != 0) {
		knotd_mod_log(mod, LOG_WARNING,
		              "table '%s', failed to read (%s), serving the zones' own data",
		              table.single.string, strerror(-reason));
	}
	return arrival_mirror(arrival, mod);
}
