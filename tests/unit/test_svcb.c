/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Address hints of HTTPS and SVCB records: only hints change, and what is written is well-formed.
 *
 * A record is written as «PRIORITY TARGET KEY=HEX...», with «+HEX» for octets behind it.
 */

#include <check.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "arrival/svcb.h"

#define OWNER "www.example.com."
#define ZONE_TTL 300
#define HOST_TTL 30

static size_t add_hex(uint8_t *bytes, const char *hex)
{
	size_t size = 0;
	unsigned byte = 0;
	for (; sscanf(hex, "%2x", &byte) == 1; hex += 2) {
		bytes[size++] = (uint8_t)byte;
	}
	return size;
}

/*! A record from its text. */
static size_t read_record(char *text, uint8_t *rdata)
{
	char *rest = NULL;
	knot_wire_write_u16(rdata, (uint16_t)atoi(strtok_r(text, " ", &rest)));
	size_t size = 2;
	ck_assert_ptr_nonnull(knot_dname_from_str(rdata + size, strtok_r(NULL, " ", &rest), 255));
	size += knot_dname_size(rdata + size);
	for (char *word; (word = strtok_r(NULL, " ", &rest)) != NULL;) {
		if (*word == '+') {
			size += add_hex(rdata + size, word + 1);
			continue;
		}
		size_t length = add_hex(rdata + size + 4, strchr(word, '=') + 1);
		knot_wire_write_u16(rdata + size, (uint16_t)atoi(word));
		knot_wire_write_u16(rdata + size + 2, (uint16_t)length);
		size += 4 + length;
	}
	return size;
}

/*! Records from text, with a bar between them; as they stand, which is not always canonical. */
static knot_rrset_t *read_rrset(const char *text)
{
	knot_dname_t *owner = knot_dname_from_str_alloc(OWNER);
	knot_rrset_t *rrset =
		knot_rrset_new(owner, KNOT_RRTYPE_HTTPS, KNOT_CLASS_IN, ZONE_TTL, NULL);
	knot_dname_free(owner, NULL);
	char *copy = strdup(text);
	char *rest = NULL;
	for (char *word = strtok_r(copy, "|", &rest); word != NULL;
	     word = strtok_r(NULL, "|", &rest)) {
		uint8_t rdata[4096];
		size_t size = read_record(word, rdata);
		// A copy of exactly its size: reading behind its end is found by a sanitizer.
		uint8_t *exact = malloc(size);
		memcpy(exact, rdata, size);
		ck_assert_int_eq(knot_rrset_add_rdata(rrset, exact, (uint16_t)size, NULL),
		                 KNOT_EOK);
		free(exact);
	}
	free(copy);
	return rrset;
}

static void expect_rdata(const struct tail *tail, const char *wanted)
{
	char *copy = strdup(wanted);
	char *rest = NULL;
	const uint8_t *at = tail->rdata;
	uint16_t count = 0;
	for (char *word = strtok_r(copy, "|", &rest); word != NULL;
	     word = strtok_r(NULL, "|", &rest), count++) {
		uint8_t rdata[4096];
		size_t size = read_record(word, rdata);
		const knot_rdata_t *record = (const knot_rdata_t *)(const void *)at;
		ck_assert_uint_eq(record->len, size);
		ck_assert_mem_eq(record->data, rdata, size);
		at += knot_rdata_size(record->len);
	}
	ck_assert_uint_eq(tail->count, count);
	ck_assert_uint_eq(tail->rdata_size, (size_t)(at - tail->rdata));
	free(copy);
}

/*! What the answer has: a letter a family. 1, 2: so many addresses; D: none; K: not known. */
struct scene {
	const char *families;
	struct tail *tail[2];
};

static struct scene make_scene(const char *families)
{
	static const struct address addresses[2][2] = {
		{ { AF_INET, { 192, 0, 2, 1 } }, { AF_INET, { 192, 0, 2, 2 } } },
		{ { AF_INET6, { 0xfd, [15] = 1 } }, { AF_INET6, { 0xfd, [15] = 2 } } },
	};
	struct scene scene = { .families = families };
	for (size_t i = 0; i < 2; i++) {
		if (families[i] == '1' || families[i] == '2') {
			size_t count = (size_t)(families[i] - '0');
			void *memory = malloc(tail_size(addresses[i][0].family, count));
			scene.tail[i] = tail_init(memory, HOST_TTL, addresses[i], count);
		}
	}
	return scene;
}

static void free_scene(struct scene *scene)
{
	free(scene->tail[0]);
	free(scene->tail[1]);
}

static void *plain_alloc(void *context, size_t size)
{
	(void)context;
	return malloc(size);
}

/*! Hosts are the owner, whose state is the scene's, and one that is never ready. */
static bool find(void *context, const knot_dname_t *target, size_t target_size,
                 struct svcb_addresses *addresses)
{
	const struct scene *scene = context;
	char name[256];
	ck_assert_uint_eq(target_size, knot_dname_size(target));
	knot_dname_to_str(name, target, sizeof(name));
	if (strcmp(name, "down.example.com.") == 0) {
		return false;
	}
	if (strcmp(name, OWNER) != 0) {
		return true;
	}
	for (size_t i = 0; i < 2; i++) {
		addresses->tail[i] = scene->tail[i];
		addresses->hint[i] = scene->tail[i] != NULL      ? SVCB_HINT_REPLACE
		                     : scene->families[i] == 'D' ? SVCB_HINT_DROP
		                                                 : SVCB_HINT_KEEP;
	}
	return scene->families[0] != 'N';
}

#define V4 "4=0a000001"
#define V6 "6=fe800000000000000000000000000001"
#define NEW4 "4=c0000201"
#define NEW44 "4=c0000201c0000202"
#define NEW6 "6=fd000000000000000000000000000001"
#define NEW66 "6=fd000000000000000000000000000001fd000000000000000000000000000002"
#define H2 "1=026832"
#define ECH "5=00"
#define PATH "7=2f"

static const struct {
	const char *families;
	const char *records;
	const char *wanted; /*!< NULL: unchanged. */
	uint32_t ttl;       /*!< 0: HOST_TTL. */
} rrsets[] = {
	// Hints follow; all else stays, before, between and after them.
	{ "11", "1 . " V4, "1 . " NEW4, 0 },
	{ "11", "1 . " V6, "1 . " NEW6, 0 },
	{ "11", "1 . " H2 " 2= 3=01bb " V4 " " ECH " " V6 " " PATH " 65280=ff",
	  "1 . " H2 " 2= 3=01bb " NEW4 " " ECH " " NEW6 " " PATH " 65280=ff", 0 },
	{ "22", "1 . " H2 " " V4 " " V6, "1 . " H2 " " NEW44 " " NEW66, 0 },
	{ "11", "1 . 4=0a0000010a0000020a000003", "1 . " NEW4, 0 },
	{ "1K", "1 . " V4 " " V6, "1 . " NEW4 " " V6, 0 },
	{ "K1", "1 . " V4 " " V6, "1 . " V4 " " NEW6, 0 },
	{ "KK", "1 . " V4 " " V6, NULL, 0 },
	// What is right already stays, but not for longer than its addresses.
	{ "11", "1 . " NEW4, "1 . " NEW4, 0 },
	// Nothing is made up.
	{ "11", "1 . " H2, NULL, 0 },
	{ "11", "1 .", NULL, 0 },
	{ "11", "0 www.example.com.", NULL, 0 },
	{ "11", "0 . " V4, NULL, 0 },
	// Targets: the owner by its name, in any case, and others.
	{ "11", "1 WWW.Example.COM. " V4, "1 WWW.Example.COM. " NEW4, 0 },
	{ "11", "1 other.example.com. " V4, NULL, 0 },
	{ "11", "1 . " V4 "|2 other.example.com. " V4, "1 . " NEW4 "|2 other.example.com. " V4, 0 },
	// A family that is not answered goes.
	{ "1D", "1 . " V4 " " V6, "1 . " NEW4, 0 },
	{ "D1", "1 . " H2 " " V4 " " V6 " " PATH, "1 . " H2 " " NEW6 " " PATH, 0 },
	{ "1D", "1 . " H2 " " V6, "1 . " H2, 0 },
	// It goes from «mandatory» too, which goes if it would be empty.
	{ "1D", "1 . 0=00040006 " V4 " " V6, "1 . 0=0004 " NEW4, 0 },
	{ "D1", "1 . 0=000100040006 " H2 " " V4 " " V6, "1 . 0=00010006 " H2 " " NEW6, 0 },
	{ "1D", "1 . 0=0006 " H2 " " V6, "1 . " H2, 0 },
	{ "1D", "1 . 0=0006 " V6, "1 .", 0 },
	{ "11", "1 . 0=00040006 " V4 " " V6, "1 . 0=00040006 " NEW4 " " NEW6, 0 },
	{ "1D", "1 . 0=0001 " H2 " " V6, "1 . 0=0001 " H2, 0 },
	// A set has each record once, in canonical order.
	{ "11", "1 . " V4 "|1 . 4=0a000002", "1 . " NEW4, 0 },
	{ "1D", "1 . " V4 "|1 . " V4 " " V6 "|2 . " H2, "1 . " NEW4 "|2 . " H2, 0 },
	{ "11", "1 . " V4 " 7=99|1 . 4=0a000002 7=11|1 . " NEW4,
	  "1 . " NEW4 "|1 . " NEW4 " 7=11|1 . " NEW4 " 7=99", 0 },
	{ "11", "1 . " V4 "|2 . " H2 "|0 www.example.com.",
	  "0 www.example.com.|1 . " NEW4 "|2 . " H2, 0 },
	// A target that is not ready is left out, for a short time, while there is another.
	{ "11", "1 . " V4 "|2 down.example.com. " V4, "1 . " NEW4, SVCB_TTL_LEFT_OUT },
	{ "N1", "1 . " V4 "|2 . " H2, "2 . " H2, SVCB_TTL_LEFT_OUT },
	{ "11", "1 down.example.com. " H2, NULL, 0 },
	// Not well-formed.
	{ "11", "1 . 4=", NULL, 0 },
	{ "11", "1 . 4=0a0000", NULL, 0 },
	{ "11", "1 . 4=0a00000100", NULL, 0 },
	{ "11", "1 . 6=0a000001", NULL, 0 },
	{ "11", "1 . " V4 " " V4, NULL, 0 },
	{ "11", "1 . " V6 " " V4, NULL, 0 },
	{ "11", "1 . " V4 " +00", NULL, 0 },
	{ "11", "1 . " V4 " +0006001000", NULL, 0 },
	{ "11", "1 . " V4 " +000600", NULL, 0 },
	{ "11", "1 . 0= " V4, NULL, 0 },
	{ "11", "1 . 0=00 " V4, NULL, 0 },
	{ "11", "1 . 0=0000 " V4, NULL, 0 },
	{ "11", "1 . 0=00040004 " V4, NULL, 0 },
	{ "11", "1 . 0=0001 " V4, NULL, 0 },
	{ "11", "1 . 0=00060004 " V4 " " V6, NULL, 0 },
	{ "11", "1 . 0=0006 " V4 " +000600", NULL, 0 },
	{ "11", "1 . " V4 "|2 . 4=0a", "1 . " NEW4 "|2 . 4=0a", 0 },
};

START_TEST(test_hints_are_written_wrongly)
{
	knot_mm_t mm = { .alloc = plain_alloc, .free = free };
	knot_rrset_t *rrset = read_rrset(rrsets[_i].records);
	struct scene scene = make_scene(rrsets[_i].families);
	const struct tail *tail = NULL;
	enum svcb_result result = svcb_replace(rrset, find, &scene, &mm, &tail);
	if (rrsets[_i].wanted == NULL) {
		ck_assert_int_eq(result, SVCB_UNCHANGED);
	} else {
		ck_assert_int_eq(result, SVCB_REPLACED);
		expect_rdata(tail, rrsets[_i].wanted);
		ck_assert_uint_eq(tail->ttl, rrsets[_i].ttl == 0 ? HOST_TTL : rrsets[_i].ttl);
		// What has been written stays as it is when it is looked at again.
		knot_rrset_t again = *rrset;
		again.ttl = tail->ttl;
		again.rrs.count = tail->count;
		again.rrs.size = tail->rdata_size;
		again.rrs.rdata = (knot_rdata_t *)(uintptr_t)tail->rdata;
		const struct tail *other = NULL;
		ck_assert_int_eq(svcb_replace(&again, find, &scene, &mm, &other), SVCB_UNCHANGED);
		free((void *)(uintptr_t)tail);
	}
	free_scene(&scene);
	knot_rrset_free(rrset, NULL);
}
END_TEST

static const struct {
	const char *families;
	const char *records;
} not_ready[] = {
	{ "N1", "1 . " V4 },
	{ "NN", "1 . " V4 "|2 www.example.com. " V6 },
	{ "11", "1 down.example.com. " V6 },
	{ "N1", "1 . " V4 "|2 down.example.com. " V6 },
};

START_TEST(test_host_that_is_not_ready_is_answered)
{
	knot_mm_t mm = { .alloc = plain_alloc, .free = free };
	knot_rrset_t *rrset = read_rrset(not_ready[_i].records);
	struct scene scene = make_scene(not_ready[_i].families);
	const struct tail *tail = NULL;
	ck_assert_int_eq(svcb_replace(rrset, find, &scene, &mm, &tail), SVCB_NOT_READY);
	ck_assert_ptr_null(tail);
	free_scene(&scene);
	knot_rrset_free(rrset, NULL);
}
END_TEST

static const struct {
	const char *hex;
	bool valid;
} names[] = {
	{ "", false },
	{ "00", false },
	{ "0001", false },
	{ "000101", false },
	{ "00010161", false },
	{ "0001c00c", false },
	{ "000103777777c0000004000401020304", false },
	{ "00014000", false },
	{ "00010000040004010203", false },
	{ "0001000004000401020304", true },
	{ "00010161000004000401020304", true },
};

START_TEST(test_cut_record_is_read_behind_its_end)
{
	uint8_t *rdata = malloc(strlen(names[_i].hex) / 2 + 1);
	size_t size = add_hex(rdata, names[_i].hex);
	uint8_t *exact = malloc(size == 0 ? 1 : size);
	memcpy(exact, rdata, size);
	struct svcb svcb;
	ck_assert_int_eq(svcb_parse(exact, size, &svcb), names[_i].valid);
	// Every beginning of it is refused or well-formed, but never read beyond.
	for (size_t cut = 0; cut < size; cut++) {
		uint8_t *part = malloc(cut + 1);
		memcpy(part, exact, cut);
		ck_assert(!svcb_parse(part, cut, &svcb));
		free(part);
	}
	free(exact);
	free(rdata);
}
END_TEST

/*! A name of 256 octets is none, one of 255 is. */
START_TEST(test_name_of_256_octets_is_taken)
{
	for (uint8_t last = 60; last < 63; last++) {
		uint8_t rdata[512] = { 0, 1 };
		size_t size = 2;
		for (int label = 0; label < 4; label++) {
			uint8_t length = label < 3 ? 63 : last;
			rdata[size] = length;
			memset(rdata + size + 1, 'a', length);
			size += 1 + (size_t)length;
		}
		rdata[size++] = 0;
		size += add_hex(rdata + size, "000400040a000001");
		struct svcb svcb;
		ck_assert_int_eq(svcb_parse(rdata, size, &svcb), last <= 61);
	}
}
END_TEST

/*! A record that would become longer than any may be stays; a set that no message holds is refused. */
START_TEST(test_long_record_overflows)
{
	static uint8_t rdata[UINT16_MAX];
	uint8_t *at = rdata;
	at += add_hex(at, "000100000400040a0000010007");
	size_t value = UINT16_MAX - (size_t)(at - rdata) - 2 - _i;
	knot_wire_write_u16(at, (uint16_t)value);
	size_t size = (size_t)(at - rdata) + 2 + value;
	struct svcb svcb;
	ck_assert(svcb_parse(rdata, size, &svcb));
	struct scene scene = make_scene("2D");
	struct svcb_addresses addresses = { { SVCB_HINT_REPLACE, SVCB_HINT_DROP },
		                            { scene.tail[0], NULL } };
	ck_assert_uint_eq(svcb_write(&svcb, &addresses, NULL), _i < 4 ? 0 : size + 4);
	knot_mm_t mm = { .alloc = plain_alloc, .free = free };
	knot_dname_t *owner = knot_dname_from_str_alloc(OWNER);
	knot_rrset_t *rrset = knot_rrset_new(owner, KNOT_RRTYPE_SVCB, KNOT_CLASS_IN, 9, NULL);
	knot_dname_free(owner, NULL);
	ck_assert_int_eq(knot_rrset_add_rdata(rrset, rdata, (uint16_t)size, NULL), KNOT_EOK);
	const struct tail *tail = NULL;
	ck_assert_int_eq(svcb_replace(rrset, find, &scene, &mm, &tail),
	                 _i == 3 ? SVCB_UNCHANGED : SVCB_ERROR);
	knot_rrset_free(rrset, NULL);
	free_scene(&scene);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("svcb");
	TCase *tests = tcase_create("svcb");
#define LOOP(test, table) \
	tcase_add_loop_test(tests, test, 0, (int)(sizeof(table) / sizeof(table[0])))
	LOOP(test_hints_are_written_wrongly, rrsets);
	LOOP(test_host_that_is_not_ready_is_answered, not_ready);
	LOOP(test_cut_record_is_read_behind_its_end, names);
	tcase_add_test(tests, test_name_of_256_octets_is_taken);
	tcase_add_loop_test(tests, test_long_record_overflows, 0, 5);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
