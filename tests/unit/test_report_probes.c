/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * What status and explain say of the probes.
 */

#include "report_scene.h"

/*! The probes of the scene's first uplink: an IPv4 one and an IPv6 one. */
static struct probed probed_new(uint64_t now_ms)
{
	char id[] = "primary";
	char text4[] = "icmp 192.0.2.9";
	char text6[] = "tcp [2001:db8::9]:53";
	struct probe probes[] = {
		{ .kind = PROBE_ICMP, .text = text4 },
		{ .kind = PROBE_TCP, .text = text6, .port = 53 },
	};
	ck_assert_int_eq(address_parse("192.0.2.9", &probes[0].address), 0);
	ck_assert_int_eq(address_parse("2001:db8::9", &probes[1].address), 0);
	const struct uplink uplink = {
		.id = id,
		.probe = { probes, 2 },
		.interval_ms = 1000,
		.down_after = 3,
		.up_after = 5,
		.quorum = 1,
		.degraded_loss = 20,
	};
	struct probed probed;
	ck_assert_int_eq(probed_init(&probed, &uplink, NULL, now_ms), 0);
	return probed;
}

static void rounds(struct probed *probed, int line, const char *letters)
{
	for (; *letters != '\0'; letters++) {
		(void)health_result(&probed->lines[line].health, 0,
		                    *letters == '+' ? NULL : "no reply", 1500, table_now_ms());
	}
}

/*! A scene in which these are the probes, and the plan knows. */
static struct scene *scene_with(struct probed *probed, struct probed_list *list,
                                const char *observed)
{
	struct scene *scene = scene_new(observed, NOTHING_BROKEN);
	struct verdict verdict;
	const struct verdicts verdicts = { .items = &verdict, .count = 1 };
	probed_verdict(probed, &verdict);
	plan_free(scene->planned.plan);
	ck_assert_int_eq(plan_build(scene->planned.site, &scene->planned.observed, 0, &verdicts,
	                            &scene->planned.plan),
	                 0);
	scene->standing.plan = scene->planned.plan;
	scene->standing.probed = list;
	return scene;
}

#define RTT(minutes)                                                                               \
	"'rtt_min_" minutes "m_ms':1.5,'rtt_avg_" minutes "m_ms':1.5,'rtt_max_" minutes "m_ms':1." \
	"5"

static const struct {
	const char *observed;
	const char *rounds[2];
	const char *state;
	const char *reason;
	const char *loss;
	const char *health;
	const char *probes;
	const char *step; // NULL: good.
} reports[] = {
	{ WELL,
	  { "+++++", "+" },
	  "'up'",
	  "''",
	  "0",
	  "[{'family':'IPv4','state':'up','since_s':0,'reason':'','held':false},"
	  "{'family':'IPv6','state':'up','since_s':0,'reason':'','held':false}]",
	  "[{'probe':'icmp 192.0.2.9','state':'good','since_s':0,'rtt_ms':1.5,'loss_1m':0," RTT(
		  "1") ",'loss_15m':0," RTT("15") "},"
	                                          "{'probe':'tcp "
	                                          "[2001:db8::9]:53','state':'good','since_s':0,'"
	                                          "rtt_ms':1.5,'loss_1m':0," RTT(
							  "1") ",'loss_15m':0," RTT("15") "}]",
	  NULL },
	{ WELL,
	  { "", "" },
	  "'unknown'",
	  "'its probes have not said anything yet'",
	  NULL,
	  NULL,
	  "[{'probe':'icmp 192.0.2.9','state':'unknown','since_s':0},"
	  "{'probe':'tcp [2001:db8::9]:53','state':'unknown','since_s':0}]",
	  "'its probes have not said anything yet'" },
	{ WELL,
	  { "---", "---" },
	  "'down'",
	  "'probe icmp 192.0.2.9 fails since 0s (no reply, 3 in a row)'",
	  "100",
	  NULL,
	  "[{'probe':'icmp 192.0.2.9','state':'failing','since_s':0,'fault':'no reply',"
	  "'failures':3,'loss_1m':100,'loss_15m':100},"
	  "{'probe':'tcp [2001:db8::9]:53','state':'failing','since_s':0,'fault':'no reply',"
	  "'failures':3,'loss_1m':100,'loss_15m':100}]",
	  "'probe icmp 192.0.2.9 fails since 0s (no reply, 3 in a row)'" },
	// IPv6 alone: the uplink is up.
	{ WELL,
	  { "+", "---" },
	  "'up'",
	  "'probe tcp [2001:db8::9]:53 fails since 0s (no reply, 3 in a row)'",
	  "0",
	  NULL,
	  NULL,
	  NULL },
	{ WELL,
	  { "+++-++-++-+", "+" },
	  "'degraded'",
	  "'its probes lose 27% (degraded from 20% on)'",
	  "0",
	  NULL,
	  NULL,
	  NULL },
	// The link is what is wrong.
	{ UNPLUGGED, { "---", "" }, "'down'", NULL, NULL, NULL, NULL, NULL },
};

START_TEST(status_tells_what_the_probes_found)
{
	struct probed probed = probed_new(table_now_ms());
	struct probed *items[] = { &probed };
	struct probed_list list = { items, 1 };
	rounds(&probed, 0, reports[_i].rounds[0]);
	rounds(&probed, 1, reports[_i].rounds[1]);
	struct scene *scene = scene_with(&probed, &list, reports[_i].observed);
	json_t *status = report_status(&scene->standing, table_now_ms());
	const json_t *uplinks = json_object_get(status, "uplinks");
	const json_t *uplink = json_array_get(uplinks, 0);
	const struct {
		const char *member;
		const char *expected;
	} members[] = {
		{ "state", reports[_i].state },   { "reason", reports[_i].reason },
		{ "loss_1m", reports[_i].loss },  { "health", reports[_i].health },
		{ "probes", reports[_i].probes },
	};
	for (int i = 0; i < COUNT(members); i++) {
		if (members[i].expected != NULL) {
			assert_json(json_object_get(uplink, members[i].member),
			            members[i].expected);
		}
	}
	ck_assert_ptr_null(json_object_get(json_array_get(uplinks, 1), "probes"));
	json_decref(status);

	const char *error = NULL;
	json_t *explained = report_explain(&scene->standing, "www.example.com", "primary", &error);
	const json_t *steps =
		json_object_get(json_array_get(json_object_get(explained, "uplinks"), 0), "steps");
	const json_t *step = json_array_get(steps, 3);
	assert_json(json_object_get(step, "step"), "'probes'");
	ck_assert_int_eq(json_is_true(json_object_get(step, "good")), reports[_i].step == NULL);
	if (reports[_i].step != NULL) {
		assert_json(json_object_get(step, "detail"), reports[_i].step);
		// The settings are not to blame.
		ck_assert(json_is_true(json_object_get(json_array_get(steps, 2), "good")));
	}
	json_decref(explained);
	scene_free(scene);
	probed_deinit(&probed);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report_probes");
	TCase *tcase = tcase_create("all");
	tcase_add_loop_test(tcase, status_tells_what_the_probes_found, 0, COUNT(reports));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
