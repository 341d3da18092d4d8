/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * What becomes of an address or a hint in a response that must be signed, as long as the right one is not.
 */

#include <check.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "arrival/choice.h"
#include "arrival/respond.h"
#include "suite.h"

#define HOST "www.example.com"
#define ON_FIRST "first.example.com"
#define NOW 1800000000u

/*! Memory as knotd's pool of a worker: emptied at once. */
struct pool {
	_Alignas(16) uint8_t bytes[65536];
	size_t used;
};

static void *pool_allocate(void *context, size_t size)
{
	struct pool *pool = context;
	void *place = pool->bytes + pool->used;
	pool->used += (size + 15) / 16 * 16;
	ck_assert_uint_le(pool->used, sizeof(pool->bytes));
	return place;
}

static void pool_keep(void *place)
{
	(void)place;
}

static struct address address_of(const char *text)
{
	struct address address;
	ck_assert_int_eq(address_parse(text, &address), 0);
	return address;
}

static void add_host(struct table *table, const char *name, uint64_t ready)
{
	struct table_host *host = table_add_host(table);
	host->owner_length = (uint8_t)table_owner_from_text(name, host->owner);
	host->ttl = 10;
	host->policy = CHOICE_ARRIVAL;
	host->ready4 = ready;
	host->order[host->order_count++] = 1;
	host->order[host->order_count++] = 2;
	host->lan[host->lan_count++] = address_of("10.0.0.10");
}

/*! Two uplinks, both of which serve the one host and the first alone the other, and a LAN. */
static struct answers *make_answers(void)
{
	static const char *const addresses[] = { "192.168.2.1", "172.16.1.1" };
	struct table *table = table_new();
	for (uint8_t i = 0; i < 2; i++) {
		struct table_uplink *uplink = table_add_uplink(table);
		uplink->number = i + 1;
		uplink->usable = true;
		uplink->address[uplink->address_count++] = address_of(addresses[i]);
		uplink->binding[0].kind = TABLE_BINDING_PORT;
		uplink->binding[0].port = (uint16_t)(5301 + i);
		uplink->binding_count = 1;
	}
	ck_assert_int_eq(prefix_parse("10.0.0.0/24", &table->meta.lan[table->meta.lan_count++]), 0);
	add_host(table, HOST, 6);
	add_host(table, ON_FIRST, 2);
	table_sort(table);
	struct answers *answers = NULL;
	ck_assert_int_eq(answers_new(table, &answers), 0);
	table_free(table);
	return answers;
}

static void add_rdata(knot_rdataset_t *rdata, const void *start, size_t size, const char *text)
{
	uint8_t data[64];
	memcpy(data, start, size);
	memcpy(data + size, address_of(text).bytes, 4);
	uint8_t buffer[80];
	knot_rdata_t *record = (knot_rdata_t *)(void *)buffer;
	knot_rdata_init(record, (uint16_t)(size + 4), data);
	ck_assert_int_eq(knot_rdataset_add(rdata, record, NULL), 0);
}

/*! The data of an A record, or of an HTTPS record with one hint and, before it, one with ON_FIRST as its target. */
static knot_rdataset_t make_rdata(uint16_t type, const char *text)
{
	static const char own[] = "\0\2\0\0\4\0\4";
	static const char other[] = "\0\1\5first\7example\3com\0\0\4\0\4";
	knot_rdataset_t rdata = { 0 };
	char words[64];
	strcpy(words, text);
	const char *word = strtok(words, " ");
	add_rdata(&rdata, own, type == KNOT_RRTYPE_A ? 0 : sizeof(own) - 1, word);
	word = strtok(NULL, " ");
	if (word != NULL) {
		add_rdata(&rdata, other, sizeof(other) - 1, word);
	}
	return rdata;
}

static void add_signed(struct signed_answers *variants, const uint8_t *owner, size_t owner_size,
                       uint16_t type, const char *text)
{
	uint8_t data[40] = { 0 };
	knot_wire_write_u32(data + 8, NOW + 100);
	knot_wire_write_u32(data + 12, NOW - 100);
	knot_rdataset_t signatures = { 0 };
	uint8_t buffer[64];
	knot_rdata_t *record = (knot_rdata_t *)(void *)buffer;
	knot_rdata_init(record, sizeof(data), data);
	ck_assert_int_eq(knot_rdataset_add(&signatures, record, NULL), 0);
	knot_rdataset_t rdata = make_rdata(type, text);
	struct signed_set *set =
		signed_set_new(NULL, owner, owner_size, type, 10, &rdata, &signatures);
	struct signed_set *added = NULL;
	ck_assert_int_eq(signed_answers_add(variants, set, &added), 0);
	free(set);
	knot_rdataset_clear(&rdata, NULL);
	knot_rdataset_clear(&signatures, NULL);
}

static const struct {
	uint16_t type;
	const char *client;
	uint16_t port;   /*!< Of the arrival uplink. */
	const char *own; /*!< What the zone has. */
	const char *is_signed[3];
	bool unmirrored;
	enum rewrite_action action;
	const char *answer; /*!< If it is replaced. */
} cases[] = {
	// The inside address, or nothing as long as that is not signed.
	{ KNOT_RRTYPE_A,
	  "10.0.0.77",
	  5301,
	  "192.168.2.1",
	  { "10.0.0.10" },
	  false,
	  REWRITE_REPLACE,
	  "10.0.0.10" },
	{ KNOT_RRTYPE_A, "10.0.0.77", 5301, "192.168.2.1", { NULL }, false, REWRITE_REFUSE, NULL },
	{ KNOT_RRTYPE_A,
	  "10.0.0.77",
	  5301,
	  "192.168.2.1",
	  { "192.168.2.1", "172.16.1.1" },
	  false,
	  REWRITE_REFUSE,
	  NULL },
	{ KNOT_RRTYPE_A, "10.0.0.77", 5301, "10.0.0.10", { NULL }, false, REWRITE_KEEP, NULL },
	{ KNOT_RRTYPE_HTTPS,
	  "10.0.0.77",
	  5301,
	  "192.168.2.1",
	  { "10.0.0.10" },
	  false,
	  REWRITE_REPLACE,
	  "10.0.0.10" },
	{ KNOT_RRTYPE_HTTPS,
	  "10.0.0.77",
	  5301,
	  "192.168.2.1",
	  { "172.16.1.1" },
	  false,
	  REWRITE_REFUSE,
	  NULL },
	{ KNOT_RRTYPE_HTTPS, "10.0.0.77", 5301, "10.0.0.10", { NULL }, false, REWRITE_KEEP, NULL },
	// Where it never will be signed there is what the zone has.
	{ KNOT_RRTYPE_A, "10.0.0.77", 5301, "192.168.2.1", { NULL }, true, REWRITE_KEEP, NULL },
	{ KNOT_RRTYPE_HTTPS, "10.0.0.77", 5301, "192.168.2.1", { NULL }, true, REWRITE_KEEP, NULL },
	// From outside each address that is ready will do.
	{ KNOT_RRTYPE_A,
	  "203.0.113.9",
	  5302,
	  "192.168.2.1",
	  { "172.16.1.1" },
	  false,
	  REWRITE_REPLACE,
	  "172.16.1.1" },
	{ KNOT_RRTYPE_A,
	  "203.0.113.9",
	  5302,
	  "192.0.2.99",
	  { "192.168.2.1" },
	  false,
	  REWRITE_REPLACE,
	  "192.168.2.1" },
	{ KNOT_RRTYPE_A, "203.0.113.9", 5302, "192.168.2.1", { NULL }, false, REWRITE_KEEP, NULL },
	{ KNOT_RRTYPE_A, "203.0.113.9", 5302, "192.0.2.99", { NULL }, false, REWRITE_REFUSE, NULL },
	{ KNOT_RRTYPE_HTTPS,
	  "203.0.113.9",
	  5302,
	  "192.168.2.1",
	  { NULL },
	  false,
	  REWRITE_KEEP,
	  NULL },
	{ KNOT_RRTYPE_HTTPS,
	  "203.0.113.9",
	  5302,
	  "192.0.2.99",
	  { NULL },
	  false,
	  REWRITE_REFUSE,
	  NULL },
	// Two records, the other one's target served by the first uplink alone.
	{ KNOT_RRTYPE_HTTPS,
	  "203.0.113.9",
	  5302,
	  "192.168.2.1 192.168.2.1",
	  { "172.16.1.1 172.16.1.1", "172.16.1.1 192.168.2.1" },
	  false,
	  REWRITE_REPLACE,
	  "172.16.1.1 192.168.2.1" },
	{ KNOT_RRTYPE_HTTPS,
	  "203.0.113.9",
	  5302,
	  "192.168.2.1 192.168.2.1",
	  { "172.16.1.1 172.16.1.1" },
	  false,
	  REWRITE_KEEP,
	  NULL },
};

START_TEST(test_client_gets_an_address_that_is_not_for_it)
{
	static struct pool pool;
	pool.used = 0;
	uint8_t owner[TABLE_OWNER_MAX];
	size_t size = (size_t)table_owner_from_text(HOST, owner);
	struct snapshot snapshot = { .answers = make_answers() };
	struct signed_answers *variants = signed_answers_new(0, 0);
	for (size_t i = 0; i < 3 && cases[_i].is_signed[i] != NULL; i++) {
		add_signed(variants, owner, size, cases[_i].type, cases[_i].is_signed[i]);
	}
	struct sockaddr_in client = { .sin_family = AF_INET };
	memcpy(&client.sin_addr, address_of(cases[_i].client).bytes, 4);
	struct address none = { 0 };
	struct local local = local_make(&none, cases[_i].port);
	knot_mm_t mm = { .ctx = &pool, .alloc = pool_allocate, .free = pool_keep };
	struct request request = {
		.origin = { .local = &local, .client = (struct sockaddr *)&client },
		.snapshot = &snapshot,
		.dnssec = true,
		.variants = cases[_i].unmirrored ? NULL : variants,
		.mirrored = !cases[_i].unmirrored,
		.now = NOW,
		.response = knot_pkt_new(NULL, 512, &mm),
	};
	knot_rrset_t own = { .owner = owner,
		             .ttl = 10,
		             .type = cases[_i].type,
		             .rclass = KNOT_CLASS_IN,
		             .rrs = make_rdata(cases[_i].type, cases[_i].own) };
	struct rewrite_records records = { 0 };
	ck_assert_int_eq(respond_decide(&request, &own, NULL, &records), cases[_i].action);
	if (cases[_i].action == REWRITE_REPLACE) {
		knot_rdataset_t wanted = make_rdata(cases[_i].type, cases[_i].answer);
		ck_assert(knot_rdataset_eq(&records.rrs, &wanted));
		knot_rdataset_clear(&wanted, NULL);
	}
	knot_pkt_free(request.response);
	knot_rdataset_clear(&own.rrs, NULL);
	signed_answers_free(variants);
	answers_free(snapshot.answers);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("respond");
	TCase *tests = tcase_create("respond");
	tcase_add_loop_test(tests, test_client_gets_an_address_that_is_not_for_it, 0, COUNT(cases));
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
