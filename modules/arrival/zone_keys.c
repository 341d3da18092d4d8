/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * From an RRSIG record to the private key behind it: by the DNSKEY set, else among all files.
 *
 * knotd signs with a new algorithm before it publishes the key (RFC 6781 section 4.1.4), so the key's
 * name cannot always be learnt from the DNSKEY set. A keystore may hold the keys of thousands of zones, so that
 * what was looked for in vain is looked for again among the files alone that have changed.
 */

#include "arrival/zone_keys.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <libknot/rrtype/dnskey.h>
#include <libknot/rrtype/rrsig.h>

#include "base/array.h"

/*! Hexadecimal digits of a key's id, which is its file's name before «.pem». */
#define KEY_ID_SIZE 40

/*! DNSKEY flags (RFC 4034 section 2.1.1): zone key, and secure entry point. */
static const uint16_t key_flags[] = { 256, 257 };

/*! File systems and the clock agree to so many seconds. */
#define CHANGE_SLACK_S 2

/*! All files are read again after so long: another machine's file system has another clock. */
#define WHOLE_S 600

/*! When a folder was looked through in vain; zeroed memory is never. */
struct vain_search {
	dev_t device;
	ino_t inode;
	time_t whole; /*!< All files. */
	time_t last;  /*!< Those that had changed. */
};

/*! One key that was looked for: by algorithm and tag, as an RRSIG names it. */
struct zone_key {
	uint8_t algorithm;
	uint16_t tag;
	bool proven; /*!< In this round. */
	bool tried;  /*!< In this round, in vain. */
	dnssec_key_t *key;
	dnssec_sign_ctx_t *context; /*!< NULL: not found. */
	struct vain_search *vain;   /*!< Of each folder; NULL: none yet. */
};

struct zone_keys {
	char **folders;
	size_t folder_count;
	const knot_rdataset_t *dnskeys;
	struct zone_key *list;
	size_t count;
	uint8_t zone[];
};

static void zone_key_deinit(struct zone_key *key)
{
	dnssec_sign_free(key->context);
	dnssec_key_free(key->key);
	free(key->vain);
	key->context = NULL;
	key->key = NULL;
	key->vain = NULL;
}

static void free_folders(char **folders)
{
	for (size_t i = 0; folders != NULL && folders[i] != NULL; i++) {
		free(folders[i]);
	}
	free(folders);
}

static char **copy_folders(char *const *folders)
{
	size_t count = 0;
	while (folders[count] != NULL) {
		count++;
	}
	char **copy = calloc(count + 1, sizeof(*copy));
	for (size_t i = 0; copy != NULL && i < count; i++) {
		copy[i] = strdup(folders[i]);
		if (copy[i] == NULL) {
			free_folders(copy);
			return NULL;
		}
	}
	return copy;
}

struct zone_keys *zone_keys_new(const uint8_t *zone, char *const *folders)
{
	size_t size = knot_dname_size(zone);
	struct zone_keys *keys = calloc(1, sizeof(*keys) + size);
	char **copy = copy_folders(folders);
	if (keys == NULL || copy == NULL) {
		free(keys);
		free_folders(copy);
		return NULL;
	}
	keys->folders = copy;
	while (copy[keys->folder_count] != NULL) {
		keys->folder_count++;
	}
	memcpy(keys->zone, zone, size);
	return keys;
}

void zone_keys_free(struct zone_keys *keys)
{
	if (keys == NULL) {
		return;
	}
	for (size_t i = 0; i < keys->count; i++) {
		zone_key_deinit(&keys->list[i]);
	}
	free(keys->list);
	free_folders(keys->folders);
	free(keys);
}

static bool is_published(const struct zone_keys *keys, uint8_t algorithm, uint16_t tag)
{
	knot_rdata_t *dnskey = keys->dnskeys->rdata;
	for (uint16_t i = 0; i < keys->dnskeys->count; i++) {
		uint16_t its_tag = 0;
		const dnssec_binary_t rdata = { .data = dnskey->data, .size = dnskey->len };
		if (knot_dnskey_alg(dnskey) == algorithm && dnssec_keytag(&rdata, &its_tag) == 0 &&
		    its_tag == tag) {
			return true;
		}
		dnskey = knot_rdataset_next(dnskey);
	}
	return false;
}

void zone_keys_begin(struct zone_keys *keys, const knot_rdataset_t *dnskeys)
{
	keys->dnskeys = dnskeys;
	size_t kept = 0;
	for (size_t i = 0; i < keys->count; i++) {
		struct zone_key *key = &keys->list[i];
		// A key may be there for long without anything new to sign.
		if (!key->proven && !key->tried &&
		    (key->context == NULL || !is_published(keys, key->algorithm, key->tag))) {
			zone_key_deinit(key);
			continue;
		}
		key->proven = false;
		key->tried = false;
		keys->list[kept++] = *key;
	}
	keys->count = kept;
}

/*! Take a key that has its private half if it is the one that has signed. */
static bool prove(struct zone_key *found, dnssec_key_t *key, const struct signed_set *set,
                  const knot_rdata_t *signature)
{
	dnssec_sign_ctx_t *context = NULL;
	if (dnssec_key_get_keytag(key) != found->tag || dnssec_sign_new(&context, key) != 0) {
		return false;
	}
	if (!sign_verify(context, set, signature)) {
		dnssec_sign_free(context);
		return false;
	}
	zone_key_deinit(found);
	found->key = key;
	found->context = context;
	return true;
}

/*! Load a published key's private half. */
static bool load_published(const struct zone_keys *keys, struct zone_key *found,
                           dnssec_keystore_t *store, const knot_rdata_t *dnskey,
                           const struct signed_set *set, const knot_rdata_t *signature)
{
	dnssec_key_t *key = NULL;
	char *id = NULL;
	const dnssec_binary_t rdata = { .data = (uint8_t *)(uintptr_t)dnskey->data,
		                        .size = dnskey->len };
	bool proven = dnssec_key_new(&key) == 0 && dnssec_key_set_dname(key, keys->zone) == 0 &&
	              dnssec_key_set_rdata(key, &rdata) == 0 &&
	              dnssec_key_get_keytag(key) == found->tag &&
	              dnssec_key_get_keyid(key, &id) == 0 &&
	              dnssec_keystore_get_private(store, id, key) == 0 &&
	              prove(found, key, set, signature);
	free(id);
	if (!proven) {
		dnssec_key_free(key);
	}
	return proven;
}

static bool find_published(const struct zone_keys *keys, struct zone_key *found,
                           dnssec_keystore_t *store, const struct signed_set *set,
                           const knot_rdata_t *signature)
{
	knot_rdata_t *dnskey = keys->dnskeys->rdata;
	for (uint16_t i = 0; i < keys->dnskeys->count; i++) {
		if (knot_dnskey_alg(dnskey) == found->algorithm &&
		    load_published(keys, found, store, dnskey, set, signature)) {
			return true;
		}
		dnskey = knot_rdataset_next(dnskey);
	}
	return false;
}

/*! Load a key of which only the file is known; its flags, which the tag depends on, are guessed. */
static bool load_unpublished(const struct zone_keys *keys, struct zone_key *found,
                             dnssec_keystore_t *store, const char *id, uint16_t flags,
                             const struct signed_set *set, const knot_rdata_t *signature)
{
	dnssec_key_t *key = NULL;
	bool proven = dnssec_key_new(&key) == 0 && dnssec_key_set_dname(key, keys->zone) == 0 &&
	              dnssec_key_set_flags(key, flags) == 0 &&
	              dnssec_key_set_protocol(key, 3) == 0 &&
	              dnssec_key_set_algorithm(key, found->algorithm) == 0 &&
	              dnssec_keystore_get_private(store, id, key) == 0 &&
	              prove(found, key, set, signature);
	if (!proven) {
		dnssec_key_free(key);
	}
	return proven;
}

/*! Since when a file must have changed to be of interest; 0: whenever. */
static time_t vain_since(const struct vain_search *vain, const struct stat *folder, time_t now)
{
	bool other = vain->device != folder->st_dev || vain->inode != folder->st_ino;
	bool set_back = now < vain->last;
	return other || set_back || now - vain->whole > WHOLE_S ? 0 : vain->last;
}

/*! Whether a file is a key that may have come or become readable since then. */
static bool is_candidate(int folder, const char *name, time_t since)
{
	struct stat status;
	if (strlen(name) != KEY_ID_SIZE + 4 || strcmp(name + KEY_ID_SIZE, ".pem") != 0) {
		return false;
	}
	// Not the time of its content: it may have been moved here, or been given another owner.
	return since == 0 || fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
	       S_ISLNK(status.st_mode) || status.st_ctime + CHANGE_SLACK_S >= since;
}

static bool find_unpublished(const struct zone_keys *keys, struct zone_key *found,
                             dnssec_keystore_t *store, size_t place, const struct signed_set *set,
                             const knot_rdata_t *signature)
{
	struct vain_search *vain = &found->vain[place];
	struct stat folder = { 0 };
	DIR *dir = opendir(keys->folders[place]);
	if (dir == NULL) {
		*vain = (struct vain_search){ 0 };
		return false;
	}
	(void)fstat(dirfd(dir), &folder);
	time_t now = time(NULL);
	time_t since = vain_since(vain, &folder, now);
	*vain = (struct vain_search){ .device = folder.st_dev,
		                      .inode = folder.st_ino,
		                      .whole = since == 0 ? now : vain->whole,
		                      .last = now };
	bool proven = false;
	const struct dirent *entry;
	while (!proven && (entry = readdir(dir)) != NULL) {
		char id[KEY_ID_SIZE + 1] = "";
		if (!is_candidate(dirfd(dir), entry->d_name, since)) {
			continue;
		}
		memcpy(id, entry->d_name, KEY_ID_SIZE);
		for (size_t i = 0; !proven && i < sizeof(key_flags) / sizeof(key_flags[0]); i++) {
			proven = load_unpublished(keys, found, store, id, key_flags[i], set,
			                          signature);
		}
	}
	closedir(dir);
	return proven;
}

/*! Look in all keystores. Opened each time: at first start they are made after the module is loaded. */
static bool search(const struct zone_keys *keys, struct zone_key *found,
                   const struct signed_set *set, const knot_rdata_t *signature)
{
	bool proven = false;
	if (found->vain == NULL) {
		found->vain = calloc(keys->folder_count, sizeof(*found->vain));
	}
	for (size_t i = 0; !proven && found->vain != NULL && i < keys->folder_count; i++) {
		dnssec_keystore_t *store = NULL;
		if (dnssec_keystore_init_pkcs8(&store) == 0 &&
		    dnssec_keystore_open(store, keys->folders[i]) == 0) {
			proven = find_published(keys, found, store, set, signature) ||
			         find_unpublished(keys, found, store, i, set, signature);
		}
		dnssec_keystore_deinit(store);
	}
	return proven;
}

static struct zone_key *get_key(struct zone_keys *keys, uint8_t algorithm, uint16_t tag)
{
	for (size_t i = 0; i < keys->count; i++) {
		if (keys->list[i].algorithm == algorithm && keys->list[i].tag == tag) {
			return &keys->list[i];
		}
	}
	struct zone_key *list = array_grow(keys->list, keys->count, sizeof(*list));
	if (list == NULL) {
		return NULL;
	}
	keys->list = list;
	list[keys->count] = (struct zone_key){ .algorithm = algorithm, .tag = tag };
	return &list[keys->count++];
}

dnssec_sign_ctx_t *zone_keys_find(struct zone_keys *keys, const struct signed_set *set,
                                  const knot_rdata_t *signature, bool *missing)
{
	*missing = false;
	struct zone_key *key =
		get_key(keys, knot_rrsig_alg(signature), knot_rrsig_key_tag(signature));
	if (key == NULL || key->tried) {
		return NULL;
	}
	if (!key->proven) {
		key->proven = (key->context != NULL && sign_verify(key->context, set, signature)) ||
		              search(keys, key, set, signature);
		key->tried = !key->proven;
		*missing = key->tried;
	}
	return key->proven ? key->context : NULL;
}

bool zone_keys_published(const struct zone_keys *keys, const struct signed_set *set)
{
	knot_rdata_t *signature = signed_set_signatures(set).rdata;
	for (uint16_t i = 0; i < set->signature_count; i++) {
		if (!is_published(keys, knot_rrsig_alg(signature), knot_rrsig_key_tag(signature))) {
			return false;
		}
		signature = knot_rdataset_next(signature);
	}
	return true;
}
