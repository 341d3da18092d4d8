/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The metrics of a site, by the rules of OpenMetrics 1.0 and of the older Prometheus format.
 */

#include "daemon/metrics.h"
#include "report_scene.h"

static char *metrics_of(struct scene *scene)
{
	struct metrics_source source = {
		.standing = &scene->standing,
		.counters = { .passes = 3,
		              .pass_us = 4500,
		              .last_pass_us = 1500,
		              .repairs = { 2, 1 } },
		.started_ms = table_now_ms(),
		.parent_pending = 1,
		.journal_lost = 4,
		.hook_failures = 5,
		.connections = { [1] = 37, [2] = -1 },
	};
	struct text text = TEXT_EMPTY;
	ck_assert_int_eq(metrics_write(&source, &text), 0);
	return text_take(&text);
}

static const struct {
	const char *line;
	bool there;
} lines[] = {
	{ "multihome_build_info{version=\"" VERSION "\"} 1", true },
	{ "multihome_uplink_up{uplink=\"primary\"} 0", true },
	{ "multihome_uplink_up{uplink=\"backup\"} 1", true },
	{ "multihome_uplink_answered{uplink=\"primary\"} 0", true },
	{ "multihome_uplink_drained{uplink=\"backup\"} 1", true },
	{ "multihome_uplink_transitions_total{uplink=\"primary\"} 7", true },
	{ "multihome_uplink_forwards_installed{uplink=\"primary\"} 4", true },
	{ "multihome_uplink_connections{uplink=\"primary\"} 37", true },
	// Not counted.
	{ "multihome_uplink_connections{uplink=\"backup\"} -1", false },
	{ "multihome_passes_total 3", true },
	{ "multihome_pass_seconds_total 0.004500", true },
	{ "multihome_pass_last_seconds 0.001500", true },
	{ "multihome_table_generation 12", true },
	{ "multihome_repairs_total{what=\"ruleset\"} 2", true },
	{ "multihome_repairs_total{what=\"routes\"} 1", true },
	{ "multihome_parent_pending_uplinks 1", true },
	{ "multihome_journal_lost_entries_total 4", true },
	{ "multihome_hook_failures_total 5", true },
	{ "# TYPE multihome_uplink_up gauge", true },
	{ "# TYPE multihome_passes counter", true },
	{ "# UNIT multihome_pass_seconds seconds", true },
};

START_TEST(each_number_is_there)
{
	struct scene *scene = scene_new(UNPLUGGED, "", "", "2", true);
	scene->history[1].transitions = 7;
	char *text = metrics_of(scene);
	char wanted[128];
	(void)snprintf(wanted, sizeof(wanted), "%s\n", lines[_i].line);
	ck_assert_msg((strstr(text, wanted) != NULL) == lines[_i].there, "%s: %s", wanted, text);
	free(text);
	scene_free(scene);
}
END_TEST

/*! A family is TYPE, UNIT, HELP and its samples, in one piece, and «# EOF» is the last line. */
START_TEST(families_stay_together)
{
	struct scene *scene = scene_new(WELL, NOTHING_BROKEN);
	char *text = metrics_of(scene);
	char family[64] = "";
	bool counter = false;
	bool ended = false;
	char *rest = NULL;
	for (char *line = strtok_r(text, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		char name[64];
		char type[64];
		ck_assert(!ended);
		if (sscanf(line, "# TYPE %63s %63s", name, type) == 2) {
			(void)strcpy(family, name);
			counter = strcmp(type, "counter") == 0;
			// Others would not be read by node_exporter.
			ck_assert(counter || strcmp(type, "gauge") == 0);
		} else if (sscanf(line, "# UNIT %63s %63s", name, type) == 2) {
			ck_assert_str_eq(name, family);
			ck_assert_str_eq(name + strlen(name) - strlen(type), type);
		} else if (sscanf(line, "# HELP %63s", name) == 1) {
			ck_assert_str_eq(name, family);
			ck_assert_int_eq(line[strlen(line) - 1], '.');
		} else if (strcmp(line, "# EOF") == 0) {
			ended = true;
		} else {
			ck_assert_int_eq(sscanf(line, "%63[a-z_]", name), 1);
			ck_assert_int_eq(strncmp(name, family, strlen(family)), 0);
			ck_assert_str_eq(name + strlen(family), counter ? "_total" : "");
			char *end;
			(void)strtod(strrchr(line, ' ') + 1, &end);
			ck_assert_int_eq(*end, '\0');
		}
	}
	ck_assert(ended);
	free(text);
	scene_free(scene);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("metrics");
	TCase *tcase = tcase_create("metrics");
	tcase_add_loop_test(tcase, each_number_is_there, 0, COUNT(lines));
	tcase_add_test(tcase, families_stay_together);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
