/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Regions: pieces that do not overlap, whatever their size, and memory that is held as announced.
 */

#include <check.h>
#include <stdint.h>
#include <string.h>

#include "arrival/region.h"
#include "suite.h"

enum { PIECES = 3000 };

/*! Sizes that make small parts, parts of the system and pieces larger than any part. */
static size_t size_of(size_t number)
{
	return number % 1000 == 999 ? 3 * 1024 * 1024 : number * number % 1777;
}

START_TEST(test_pieces_overlap)
{
	struct region region = { 0 };
	uint8_t *pieces[PIECES];
	for (size_t i = 0; i < PIECES; i++) {
		pieces[i] = region_alloc(&region, size_of(i));
		ck_assert_ptr_nonnull(pieces[i]);
		ck_assert_uint_eq((uintptr_t)pieces[i] % 8, 0);
		memset(pieces[i], (int)(i % 251), size_of(i));
	}
	for (size_t i = 0; i < PIECES; i++) {
		size_t size = size_of(i);
		// All octets are the first one.
		ck_assert(size == 0 || (pieces[i][0] == i % 251 &&
		                        memcmp(pieces[i], pieces[i] + 1, size - 1) == 0));
	}
	region_free(&region);
	ck_assert_uint_eq(region_memory(&region), 0);
	region_free(&region);
}
END_TEST

START_TEST(test_array_is_not_zeroed)
{
	struct region region = { 0 };
	memset(region_alloc(&region, 900), 1, 900);
	region_free(&region);
	uint64_t *numbers = region_calloc(&region, 100, sizeof(*numbers));
	for (size_t i = 0; i < 100; i++) {
		ck_assert_uint_eq(numbers[i], 0);
	}
	ck_assert_ptr_null(region_calloc(&region, SIZE_MAX / 8 + 2, 8));
	ck_assert_ptr_null(region_alloc(&region, SIZE_MAX - 3));
	region_free(&region);
}
END_TEST

/*! AddressSanitizer's, where the program is built with it. */
extern void *__asan_region_is_poisoned(void *place, size_t size) __attribute__((weak));

START_TEST(test_sanitizer_sees_no_end_of_a_piece)
{
	struct region region = { 0 };
	ck_assert_int_eq(region_expect(&region, 200 * 1024), 0);
	uint8_t *piece = region_alloc(&region, 13);
	uint8_t *last = region_alloc(&region, 16);
	if (__asan_region_is_poisoned != NULL) {
		ck_assert_ptr_null(__asan_region_is_poisoned(piece, 13));
		ck_assert_ptr_eq(__asan_region_is_poisoned(piece, 14), piece + 13);
		ck_assert_ptr_eq(__asan_region_is_poisoned(last, 17), last + 16);
	}
	region_free(&region);
	if (__asan_region_is_poisoned != NULL) {
		ck_assert_ptr_eq(__asan_region_is_poisoned(last, 1), last);
	}
}
END_TEST

static const size_t expected[] = { 0, 24, 8000, 100 * 1024, 5 * 1024 * 1024 };

START_TEST(test_announced_memory_is_exceeded)
{
	struct region region = { 0 };
	ck_assert_int_eq(region_expect(&region, expected[_i]), 0);
	size_t held = region_memory(&region);
	ck_assert_uint_le(held, expected[_i] + 64);
	for (size_t used = 0; used < expected[_i]; used += region_round(5)) {
		memset(region_alloc(&region, 5), 7, 5);
	}
	ck_assert_uint_eq(region_memory(&region), held);
	ck_assert_ptr_nonnull(region_alloc(&region, 1));
	ck_assert_uint_gt(region_memory(&region), held);
	region_free(&region);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("region");
	TCase *tests = tcase_create("region");
	tcase_add_test(tests, test_pieces_overlap);
	tcase_add_test(tests, test_array_is_not_zeroed);
	tcase_add_test(tests, test_sanitizer_sees_no_end_of_a_piece);
	tcase_add_loop_test(tests, test_announced_memory_is_exceeded, 0, COUNT(expected));
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
