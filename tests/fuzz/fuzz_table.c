/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Rows of the answer table: whatever is in them, they are refused or make answers that hold together.
 *
 * The input is rows: the size of the key in a byte, of the value in two, and the bytes of both. A
 * checksum is put right in nine of ten, or nothing behind it would ever be seen.
 */

#include <netinet/in.h>
#include <sys/socket.h>

#include <libknot/libknot.h>

#include "arrival/answer.h"
#include "fuzz.h"
#include "table/bytes.h"

/*! Before what the checksum is over. */
#define HEAD_SIZE 6

/*! A row that is refused spoils the table for the reader; here it is taken out, to see the rest. */
static void read_row(struct fuzz_input *input, struct table *table)
{
	size_t uplinks = table->uplink_count;
	size_t hosts = table->host_count;
	size_t key_size = (size_t)fuzz_number(input, 1);
	size_t value_size = (size_t)fuzz_number(input, 2) % (TABLE_ROW_MAX + 8);
	uint8_t *key = fuzz_bytes(input, &key_size);
	uint8_t *value = fuzz_bytes(input, &value_size);
	if (value_size >= HEAD_SIZE && value[1] % 10 != 9) {
		uint32_t sum =
			bytes_checksum(key, key_size, value + HEAD_SIZE, value_size - HEAD_SIZE);
		struct bytes_out head = { .data = value + 2, .room = 4 };
		bytes_put_number(&head, sum, 4);
	}
	if (table_decode(key, key_size, value, value_size, table) != 0) {
		table->uplink_count = uplinks;
		table->host_count = hosts;
	}
	free(key);
	free(value);
}

/*! A table that may be served can be written again, and read as the same. */
static void check_rows(const struct table *table)
{
	struct table *again = table_new();
	struct table_row row;
	FUZZ_CLAIM(again != NULL);
	FUZZ_CLAIM(table_encode_meta(&table->meta, &row) == 0);
	FUZZ_CLAIM(table_decode(row.key, row.key_size, row.value, row.value_size, again) == 0);
	for (size_t i = 0; i < table->uplink_count; i++) {
		FUZZ_CLAIM(table_encode_uplink(&table->uplinks[i], &row) == 0);
		FUZZ_CLAIM(table_decode(row.key, row.key_size, row.value, row.value_size, again) ==
		           0);
		FUZZ_CLAIM(again->uplinks[i].address_count == table->uplinks[i].address_count);
	}
	for (size_t i = 0; i < table->host_count; i++) {
		FUZZ_CLAIM(table_encode_host(&table->hosts[i], &row) == 0);
		FUZZ_CLAIM(table_decode(row.key, row.key_size, row.value, row.value_size, again) ==
		           0);
		FUZZ_CLAIM(again->hosts[i].ready4 == table->hosts[i].ready4);
	}
	FUZZ_CLAIM(table_validate(again) == 0);
	table_free(again);
}

static void check_tail(const struct tail *tail)
{
	if (tail == NULL) {
		return;
	}
	knot_rdataset_t rdata = tail_rdata(tail);
	FUZZ_CLAIM(rdata.count > 0);
	size_t octets = rdata.rdata->len;
	FUZZ_CLAIM(octets == 4 || octets == 16);
	FUZZ_CLAIM(tail->wire_size == tail->count * (12 + octets));
	knot_rdata_t *record = rdata.rdata;
	for (uint16_t i = 0; i < rdata.count; i++) {
		const uint8_t *wire = tail->wire + i * (12 + octets);
		FUZZ_CLAIM(record->len == octets && memcmp(wire + 12, record->data, octets) == 0);
		record = knot_rdataset_next(record);
	}
}

static void visit(void *context, const struct answers *answers, const uint8_t *owner,
                  size_t owner_size, size_t situation, const struct tail *const tails[2])
{
	size_t *visits = context;
	++*visits;
	// What is asked of knotd is asked by libknot, which believes in a name's own lengths.
	FUZZ_CLAIM(knot_dname_wire_check(owner, owner + owner_size, NULL) == (int)owner_size);
	const struct tail *pair[2];
	FUZZ_CLAIM(answers_situation(answers, owner, owner_size, situation, pair));
	for (size_t i = 0; i < 2; i++) {
		FUZZ_CLAIM(pair[i] == tails[i]);
		check_tail(tails[i]);
	}
}

/*! Addresses that are answered are of uplinks that are ready for them. */
static void check_answer(const struct table *table, const struct table_host *host,
                         const struct answer *answer, uint8_t family)
{
	check_tail(answer->tail);
	if (answer->verdict == ANSWER_UPLINK) {
		const struct table_uplink *uplink = table_find_uplink(table, answer->uplink);
		uint64_t ready = family == AF_INET ? host->ready4 : host->ready6;
		FUZZ_CLAIM(uplink != NULL && uplink->usable && answer->tail != NULL);
		FUZZ_CLAIM((ready >> answer->uplink & 1) == 1);
	}
}

static void ask(const struct table *table, const struct answers *answers,
                const struct table_host *host, const struct table_binding *binding)
{
	static const uint8_t families[2] = { AF_INET, AF_INET6 };
	struct address none = { 0 };
	struct local local =
		local_make(binding->kind == TABLE_BINDING_ADDRESS ? &binding->address : &none,
	                   binding->kind == TABLE_BINDING_PORT ? binding->port : 53);
	struct sockaddr_storage clients[2] = { { .ss_family = AF_INET },
		                               { .ss_family = AF_INET6 } };
	const struct answer_host *found =
		answers_find_host(answers, host->owner, host->owner_length);
	FUZZ_CLAIM(found != NULL);
	for (size_t i = 0; i < 8; i++) {
		struct answer_origin origin = { &local, (const struct sockaddr *)&clients[i & 1],
			                        (i & 4) != 0 };
		struct answer answer = answers_find(answers, found, families[i >> 1 & 1], &origin);
		FUZZ_CLAIM(!origin.stale || answer.verdict != ANSWER_UPLINK);
		check_answer(table, host, &answer, families[i >> 1 & 1]);
	}
}

static void check_answers(const struct table *table)
{
	struct answers *answers = NULL;
	FUZZ_CLAIM(answers_new(table, &answers) == 0);
	size_t visits = 0;
	answers_visit(answers, visit, &visits);
	FUZZ_CLAIM(visits == table->host_count * answers_situations(answers));
	for (size_t i = 0; i < table->host_count; i++) {
		struct table_binding unknown = { .kind = 0 };
		ask(table, answers, &table->hosts[i], &unknown);
		for (size_t j = 0; j < table->uplink_count; j++) {
			const struct table_uplink *uplink = &table->uplinks[j];
			for (size_t k = 0; k < uplink->binding_count; k++) {
				ask(table, answers, &table->hosts[i], &uplink->binding[k]);
			}
		}
	}
	for (unsigned i = 0; i <= TABLE_UPLINKS_MAX + 1; i++) {
		check_tail(answers_uplink_tail(answers, i, AF_INET));
		check_tail(answers_uplink_tail(answers, i, AF_INET6));
	}
	answers_free(answers);
}

/*! Keys of a database are. */
static bool are_unique(const struct table *table)
{
	for (size_t i = 1; i < table->host_count; i++) {
		const struct table_host *host = &table->hosts[i];
		if (table_find_host(table, host->owner, host->owner_length) != host ||
		    table_find_host(table, host[-1].owner, host[-1].owner_length) != host - 1) {
			return false;
		}
	}
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size };
	struct table *table = table_new();
	FUZZ_CLAIM(table != NULL);
	while (input.left > 0) {
		read_row(&input, table);
	}
	table_sort(table);
	if (table_validate(table) == 0 && are_unique(table)) {
		check_rows(table);
		check_answers(table);
	}
	table_free(table);
	return 0;
}
