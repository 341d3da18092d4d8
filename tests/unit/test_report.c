/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The status of a site as JSON.
 */

#include <sys/socket.h>

#include "report_scene.h"

#define ROW(id, forward, reply, dns) \
	"{'id':'" id "','forward':'" forward "','reply_path':'" reply "','dns':'" dns "'}"

static const struct {
	const char *observed;
	const char *broken4;
	const char *broken6;
	const char *drained;
	bool ruleset;
	const char *uplink; // The first.
	bool answered[2];
	const char *www;
	const char *six;
	const char *vpn;
} statuses[] = {
	{ WELL,
	  NOTHING_BROKEN,
	  "{'number':1,'id':'primary','interface':'wan0','state':'up','since_s':0,'reason':'',"
	  "'address':['192.168.2.1','2001:db8:1::2'],'public':['192.168.2.1','2001:db8:1::2'],"
	  "'published':['192.168.2.1','2001:db8:1::2'],'gateway':['192.168.2.6','2001:db8:1::1'],'"
	  "answered':true}",
	  { true, true },
	  "[" ROW("primary", "installed", "installed",
	          "answered") "," ROW("backup", "installed", "installed", "answered") "]",
	  // The backup has no IPv6: it neither forwards nor answers for a server without IPv4.
	  "[" ROW("primary", "installed", "installed",
	          "answered") "," ROW("backup", "missing", "installed", "withdrawn") "]",
	  "[" ROW("backup", "installed", "installed", "-") "]" },
	{ UNPLUGGED,
	  NOTHING_BROKEN,
	  "{'number':1,'id':'primary','interface':'wan0','state':'down','since_s':0,"
	  "'reason':'interface wan0 has no carrier','address':['192.168.2.1','2001:db8:1::2'],"
	  "'public':[],'published':[],'gateway':[],'answered':false}",
	  { false, true },
	  "[" ROW("primary", "installed", "installed",
	          "withdrawn") "," ROW("backup", "installed", "installed", "answered") "]",
	  "[" ROW("primary", "installed", "installed",
	          "withdrawn") "," ROW("backup", "missing", "installed", "withdrawn") "]",
	  "[" ROW("backup", "installed", "installed", "-") "]" },
	// One family's reply path broken: the other one's addresses are answered.
	{ WELL,
	  "1",
	  "",
	  "",
	  true,
	  NULL,
	  { true, true },
	  "[" ROW("primary", "installed", "missing",
	          "answered") "," ROW("backup", "installed", "installed", "answered") "]",
	  "[" ROW("primary", "installed", "missing",
	          "answered") "," ROW("backup", "missing", "installed", "withdrawn") "]",
	  NULL },
	{ WELL,
	  "12",
	  "12",
	  "",
	  false,
	  NULL,
	  { false, false },
	  "[" ROW("primary", "missing", "missing", "withdrawn") "," ROW("backup", "missing",
	                                                                "missing", "withdrawn") "]",
	  NULL,
	  "[" ROW("backup", "missing", "missing", "-") "]" },
	{ WELL,
	  "",
	  "",
	  "1",
	  true,
	  NULL,
	  { true, true },
	  "[" ROW("primary", "installed", "installed",
	          "withdrawn") "," ROW("backup", "installed", "installed", "answered") "]",
	  NULL,
	  NULL },
};

static void assert_forward(const json_t *status, size_t index, const char *name, const char *kind,
                           const char *uplinks)
{
	const json_t *forward = json_array_get(json_object_get(status, "hosts"), index);
	ck_assert_str_eq(json_string_value(json_object_get(forward, "name")), name);
	ck_assert_str_eq(json_string_value(json_object_get(forward, "kind")), kind);
	if (uplinks != NULL) {
		assert_json(json_object_get(forward, "uplinks"), uplinks);
	}
}

START_TEST(status_tells_what_stands)
{
	struct scene *scene =
		scene_new(statuses[_i].observed, statuses[_i].broken4, statuses[_i].broken6,
	                  statuses[_i].drained, statuses[_i].ruleset);
	json_t *status = report_status(&scene->standing, table_now_ms());
	ck_assert_ptr_nonnull(status);
	const json_t *uplinks = json_object_get(status, "uplinks");
	ck_assert_uint_eq(json_array_size(uplinks), 2);
	if (statuses[_i].uplink != NULL) {
		assert_json(json_array_get(uplinks, 0), statuses[_i].uplink);
	}
	for (size_t i = 0; i < 2; i++) {
		const json_t *answered = json_object_get(json_array_get(uplinks, i), "answered");
		ck_assert_int_eq(json_is_true(answered), statuses[_i].answered[i]);
	}
	ck_assert_uint_eq(json_array_size(json_object_get(status, "hosts")), 5);
	assert_forward(status, 0, "www.example.com", "host", statuses[_i].www);
	assert_forward(status, 1, "six.example.com", "host", statuses[_i].six);
	assert_forward(status, 2, "one.example.com", "host", NULL);
	assert_forward(status, 3, "example.com", "mail", NULL);
	assert_forward(status, 4, "vpn", "forward", statuses[_i].vpn);
	json_decref(status);
	scene_free(scene);
}
END_TEST

START_TEST(status_names_the_site_and_its_hosts)
{
	struct scene *scene = scene_new(WELL, NOTHING_BROKEN);
	scene->history[1].since_ms -= 61999;
	json_t *status = report_status(&scene->standing, table_now_ms() - 75500);
	assert_json(json_object_get(status, "version"), "1");
	assert_json(json_object_get(status, "site"), "'example.com'");
	assert_json(json_object_get(status, "generation"), "12");
	assert_json(json_object_get(json_object_get(status, "daemon"), "uptime_s"), "75");
	assert_json(json_object_get(json_object_get(status, "daemon"), "version"), "'" VERSION "'");
	const json_t *uplinks = json_object_get(status, "uplinks");
	assert_json(json_object_get(json_array_get(uplinks, 1), "address"), "['172.16.1.1']");
	assert_json(json_object_get(json_array_get(uplinks, 1), "public"), "['198.51.100.1']");
	const json_t *six = json_array_get(json_object_get(status, "hosts"), 1);
	assert_json(json_object_get(six, "policy"), "'all'");
	assert_json(json_object_get(six, "ttl"), "60");
	assert_json(json_object_get(six, "server"), "'six'");
	const json_t *vpn = json_array_get(json_object_get(status, "hosts"), 4);
	ck_assert_ptr_null(json_object_get(vpn, "policy"));
	json_decref(status);
	scene_free(scene);
}
END_TEST

START_TEST(warnings_are_what_works_in_part_or_may_stop_us)
{
	struct scene *scene = scene_new(WELL "forwarding4 off\n", NOTHING_BROKEN);
	scene->standing.foreign_drops = "table inet filter, chain forward\ntable ip a, chain b";
	json_t *status = report_status(&scene->standing, 0);
	// The backup has IPv4 only: its reason is in its row, it works not even in part.
	assert_json(json_object_get(status, "warnings"),
	            "['table inet filter, chain forward drops by policy and may stop the forwards; "
	            "remedy: add «ct status dnat accept» to it',"
	            "'table ip a, chain b drops by policy and may stop the forwards; "
	            "remedy: add «ct status dnat accept» to it',"
	            "'uplink \\u0027primary\\u0027: IPv4 forwarding is off; remedy: sysctl -w "
	            "net.ipv4.ip_forward=1']");
	json_decref(status);
	scene_free(scene);
}
END_TEST

/*! The first uplink's dns and tcp/80 over IPv4, after one attempt each. */
static struct cross_list lines_of(const struct site *site, enum cross_state state)
{
	struct cross_list list = { 0 };
	ck_assert_int_eq(cross_list_build(site, &list), 0);
	for (size_t i = 0; i < list.count; i++) {
		struct cross_line *line = &list.items[i];
		bool web = line->port == 80 && line->uplink == 1 && line->family == FAMILY_4;
		line->state = web ? state : CROSS_PROVEN;
		line->failures = web && state != CROSS_PROVEN ? 2 : 0;
		line->since_ms = table_now_ms();
		line->tried_ms = table_now_ms();
		line->last = (struct cross_outcome){ .result = web ? CROSS_LOST : CROSS_GOOD,
			                             .source = line->uplink == 1 ? 2 : 1,
			                             .seen = CROSS_SENT,
			                             .rtt_us = 1500,
			                             .fault = "no answer" };
	}
	return list;
}

static const struct {
	enum cross_state state;
	const char *proven;
	const char *www; // Of the host, by the first uplink.
	size_t warnings;
} crossings[] = {
	{ CROSS_PROVEN, "11/11", "proven", 0 },
	{ CROSS_UNPROVEN, "10/11", "unproven", 1 },
	{ CROSS_DEAD, "10/11", "service dead", 1 },
	{ CROSS_UNKNOWN, "10/11", "unknown", 0 },
};

START_TEST(what_cross_probes_find_is_told)
{
	struct scene *scene = scene_new(WELL, NOTHING_BROKEN);
	struct cross_list list = lines_of(scene->standing.site, crossings[_i].state);
	scene->standing.crossed = &list;
	json_t *status = report_status(&scene->standing, table_now_ms());
	json_t *uplink = json_array_get(json_object_get(status, "uplinks"), 0);
	json_t *host = json_array_get(json_object_get(status, "hosts"), 0);
	json_t *row = json_array_get(json_object_get(host, "uplinks"), 0);
	json_t *warnings = json_object_get(status, "warnings");
	ck_assert_str_eq(json_string_value(json_object_get(uplink, "inbound_proven")),
	                 crossings[_i].proven);
	ck_assert_str_eq(json_string_value(json_object_get(row, "inbound")), crossings[_i].www);
	ck_assert_uint_eq(json_array_size(warnings), crossings[_i].warnings);
	assert_json(json_array_get(json_object_get(uplink, "inbound"), 0),
	            "{'service':'dns','family':'IPv4','state':'proven','detail':'','since_s':0,"
	            "'tried_s':0,'from':'backup','rtt_ms':1.5}");
	if (crossings[_i].warnings > 0) {
		const char *warning = json_string_value(json_array_get(warnings, 0));
		ck_assert_msg(strstr(warning, "uplink 'primary': tcp/80 over IPv4 is not proven "
		                              "reachable from outside since 0s (no answer: sent "
		                              "by 'backup', ") == warning,
		              "%s", warning);
	}
	json_decref(status);
	free(list.items);
	scene_free(scene);
}
END_TEST

START_TEST(services_that_died_alike_are_one_warning)
{
	struct scene *scene = scene_new(WELL, NOTHING_BROKEN);
	struct cross_list list = lines_of(scene->standing.site, CROSS_UNPROVEN);
	for (size_t i = 0; i < list.count; i++) {
		struct cross_line *line = &list.items[i];
		if (line->uplink == 1 && line->zone == NULL) {
			line->state = CROSS_UNPROVEN;
			line->failures = 2;
			(void)snprintf(line->last.fault, sizeof(line->last.fault), "%s",
			               line->port == 443 ? "refused" : "no answer");
		}
	}
	scene->standing.crossed = &list;
	json_t *status = report_status(&scene->standing, table_now_ms());
	json_t *warnings = json_object_get(status, "warnings");
	static const char *const told[] = {
		"uplink 'primary': tcp/25, tcp/80, tcp/81 over IPv4 are not proven ",
		"uplink 'primary': tcp/443 over IPv4 is not proven ",
		"uplink 'primary': tcp/22, tcp/25, tcp/80, tcp/81 over IPv6 are not proven ",
		"uplink 'primary': tcp/443 over IPv6 is not proven ",
	};
	for (size_t i = 0; i < json_array_size(warnings); i++) {
		const char *warning = json_string_value(json_array_get(warnings, i));
		ck_assert_uint_lt(i, COUNT(told));
		ck_assert_msg(strstr(warning, told[i]) == warning, "%s", warning);
	}
	ck_assert_uint_eq(json_array_size(warnings), COUNT(told));
	json_decref(status);
	free(list.items);
	scene_free(scene);
}
END_TEST

START_TEST(what_is_not_known_any_more_is_said_to_be_so)
{
	struct scene *scene = scene_new(WELL, NOTHING_BROKEN);
	struct cross_list list = lines_of(scene->standing.site, CROSS_UNKNOWN);
	list.items[0].state = CROSS_UNKNOWN;
	scene->standing.crossed = &list;
	json_t *status = report_status(&scene->standing, table_now_ms());
	json_t *uplink = json_array_get(json_object_get(status, "uplinks"), 0);
	const json_t *line = json_array_get(json_object_get(uplink, "inbound"), 0);
	ck_assert_str_eq(json_string_value(json_object_get(line, "detail")),
	                 "not probed again yet");
	json_decref(status);
	free(list.items);
	scene_free(scene);
}
END_TEST

START_TEST(nothing_is_told_before_the_first_pass)
{
	struct scene *scene = scene_new(WELL, NOTHING_BROKEN);
	const char *error = NULL;
	scene->standing.plan = NULL;
	ck_assert_ptr_null(report_status(&scene->standing, 0));
	ck_assert_ptr_null(report_explain(&scene->standing, "www.example.com", NULL, &error));
	ck_assert_ptr_nonnull(error);
	scene_free(scene);
}
END_TEST

#define WARNS(text) "uplink 'primary': " text

static const struct {
	struct discover_line line;
	enum cross_state inbound;
	const char *json;    // But for times.
	const char *warning; // NULL: none.
} discoveries[] = {
	{ { .failures = 1, .fault = "192.0.2.53 does not answer" },
	  CROSS_UNKNOWN,
	  "{'family':'IPv4','state':'unknown','from':'backup',"
	  "'detail':'192.0.2.53 does not answer'}",
	  NULL },
	{ { .known = { AF_INET, { 203, 0, 113, 7 } } },
	  CROSS_PROVEN,
	  "{'family':'IPv4','state':'learnt','from':'backup','detail':'','address':'203.0.113.7'}",
	  NULL },
	// Nobody confirms it.
	{ { .known = { AF_INET, { 203, 0, 113, 7 } }, .failures = 2, .fault = "mute" },
	  CROSS_PROVEN,
	  "{'family':'IPv4','state':'learnt','from':'backup','detail':'mute',"
	  "'address':'203.0.113.7'}",
	  NULL },
	{ { .known = { AF_INET, { 203, 0, 113, 7 } }, .failures = 3, .fault = "mute" },
	  CROSS_PROVEN,
	  "{'family':'IPv4','state':'learnt','from':'backup','detail':'mute',"
	  "'address':'203.0.113.7'}",
	  WARNS("public address 203.0.113.7 is not confirmed: mute") },
	{ { .known = { AF_INET, { 203, 0, 113, 7 } },
	    .failures = 1,
	    .refused = true,
	    .fault = "lie" },
	  CROSS_PROVEN,
	  "{'family':'IPv4','state':'learnt','from':'backup','detail':'lie',"
	  "'address':'203.0.113.7'}",
	  WARNS("public address 203.0.113.7 is not confirmed: lie") },
	// Nobody gets in.
	{ { .known = { AF_INET, { 203, 0, 113, 7 } }, .shared = true },
	  CROSS_UNKNOWN,
	  "{'family':'IPv4','state':'shared','from':'backup','detail':'','address':'203.0.113.7'}",
	  NULL },
	{ { .known = { AF_INET, { 203, 0, 113, 7 } } },
	  CROSS_UNPROVEN,
	  "{'family':'IPv4','state':'learnt','from':'backup','detail':'','address':'203.0.113.7'}",
	  WARNS("behind CGNAT, it seems: inbound impossible, since nothing that was sent to "
	        "203.0.113.7 came in") },
};

START_TEST(what_is_learnt_of_public_addresses_is_told)
{
	struct scene *scene = scene_new(WELL, NOTHING_BROKEN);
	struct discover_line line = discoveries[_i].line;
	struct cross_line service = { .uplink = 1, .state = discoveries[_i].inbound };
	const struct discover_list list = { &line, 1 };
	const struct cross_list services = { &service, 1 };
	json_t *object = json_object();
	json_t *warnings = json_array();
	(void)snprintf(line.id, sizeof(line.id), "primary");
	line.uplink = 1;
	line.source = 2;
	line.asking = true;
	line.own = (struct address){ AF_INET, { 10, 64, 0, 2 } };
	line.since_ms = table_now_ms();
	scene->standing.discovered = &list;
	scene->standing.crossed = &services;
	report_discover(&scene->standing, 2, object);
	ck_assert_ptr_null(json_object_get(object, "discovered"));
	report_discover(&scene->standing, 1, object);
	json_t *told = json_array_get(json_object_get(object, "discovered"), 0);
	(void)json_object_del(told, "since_s");
	assert_json(told, discoveries[_i].json);
	report_discover_warnings(&scene->standing, warnings);
	ck_assert_uint_eq(json_array_size(warnings), discoveries[_i].warning != NULL);
	if (discoveries[_i].warning != NULL) {
		ck_assert_str_eq(json_string_value(json_array_get(warnings, 0)),
		                 discoveries[_i].warning);
	}
	json_decref(object);
	json_decref(warnings);
	scene_free(scene);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report");
	TCase *tcase = tcase_create("report");
	tcase_add_loop_test(tcase, status_tells_what_stands, 0, COUNT(statuses));
	tcase_add_test(tcase, status_names_the_site_and_its_hosts);
	tcase_add_test(tcase, warnings_are_what_works_in_part_or_may_stop_us);
	tcase_add_test(tcase, nothing_is_told_before_the_first_pass);
	tcase_add_loop_test(tcase, what_cross_probes_find_is_told, 0, COUNT(crossings));
	tcase_add_test(tcase, services_that_died_alike_are_one_warning);
	tcase_add_test(tcase, what_is_not_known_any_more_is_said_to_be_so);
	tcase_add_loop_test(tcase, what_is_learnt_of_public_addresses_is_told, 0,
	                    COUNT(discoveries));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
