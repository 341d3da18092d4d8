/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Which addresses an SPF record lets pass without a lookup.
 */

#include <check.h>
#include <stdlib.h>

#include "ctl/spf.h"

static const struct {
	const char *record;
	const char *address;
	enum spf_verdict verdict;
} records[] = {
	{ "v=spf1 ip4:192.0.2.1 -all", "192.0.2.1", SPF_NAMED },
	{ "v=spf1  +IP4:192.0.2.0/24  -all", "192.0.2.1", SPF_NAMED },
	{ "v=spf1 ip6:2001:db8::/32 -all", "2001:db8::1", SPF_NAMED },
	{ "v=spf1 ip6:2001:db8::/32 -all", "192.0.2.1", SPF_NOT_NAMED },
	{ "v=spf1 ip4:192.0.2.2 -all", "192.0.2.1", SPF_NOT_NAMED },
	{ "v=spf1 ip4:192.0.2.2", "192.0.2.1", SPF_NOT_NAMED },
	{ "v=spf1 ip4:192.0.2.1x -all", "192.0.2.1", SPF_NOT_NAMED },
	// The first that matches decides, whatever comes behind.
	{ "v=spf1 -ip4:192.0.2.1 ip4:192.0.2.0/24 -all", "192.0.2.1", SPF_NOT_NAMED },
	{ "v=spf1 ~all ip4:192.0.2.1", "192.0.2.1", SPF_NOT_NAMED },
	{ "v=spf1 +all", "192.0.2.1", SPF_NAMED },
	{ "v=spf1 ALL", "192.0.2.1", SPF_NAMED },
	// Terms that only a lookup settles.
	{ "v=spf1 mx -all", "192.0.2.1", SPF_UNSETTLED },
	{ "v=spf1 a:mail.example.com/24 -all", "192.0.2.1", SPF_UNSETTLED },
	{ "v=spf1 redirect=_spf.example.com", "192.0.2.1", SPF_UNSETTLED },
	{ "v=spf1 include:a.example ip4:192.0.2.1 -all", "192.0.2.1", SPF_NAMED },
	{ "v=spf1 -include:a.example -all", "192.0.2.1", SPF_NOT_NAMED },
	{ "v=spf1 exp=include:x -all", "192.0.2.1", SPF_NOT_NAMED },
};

START_TEST(the_first_match_decides)
{
	struct address address;
	ck_assert_int_eq(address_parse(records[_i].address, &address), 0);
	ck_assert_int_eq(spf_judge(records[_i].record, &address), records[_i].verdict);
}
END_TEST

START_TEST(a_record_is_told_by_its_version)
{
	ck_assert(spf_is_record("v=spf1"));
	ck_assert(spf_is_record("V=SPF1 -all"));
	ck_assert(!spf_is_record("v=spf10 -all"));
	ck_assert(!spf_is_record(" v=spf1 -all"));
	ck_assert(!spf_is_record(""));
	ck_assert(spf_has_term("v=spf1 Include:a.example -all", "include:a.example"));
	ck_assert(!spf_has_term("v=spf1 include:a.example.com -all", "include:a.example"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("spf");
	TCase *tcase = tcase_create("spf");
	tcase_add_loop_test(tcase, the_first_match_decides, 0,
	                    (int)(sizeof(records) / sizeof(records[0])));
	tcase_add_test(tcase, a_record_is_told_by_its_version);
	suite_add_tcase(suite, tcase);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
