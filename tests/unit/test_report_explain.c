/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The chain from an uplink's interface to the answer in DNS, link by link.
 */

#include "report_scene.h"

#define GOOD(step, detail) "{'step':'" step "','good':true,'detail':'" detail "'}"
#define BAD(step, detail) "{'step':'" step "','good':false,'detail':'" detail "'}"
#define LET_PASS GOOD("settings", "forwarding and rp_filter let the forwards pass")
#define DNS "generation 12 of the answer table "

static const struct {
	const char *observed;
	const char *broken4;
	const char *broken6;
	const char *drained;
	bool ruleset;
	const char *name;
	const char *uplink;
	const char *answer; // NULL: not answered.
	const char *steps;
} chains[] = {
	{ WELL, NOTHING_BROKEN, "www.example.com", "primary", "['192.168.2.1','2001:db8:1::2']",
	  "[" GOOD("interface", "wan0 is up, with carrier") "," GOOD(
		  "address",
		  "192.168.2.1 via "
		  "192.168.2.6, "
		  "2001:db8:1::2 via "
		  "2001:db8:1::1") "," LET_PASS
	                           "," GOOD("forward", "2 services to 10.0.0.10 installed") "," GOOD(
					   "reply path",
					   "rules and table 20101 "
					   "installed") "," GOOD("d"
	                                                         "r"
	                                                         "a"
	                                                         "i"
	                                                         "n",
	                                                         "n"
	                                                         "o"
	                                                         "t"
	                                                         " "
	                                                         "d"
	                                                         "r"
	                                                         "a"
	                                                         "i"
	                                                         "n"
	                                                         "e"
	                                                         "d") "," GOOD("dns", DNS
	                                                                       "offers it") "]" },
	{ WELL, NOTHING_BROKEN, "API.www.example.com", "backup", "['198.51.100.1']", NULL },
	{ WELL, NOTHING_BROKEN, "six.example.com", "primary", "['2001:db8:1::2']", NULL },
	{ WELL, NOTHING_BROKEN, "six.example.com", "backup", NULL,
	  "[" GOOD("interface", "wan1 is up, with carrier") "," GOOD(
		  "address",
		  "172.16.1.1 via "
		  "172.16.1.2") "," LET_PASS
	                        "," BAD("forward",
	                                "server \\u0027six\\u0027 has no "
	                                "address of a family that the "
	                                "uplink can use") "," GOOD("reply path",
	                                                           "rules and table 20102 "
	                                                           "installed") "," GOOD("drain",
	                                                                                 "not "
	                                                                                 "draine"
	                                                                                 "d") "," BAD("dns",
	                                                                                              DNS
	                                                                                              "does not "
	                                                                                              "offer it") "]" },
	// A dead uplink's forwards and routes stay where they are.
	{ UNPLUGGED, NOTHING_BROKEN, "one.example.com", "primary", NULL,
	  "[" BAD("interface", "wan0 is up, without carrier") "," BAD(
		  "address",
		  "interface "
		  "wan0 has "
		  "no carrier") "," BAD("settings",
	                                "interface wan0 has no "
	                                "carrier") "," GOOD("forward",
	                                                    "1 "
	                                                    "service "
	                                                    "to "
	                                                    "10.0.0."
	                                                    "10 "
	                                                    "installe"
	                                                    "d") "," GOOD("reply path",
	                                                                  "rules and table 20101 "
	                                                                  "installed") "," GOOD("dr"
	                                                                                        "ai"
	                                                                                        "n",
	                                                                                        "no"
	                                                                                        "t "
	                                                                                        "dr"
	                                                                                        "ai"
	                                                                                        "ne"
	                                                                                        "d") "," BAD("dns",
	                                                                                                     DNS
	                                                                                                     "does not offer it") "]" },
	{ WELL, "1", "", "", true, "www.example.com", "primary", "['2001:db8:1::2']", NULL },
	{ WELL, "12", "12", "", false, "one.example.com", "primary", NULL,
	  "[" GOOD("interface", "wan0 is up, with carrier") "," GOOD(
		  "address",
		  "192.168.2.1 via "
		  "192.168.2.6, "
		  "2001:db8:1::2 via "
		  "2001:db8:1::1") "," LET_PASS
	                           "," BAD("forward", "1 service to 10.0.0.10 not installed") "," BAD(
					   "reply path",
					   "rules and table 20101 not "
					   "installed") "," GOOD("drain",
	                                                         "not "
	                                                         "drained") "," BAD("dns", DNS
	                                                                            "does not "
	                                                                            "offer it") "]" },
	{ WELL, "", "", "2", true, "www.example.com", "backup", NULL,
	  "[" GOOD("interface", "wan1 is up, with carrier") "," GOOD(
		  "address",
		  "172.16.1.1 via "
		  "172.16.1.2") "," LET_PASS
	                        "," GOOD(
					"forward",
					"2 services to 10.0.0.10 "
					"installed") "," GOOD("reply path",
	                                                      "rules and table 20102 "
	                                                      "installed") "," BAD("drain",
	                                                                           "the "
	                                                                           "operator"
	                                                                           " drains "
	                                                                           "it") "," GOOD("dns",
	                                                                                          DNS
	                                                                                          "offers it") "]" },
	{ "link wan0\n", NOTHING_BROKEN, "www.example.com", "backup", NULL, NULL },
	{ "link wan0\n", NOTHING_BROKEN, "www.example.com", "primary", NULL, NULL },
};

START_TEST(explanation_follows_the_chain)
{
	struct scene *scene = scene_new(chains[_i].observed, chains[_i].broken4, chains[_i].broken6,
	                                chains[_i].drained, chains[_i].ruleset);
	const char *error = NULL;
	json_t *explain =
		report_explain(&scene->standing, chains[_i].name, chains[_i].uplink, &error);
	ck_assert_msg(explain != NULL, "%s", error);
	ck_assert_str_eq(json_string_value(json_object_get(explain, "name")), chains[_i].name);
	const json_t *uplinks = json_object_get(explain, "uplinks");
	ck_assert_uint_eq(json_array_size(uplinks), 1);
	const json_t *uplink = json_array_get(uplinks, 0);
	ck_assert_str_eq(json_string_value(json_object_get(uplink, "id")), chains[_i].uplink);
	if (chains[_i].steps != NULL) {
		assert_json(json_object_get(uplink, "steps"), chains[_i].steps);
	}
	bool answered = chains[_i].answer != NULL;
	ck_assert_int_eq(json_is_true(json_object_get(uplink, "answered")), answered);
	assert_json(json_object_get(uplink, "answer"), answered ? chains[_i].answer : "[]");
	json_decref(explain);
	scene_free(scene);
}
END_TEST

static const struct {
	const char *name;
	const char *uplink;
	size_t uplinks; // 0: refused.
	const char *error;
} questions[] = {
	{ "www.example.com", NULL, 2, NULL },
	{ "WWW.Example.COM", NULL, 2, NULL },
	{ "api.www.example.com", NULL, 2, NULL },
	{ "one.example.com", NULL, 1, NULL },
	{ "one.example.com", "backup", 0, "the host does not use that uplink" },
	{ "www.example.com", "third", 0, "no uplink has that id" },
	{ "api", NULL, 0, "no host of the site has that name" },
	{ "example.com", NULL, 0, "no host of the site has that name" },
	{ "", NULL, 0, "no host of the site has that name" },
};

START_TEST(explanation_is_given_for_hosts_and_their_uplinks)
{
	struct scene *scene = scene_new(WELL, NOTHING_BROKEN);
	const char *error = NULL;
	json_t *explain =
		report_explain(&scene->standing, questions[_i].name, questions[_i].uplink, &error);
	if (questions[_i].uplinks == 0) {
		ck_assert_ptr_null(explain);
		ck_assert_str_eq(error, questions[_i].error);
	} else {
		ck_assert_uint_eq(json_array_size(json_object_get(explain, "uplinks")),
		                  questions[_i].uplinks);
	}
	json_decref(explain);
	scene_free(scene);
}
END_TEST

START_TEST(host_that_is_not_published_yet_is_explained)
{
	struct scene *scene = scene_new(WELL, NOTHING_BROKEN);
	const char *error = NULL;
	scene->published->host_count = 0;
	json_t *explain = report_explain(&scene->standing, "www.example.com", NULL, &error);
	const json_t *uplink = json_array_get(json_object_get(explain, "uplinks"), 0);
	ck_assert(json_is_false(json_object_get(uplink, "answered")));
	json_decref(explain);
	scene_free(scene);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report_explain");
	TCase *tcase = tcase_create("report_explain");
	tcase_add_loop_test(tcase, explanation_follows_the_chain, 0, COUNT(chains));
	tcase_add_loop_test(tcase, explanation_is_given_for_hosts_and_their_uplinks, 0,
	                    COUNT(questions));
	tcase_add_test(tcase, host_that_is_not_published_yet_is_explained);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
