/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Addresses, prefixes, arrays and texts.
 */

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/array.h"
#include "base/text.h"

static const struct {
	const char *text;
	const char *printed; // NULL: refused.
} prefixes[] = {
	{ "192.168.2.1/29", "192.168.2.1/29" },
	{ "10.0.0.10", "10.0.0.10/32" },
	{ "2001:DB8::2/64", "2001:db8::2/64" },
	{ "::/0", "::/0" },
	{ "0.0.0.0/0", "0.0.0.0/0" },
	{ "192.168.2.1/33", NULL },
	{ "2001:db8::/129", NULL },
	{ "192.168.2/24", NULL },
	{ "192.168.2.1/", NULL },
	{ "192.168.2.1/ 8", NULL },
	{ "192.168.2.1/-1", NULL },
	{ "192.168.2.1/8x", NULL },
	{ "wan0", NULL },
	{ "", NULL },
	{ "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd:eeee/64", NULL },
};

START_TEST(prefix_text_is_read_and_printed)
{
	struct prefix prefix;
	char text[ADDRESS_TEXT_MAX];
	int ret = prefix_parse(prefixes[_i].text, &prefix);
	if (prefixes[_i].printed == NULL) {
		ck_assert_int_eq(ret, -EINVAL);
	} else {
		ck_assert_int_eq(ret, 0);
		ck_assert_str_eq(prefix_format(&prefix, text), prefixes[_i].printed);
	}
}
END_TEST

static const struct {
	const char *prefix;
	const char *address;
	bool inside;
} containments[] = {
	{ "192.168.2.0/29", "192.168.2.6", true },
	{ "192.168.2.0/29", "192.168.2.8", false },
	{ "192.168.2.5/29", "192.168.2.1", true },
	{ "0.0.0.0/0", "203.0.113.1", true },
	{ "::/0", "203.0.113.1", false },
	{ "2001:db8:1::/48", "2001:db8:1:ffff::1", true },
	{ "2001:db8:1::/48", "2001:db8:2::1", false },
	{ "2001:db8::1/128", "2001:db8::1", true },
};

START_TEST(prefix_holds_its_addresses_only)
{
	struct prefix prefix;
	struct address address;
	ck_assert_int_eq(prefix_parse(containments[_i].prefix, &prefix), 0);
	ck_assert_int_eq(address_parse(containments[_i].address, &address), 0);
	ck_assert(prefix_contains(&prefix, &address) == containments[_i].inside);
}
END_TEST

static const struct {
	const char *address;
	bool refused;
} published[] = {
	{ "192.168.2.1", false }, { "203.0.113.1", false }, { "2001:db8::1", false },
	{ "fd00::1", false },     { "0.0.0.0", true },      { "127.0.0.1", true },
	{ "169.254.1.1", true },  { "224.0.0.1", true },    { "255.255.255.255", true },
	{ "::", true },           { "::1", true },          { "fe80::1", true },
	{ "ff02::1", true },
};

START_TEST(address_that_nobody_can_reach_is_named)
{
	struct address address;
	ck_assert_int_eq(address_parse(published[_i].address, &address), 0);
	ck_assert((address_unpublishable(&address) != NULL) == published[_i].refused);
}
END_TEST

START_TEST(array_keeps_its_items_while_it_grows)
{
	size_t *items = NULL;
	for (size_t i = 0; i < 1000; i++) {
		size_t *grown = array_grow(items, i, sizeof(*items));
		ck_assert_ptr_nonnull(grown);
		items = grown;
		items[i] = i;
	}
	for (size_t i = 0; i < 1000; i++) {
		ck_assert_uint_eq(items[i], i);
	}
	free(items);
}
END_TEST

START_TEST(text_grows_over_its_first_room)
{
	struct text text = TEXT_EMPTY;
	for (int i = 0; i < 1000; i++) {
		text_add(&text, "%04d", i);
	}
	char *all = text_take(&text);
	ck_assert_uint_eq(strlen(all), 4000);
	ck_assert_str_eq(all + 3996, "0999");
	free(all);
	all = text_take(&text);
	ck_assert_str_eq(all, "");
	free(all);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base");
	TCase *cases = tcase_create("base");
	suite_add_tcase(suite, cases);
	tcase_add_loop_test(cases, prefix_text_is_read_and_printed, 0,
	                    sizeof(prefixes) / sizeof(prefixes[0]));
	tcase_add_loop_test(cases, prefix_holds_its_addresses_only, 0,
	                    sizeof(containments) / sizeof(containments[0]));
	tcase_add_loop_test(cases, address_that_nobody_can_reach_is_named, 0,
	                    sizeof(published) / sizeof(published[0]));
	tcase_add_test(cases, array_keeps_its_items_while_it_grows);
	tcase_add_test(cases, text_grows_over_its_first_room);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
