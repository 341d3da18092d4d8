/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The module's answers: which addresses, from which binding, in which bytes, and at what cost of memory.
 */

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "arrival/answer.h"
#include "arrival/choice.h"
#include "table/table.h"

#define P4 "192.168.2.1"
#define B4 "172.16.1.1"
#define P6 "2001:db8:1::2"
#define B6 "2001:db8:2::2"

static struct address address_of(const char *text)
{
	struct address address;
	ck_assert_int_eq(address_parse(text, &address), 0);
	return address;
}

static struct table_uplink *add_uplink(struct table *table, unsigned number, const char *four,
                                       const char *six)
{
	struct table_uplink *uplink = table_add_uplink(table);
	ck_assert_ptr_nonnull(uplink);
	uplink->number = (uint8_t)number;
	uplink->usable = true;
	const char *texts[] = { four, six };
	for (size_t i = 0; i < 2; i++) {
		if (texts[i] != NULL) {
			uplink->address[uplink->address_count++] = address_of(texts[i]);
			struct table_binding *binding = &uplink->binding[uplink->binding_count++];
			binding->kind = TABLE_BINDING_ADDRESS;
			binding->address = address_of(texts[i]);
		}
	}
	return uplink;
}

static struct table_host *add_host(struct table *table, const char *name, uint64_t ready)
{
	struct table_host *host = table_add_host(table);
	ck_assert_ptr_nonnull(host);
	host->owner_length = (uint8_t)table_owner_from_text(name, host->owner);
	host->ttl = 10;
	host->policy = CHOICE_ARRIVAL;
	host->ready4 = ready;
	host->ready6 = ready;
	for (size_t i = 0; i < table->uplink_count; i++) {
		host->order[host->order_count++] = table->uplinks[i].number;
	}
	return host;
}

static struct answers *build(struct table *table)
{
	struct answers *answers = NULL;
	table_sort(table);
	ck_assert_int_eq(answers_new(table, &answers), 0);
	return answers;
}

/*! Ask for a name at a local address and port, as a client. */
static struct answer ask_port(const struct answers *answers, const char *name, uint8_t family,
                              const char *at, uint16_t port, const char *from, bool stale)
{
	uint8_t owner[TABLE_OWNER_MAX];
	int size = table_owner_from_text(name, owner);
	struct address none = { 0 };
	struct address address = at != NULL ? address_of(at) : none;
	struct local local = local_make(&address, port);
	struct sockaddr_storage client = { .ss_family = AF_INET };
	struct address source = address_of(from);
	if (source.family == AF_INET6) {
		client.ss_family = AF_INET6;
		memcpy(&((struct sockaddr_in6 *)&client)->sin6_addr, source.bytes, 16);
	} else {
		memcpy(&((struct sockaddr_in *)&client)->sin_addr, source.bytes, 4);
	}
	struct answer_origin origin = { &local, (const struct sockaddr *)&client, stale };
	return answers_find(answers, answers_find_host(answers, owner, (size_t)size), family,
	                    &origin);
}

static struct answer ask(const struct answers *answers, const char *name, uint8_t family,
                         const char *at)
{
	return ask_port(answers, name, family, at, 53, "203.0.113.9", false);
}

/*! The addresses of a tail's records as text, which are checked on the way. */
static const char *tail_text(const struct tail *tail, char *text)
{
	text[0] = '\0';
	size_t record = tail->wire_size / tail->count;
	for (size_t i = 0; i < tail->count; i++) {
		const uint8_t *wire = tail->wire + i * record;
		struct address address =
			address_from_bytes(record == 16 ? AF_INET : AF_INET6, wire + 12);
		char buffer[ADDRESS_TEXT_MAX];
		const uint8_t head[] = { 0xc0, 0x0c, 0, record == 16 ? 1 : 28, 0, 1 };
		ck_assert_mem_eq(wire, head, sizeof(head));
		ck_assert_uint_eq(wire[6] << 24 | wire[7] << 16 | wire[8] << 8 | wire[9],
		                  tail->ttl);
		ck_assert_uint_eq(wire[10] << 8 | wire[11], record - 12);
		// libknot's array has the same addresses in the same order.
		const uint8_t *rdata = tail->rdata + i * (record - 10);
		ck_assert_mem_eq(rdata + 2, wire + 12, record - 12);
		strcat(strcat(text, i > 0 ? " " : ""), address_format(&address, buffer));
	}
	return text;
}

/*! One uplink's state and the host's policy make the answers on both uplinks. */
static const struct {
	const char *what;
	const char *usable; /*!< + usable, d drained, - not: of uplink 1 and 2. */
	uint64_t ready;     /*!< Bit N is uplink N. */
	uint8_t policy;
	const char *order;
	const char *on1;
	const char *on2;
} choices[] = {
	{ "each its own", "++", 6, CHOICE_ARRIVAL, "12", P4, B4 },
	{ "forwards missing on 1", "++", 4, CHOICE_ARRIVAL, "12", B4, B4 },
	{ "1 not usable", "-+", 6, CHOICE_ARRIVAL, "12", B4, B4 },
	{ "1 drained", "d+", 6, CHOICE_ARRIVAL, "12", B4, B4 },
	{ "1 drained, 2 dead", "d-", 6, CHOICE_ARRIVAL, "12", P4, P4 },
	{ "1 drained, 2 without forwards", "d+", 2, CHOICE_ARRIVAL, "12", P4, P4 },
	{ "both drained", "dd", 6, CHOICE_ARRIVAL, "12", P4, B4 },
	{ "host not on 1", "++", 6, CHOICE_ARRIVAL, "2", B4, B4 },
	{ "all", "++", 6, CHOICE_ALL, "12", P4 " " B4, B4 " " P4 },
	{ "all, 2 first", "++", 6, CHOICE_ALL, "21", P4 " " B4, B4 " " P4 },
	{ "all, 2 dead", "+-", 6, CHOICE_ALL, "12", P4, P4 },
	{ "all, 2 drained", "+d", 6, CHOICE_ALL, "12", P4, P4 },
	{ "all, both drained", "dd", 6, CHOICE_ALL, "12", P4 " " B4, B4 " " P4 },
	{ "preferred", "++", 6, CHOICE_PREFERRED, "12", P4, P4 },
	{ "preferred 2", "++", 6, CHOICE_PREFERRED, "21", B4, B4 },
	{ "preferred dead", "-+", 6, CHOICE_PREFERRED, "12", B4, B4 },
	{ "preferred drained", "d+", 6, CHOICE_PREFERRED, "12", B4, B4 },
	{ "none usable", "--", 6, CHOICE_ALL, "12", NULL, NULL },
	{ "none installed", "++", 0, CHOICE_ARRIVAL, "12", NULL, NULL },
	{ "no uplink at all", "++", 6, CHOICE_PREFERRED, "", NULL, NULL },
};

START_TEST(test_policy_chooses_the_wrong_uplink)
{
	struct table *table = table_new();
	add_uplink(table, 1, P4, P6);
	add_uplink(table, 2, B4, B6);
	for (size_t i = 0; i < 2; i++) {
		char state = choices[_i].usable[i];
		table->uplinks[i].usable = state != '-';
		table->uplinks[i].drained = state == 'd';
	}
	struct table_host *host = add_host(table, "www.example.com", choices[_i].ready);
	host->policy = choices[_i].policy;
	host->order_count = 0;
	for (const char *order = choices[_i].order; *order != '\0'; order++) {
		host->order[host->order_count++] = (uint8_t)(*order - '0');
	}
	struct answers *answers = build(table);
	const struct {
		const char *at;
		const char *wanted;
	} sides[] = { { P4, choices[_i].on1 }, { P6, choices[_i].on1 }, { B4, choices[_i].on2 } };
	for (size_t i = 0; i < 3; i++) {
		struct answer answer = ask(answers, "www.example.com", AF_INET, sides[i].at);
		if (sides[i].wanted == NULL) {
			ck_assert_msg(answer.verdict == ANSWER_NOT_READY, "%s", choices[_i].what);
			continue;
		}
		char text[256];
		ck_assert_msg(answer.verdict == ANSWER_UPLINK, "%s", choices[_i].what);
		ck_assert_str_eq(tail_text(answer.tail, text), sides[i].wanted);
		ck_assert_uint_eq(answer.uplink, strncmp(text, P4, strlen(P4)) == 0 ? 1 : 2);
	}
	ck_assert_int_eq(
		ask_port(answers, "www.example.com", AF_INET, P4, 53, "203.0.113.9", true).verdict,
		ANSWER_NOT_READY);
	answers_free(answers);
	table_free(table);
}
END_TEST

/*! IPv6 comes from an uplink that has it, and is absent, not broken, if none has. */
START_TEST(test_families_are_mixed_up)
{
	char text[256];
	struct table *table = table_new();
	add_uplink(table, 1, P4, NULL);
	add_uplink(table, 2, B4, B6);
	add_host(table, "www.example.com", 6)->ttl = 77;
	struct answers *answers = build(table);
	struct answer answer = ask(answers, "www.example.com", AF_INET6, P4);
	ck_assert_str_eq(tail_text(answer.tail, text), B6);
	ck_assert_uint_eq(answer.tail->ttl, 77);
	answers_free(answers);

	table->uplinks[1].address_count = 1;
	answers = build(table);
	ck_assert_int_eq(ask(answers, "www.example.com", AF_INET6, B4).verdict, ANSWER_ABSENT);
	ck_assert_str_eq(tail_text(ask(answers, "www.example.com", AF_INET, B6).tail, text), B4);
	answers_free(answers);

	// The other way round it is a failure.
	table->hosts[0].ready4 = 0;
	table->uplinks[1].address[1] = address_of(B6);
	table->uplinks[1].address_count = 2;
	answers = build(table);
	ck_assert_int_eq(ask(answers, "www.example.com", AF_INET, B6).verdict, ANSWER_NOT_READY);
	ck_assert_int_eq(ask(answers, "www.example.com", AF_INET6, B6).verdict, ANSWER_UPLINK);
	answers_free(answers);
	table_free(table);
}
END_TEST

/*! A host's own address replaces the uplink's, for that host and family alone, while the family works. */
START_TEST(test_own_address_is_lost_or_lent)
{
	char text[256];
	struct table *table = table_new();
	add_uplink(table, 1, P4, P6);
	add_uplink(table, 2, B4, B6);
	add_host(table, "mail.example.com", 6);
	struct table_host *host = add_host(table, "www.example.com", 6);
	host->own_count = 2;
	host->own[0] = (struct table_own){ 1, address_of("2001:db8:1:10::80") };
	host->own[1] = (struct table_own){ 2, address_of("2001:db8:2:10::80") };
	host = add_host(table, "ftp.example.com", 6);
	host->own_count = 1;
	host->own[0] = (struct table_own){ 2, address_of("2001:db8:2:10::80") };
	static const struct {
		const char *name;
		uint8_t family;
		const char *at;
		const char *wanted;
	} rows[] = {
		{ "www.example.com", AF_INET6, P6, "2001:db8:1:10::80" },
		{ "www.example.com", AF_INET6, B4, "2001:db8:2:10::80" },
		{ "www.example.com", AF_INET, P6, P4 },
		{ "mail.example.com", AF_INET6, P6, P6 },
		{ "ftp.example.com", AF_INET6, P6, P6 },
		{ "ftp.example.com", AF_INET6, B6, "2001:db8:2:10::80" },
	};
	struct answers *answers = build(table);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct answer answer = ask(answers, rows[i].name, rows[i].family, rows[i].at);
		ck_assert_str_eq(tail_text(answer.tail, text), rows[i].wanted);
	}
	answers_free(answers);

	// By an uplink that has lost its IPv6 nobody reaches the address of its prefix.
	table->uplinks[0].address_count = 1;
	answers = build(table);
	struct answer answer = ask(answers, "www.example.com", AF_INET6, P4);
	ck_assert_str_eq(tail_text(answer.tail, text), "2001:db8:2:10::80");
	answers_free(answers);
	table_free(table);
}
END_TEST

/*! By 60 uplinks, so that the table of bindings has collisions. */
START_TEST(test_binding_is_missed_or_guessed)
{
	struct table *table = table_new();
	char text[64];
	for (unsigned i = 1; i <= 60; i++) {
		(void)snprintf(text, sizeof(text), "198.51.100.%u", i);
		struct table_uplink *uplink = add_uplink(table, i, text, NULL);
		uplink->binding[1].kind = TABLE_BINDING_PORT;
		uplink->binding[1].port = (uint16_t)(5300 + i);
		uplink->binding[2].kind = TABLE_BINDING_DEVICE;
		uplink->binding_count = 3;
	}
	add_host(table, "www.example.com", ~UINT64_C(1) >> 3 << 1);
	struct answers *answers = build(table);
	for (unsigned i = 1; i <= 60; i++) {
		(void)snprintf(text, sizeof(text), "198.51.100.%u", i);
		ck_assert_uint_eq(ask(answers, "www.example.com", AF_INET, text).uplink, i);
		// A port says more than an address.
		ck_assert_uint_eq(ask_port(answers, "www.example.com", AF_INET, "198.51.100.7",
		                           (uint16_t)(5300 + i), "203.0.113.9", false)
		                          .uplink,
		                  i);
		ck_assert_uint_eq(ask_port(answers, "www.example.com", AF_INET, NULL,
		                           (uint16_t)(5300 + i), "203.0.113.9", false)
		                          .uplink,
		                  i);
	}
	static const char *const unknown[] = { "198.51.100.61", "203.0.113.1", "2001:db8::1",
		                               NULL };
	for (size_t i = 0; i < 4; i++) {
		ck_assert_int_eq(ask(answers, "www.example.com", AF_INET, unknown[i]).verdict,
		                 ANSWER_UNKNOWN_BINDING);
	}
	ck_assert_int_eq(ask(answers, "w.example.com", AF_INET, "198.51.100.1").verdict,
	                 ANSWER_FOREIGN);
	answers_free(answers);
	table_free(table);
}
END_TEST

static const struct {
	const char *from;
	bool lan;
} clients[] = {
	{ "10.0.0.0", true },         { "10.0.0.255", true },     { "10.0.1.0", false },
	{ "9.255.255.255", false },   { "192.0.2.129", true },    { "192.0.2.127", false },
	{ "fd00:10::77", true },      { "fd00:10:0:1::", false }, { "::ffff:10.0.0.9", true },
	{ "::ffff:10.0.1.9", false }, { "2001:db8:1::2", false }, { "::", false },
};

START_TEST(test_lan_client_is_mistaken)
{
	struct table *table = table_new();
	static const char *const lans[] = { "10.0.0.0/24", "192.0.2.130/25", "fd00:10::/64" };
	for (size_t i = 0; i < 3; i++) {
		ck_assert_int_eq(prefix_parse(lans[i], &table->meta.lan[table->meta.lan_count++]),
		                 0);
	}
	add_uplink(table, 1, P4, P6);
	struct table_host *host = add_host(table, "www.example.com", 2);
	host->lan[host->lan_count++] = address_of("10.0.0.10");
	add_host(table, "outside.example.com", 2);
	struct answers *answers = build(table);
	const char *from = clients[_i].from;
	char text[64];
	// Whatever the binding is, and also when nothing is ready.
	static const char *const at[] = { P4, "10.0.0.1", NULL };
	for (size_t i = 0; i < 3; i++) {
		for (int stale = 0; stale < 2; stale++) {
			struct answer answer = ask_port(answers, "www.example.com", AF_INET, at[i],
			                                53, from, stale != 0);
			ck_assert_int_eq(answer.verdict == ANSWER_LAN, clients[_i].lan);
			if (clients[_i].lan) {
				ck_assert_str_eq(tail_text(answer.tail, text), "10.0.0.10");
			}
			answer = ask_port(answers, "www.example.com", AF_INET6, at[i], 53, from,
			                  stale != 0);
			ck_assert_int_eq(answer.verdict == ANSWER_ABSENT, clients[_i].lan);
			answer = ask_port(answers, "outside.example.com", AF_INET, P4, 53, from,
			                  false);
			ck_assert_int_eq(answer.verdict, ANSWER_UPLINK);
		}
	}
	answers_free(answers);
	table_free(table);
}
END_TEST

/*! 100 000 hosts of 200 kinds, on as many uplinks as there may be. */
START_TEST(test_owners_cost_too_much_memory)
{
	enum { HOSTS = 100000 };
	struct table *table = table_new();
	char text[80];
	for (unsigned i = 1; i <= TABLE_UPLINKS_MAX; i++) {
		(void)snprintf(text, sizeof(text), "198.51.100.%u", i);
		add_uplink(table, i, text, NULL);
	}
	for (unsigned i = 0; i < HOSTS; i++) {
		(void)snprintf(text, sizeof(text), "a-host-with-a-longer-name-%u.example.com", i);
		struct table_host *host = add_host(table, text, UINT64_MAX << 1);
		host->policy = (uint8_t)(1 + i % 3);
		host->ttl = 10 + i % 200;
		host->lan[host->lan_count++] =
			(struct address){ AF_INET, { 10, i >> 16 & 255, i >> 8 & 255, i & 255 } };
	}
	struct answers *answers = build(table);
	size_t each = answers_memory(answers) / HOSTS;
	ck_assert_msg(each <= 2048, "%zu octets an owner", each);
	for (unsigned i = 0; i < HOSTS; i += 997) {
		(void)snprintf(text, sizeof(text), "a-host-with-a-longer-name-%u.example.com", i);
		struct answer answer = ask(answers, text, AF_INET, "198.51.100.9");
		ck_assert_int_eq(answer.verdict, ANSWER_UPLINK);
		ck_assert_uint_eq(answer.tail->ttl, 10 + i % 200);
		ck_assert_uint_eq(answer.uplink, i % 3 == 2 ? 1 : 9);
		ck_assert_uint_eq(answer.tail->count, i % 3 == 1 ? TABLE_UPLINKS_MAX : 1);
	}
	ck_assert_int_eq(
		ask(answers, "a-host-with-a-longer-name-.example.com", AF_INET, P4).verdict,
		ANSWER_FOREIGN);
	answers_free(answers);
	table_free(table);
}
END_TEST

START_TEST(test_empty_table_is_read_out_of_bounds)
{
	struct table *table = table_new();
	struct answers *answers = build(table);
	ck_assert_int_eq(ask(answers, "www.example.com", AF_INET, P4).verdict, ANSWER_FOREIGN);
	ck_assert_ptr_null(answers_uplink_tail(answers, 0, AF_INET));
	ck_assert_ptr_null(answers_uplink_tail(answers, 1000, AF_INET6));
	answers_free(answers);
	answers_free(NULL);
	table_free(table);
}
END_TEST

START_TEST(test_socket_address_is_misread)
{
	static const struct {
		const char *given;
		const char *wanted; /*!< NULL: a wildcard. */
	} rows[] = { { "192.0.2.1", "192.0.2.1" },
		     { "0.0.0.0", NULL },
		     { "::", NULL },
		     { "2001:db8::1", "2001:db8::1" },
		     { "::ffff:192.0.2.1", "192.0.2.1" } };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sockaddr_storage storage = { 0 };
		struct sockaddr_in *in = (struct sockaddr_in *)&storage;
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&storage;
		bool six = strchr(rows[i].given, ':') != NULL;
		storage.ss_family = six ? AF_INET6 : AF_INET;
		in->sin_port = htons(5301);
		ck_assert_int_eq(inet_pton(storage.ss_family, rows[i].given,
		                           six ? (void *)&in6->sin6_addr : (void *)&in->sin_addr),
		                 1);
		struct local local;
		ck_assert(local_from_sockaddr((struct sockaddr *)&storage, &local));
		ck_assert_uint_eq(local.port, 5301);
		struct address address = local_address(&local);
		char text[ADDRESS_TEXT_MAX];
		ck_assert_str_eq(address_format(&address, text),
		                 rows[i].wanted != NULL ? rows[i].wanted : "none");
	}
	struct sockaddr_storage unix_socket = { .ss_family = AF_UNIX };
	struct local local;
	ck_assert(!local_from_sockaddr((struct sockaddr *)&unix_socket, &local));
}
END_TEST

/*! Names with one letter more or less, and one of IFNAMSIZ - 1, tell uplinks apart. */
START_TEST(test_device_of_a_socket_is_not_told_apart)
{
	static const char *const devices[] = { "wan0", "wan01", "verylongname-01",
		                               "verylongname-02" };
	struct table *table = table_new();
	for (size_t i = 0; i < 4; i++) {
		struct table_uplink *uplink = table_add_uplink(table);
		uplink->number = (uint8_t)(i + 1);
		uplink->binding_count = 2;
		uplink->binding[0].kind = TABLE_BINDING_DEVICE;
		strcpy(uplink->binding[0].device, devices[i]);
		// All the same, as from two routers of one make.
		uplink->binding[1].kind = TABLE_BINDING_ADDRESS;
		uplink->binding[1].address = address_of("192.168.178.2");
	}
	struct binding_map map;
	ck_assert_int_eq(binding_map_init(&map, table), 0);
	ck_assert(map.by_device && !map.by_port);
	struct address address = address_of("192.168.178.2");
	struct local local = local_make(&address, 53);
	struct local room;
	for (size_t i = 0; i < 4; i++) {
		struct local device = local_make_device(devices[i]);
		const struct local *found = binding_local(&map, &local, &device, &room);
		ck_assert_ptr_eq(found, &room);
		ck_assert_uint_eq(found->port, 53);
		ck_assert_int_eq(binding_find(&map, found), (int)i);
	}
	// Of another device, or of none, the address is asked.
	static const char *const others[] = { "wan", "lan0", "" };
	for (size_t i = 0; i < 3; i++) {
		struct local device = local_make_device(others[i]);
		ck_assert_ptr_eq(binding_local(&map, &local, &device, &room), &local);
	}
	ck_assert_int_eq(binding_find(&map, &local), 0);
	binding_map_deinit(&map);
	table_free(table);
}
END_TEST

START_TEST(test_kernel_is_asked_twice_for_a_socket)
{
	static struct local_cache cache;
	int sockets[2] = { socket(AF_INET, SOCK_DGRAM, 0), socket(AF_INET, SOCK_STREAM, 0) };
	struct local room;
	ck_assert(local_device_from_socket(sockets[0], &room));
	ck_assert_uint_eq(room.family, 0);
	const struct local *device =
		local_from_cache(&cache, local_device_from_socket, sockets[0], &room);
	ck_assert_ptr_eq(device, &room);
	ck_assert_uint_eq(device->family, 0);
	// CAP_NET_RAW is needed in older kernels for what follows.
	if (setsockopt(sockets[1], SOL_SOCKET, SO_BINDTODEVICE, "lo", 3) == 0) {
		for (unsigned i = 0; i < 2; i++) {
			device = local_from_cache(&cache, local_device_from_socket, sockets[1],
			                          &room);
			struct local lo = local_make_device("lo");
			ck_assert_mem_eq(device->word, lo.word, sizeof(lo.word));
			ck_assert_uint_eq(device->hash, lo.hash);
			ck_assert_uint_eq(device->family, LOCAL_DEVICE);
		}
		ck_assert_ptr_ne(device, &room);
	}
	close(sockets[0]);
	close(sockets[1]);
	ck_assert(!local_device_from_socket(sockets[0], &room));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("answer");
	TCase *tests = tcase_create("answer");
	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, test_policy_chooses_the_wrong_uplink, 0,
	                    sizeof(choices) / sizeof(choices[0]));
	tcase_add_test(tests, test_families_are_mixed_up);
	tcase_add_test(tests, test_own_address_is_lost_or_lent);
	tcase_add_test(tests, test_binding_is_missed_or_guessed);
	tcase_add_loop_test(tests, test_lan_client_is_mistaken, 0,
	                    sizeof(clients) / sizeof(clients[0]));
	tcase_add_test(tests, test_owners_cost_too_much_memory);
	tcase_add_test(tests, test_empty_table_is_read_out_of_bounds);
	tcase_add_test(tests, test_device_of_a_socket_is_not_told_apart);
	tcase_add_test(tests, test_kernel_is_asked_twice_for_a_socket);
	tcase_add_test(tests, test_socket_address_is_misread);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
