/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The scenes' tables, and the functions of snapshot.h and mirror.h that give them to an instance.
 */

#include "fake_table.h"

#include <errno.h>
#include <sys/socket.h>

#include "arrival/mirror.h"
#include "arrival/snapshot.h"
#include "arrival/wanted.h"
#include "fuzz.h"

const struct scene fake_scenes[] = {
	{ .policy = 1 },
	{ .policy = 1, .unusable = 2 },
	{ .policy = 2, .unusable = 6 },
	{ .policy = 1, .without6 = 4 },
	{ .policy = 2, .some_signed = true },
	{ .policy = 1, .drained = 2, .not_ready6 = 2 },
	{ .policy = 1, .stale = true },
	{ .standalone = true },
	{ .policy = 1, .unread = true },
	{ .policy = 3, .lan = true },
	{ .policy = 4, .order_only = 4, .some_signed = true },
	{ .policy = 1, .without6 = 6 },
	{ .policy = 2, .lan = true, .unusable = 2, .some_signed = true },
};
const size_t fake_scene_count = sizeof(fake_scenes) / sizeof(fake_scenes[0]);

const char *const fake_locals[FAKE_LOCALS][2] = {
	[FAKE_UPLINK1] = { "192.0.2.1", "2001:db8:1::1" },
	[FAKE_UPLINK2] = { "198.51.100.1", "2001:db8:2::1" },
	[FAKE_LAN] = { "10.0.0.1", "fd00::1" },
};
const char *const fake_clients[2][2] = { { "203.0.113.9", "2001:db8:9::9" },
	                                 { "10.0.0.77", "fd00::77" } };
static const char *const inside[2] = { "10.0.0.10", "fd00::10" };
static const char *const hosts[] = { "example.com", "mail.example.com", "www.example.com" };
#define HOSTS (sizeof(hosts) / sizeof(hosts[0]))

/*! What belongs to a scene; made once. */
struct snapshot_source {
	struct snapshot snapshot;
	struct snapshot *current;
	struct mirror_zone mirror;
};

static struct snapshot_source sources[sizeof(fake_scenes) / sizeof(fake_scenes[0])];

static struct address address_of(const char *text)
{
	struct address address;
	FUZZ_CLAIM(address_parse(text, &address) == 0);
	return address;
}

static void add_uplink(struct table *table, const struct scene *scene, uint8_t number)
{
	struct table_uplink *uplink = table_add_uplink(table);
	uint8_t bit = (uint8_t)(1 << number);
	uplink->number = number;
	uplink->usable = (scene->unusable & bit) == 0;
	uplink->drained = (scene->drained & bit) != 0;
	for (size_t i = 0; i < 2; i++) {
		struct address address = address_of(fake_locals[number - 1][i]);
		struct table_binding *binding = &uplink->binding[uplink->binding_count++];
		*binding =
			(struct table_binding){ .kind = TABLE_BINDING_ADDRESS, .address = address };
		if (i == 0 || (scene->without6 & bit) == 0) {
			uplink->address[uplink->address_count++] = address;
		}
	}
}

static void add_host(struct table *table, const struct scene *scene, const char *name)
{
	struct table_host *host = table_add_host(table);
	host->owner_length = (uint8_t)table_owner_from_text(name, host->owner);
	host->ttl = 10;
	host->policy = scene->policy;
	uint64_t uplinks = scene->order_only != 0 ? scene->order_only : 6;
	host->ready4 = uplinks;
	host->ready6 = uplinks & ~(uint64_t)scene->not_ready6;
	for (uint8_t i = 1; i <= 2; i++) {
		if ((uplinks >> i & 1) != 0) {
			host->order[host->order_count++] = i;
		}
	}
	for (size_t i = 0; scene->lan && i < 2; i++) {
		host->lan[host->lan_count++] = address_of(inside[i]);
	}
}

static struct answers *make_answers(const struct scene *scene)
{
	struct table *table = table_new();
	table->meta.boot_id[0] = 1;
	table->meta.lan[0] = (struct prefix){ address_of("10.0.0.0"), 8 };
	table->meta.lan[1] = (struct prefix){ address_of("fd00::"), 8 };
	table->meta.lan_count = 2;
	add_uplink(table, scene, 1);
	add_uplink(table, scene, 2);
	for (size_t i = 0; i < HOSTS; i++) {
		add_host(table, scene, hosts[i]);
	}
	table_sort(table);
	FUZZ_CLAIM(table_validate(table) == 0);
	struct answers *answers = NULL;
	FUZZ_CLAIM(answers_new(table, &answers) == 0);
	table_free(table);
	return answers;
}

static struct signed_set *make_set(struct region *region, const struct fake_zone *zone,
                                   const uint8_t *owner, size_t owner_size, uint16_t type,
                                   uint32_t ttl, const knot_rdataset_t *records)
{
	uint8_t rdata[FAKE_RRSIG_MAX];
	knot_rrset_t signatures = { 0 };
	uint16_t size = fake_zone_rrsig(zone, type, rdata);
	FUZZ_CLAIM(knot_rrset_add_rdata(&signatures, rdata, size, NULL) == KNOT_EOK);
	struct signed_set *set =
		signed_set_new(region, owner, owner_size, type, ttl, records, &signatures.rrs);
	FUZZ_CLAIM(set != NULL);
	knot_rdataset_clear(&signatures.rrs, NULL);
	return set;
}

/*! What learn.c would have learnt of the hosts' HTTPS records. */
static struct learnt learn(const struct fake_zone *zone)
{
	struct learnt learnt = { 0 };
	learnt.sets = region_calloc(&learnt.region, HOSTS, sizeof(*learnt.sets));
	for (size_t i = 0; i < HOSTS; i++) {
		uint8_t owner[TABLE_OWNER_MAX];
		size_t size = (size_t)table_owner_from_text(hosts[i], owner);
		const knot_rrset_t *rrset = fake_zone_find(zone, owner, KNOT_RRTYPE_HTTPS);
		if (rrset != NULL) {
			learnt.sets[learnt.count++] =
				make_set(&learnt.region, zone, owner, size, rrset->type, rrset->ttl,
			                 &rrset->rrs);
		}
	}
	return learnt;
}

static struct signed_answers *sign(const struct fake_zone *zone, const struct scene *scene,
                                   const struct answers *answers)
{
	struct learnt learnt = learn(zone);
	static const struct owners none;
	struct wanted wanted;
	FUZZ_CLAIM(wanted_init(&wanted, zone->name, &learnt, &none) == 0);
	wanted_add_addresses(&wanted, answers);
	wanted_add_hints(&wanted, answers);
	FUZZ_CLAIM(wanted.error == 0);
	struct signed_answers *signed_answers = signed_answers_new(0, 0);
	for (size_t i = 0; i < wanted.count; i += scene->some_signed ? 2 : 1) {
		const struct signed_set *set = wanted.list[i];
		knot_rdataset_t records = signed_set_rdata(set);
		if (set->count > 0) {
			struct signed_set *made =
				make_set(NULL, zone, signed_set_owner(set), set->owner_size,
			                 set->type, set->ttl, &records);
			struct signed_set *added = NULL;
			FUZZ_CLAIM(signed_answers_add(signed_answers, made, &added) == 0);
			free(made);
		}
	}
	wanted_deinit(&wanted);
	learnt_deinit(&learnt);
	return signed_answers;
}

void fake_table_init(const struct fake_zone *zone)
{
	static const _Atomic uint32_t no_port;
	for (size_t i = 0; i < fake_scene_count; i++) {
		const struct scene *scene = &fake_scenes[i];
		if (scene->standalone) {
			continue;
		}
		struct answers *answers = make_answers(scene);
		sources[i].snapshot =
			(struct snapshot){ answers, answers_serial(answers), scene->stale };
		sources[i].current = scene->unread ? NULL : &sources[i].snapshot;
		sources[i].mirror = (struct mirror_zone){ .current = sign(zone, scene, answers),
			                                  .self_port = &no_port };
	}
}

bool fake_table_has(const knot_dname_t *owner)
{
	for (size_t i = 0; i < HOSTS; i++) {
		uint8_t host[TABLE_OWNER_MAX];
		(void)table_owner_from_text(hosts[i], host);
		if (knot_dname_is_case_equal(owner, host)) {
			return true;
		}
	}
	return false;
}

bool fake_table_allows(const struct scene *scene, const struct address *address, bool from_lan)
{
	size_t index = address->family == AF_INET6;
	struct address lan = address_of(inside[index]);
	if (from_lan && scene->lan && address_equal(address, &lan)) {
		return true;
	}
	uint64_t uplinks = scene->order_only != 0 ? scene->order_only : 6;
	uint8_t without =
		(uint8_t)(scene->unusable | (index == 1 ? scene->not_ready6 | scene->without6 : 0));
	for (unsigned number = 1; number <= 2 && !scene->stale; number++) {
		struct address its = address_of(fake_locals[number - 1][index]);
		if (((uplinks & ~(uint64_t)without) >> number & 1) != 0 &&
		    address_equal(address, &its)) {
			return true;
		}
	}
	return false;
}

int snapshot_source_get(const char *path, struct snapshot_source **source, int *reason)
{
	*source = &sources[path[1] - '0'];
	*reason = 0;
	return 0;
}

void snapshot_source_put(struct snapshot_source *source)
{
	(void)source;
}

struct snapshot *const *snapshot_place(const struct snapshot_source *source)
{
	return &source->current;
}

int mirror_get(struct snapshot_source *source, const uint8_t *zone,
               const struct mirror_settings *settings, struct mirror_zone **mirrored)
{
	(void)zone;
	(void)settings;
	*mirrored = &source->mirror;
	return 0;
}

void mirror_put(struct mirror_zone *zone)
{
	(void)zone;
}

const struct signed_answers *mirror_kick(struct mirror_zone *zone,
                                         const struct signed_answers *answers,
                                         const struct signed_version *version, uint32_t now)
{
	(void)zone;
	(void)version;
	(void)now;
	return answers;
}

void mirror_miss(struct mirror_zone *zone, const uint8_t *owner)
{
	(void)zone;
	(void)owner;
}
