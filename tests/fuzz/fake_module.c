/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Functions of knot/module.h that the module calls.
 */

#include <knot/module.h>

#include "fake_answer.h"
#include "fuzz.h"

/*! Knot DNS 3.4 promises more. */
#if KNOTD_MOD_ABI_VERSION >= 600
#define CONST_600 const
#else
#define CONST_600
#endif

void *knotd_mod_ctx(CONST_600 knotd_mod_t *mod)
{
	return mod->context;
}

void knotd_mod_ctx_set(knotd_mod_t *mod, void *ctx)
{
	mod->context = ctx;
}

const knot_dname_t *knotd_mod_zone(CONST_600 knotd_mod_t *mod)
{
	return mod->zone->name;
}

void knotd_mod_log(knotd_mod_t *mod, int priority, const char *fmt, ...)
{
	(void)mod;
	(void)priority;
	FUZZ_CLAIM(fmt[0] != '\0');
}

int knotd_mod_stats_add(knotd_mod_t *mod, const char *ctr_name, uint32_t idx_count,
                        knotd_mod_idx_to_str_f idx_to_str)
{
	(void)mod;
	(void)ctr_name;
	for (uint32_t i = 0; i < idx_count; i++) {
		free(idx_to_str(i, idx_count));
	}
	return KNOT_EOK;
}

void knotd_mod_stats_incr(knotd_mod_t *mod, unsigned thr_id, uint32_t ctr_id, uint32_t idx,
                          uint64_t val)
{
	(void)mod;
	FUZZ_CLAIM(thr_id == 0 && ctr_id < 2 && idx < (ctr_id == 0 ? 65 : 3) && val == 1);
}

unsigned knotd_mod_threads(knotd_mod_t *mod)
{
	(void)mod;
	return 1;
}

knotd_conf_t knotd_conf_mod(knotd_mod_t *mod, const yp_name_t *item_name)
{
	knotd_conf_t value = { 0 };
	if (strcmp(item_name + 1, "ttl") == 0) {
		value.single.integer = 10;
	} else if (strcmp(item_name + 1, "sections") == 0) {
		value.single.option = mod->settings.full;
	} else if (mod->settings.table != NULL) {
		value.single.string = mod->settings.table;
		value.count = 1;
	}
	return value;
}

knotd_conf_t knotd_conf_zone(knotd_mod_t *mod, const yp_name_t *item_name, const knot_dname_t *zone)
{
	(void)zone;
	knotd_conf_t value = { 0 };
	if (strcmp(item_name + 1, "dnssec-signing") == 0) {
		value.single.boolean = mod->zone->is_signed;
	}
	return value;
}

knotd_conf_t knotd_conf(knotd_mod_t *mod, const yp_name_t *section_name, const yp_name_t *item_name,
                        const knotd_conf_t *id)
{
	(void)section_name;
	(void)id;
	knotd_conf_t value = { 0 };
	if (strcmp(item_name + 1, "storage") == 0 || strcmp(item_name + 1, "kasp-db") == 0 ||
	    strcmp(item_name + 1, "config") == 0) {
		value.single.string = "/nowhere";
	} else if (strcmp(item_name + 1, "backend") == 0) {
		value.single.option = mod->settings.pkcs11 ? 2 : 1;
		value.count = 1;
	}
	return value;
}

knotd_conf_t knotd_conf_check_item(knotd_conf_check_args_t *args, const yp_name_t *item_name)
{
	(void)args;
	(void)item_name;
	return (knotd_conf_t){ 0 };
}

void knotd_conf_free(knotd_conf_t *conf)
{
	(void)conf;
}

int knotd_mod_hook(knotd_mod_t *mod, knotd_stage_t stage, knotd_mod_hook_f hook)
{
	*(stage == KNOTD_STAGE_BEGIN ? &mod->begin : &mod->end) = hook;
	return KNOT_EOK;
}

int knotd_mod_in_hook(knotd_mod_t *mod, knotd_stage_t stage, knotd_mod_in_hook_f hook)
{
	mod->in[stage] = hook;
	return KNOT_EOK;
}

// Later versions have them inline.
#if KNOTD_MOD_ABI_VERSION < 500
const struct sockaddr_storage *knotd_qdata_local_addr(knotd_qdata_t *qdata,
                                                      struct sockaddr_storage *buff)
{
	(void)buff;
	return &qdata->extra->query->local;
}

const struct sockaddr_storage *knotd_qdata_remote_addr(knotd_qdata_t *qdata)
{
	return &qdata->extra->query->client;
}
#endif

knot_rrset_t knotd_qdata_zone_apex_rrset(CONST_600 knotd_qdata_t *qdata, uint16_t type)
{
	const struct fake_zone *zone = qdata->extra->zone;
	const knot_rrset_t *rrset = fake_zone_find(zone, zone->name, type);
	knot_rrset_t none;
	knot_rrset_init_empty(&none);
	return rrset != NULL ? *rrset : none;
}
