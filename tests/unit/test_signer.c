/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Signing of a zone's variants with keys of its own: what is signed anew, kept, or left out.
 */

#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <libknot/libknot.h>

#include "arrival/answer.h"
#include "arrival/dnssec.h"
#include "arrival/signer.h"

#if __has_include(<libknot/dnssec/crypto.h>)
#include <libknot/dnssec/crypto.h>
#else
#include <libdnssec/crypto.h>
#endif

#define ZONE "\7example\3com"
#define NOW 1800000000u
#define P256 13
#define ED25519 15
#define EMPTY ((knot_rdataset_t){ 0 })

/*! A zone with two uplinks, and what has become of its answers. */
struct scene {
	char folder[64];
	dnssec_keystore_t *store;
	dnssec_key_t *key[2];
	dnssec_sign_ctx_t *context[2];
	knot_rdataset_t dnskeys;
	struct table *table;
	struct answers *answers;
	struct learnt learnt;
	struct owners owners;
	struct wanted wanted;
	struct zone_keys *keys;
	struct signed_answers *published;
	unsigned missing;
	unsigned parts;         /*!< How often it was published. */
	unsigned gaps;          /*!< And a host had no answer. */
	uint64_t first_version; /*!< Of the first part. */
	atomic_bool stop;
};

static void add_rdata(knot_rdataset_t *set, const uint8_t *data, size_t size)
{
	uint8_t buffer[1024];
	knot_rdata_t *rdata = (knot_rdata_t *)(void *)buffer;
	knot_rdata_init(rdata, (uint16_t)size, data);
	ck_assert_int_eq(knot_rdataset_add(set, rdata, NULL), 0);
}

static void make_key(struct scene *scene, size_t index, uint8_t algorithm, bool published)
{
	char *id = NULL;
	dnssec_key_t *key = NULL;
	dnssec_binary_t rdata;
	ck_assert_int_eq(dnssec_keystore_generate(scene->store, algorithm, 256, NULL, &id), 0);
	ck_assert_int_eq(dnssec_key_new(&key), 0);
	ck_assert_int_eq(dnssec_key_set_dname(key, (const uint8_t *)ZONE), 0);
	ck_assert_int_eq(dnssec_key_set_flags(key, 257), 0);
	ck_assert_int_eq(dnssec_key_set_protocol(key, 3), 0);
	ck_assert_int_eq(dnssec_key_set_algorithm(key, algorithm), 0);
	ck_assert_int_eq(dnssec_keystore_get_private(scene->store, id, key), 0);
	ck_assert_int_eq(dnssec_sign_new(&scene->context[index], key), 0);
	if (published) {
		ck_assert_int_eq(dnssec_key_get_rdata(key, &rdata), 0);
		add_rdata(&scene->dnskeys, rdata.data, rdata.size);
	}
	scene->key[index] = key;
	free(id);
}

/*! Sign as knotd does. */
static void add_signature(struct scene *scene, size_t key, const struct signed_set *set,
                          uint32_t inception, knot_rdataset_t *signatures)
{
	uint8_t header[18 + sizeof(ZONE)];
	knot_wire_write_u16(header, set->type);
	header[2] = dnssec_key_get_algorithm(scene->key[key]);
	header[3] = (uint8_t)knot_dname_labels(signed_set_owner(set), NULL);
	knot_wire_write_u32(header + 4, set->ttl);
	knot_wire_write_u32(header + 8, NOW + 1000);
	knot_wire_write_u32(header + 12, inception);
	knot_wire_write_u16(header + 16, dnssec_key_get_keytag(scene->key[key]));
	memcpy(header + 18, ZONE, sizeof(ZONE));
	uint8_t buffer[128];
	knot_rdata_t *model = (knot_rdata_t *)(void *)buffer;
	knot_rdata_init(model, sizeof(header), header);
	uint8_t rdata[512];
	size_t size = sizeof(rdata);
	ck_assert(sign_set(scene->context[key], set, model, rdata, &size));
	add_rdata(signatures, rdata, size);
}

static struct signed_set *sign_as_knotd(struct scene *scene, struct signed_set *plain, bool both,
                                        uint32_t inception)
{
	knot_rdataset_t signatures = EMPTY;
	knot_rdataset_t rdata = signed_set_rdata(plain);
	add_signature(scene, 0, plain, inception, &signatures);
	if (both) {
		add_signature(scene, 1, plain, inception, &signatures);
	}
	struct signed_set *set =
		signed_set_new(&scene->learnt.region, signed_set_owner(plain), plain->owner_size,
	                       plain->type, plain->ttl, &rdata, &signatures);
	knot_rdataset_clear(&signatures, NULL);
	free(plain);
	return set;
}

static struct signed_set *make_set(struct region *region, const uint8_t *owner, size_t size,
                                   uint16_t type, const void *data, size_t data_size)
{
	knot_rdataset_t rdata = EMPTY;
	add_rdata(&rdata, data, data_size);
	struct signed_set *set = signed_set_new(region, owner, size, type, 10, &rdata, NULL);
	knot_rdataset_clear(&rdata, NULL);
	return set;
}

static int by_owner(const void *a, const void *b)
{
	const struct signed_set *one = *(struct signed_set *const *)a;
	const struct signed_set *other = *(struct signed_set *const *)b;
	int order = memcmp(signed_set_owner(one), signed_set_owner(other), one->owner_size);
	return order != 0 ? order : (int)one->type - (int)other->type;
}

/*! What the zone has: the first uplink's addresses at each host, and hints at it if asked for. */
static void learn(struct scene *scene, uint32_t serial, bool both, bool hints, uint32_t inception)
{
	static const uint8_t https[] =
		"\0\1\0\0\4\0\4\xc0\xa8\2\1\0\6\0\20 \1\r\xb8\0\1\0\0\0\0\0\0\0\0\0\2";
	learnt_deinit(&scene->learnt);
	uint8_t soa[22] = { 0 };
	knot_wire_write_u32(soa + 2, serial);
	struct learnt *learnt = &scene->learnt;
	learnt->soa = make_set(&learnt->region, (const uint8_t *)ZONE, sizeof(ZONE),
	                       KNOT_RRTYPE_SOA, soa, 22);
	learnt->dnskey = signed_set_new(&learnt->region, (const uint8_t *)ZONE, sizeof(ZONE),
	                                KNOT_RRTYPE_DNSKEY, 10, &scene->dnskeys, NULL);
	learnt->sets =
		region_calloc(&learnt->region, scene->table->host_count * 3, sizeof(*learnt->sets));
	const struct table_uplink *first = &scene->table->uplinks[0];
	for (size_t i = 0; i < scene->table->host_count; i++) {
		const struct table_host *host = &scene->table->hosts[i];
		for (size_t j = 0; j < 2; j++) {
			struct signed_set *set = make_set(NULL, host->owner, host->owner_length,
			                                  j == 0 ? KNOT_RRTYPE_A : KNOT_RRTYPE_AAAA,
			                                  first->address[j].bytes, j == 0 ? 4 : 16);
			learnt->sets[learnt->count++] = sign_as_knotd(scene, set, both, inception);
		}
		if (hints) {
			struct signed_set *set =
				make_set(NULL, host->owner, host->owner_length, KNOT_RRTYPE_HTTPS,
			                 https, sizeof(https) - 1);
			learnt->sets[learnt->count++] = sign_as_knotd(scene, set, both, inception);
		}
	}
	qsort(learnt->sets, learnt->count, sizeof(*learnt->sets), by_owner);
}

/*! Hosts of the same policy, named so that their order is that of their numbers. */
static struct table *make_table(size_t hosts, uint8_t policy)
{
	static const char *const addresses[2][2] = { { "192.168.2.1", "2001:db8:1::2" },
		                                     { "172.16.1.1", "2001:db8:2::2" } };
	struct table *table = table_new();
	for (uint8_t i = 0; i < 2; i++) {
		struct table_uplink *uplink = table_add_uplink(table);
		uplink->number = i + 1;
		uplink->usable = true;
		for (size_t j = 0; j < 2; j++) {
			ck_assert_int_eq(address_parse(addresses[i][j], &uplink->address[j]), 0);
		}
		uplink->address_count = 2;
	}
	for (size_t i = 0; i < hosts; i++) {
		char name[64];
		(void)snprintf(name, sizeof(name), "h%05zu.example.com", i);
		struct table_host *host = table_add_host(table);
		host->owner_length = (uint8_t)table_owner_from_text(name, host->owner);
		host->ttl = 10;
		host->policy = policy;
		host->ready4 = host->ready6 = 6;
		host->order[0] = 1;
		host->order[1] = 2;
		host->order_count = 2;
	}
	table_sort(table);
	return table;
}

static void want(struct scene *scene)
{
	wanted_deinit(&scene->wanted);
	ck_assert_int_eq(
		wanted_init(&scene->wanted, (const uint8_t *)ZONE, &scene->learnt, &scene->owners),
		0);
	wanted_add_addresses(&scene->wanted, scene->answers);
	wanted_add_hints(&scene->wanted, scene->answers);
	ck_assert_int_eq(scene->wanted.error, 0);
}

static void take_keys(struct scene *scene)
{
	char *folders[] = { scene->folder, NULL };
	zone_keys_free(scene->keys);
	scene->keys = zone_keys_new((const uint8_t *)ZONE, folders);
}

static struct scene *make_scene(size_t hosts, uint8_t policy)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	strcpy(scene->folder, "/tmp/multihome-test-signer-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(scene->folder));
	ck_assert_int_eq(dnssec_keystore_init_pkcs8(&scene->store), 0);
	ck_assert_int_eq(dnssec_keystore_init(scene->store, scene->folder), 0);
	ck_assert_int_eq(dnssec_keystore_open(scene->store, scene->folder), 0);
	make_key(scene, 0, P256, true);
	make_key(scene, 1, ED25519, false);
	scene->table = make_table(hosts, policy);
	ck_assert_int_eq(answers_new(scene->table, &scene->answers), 0);
	take_keys(scene);
	return scene;
}

static void free_scene(struct scene *scene)
{
	char command[128];
	(void)snprintf(command, sizeof(command), "rm -r %s", scene->folder);
	ck_assert_int_eq(system(command), 0);
	signed_answers_free(scene->published);
	wanted_deinit(&scene->wanted);
	learnt_deinit(&scene->learnt);
	zone_keys_free(scene->keys);
	answers_free(scene->answers);
	table_free(scene->table);
	for (size_t i = 0; i < 2; i++) {
		dnssec_sign_free(scene->context[i]);
		dnssec_key_free(scene->key[i]);
	}
	knot_rdataset_clear(&scene->dnskeys, NULL);
	dnssec_keystore_deinit(scene->store);
	free(scene);
}

static struct signed_set *find(const struct scene *scene, const char *text, uint16_t type,
                               const char *const *addresses, size_t count);

/*! What tells a zone with this serial, whose SOA record is not signed, from others. */
static uint64_t version_of(uint32_t serial)
{
	const knot_rdataset_t none = { 0 };
	return signed_version(serial, &none, &none).soa;
}

static void publish(void *context, struct signed_answers *answers)
{
	static const char *const backup[] = { "172.16.1.1" };
	struct scene *scene = context;
	signed_answers_free(scene->published);
	scene->published = answers;
	scene->first_version = scene->parts++ == 0 ? answers->version.soa : scene->first_version;
	bool gap = false;
	for (size_t i = 0; i < scene->table->host_count; i++) {
		char name[64];
		(void)snprintf(name, sizeof(name), "h%05zu.example.com", i);
		gap = gap || find(scene, name, KNOT_RRTYPE_A, backup, 1) == NULL;
	}
	scene->gaps += gap;
}

static void count_missing(void *context, uint8_t algorithm, uint16_t tag)
{
	struct scene *scene = context;
	(void)algorithm;
	(void)tag;
	scene->missing++;
}

static int run(struct scene *scene)
{
	want(scene);
	const struct signer signer = {
		.keys = scene->keys,
		.learnt = &scene->learnt,
		.wanted = &scene->wanted,
		.old = scene->published,
		.stop = &scene->stop,
		.publish = publish,
		.missing = count_missing,
		.context = scene,
	};
	return signer_run(&signer);
}

/*! All that is published must have been signed by the zone's keys, by all that sign the zone's own. */
static void expect_good(struct scene *scene, uint16_t signatures)
{
	const struct signed_answers *answers = scene->published;
	for (size_t i = 0; i <= answers->mask; i++) {
		struct signed_set *set = answers->slots[i];
		if (set == NULL) {
			continue;
		}
		ck_assert_uint_eq(set->signature_count, signatures);
		ck_assert(signed_set_holds(set, NOW));
		knot_rdata_t *rdata = signed_set_signatures(set).rdata;
		for (uint16_t j = 0; j < set->signature_count; j++) {
			size_t key = knot_rrsig_alg(rdata) == P256 ? 0 : 1;
			ck_assert(sign_verify(scene->context[key], set, rdata));
			rdata = knot_rdataset_next(rdata);
		}
	}
}

static struct signed_set *find(const struct scene *scene, const char *text, uint16_t type,
                               const char *const *addresses, size_t count)
{
	uint8_t owner[TABLE_OWNER_MAX];
	size_t size = (size_t)table_owner_from_text(text, owner);
	struct address list[4];
	for (size_t i = 0; i < count; i++) {
		ck_assert_int_eq(address_parse(addresses[i], &list[i]), 0);
	}
	struct tail *tail = tail_init(malloc(tail_size(list[0].family, count)), 10, list, count);
	knot_rdataset_t rdata = tail_rdata(tail);
	struct signed_set *found = signed_answers_find(scene->published, owner, size, type, &rdata,
	                                               tail_hash_rdata(&rdata));
	free(tail);
	return found;
}

#define FIND(scene, name, type, ...)                                  \
	find(scene, name, type, (const char *const[]){ __VA_ARGS__ }, \
	     sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))
#define HOST "h00001.example.com"

START_TEST(test_variant_is_missing_or_bogus)
{
	struct scene *scene = make_scene(3, 2);
	learn(scene, 1, false, true, NOW - 10);
	ck_assert_int_eq(run(scene), 0);
	expect_good(scene, 1);
	ck_assert_uint_eq(scene->published->version.soa, version_of(1));
	// A and AAAA: both uplinks, each alone; hints: the same three.
	ck_assert_uint_eq(scene->published->count, 3 * 9);
	struct signed_set *both = FIND(scene, HOST, KNOT_RRTYPE_A, "192.168.2.1", "172.16.1.1");
	ck_assert_ptr_nonnull(both);
	ck_assert_ptr_eq(both, FIND(scene, HOST, KNOT_RRTYPE_A, "172.16.1.1", "192.168.2.1"));
	ck_assert_ptr_nonnull(FIND(scene, HOST, KNOT_RRTYPE_AAAA, "2001:db8:2::2"));
	// What is not that set is not found, nor at another name.
	ck_assert_ptr_null(FIND(scene, HOST, KNOT_RRTYPE_A, "172.16.1.1", "172.16.1.1"));
	ck_assert_ptr_null(FIND(scene, HOST, KNOT_RRTYPE_A, "172.16.1.2"));
	ck_assert_ptr_null(FIND(scene, "www.example.com", KNOT_RRTYPE_A, "172.16.1.1"));
	free_scene(scene);
}
END_TEST

START_TEST(test_unchanged_set_is_signed_again)
{
	struct scene *scene = make_scene(2, 1);
	learn(scene, 1, false, false, NOW - 10);
	ck_assert_int_eq(run(scene), 0);
	struct region region = { 0 };
	// No two signatures of ECDSA are the same.
	const struct signed_set *before =
		signed_set_copy(&region, FIND(scene, HOST, KNOT_RRTYPE_A, "172.16.1.1"));
	scene->learnt.soa->bytes[7] = 2;
	ck_assert_int_eq(run(scene), 0);
	const struct signed_set *same = FIND(scene, HOST, KNOT_RRTYPE_A, "172.16.1.1");
	ck_assert_mem_eq(same, before, signed_set_size(before));
	// knotd has signed again.
	learn(scene, 3, false, false, NOW - 5);
	ck_assert_int_eq(run(scene), 0);
	struct signed_set *after = FIND(scene, HOST, KNOT_RRTYPE_A, "172.16.1.1");
	ck_assert_mem_ne(after->bytes, before->bytes,
	                 (size_t)before->rdata_size + before->signatures_size);
	ck_assert_uint_eq(after->inception, NOW - 5);
	expect_good(scene, 1);
	region_free(&region);
	free_scene(scene);
}
END_TEST

/*! Sign again what knotd has signed again, by the same keys or by one algorithm more. */
static struct scene *sign_again(size_t hosts, bool both)
{
	struct scene *scene = make_scene(hosts, 1);
	learn(scene, 1, false, false, NOW - 10);
	ck_assert_int_eq(run(scene), 0);
	scene->parts = 0;
	scene->gaps = 0;
	learn(scene, 2, both, false, NOW - 5);
	ck_assert_int_eq(run(scene), 0);
	return scene;
}

START_TEST(test_signed_answers_are_away_while_others_are_made)
{
	size_t hosts = 1000;
	struct scene *scene = sign_again(hosts, _i == 1);
	// As many as take long enough on this machine to be published in parts.
	while (scene->parts == 1) {
		free_scene(scene);
		scene = sign_again(hosts *= 2, _i == 1);
	}
	ck_assert_uint_eq(scene->gaps, 0);
	// Those that lack an algorithm are the older version's, and limited by what knotd grants that.
	ck_assert_uint_eq(scene->first_version, version_of(_i == 1 ? 1 : 2));
	ck_assert_uint_eq(scene->published->version.soa, version_of(2));
	ck_assert_uint_eq(FIND(scene, HOST, KNOT_RRTYPE_A, "172.16.1.1")->inception, NOW - 5);
	expect_good(scene, _i == 1 ? 2 : 1);
	free_scene(scene);
}
END_TEST

START_TEST(test_wrong_set_is_forgotten)
{
	struct scene *scene = make_scene(3, 2);
	learn(scene, 1, false, true, NOW - 10);
	struct learnt *learnt = &scene->learnt;
	ck_assert_uint_eq(learnt->count, 9);
	const struct table_host *host = &scene->table->hosts[_i];
	learnt_forget(learnt, host->owner, host->owner_length, KNOT_RRTYPE_HTTPS);
	learnt_forget(learnt, host->owner, host->owner_length, KNOT_RRTYPE_HTTPS);
	learnt_forget(learnt, host->owner, host->owner_length, KNOT_RRTYPE_SVCB);
	ck_assert_uint_eq(learnt->count, 8);
	for (int i = 0; i < 3; i++) {
		host = &scene->table->hosts[i];
		ck_assert_ptr_nonnull(
			learnt_find(learnt, host->owner, host->owner_length, KNOT_RRTYPE_AAAA));
		ck_assert_int_eq(learnt_find(learnt, host->owner, host->owner_length,
		                             KNOT_RRTYPE_HTTPS) != NULL,
		                 i != _i);
	}
	free_scene(scene);
}
END_TEST

START_TEST(test_key_that_is_not_published_yet_is_not_found)
{
	struct scene *scene = make_scene(2, 1);
	learn(scene, 1, true, false, NOW - 10);
	ck_assert_int_eq(run(scene), 0);
	expect_good(scene, 2);
	ck_assert_ptr_nonnull(FIND(scene, HOST, KNOT_RRTYPE_A, "172.16.1.1"));
	free_scene(scene);
}
END_TEST

START_TEST(test_missing_key_leaves_half_signed_answers)
{
	struct scene *scene = make_scene(2, 1);
	learn(scene, 1, false, false, NOW - 10);
	ck_assert_int_eq(run(scene), 0);
	char away[80];
	(void)snprintf(away, sizeof(away), "%s.away", scene->folder);
	ck_assert_int_eq(rename(scene->folder, away), 0);
	take_keys(scene);
	// The same algorithms: what was signed holds as long as its key is published.
	learn(scene, 2, false, false, NOW - 5);
	ck_assert_int_eq(run(scene), -ENOKEY);
	ck_assert_uint_eq(scene->missing, 1);
	struct signed_set *old = FIND(scene, HOST, KNOT_RRTYPE_A, "172.16.1.1");
	ck_assert_uint_eq(old->inception, NOW - 10);
	// One more algorithm: it is not complete any more, while the zone's own is.
	learn(scene, 3, true, false, NOW - 5);
	ck_assert_int_eq(run(scene), -ENOKEY);
	ck_assert_ptr_null(FIND(scene, HOST, KNOT_RRTYPE_A, "172.16.1.1"));
	ck_assert_ptr_nonnull(FIND(scene, HOST, KNOT_RRTYPE_A, "192.168.2.1"));
	expect_good(scene, 2);
	ck_assert_int_eq(rename(away, scene->folder), 0);
	// The keys are back.
	ck_assert_int_eq(run(scene), 0);
	ck_assert_ptr_nonnull(FIND(scene, HOST, KNOT_RRTYPE_A, "172.16.1.1"));
	expect_good(scene, 2);
	free_scene(scene);
}
END_TEST

/*! How many files of the keystore have been opened since the last time. */
static unsigned count_opened(int watch)
{
	_Alignas(struct inotify_event) char events[65536];
	unsigned opened = 0;
	ssize_t size;
	while ((size = read(watch, events, sizeof(events))) > 0) {
		const struct inotify_event *event;
		for (char *at = events; at < events + size; at += sizeof(*event) + event->len) {
			event = (const struct inotify_event *)(const void *)at;
			opened += event->len > 0;
		}
	}
	return opened;
}

static void copy_file(const char *from, const char *to)
{
	char command[512];
	(void)snprintf(command, sizeof(command), "cat %s >%s", from, to);
	ck_assert_int_eq(system(command), 0);
}

/*! A key that is in no DNSKEY set yet, so that any file may be it; it comes by a move, or by and by. */
START_TEST(test_missing_key_is_looked_for_in_all_files_again)
{
	enum { OTHERS = 40 };
	struct scene *scene = make_scene(2, 1);
	char *id[2];
	char path[2][160];
	char away[160];
	for (size_t i = 0; i < 2; i++) {
		ck_assert_int_eq(dnssec_key_get_keyid(scene->key[i], &id[i]), 0);
		(void)snprintf(path[i], sizeof(path[i]), "%s/%s.pem", scene->folder, id[i]);
		free(id[i]);
	}
	(void)snprintf(away, sizeof(away), "%s/away", scene->folder);
	ck_assert_int_eq(rename(path[1], away), 0);
	for (unsigned i = 0; i < OTHERS; i++) {
		char other[160];
		(void)snprintf(other, sizeof(other), "%s/%040u.pem", scene->folder, i);
		copy_file(path[0], other);
	}
	if (_i == 1) {
		copy_file("/dev/null", path[1]);
	}
	int watch = inotify_init1(IN_NONBLOCK);
	ck_assert_int_ge(inotify_add_watch(watch, scene->folder, IN_OPEN), 0);
	learn(scene, 1, true, false, NOW - 10);
	ck_assert_int_eq(run(scene), -ENOKEY);
	ck_assert_uint_ge(count_opened(watch), OTHERS);
	// Files that were made just now are looked at once more.
	unsigned opened = OTHERS;
	for (int i = 0; i < 1000 && opened > 0; i++) {
		struct timespec time = { .tv_nsec = 10000000 };
		(void)nanosleep(&time, NULL);
		ck_assert_int_eq(run(scene), -ENOKEY);
		opened = count_opened(watch);
	}
	ck_assert_uint_eq(opened, 0);
	if (_i == 1) {
		copy_file(away, path[1]);
	} else {
		ck_assert_int_eq(rename(away, path[1]), 0);
	}
	ck_assert_int_eq(run(scene), 0);
	ck_assert_ptr_nonnull(FIND(scene, HOST, KNOT_RRTYPE_A, "172.16.1.1"));
	expect_good(scene, 2);
	close(watch);
	free_scene(scene);
}
END_TEST

START_TEST(test_stop_is_ignored)
{
	struct scene *scene = make_scene(2, 1);
	learn(scene, 1, false, false, NOW - 10);
	scene->stop = true;
	ck_assert_int_eq(run(scene), -ECANCELED);
	ck_assert_ptr_null(scene->published);
	free_scene(scene);
}
END_TEST

START_TEST(test_signature_is_served_out_of_its_time)
{
	struct scene *scene = make_scene(1, 1);
	learn(scene, 1, false, false, NOW - 10);
	const struct signed_set *set = scene->learnt.sets[0];
	ck_assert(!signed_set_holds(set, NOW - 11));
	ck_assert(signed_set_holds(set, NOW - 10));
	ck_assert(signed_set_holds(set, NOW + 999));
	ck_assert(!signed_set_holds(set, NOW + 1000));
	free_scene(scene);
}
END_TEST

/*! With two uplinks, both families and hints, for all that the module keeps of a host. */
START_TEST(test_owner_takes_more_than_2_kibibytes)
{
	enum { HOSTS = 1000 };
	struct scene *scene = make_scene(HOSTS, 1);
	learn(scene, 1, false, true, NOW - 10);
	ck_assert_int_eq(run(scene), 0);
	size_t size = answers_memory(scene->answers) + signed_answers_memory(scene->published);
	for (size_t i = 0; i < scene->learnt.count; i++) {
		const struct signed_set *set = scene->learnt.sets[i];
		size += sizeof(set) + region_round(signed_set_size(set));
	}
	ck_assert_uint_lt(size / HOSTS, 2048);
	free_scene(scene);
}
END_TEST

int main(void)
{
	dnssec_crypto_init();
	Suite *suite = suite_create("signer");
	TCase *tests = tcase_create("signer");
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, test_variant_is_missing_or_bogus);
	tcase_add_test(tests, test_unchanged_set_is_signed_again);
	tcase_add_loop_test(tests, test_signed_answers_are_away_while_others_are_made, 0, 2);
	tcase_add_loop_test(tests, test_wrong_set_is_forgotten, 0, 3);
	tcase_add_test(tests, test_key_that_is_not_published_yet_is_not_found);
	tcase_add_test(tests, test_missing_key_leaves_half_signed_answers);
	tcase_add_loop_test(tests, test_missing_key_is_looked_for_in_all_files_again, 0, 2);
	tcase_add_test(tests, test_stop_is_ignored);
	tcase_add_test(tests, test_signature_is_served_out_of_its_time);
	tcase_add_test(tests, test_owner_takes_more_than_2_kibibytes);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	dnssec_crypto_cleanup();
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
