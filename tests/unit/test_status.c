/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The status report, and the members that it is made of.
 */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/fields.h"
#include "ctl/status.h"

#define DAEMON                                                      \
	"\"version\":1,\"site\":\"example.com\",\"generation\":12," \
	"\"daemon\":{\"pid\":7,\"uptime_s\":75,\"version\":\"0.1.0\"}"

static const struct {
	const char *json;
	const char *text;
} reports[] = {
	{ "{" DAEMON ",\"uplinks\":["
	  "{\"number\":1,\"id\":\"primary\",\"interface\":\"wan0\",\"state\":\"up\",\"since_s\":75,"
	  "\"reason\":\"\",\"address\":[\"192.168.2.1\",\"2001:db8:1::2\"],"
	  "\"gateway\":[\"192.168.2.6\"],\"answered\":true,\"rtt_ms\":12.345,\"loss_1m\":20},"
	  "{\"number\":2,\"id\":\"backup\",\"interface\":\"wan1\",\"state\":\"down\",\"since_s\":5,"
	  "\"reason\":\"no carrier\",\"address\":[\"172.16.1.1\"],\"gateway\":[],"
	  "\"answered\":false,\"loss_1m\":100}],"
	  "\"hosts\":[{\"name\":\"www.example.com\",\"kind\":\"host\",\"server\":\"web\","
	  "\"policy\":\"arrival\",\"ttl\":10,\"uplinks\":["
	  "{\"id\":\"primary\",\"forward\":\"installed\",\"reply_path\":\"installed\","
	  "\"dns\":\"answered\"},"
	  "{\"id\":\"backup\",\"forward\":\"installed\",\"reply_path\":\"missing\","
	  "\"dns\":\"withdrawn\"}]},"
	  "{\"name\":\"vpn\",\"kind\":\"forward\",\"server\":\"web\",\"uplinks\":["
	  "{\"id\":\"primary\",\"forward\":\"installed\",\"reply_path\":\"installed\","
	  "\"dns\":\"-\"}]}],"
	  "\"warnings\":[\"table inet filter, chain forward\"]}",
	  "example.com: generation 12, multihomed 0.1.0 (pid 7) up 1m15s\n"
	  "\n"
	  "UPLINK  INTERFACE STATE SINCE ADDRESS                    GATEWAY     PROBES      "
	  "ANSWERED REASON\n"
	  "primary wan0      up    1m15s 192.168.2.1, 2001:db8:1::2 192.168.2.6 12.3 ms 20% "
	  "yes      \n"
	  "backup  wan1      down  5s    172.16.1.1                             100%        "
	  "no       no carrier\n"
	  "\n"
	  "NAME            KIND    SERVER POLICY  TTL UPLINK  FORWARD   REPLY-PATH DNS\n"
	  "www.example.com host    web    arrival 10  primary installed installed  answered\n"
	  "                                           backup  installed missing    withdrawn\n"
	  "vpn             forward web                primary installed installed  -\n"
	  "\n"
	  "warning: table inet filter, chain forward\n" },
	// The parent zone lacks an address.
	{ "{" DAEMON ",\"uplinks\":[],\"hosts\":[],\"warnings\":[\"x\"],\"parent\":{"
	  "\"state\":\"pending\",\"since_s\":75,\"reason\":\"exit status 1\",\"on_change\":true,"
	  "\"uplinks\":[{\"id\":\"primary\",\"pending\":false,\"published\":[\"192.0.2.1\"]},"
	  "{\"id\":\"backup\",\"pending\":true,\"published\":[\"192.0.2.2\",\"2001:db8::2\"]}]}}",
	  "example.com: generation 12, multihomed 0.1.0 (pid 7) up 1m15s\n"
	  "\n\n"
	  "parent: pending since 1m15s, addresses backup 192.0.2.2, 2001:db8::2 (exit status 1)\n"
	  "\nwarning: x\n" },
	// A site without hosts.
	{ "{" DAEMON ",\"uplinks\":[{\"id\":\"primary\"}],\"hosts\":[],\"warnings\":[]}",
	  "example.com: generation 12, multihomed 0.1.0 (pid 7) up 1m15s\n"
	  "\n"
	  "UPLINK  INTERFACE STATE SINCE ADDRESS GATEWAY PROBES ANSWERED REASON\n"
	  "primary                                                       \n" },
	// Columns of cross-probes, where there are any.
	{ "{" DAEMON ",\"uplinks\":[{\"id\":\"a\",\"inbound_proven\":\"1/2\"}],\"hosts\":["
	  "{\"name\":\"www\",\"uplinks\":[{\"id\":\"a\",\"inbound\":\"unproven\"}]}],"
	  "\"warnings\":[]}",
	  "example.com: generation 12, multihomed 0.1.0 (pid 7) up 1m15s\n"
	  "\n"
	  "UPLINK INTERFACE STATE SINCE ADDRESS GATEWAY PROBES INBOUND ANSWERED REASON\n"
	  "a                                                   1/2              \n"
	  "\n"
	  "NAME KIND SERVER POLICY TTL UPLINK FORWARD REPLY-PATH DNS INBOUND\n"
	  "www                         a                             unproven\n" },
	// Members that are missing or of another kind.
	{ "{\"uplinks\":7,\"hosts\":[1,{\"uplinks\":[\"x\"]}],\"warnings\":[2]}",
	  ": generation , multihomed  (pid ) up 0s\n"
	  "\n"
	  "\n"
	  "NAME KIND SERVER POLICY TTL UPLINK FORWARD REPLY-PATH DNS\n"
	  "                                                      \n"
	  "                                                      \n"
	  "\nwarning: \n" },
};

START_TEST(the_report_follows_from_the_answer)
{
	json_t *status = json_loads(reports[_i].json, 0, NULL);
	ck_assert_ptr_nonnull(status);
	struct text text = TEXT_EMPTY;
	ck_assert_int_eq(status_write(status, false, &text), 0);
	ck_assert_str_eq(text.data, reports[_i].text);
	text_free(&text);
	json_decref(status);
}
END_TEST

START_TEST(what_is_wrong_stands_out_on_a_terminal)
{
	json_t *status = json_loads(reports[0].json, 0, NULL);
	struct text text = TEXT_EMPTY;
	ck_assert_int_eq(status_write(status, true, &text), 0);
	ck_assert_msg(strstr(text.data, "\033[31mdown") != NULL, "%s", text.data);
	ck_assert_ptr_nonnull(strstr(text.data, "\033[31mmissing"));
	ck_assert_ptr_nonnull(strstr(text.data, "\033[31mwithdrawn"));
	ck_assert_ptr_null(strstr(text.data, "\033[31mup"));
	text_free(&text);
	json_decref(status);
}
END_TEST

static const struct {
	json_int_t seconds;
	const char *text;
} durations[] = {
	{ 0, "0s" },
	{ 59, "59s" },
	{ 60, "1m" },
	{ 61, "1m1s" },
	{ 3599, "59m59s" },
	{ 3600, "1h" },
	{ 3661, "1h1m" },
	{ 86399, "23h59m" },
	{ 86400, "1d" },
	{ 2 * 86400 + 3 * 3600 + 59, "2d3h" },
	{ 400 * 86400, "400d" },
};

START_TEST(durations_have_two_units)
{
	struct text text = TEXT_EMPTY;
	field_add_duration(&text, durations[_i].seconds);
	ck_assert_str_eq(text.data, durations[_i].text);
	text_free(&text);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

int main(void)
{
	Suite *suite = suite_create("status");
	TCase *tcase = tcase_create("status");
	tcase_add_loop_test(tcase, the_report_follows_from_the_answer, 0, COUNT(reports));
	tcase_add_test(tcase, what_is_wrong_stands_out_on_a_terminal);
	tcase_add_loop_test(tcase, durations_have_two_units, 0, COUNT(durations));
	suite_add_tcase(suite, tcase);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
