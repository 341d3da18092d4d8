/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Making of the answers of a table; what is equal is made once and shared.
 */

#include "arrival/answer_index.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "arrival/choice.h"
#include "arrival/hash.h"
#include "base/array.h"

/*! Source of the serials: owned by answers_new(). */
static _Atomic uint64_t last_serial;

static const uint8_t families[2] = { AF_INET, AF_INET6 };

/*! All that a set depends on beside the uplinks; compared and hashed as bytes, so padding is zero. */
struct set_key {
	uint64_t ready4;
	uint64_t ready6;
	uint32_t ttl;
	uint8_t policy;
	uint8_t order_count;
	uint8_t order[TABLE_UPLINKS_MAX];
	uint8_t own_count;
	struct table_own own[TABLE_OWN_MAX];
};

/*! What is needed only while building. */
struct build {
	const struct table *table;
	struct answers *answers;
	struct set_key *keys; /*!< Of each set. */
	uint32_t *slots;      /*!< Index + 1 of a set by the hash of its key, 0 for empty. */
	size_t slot_count;
};

static void key_from_host(const struct table_host *host, struct set_key *key)
{
	memset(key, 0, sizeof(*key));
	key->ready4 = host->ready4;
	key->ready6 = host->ready6;
	key->ttl = host->ttl;
	key->policy = host->policy;
	key->order_count = host->order_count;
	memcpy(key->order, host->order, host->order_count);
	key->own_count = host->own_count;
	memcpy(key->own, host->own, host->own_count * sizeof(*host->own));
}

/*! The slot of a key or the empty one where it belongs. */
static uint32_t *find_slot(struct build *build, const struct set_key *key)
{
	size_t mask = build->slot_count - 1;
	size_t at = hash_bytes((const uint8_t *)key, sizeof(*key)) & mask;
	while (build->slots[at] != 0 &&
	       memcmp(&build->keys[build->slots[at] - 1], key, sizeof(*key)) != 0) {
		at = (at + 1) & mask;
	}
	return &build->slots[at];
}

/*! The tail with the addresses of some uplinks; those without one are left out. */
static int get_tail(struct build *build, const struct table_host *host, uint8_t family,
                    const uint8_t *numbers, size_t count, uint32_t *tail)
{
	struct address addresses[TABLE_UPLINKS_MAX];
	size_t found = 0;
	for (size_t i = 0; i < count; i++) {
		const struct table_uplink *uplink = table_find_uplink(build->table, numbers[i]);
		const struct address *address =
			uplink != NULL ? choice_host_address(host, uplink, family) : NULL;
		if (address != NULL) {
			addresses[found++] = *address;
		}
	}
	return found == 0
	               ? 0
	               : tail_pool_get(&build->answers->tails, host->ttl, addresses, found, tail);
}

static int make_cell(struct build *build, const struct table_host *host, unsigned arrival,
                     uint8_t family, struct answer_cell *cell)
{
	uint8_t chosen[TABLE_UPLINKS_MAX];
	size_t count = choice_make(build->table, host, arrival, family, chosen);
	cell->uplink = count > 0 ? chosen[0] : 0;
	return get_tail(build, host, family, chosen, count, &cell->tail);
}

/*! What the set has beside its cells. */
static int make_choices(struct build *build, const struct table_host *host, struct answer_set *set)
{
	set->alone = calloc(build->table->uplink_count * 2 + 1, sizeof(*set->alone));
	if (set->alone == NULL) {
		return -ENOMEM;
	}
	for (size_t i = 0; i < host->order_count; i++) {
		const struct table_uplink *uplink = table_find_uplink(build->table, host->order[i]);
		if (uplink == NULL) {
			continue;
		}
		uint32_t *pair = &set->alone[(uplink - build->table->uplinks) * 2];
		for (size_t j = 0; j < 2; j++) {
			int ret = get_tail(build, host, families[j], &host->order[i], 1, &pair[j]);
			if (ret != 0) {
				return ret;
			}
		}
	}
	for (size_t i = 0; i < 2; i++) {
		uint8_t ready[TABLE_UPLINKS_MAX];
		size_t count = choice_list(build->table, host, families[i], ready);
		int ret = get_tail(build, host, families[i], ready, count, &set->ready[i]);
		if (ret != 0) {
			return ret;
		}
	}
	return 0;
}

static int make_set(struct build *build, const struct table_host *host, const struct set_key *key)
{
	struct answers *answers = build->answers;
	struct answer_set *sets = array_grow(answers->sets, answers->set_count, sizeof(*sets));
	if (sets == NULL) {
		return -ENOMEM;
	}
	answers->sets = sets;
	struct set_key *keys = array_grow(build->keys, answers->set_count, sizeof(*keys));
	if (keys == NULL) {
		return -ENOMEM;
	}
	build->keys = keys;

	struct answer_cell *cells = calloc(answers->uplink_count * 2 + 1, sizeof(*cells));
	if (cells == NULL) {
		return -ENOMEM;
	}
	keys[answers->set_count] = *key;
	struct answer_set *set = &sets[answers->set_count++];
	*set = (struct answer_set){ .cells = cells };
	for (size_t i = 0; i < answers->uplink_count * 2; i++) {
		int ret = make_cell(build, host, build->table->uplinks[i / 2].number,
		                    families[i % 2], &cells[i]);
		if (ret != 0) {
			return ret;
		}
	}
	return make_choices(build, host, set);
}

static int get_set(struct build *build, const struct table_host *host, uint32_t *set)
{
	struct set_key key;
	key_from_host(host, &key);
	uint32_t *slot = find_slot(build, &key);
	if (*slot == 0) {
		int ret = make_set(build, host, &key);
		if (ret != 0) {
			return ret;
		}
		*slot = (uint32_t)build->answers->set_count;
	}
	*set = *slot - 1;
	return 0;
}

static int add_host(struct build *build, const struct table_host *row)
{
	struct answers *answers = build->answers;
	struct answer_host *host = &answers->hosts[answers->host_count];
	*host = (struct answer_host){ .owner = (uint32_t)answers->owners_size,
		                      .owner_size = row->owner_length,
		                      .has_lan = row->lan_count > 0 };
	for (size_t i = 0; i < row->lan_count; i++) {
		uint32_t *lan = &host->lan[row->lan[i].family == AF_INET6];
		int ret = tail_pool_get(&answers->tails, row->ttl, &row->lan[i], 1, lan);
		if (ret != 0) {
			return ret;
		}
	}
	int ret = get_set(build, row, &host->set);
	if (ret != 0) {
		return ret;
	}
	memcpy(answers->owners + host->owner, row->owner, row->owner_length);
	answers->owners_size += row->owner_length;

	uint64_t hash = hash_bytes(row->owner, row->owner_length);
	size_t at = hash & answers->host_mask;
	while (answers->host_slots[at].host != 0) {
		at = (at + 1) & answers->host_mask;
	}
	answers->host_slots[at].tag = (uint32_t)(hash >> 32);
	answers->host_slots[at].host = (uint32_t)++answers->host_count;
	return 0;
}

/*! Make room for all hosts and sets at once. */
static int make_room(struct build *build)
{
	struct answers *answers = build->answers;
	size_t owners_size = 0;
	for (size_t i = 0; i < build->table->host_count; i++) {
		owners_size += build->table->hosts[i].owner_length;
	}
	size_t slot_count = 4;
	while (slot_count < build->table->host_count * 2) {
		slot_count *= 2;
	}
	answers->host_mask = slot_count - 1;
	answers->owners = malloc(owners_size + 1);
	answers->hosts = calloc(build->table->host_count + 1, sizeof(*answers->hosts));
	answers->host_slots = calloc(slot_count, sizeof(*answers->host_slots));
	build->slot_count = slot_count;
	build->slots = calloc(slot_count, sizeof(*build->slots));
	return answers->owners != NULL && answers->hosts != NULL && answers->host_slots != NULL &&
	                       build->slots != NULL
	               ? 0
	               : -ENOMEM;
}

static int add_uplink(struct build *build, const struct table_uplink *uplink)
{
	struct answers *answers = build->answers;
	for (size_t i = 0; i < 2; i++) {
		const struct address *address = choice_address(uplink, families[i]);
		int ret = address == NULL
		                  ? 0
		                  : tail_pool_get(&answers->tails, 0, address, 1,
		                                  &answers->uplink_tails[uplink->number][i]);
		if (ret != 0) {
			return ret;
		}
	}
	return 0;
}

static int build_all(struct build *build)
{
	struct answers *answers = build->answers;
	const struct table *table = build->table;
	answers->uplink_count = table->uplink_count;
	int ret = tail_pool_init(&answers->tails);
	if (ret == 0) {
		ret = binding_map_init(&answers->bindings, table);
	}
	if (ret == 0) {
		ret = make_room(build);
	}
	for (size_t i = 0; ret == 0 && i < table->uplink_count; i++) {
		ret = add_uplink(build, &table->uplinks[i]);
	}
	for (size_t i = 0; ret == 0 && i < table->host_count; i++) {
		ret = add_host(build, &table->hosts[i]);
	}
	return ret;
}

int answers_new(const struct table *table, struct answers **answers)
{
	struct build build = { .table = table, .answers = calloc(1, sizeof(struct answers)) };
	if (build.answers == NULL) {
		return -ENOMEM;
	}
	build.answers->serial = atomic_fetch_add(&last_serial, 1) + 1;

	int ret = build_all(&build);
	free(build.keys);
	free(build.slots);
	if (ret != 0) {
		answers_free(build.answers);
		return ret;
	}
	tail_pool_finish(&build.answers->tails);
	*answers = build.answers;
	return 0;
}

struct answers *answers_hold(struct answers *answers)
{
	atomic_fetch_add(&answers->others, 1);
	return answers;
}

void answers_free(struct answers *answers)
{
	if (answers == NULL || atomic_fetch_sub(&answers->others, 1) > 0) {
		return;
	}
	binding_map_deinit(&answers->bindings);
	tail_pool_deinit(&answers->tails);
	for (size_t i = 0; i < answers->set_count; i++) {
		free(answers->sets[i].cells);
		free(answers->sets[i].alone);
	}
	free(answers->sets);
	free(answers->owners);
	free(answers->hosts);
	free(answers->host_slots);
	free(answers);
}

size_t answers_memory(const struct answers *answers)
{
	size_t cells = answers->uplink_count * 2 + 1;
	size_t size =
		sizeof(*answers) + answers->owners_size +
		answers->host_count * sizeof(*answers->hosts) +
		(answers->host_mask + 1) * sizeof(*answers->host_slots) +
		answers->set_count * (sizeof(*answers->sets) +
	                              cells * (sizeof(struct answer_cell) + sizeof(uint32_t))) +
		answers->tails.count * sizeof(*answers->tails.tails);
	for (size_t i = 1; i < answers->tails.count; i++) {
		const struct tail *tail = answers->tails.tails[i];
		size += sizeof(*tail) + tail->rdata_size + tail->wire_size;
	}
	return size;
}
