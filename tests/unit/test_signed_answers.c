/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Whether two versions of a zone are told from each other: a serial may come again with other signatures.
 */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/descriptor.h>
#include <libknot/packet/wire.h>

#include "arrival/signed_answers.h"

/*! Octets of the shortest signature, Ed25519's. */
#define SIGNATURE_SIZE 64

/*! A zone: its SOA serial, a DNSKEY record, and an RRSIG record. */
struct version_case {
	uint32_t serial;
	uint8_t key;       /*!< Last octet of the DNSKEY record. */
	uint16_t covered;  /*!< By the signature. */
	uint8_t algorithm; /*!< Of the signature. */
	uint16_t tag;
	char signer; /*!< First letter of the signer's name. */
	uint8_t bits;
	bool same_soa;
	bool same_keys;
};

static const struct version_case cases[] = {
	{ 7, 1, KNOT_RRTYPE_SOA, 13, 4711, 'e', 9, true, true },
	{ 7, 1, KNOT_RRTYPE_SOA, 13, 4711, 'E', 9, true, true },
	{ 8, 1, KNOT_RRTYPE_SOA, 13, 4711, 'e', 9, false, true },
	{ 7, 2, KNOT_RRTYPE_SOA, 13, 4711, 'e', 9, true, false },
	{ 7, 1, KNOT_RRTYPE_SOA, 13, 4711, 'e', 8, false, true },
	// Other keys sign, but the same ones are published.
	{ 7, 1, KNOT_RRTYPE_SOA, 13, 4712, 'e', 8, false, false },
	{ 7, 1, KNOT_RRTYPE_SOA, 15, 4711, 'e', 8, false, false },
	{ 7, 1, KNOT_RRTYPE_NS, 13, 4711, 'e', 9, false, false },
};

static void add(knot_rdataset_t *set, const uint8_t *data, uint16_t size)
{
	uint8_t buffer[256];
	knot_rdata_t *record = (knot_rdata_t *)(void *)buffer;
	knot_rdata_init(record, size, data);
	ck_assert_int_eq(knot_rdataset_add(set, record, NULL), 0);
}

static void add_signature(knot_rdataset_t *set, const struct version_case *about)
{
	uint8_t data[18 + 9 + SIGNATURE_SIZE] = { 0 };
	knot_wire_write_u16(data, about->covered);
	data[2] = about->algorithm;
	knot_wire_write_u16(data + 16, about->tag);
	memcpy(data + 18, "\7example", 9);
	data[19] = (uint8_t)about->signer;
	memset(data + 27, about->bits, SIGNATURE_SIZE);
	add(set, data, sizeof(data));
}

static struct signed_version make_version(const struct version_case *about, bool also_ns)
{
	static const struct version_case ns = { .covered = KNOT_RRTYPE_NS, .bits = 5 };
	knot_rdataset_t signatures = { 0 };
	knot_rdataset_t dnskeys = { 0 };
	const uint8_t dnskey[] = { 1, 1, 3, 13, 5, 6, 7, about->key };
	add(&dnskeys, dnskey, sizeof(dnskey));
	add_signature(&signatures, about);
	if (also_ns) {
		add_signature(&signatures, &ns);
	}
	struct signed_version version = signed_version(about->serial, &signatures, &dnskeys);
	knot_rdataset_clear(&signatures, NULL);
	knot_rdataset_clear(&dnskeys, NULL);
	return version;
}

START_TEST(test_other_version_of_a_zone_is_taken_for_this_one)
{
	struct signed_version here = make_version(&cases[0], false);
	struct signed_version there = make_version(&cases[_i], true);
	ck_assert(cases[_i].same_soa == (here.soa == there.soa));
	ck_assert(cases[_i].same_keys == (here.keys == there.keys));
}
END_TEST

START_TEST(test_zone_without_signatures_is_no_version)
{
	const knot_rdataset_t none = { 0 };
	ck_assert(signed_version(7, &none, &none).soa != make_version(&cases[0], false).soa);
	ck_assert(signed_version(7, &none, &none).soa != signed_version(8, &none, &none).soa);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("signed_answers");
	TCase *tests = tcase_create("signed_answers");
	tcase_add_loop_test(tests, test_other_version_of_a_zone_is_taken_for_this_one, 0,
	                    sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tests, test_zone_without_signatures_is_no_version);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
