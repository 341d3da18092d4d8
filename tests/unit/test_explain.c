/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The explain report.
 */

#include <check.h>
#include <stdlib.h>

#include "ctl/explain.h"

static const struct {
	const char *json;
	bool color;
	bool answered;
	const char *text;
} reports[] = {
	{ "{\"name\":\"www.example.com\",\"uplinks\":["
	  "{\"id\":\"primary\",\"answered\":true,\"answer\":[\"192.168.2.1\",\"2001:db8:1::2\"],"
	  "\"steps\":[{\"step\":\"link\",\"good\":true,\"detail\":\"wan0 is up\"},"
	  "{\"step\":\"reply-path\",\"good\":true,\"detail\":\"table 20101\"}]},"
	  "{\"id\":\"backup\",\"answered\":false,"
	  "\"steps\":[{\"step\":\"link\",\"good\":true,\"detail\":\"wan1 is up\"},"
	  "{\"step\":\"address\",\"good\":false,\"detail\":\"wan1 has none\"},"
	  "{\"step\":\"forward\",\"good\":false,\"detail\":\"tcp/80\"}]}]}",
	  false, true,
	  "www.example.com by uplink primary\n"
	  "  ok  link        wan0 is up\n"
	  "  ok  reply-path  table 20101\n"
	  "  answered with 192.168.2.1, 2001:db8:1::2\n"
	  "\n"
	  "www.example.com by uplink backup\n"
	  "  ok  link        wan1 is up\n"
	  "  NO  address     wan1 has none\n"
	  "  NO  forward     tcp/80\n"
	  "  not answered: address, wan1 has none\n" },
	// Colour only where it is asked for, and only on what is wrong.
	{ "{\"name\":\"a\",\"uplinks\":[{\"id\":\"u\",\"answered\":false,\"steps\":["
	  "{\"step\":\"x\",\"good\":true,\"detail\":\"d\"},"
	  "{\"step\":\"y\",\"good\":false,\"detail\":\"e\"}]}]}",
	  true, false,
	  "a by uplink u\n  ok  x  d\n  \033[31mNO\033[0m  y  e\n  not answered: y, e\n" },
	// A terminal must not be steered by what the daemon passes on.
	{ "{\"name\":\"a\\u001b[2J\",\"uplinks\":[{\"id\":\"u\\n\",\"answered\":true,\"steps\":["
	  "{\"step\":\"x\\u0007\",\"good\":true,\"detail\":\"d\\r\"}]}]}",
	  false, true, "a?[2J by uplink u?\n  ok  x?  d?\n  answered\n" },
	// Members that are missing or of another kind.
	{ "{}", false, false, "" },
	{ "{\"uplinks\":[{},7,{\"steps\":[{},\"x\"],\"answered\":\"yes\"}]}", false, false,
	  " by uplink \n  not answered\n\n by uplink \n  not answered\n\n by uplink \n"
	  "  NO    \n  NO    \n  not answered: , \n" },
};

START_TEST(the_report_follows_from_the_answer)
{
	json_t *explain = json_loads(reports[_i].json, 0, NULL);
	ck_assert_ptr_nonnull(explain);
	struct text text = TEXT_EMPTY;
	explain_write(explain, reports[_i].color, &text);
	ck_assert_str_eq(text.data != NULL ? text.data : "", reports[_i].text);
	ck_assert_int_eq(explain_answered(explain), reports[_i].answered);
	text_free(&text);
	json_decref(explain);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

int main(void)
{
	Suite *suite = suite_create("explain");
	TCase *tcase = tcase_create("explain");
	tcase_add_loop_test(tcase, the_report_follows_from_the_answer, 0, COUNT(reports));
	suite_add_tcase(suite, tcase);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
