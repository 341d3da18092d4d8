/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Zones in text form, and what must never get into one.
 */

#include <check.h>
#include <dlfcn.h>
#include <errno.h>
#include <libknot/libknot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/zone.h"

/*! What libknot's printer returns instead of the right text; set by one test, in its own process. */
static const char *forged;

/*! Stands before libknot's function of that name, so that the reading back has something to find. */
int knot_rrset_txt_dump_data(const knot_rrset_t *rrset, const size_t pos, char *dst,
                             const size_t maxlen, const knot_dump_style_t *style)
{
	if (forged != NULL) {
		return snprintf(dst, maxlen, "%s", forged);
	}
	int (*real)(const knot_rrset_t *, size_t, char *, size_t, const knot_dump_style_t *);
	*(void **)&real = dlsym(RTLD_NEXT, "knot_rrset_txt_dump_data");
	return real(rrset, pos, dst, maxlen, style);
}

static struct zone *zone_begin(void)
{
	struct zone *zone = NULL;
	ck_assert_int_eq(zone_new("www.Example.com.", &zone), 0);
	zone_add_soa(zone, 3600,
	             &(struct zone_soa){ "www-ns1.example.com", "first\\.last.example.com", 7,
	                                 86400, 7200, 3600000, 300 });
	return zone;
}

static void add_address(struct zone *zone, const char *owner, const char *text)
{
	struct address address;
	ck_assert_int_eq(address_parse(text, &address), 0);
	zone_add_address(zone, owner, 10, &address);
}

START_TEST(records_and_comments_come_out_in_their_order)
{
	struct zone *zone = zone_begin();
	zone_comment(zone, "a %s", "comment");
	zone_add_ns(zone, 86400, "www-ns1.example.com");
	add_address(zone, "www.example.com", "192.168.2.1");
	add_address(zone, "API.www.example.com", "2001:db8:1::2");
	struct text text = TEXT_EMPTY;
	ck_assert_int_eq(zone_text(zone, &text), 0);
	ck_assert_str_eq(text.data,
	                 "www.example.com.         3600   IN SOA   www-ns1.example.com. "
	                 "first\\.last.example.com. 7 86400 7200 3600000 300\n"
	                 "; a comment\n"
	                 "www.example.com.         86400  IN NS    www-ns1.example.com.\n"
	                 "www.example.com.         10     IN A     192.168.2.1\n"
	                 "api.www.example.com.     10     IN AAAA  2001:db8:1::2\n");
	text_free(&text);
	zone_free(zone);
}
END_TEST

START_TEST(a_comment_cannot_become_a_record)
{
	struct zone *zone = zone_begin();
	zone_comment(zone, "host\nevil.www.example.com. 10 IN A 192.0.2.66\r\n");
	struct text text = TEXT_EMPTY;
	ck_assert_int_eq(zone_text(zone, &text), 0);
	ck_assert_ptr_nonnull(strstr(text.data, "; host?evil"));
	ck_assert_ptr_null(strstr(text.data, "\nevil"));
	text_free(&text);
	zone_free(zone);
}
END_TEST

static const struct {
	const char *owner;
	int ret;
} owners[] = {
	{ "www.example.com", 0 },
	{ "a.b.www.example.com", 0 },
	{ "example.com", -EINVAL },
	{ "xwww.example.com", -EINVAL },
	{ "www.example.org", -EINVAL },
	{ "a..www.example.com", -EINVAL },
	{ "", -EINVAL },
	{ "a123456789b123456789c123456789d123456789e123456789f123456789abc.www.example.com", 0 },
	{ "a123456789b123456789c123456789d123456789e123456789f123456789abcd.www.example.com",
	  -EINVAL },
};

START_TEST(an_owner_that_does_not_belong_is_refused)
{
	struct zone *zone = zone_begin();
	add_address(zone, owners[_i].owner, "192.168.2.1");
	struct text text = TEXT_EMPTY;
	ck_assert_int_eq(zone_text(zone, &text), owners[_i].ret);
	ck_assert(owners[_i].ret == 0 || text.length == 0);
	text_free(&text);
	zone_free(zone);
}
END_TEST

static const char *const forgeries[] = {
	"192.168.2.2",
	"192.168.2.1\nwww.example.com. 10 IN A 192.0.2.66",
	"192.168.2",
	"",
	"192.168.2.1 ; x\n$INCLUDE /etc/passwd",
};

START_TEST(a_text_that_reads_back_differently_is_refused)
{
	struct zone *zone = NULL;
	ck_assert_int_eq(zone_new("www.example.com", &zone), 0);
	add_address(zone, "www.example.com", "192.168.2.1");
	struct text text = TEXT_EMPTY;
	forged = "192.168.2.1";
	ck_assert_int_eq(zone_text(zone, &text), 0);
	text_free(&text);
	forged = forgeries[_i];
	ck_assert_int_eq(zone_text(zone, &text), -EBADMSG);
	ck_assert_uint_eq(text.length, 0);
	text_free(&text);
	zone_free(zone);
}
END_TEST

START_TEST(a_zone_without_a_proper_name_is_refused)
{
	struct zone *zone = NULL;
	ck_assert_int_eq(zone_new("www..example.com", &zone), -EINVAL);
	ck_assert_ptr_null(zone);
	zone_free(NULL);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

int main(void)
{
	Suite *suite = suite_create("zone");
	TCase *tcase = tcase_create("zone");
	tcase_add_test(tcase, records_and_comments_come_out_in_their_order);
	tcase_add_test(tcase, a_comment_cannot_become_a_record);
	tcase_add_loop_test(tcase, an_owner_that_does_not_belong_is_refused, 0, COUNT(owners));
	tcase_add_loop_test(tcase, a_text_that_reads_back_differently_is_refused, 0,
	                    COUNT(forgeries));
	tcase_add_test(tcase, a_zone_without_a_proper_name_is_refused);
	suite_add_tcase(suite, tcase);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
