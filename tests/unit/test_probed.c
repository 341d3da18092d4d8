/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * What the probes of an uplink say about each family, and what the plan makes of it.
 */

#include <check.h>
#include <string.h>

#include "daemon/probed.h"
#include "plan_text.h"

#define SITE(probes1, probes2)                                                        \
	"site:\n    domain: example.com\nuplink:\n"                                   \
	"  - id: a\n    interface: wan0\n    address: [192.0.2.1, \"2001:db8::1\"]\n" \
	"    gateway: [192.0.2.6, \"2001:db8::6\"]\n" probes1                         \
	"  - id: b\n    interface: wan1\n    address: 198.51.100.1\n"                 \
	"    gateway: 198.51.100.6\n" probes2
#define WELL                                                               \
	"link wan0 up carrier\nlink wan1 up carrier\n"                     \
	"address wan0 192.0.2.1/29\naddress wan0 2001:db8::1/64\naddress " \
	"wan1 198.51.100.1/29\n"

/*! A line's share of the probes, and what its state makes of the families: «-» withheld, «.» pending. */
static const struct {
	const char *probe;
	const char *lines;
	const char *start; // Nothing is known.
	const char *bad;   // The first line is down.
	const char *other; // The second line is down, the first one up.
} lines[] = {
	{ "[icmp 192.0.2.9]", "IPv4 0", "..", "--", NULL },
	{ "[\"icmp 2001:db8::9\"]", "IPv6 0", "..", "--", NULL },
	{ "[exec /a]", "any 0", "..", "--", NULL },
	{ "[exec /a, \"icmp 2001:db8::9\"]", "IPv6 01", "..", "--", NULL },
	{ "[exec /a, \"icmp 2001:db8::9\", tcp 192.0.2.9:1, exec /b]", "IPv4 023 IPv6 1", "..",
	  "-.", "+-" },
};

static void add_lines(const struct probed *probed, struct text *text)
{
	for (size_t i = 0; i < probed->line_count; i++) {
		const struct probed_line *line = &probed->lines[i];
		text_add(text, "%s%s ", i > 0 ? " " : "",
		         line->family == FAMILIES ? "any" : family_name(line->family));
		for (size_t k = 0; k < line->health.probe_count; k++) {
			text_add(text, "%zu", line->members[k]);
		}
	}
}

static void assert_verdict(const struct probed *probed, const char *expected)
{
	struct verdict verdict;
	char is[FAMILIES + 1] = "";
	probed_verdict(probed, &verdict);
	for (unsigned family = 0; family < FAMILIES; family++) {
		const struct verdict_family *state = &verdict.family[family];
		is[family] = !state->withheld ? '+' : state->pending ? '.' : '-';
		ck_assert_int_eq(state->withheld, state->reason[0] != '\0');
	}
	ck_assert_str_eq(is, expected);
}

static void rounds(struct probed_line *line, const char *letters)
{
	for (; *letters != '\0'; letters++) {
		for (size_t i = 0; i < line->health.probe_count; i++) {
			(void)health_result(&line->health, i, *letters == '+' ? NULL : "no reply",
			                    1, 1);
		}
	}
}

START_TEST(families_are_judged_by_their_probes)
{
	char site_text[1024];
	(void)snprintf(site_text, sizeof(site_text), SITE("    probe: %s\n", ""), lines[_i].probe);
	struct site *site = site_from_text(site_text);
	struct probed probed;
	ck_assert_int_eq(probed_init(&probed, &site->uplinks[0], NULL, 0), 0);
	struct text text = TEXT_EMPTY;
	add_lines(&probed, &text);
	ck_assert_str_eq(text.data, lines[_i].lines);
	text_free(&text);
	assert_verdict(&probed, lines[_i].start);
	rounds(&probed.lines[0], "---");
	assert_verdict(&probed, lines[_i].bad);
	if (lines[_i].other != NULL) {
		rounds(&probed.lines[0], "+++++");
		rounds(&probed.lines[1], "---");
		assert_verdict(&probed, lines[_i].other);
	}
	probed_deinit(&probed);
	site_free(site);
}
END_TEST

START_TEST(silence_of_one_family_is_not_held_against_the_other)
{
	struct planned planned = planned_from_text(SITE("    probe: icmp 192.0.2.9\n", ""), WELL);
	struct uplink_view view = planned.plan->uplinks[0];
	struct probed probed;
	ck_assert_int_eq(probed_init(&probed, view.uplink, NULL, 0), 0);
	probed_follow(&probed, &view, 1);
	rounds(&probed.lines[0], "+");
	assert_verdict(&probed, "++");
	// Its IPv4 address is gone, and comes back: IPv6 is answered all the time.
	view.family[FAMILY_4].routed = false;
	probed_follow(&probed, &view, 10);
	assert_verdict(&probed, "-+");
	view.family[FAMILY_4].routed = true;
	probed_follow(&probed, &view, 10000);
	assert_verdict(&probed, "-+");
	rounds(&probed.lines[0], "+++++");
	assert_verdict(&probed, "++");
	rounds(&probed.lines[0], "---");
	assert_verdict(&probed, "--");
	probed_deinit(&probed);
	planned_free(&planned);
}
END_TEST

START_TEST(link_that_was_gone_is_held_against_both)
{
	struct planned planned = planned_from_text(SITE("    probe: icmp 192.0.2.9\n", ""), WELL);
	struct uplink_view view = planned.plan->uplinks[0];
	struct probed probed;
	ck_assert_int_eq(probed_init(&probed, view.uplink, NULL, 0), 0);
	probed_follow(&probed, &view, 1);
	rounds(&probed.lines[0], "+");
	view.family[FAMILY_4].routed = false;
	view.family[FAMILY_6].routed = false;
	probed_follow(&probed, &view, 10);
	assert_verdict(&probed, "--");
	// Only IPv6 is back: nothing can be proved.
	view.family[FAMILY_6].routed = true;
	probed_follow(&probed, &view, 10000);
	assert_verdict(&probed, "-+");
	view.family[FAMILY_6].routed = false;
	probed_follow(&probed, &view, 20000);
	view.family[FAMILY_4].routed = true;
	view.family[FAMILY_6].routed = true;
	probed_follow(&probed, &view, 30000);
	assert_verdict(&probed, "--");
	rounds(&probed.lines[0], "+++++");
	assert_verdict(&probed, "++");
	probed_deinit(&probed);
	planned_free(&planned);
}
END_TEST

START_TEST(what_is_published_is_adopted)
{
	struct planned planned = planned_from_text(
		SITE("    probe: [icmp 192.0.2.9, \"icmp 2001:db8::9\"]\n", ""), WELL);
	struct table_uplink row = planned.plan->table->uplinks[0];
	struct probed probed;
	ck_assert_int_eq(probed_init(&probed, &planned.site->uplinks[0], &row, 0), 0);
	assert_verdict(&probed, "++");
	rounds(&probed.lines[1], "---");
	assert_verdict(&probed, "+-");
	probed_deinit(&probed);
	// Only one family was answered.
	ck_assert_int_eq(row.address[1].family, AF_INET6);
	row.address_count = 1;
	ck_assert_int_eq(probed_init(&probed, &planned.site->uplinks[0], &row, 0), 0);
	assert_verdict(&probed, "+-");
	rounds(&probed.lines[1], "++++");
	assert_verdict(&probed, "+-");
	rounds(&probed.lines[1], "+");
	assert_verdict(&probed, "++");
	probed_deinit(&probed);
	planned_free(&planned);
}
END_TEST

// Both uplinks' verdicts, IPv4 and IPv6 of the first, IPv4 of the second; and who is answered then:
// «+» usable, «!» as a last resort.
static const struct {
	const char *verdicts;
	const char *usable;
} plans[] = {
	{ "+++", "+++" }, { "-++", "-++" }, { "+-+", "+-+" }, { "--+", "--+" },
	{ "++-", "++-" }, { "--.", "!!-" }, { "---", "!!!" }, { "-+-", "!+!" },
	{ "..-", "--!" }, { "...", "---" }, { "+--", "+--" }, { ".-.", "-!-" },
};

static char shown(const struct uplink_family *family)
{
	return !family->usable ? '-' : family->last_resort ? '!' : '+';
}

START_TEST(probes_never_take_the_last_uplink)
{
	struct site *site = site_from_text(SITE("", ""));
	struct observed observed = observed_from_text(WELL);
	struct verdict items[2] = { { .id = "b" }, { .id = "a" } };
	struct verdicts verdicts = { .items = items, .count = 2 };
	struct verdict_family *families[] = { &items[1].family[FAMILY_4],
		                              &items[1].family[FAMILY_6],
		                              &items[0].family[FAMILY_4] };
	for (int i = 0; i < 3; i++) {
		families[i]->withheld = plans[_i].verdicts[i] != '+';
		families[i]->pending = plans[_i].verdicts[i] == '.';
		(void)snprintf(families[i]->reason, sizeof(families[i]->reason), "because");
	}
	struct plan *plan = NULL;
	ck_assert_int_eq(plan_build(site, &observed, 0, &verdicts, &plan), 0);
	const struct uplink_family *states[] = { &plan->uplinks[0].family[FAMILY_4],
		                                 &plan->uplinks[0].family[FAMILY_6],
		                                 &plan->uplinks[1].family[FAMILY_4] };
	char is[4] = "";
	for (int i = 0; i < 3; i++) {
		is[i] = shown(states[i]);
		ck_assert_int_eq(states[i]->withheld, plans[_i].verdicts[i] != '+');
		ck_assert_str_eq(states[i]->reason,
		                 is[i] == '+'   ? ""
		                 : is[i] == '-' ? "because"
		                                : "because; answered all the same, since no uplink "
		                                  "is better");
		ck_assert_int_eq(states[i]->closed, states[i]->withheld);
		ck_assert(states[i]->open || !states[i]->usable);
		// Probes must find their way out again.
		ck_assert(states[i]->routed);
	}
	ck_assert_str_eq(is, plans[_i].usable);
	// The site's own connections always have a way out, by those that are proved if there are any.
	ck_assert_int_eq(states[0]->open, is[0] != '-' || is[2] == '-');
	ck_assert_int_eq(states[2]->open, is[2] != '-' || is[0] == '-');
	ck_assert(states[0]->open || states[2]->open);
	ck_assert(states[1]->open);
	ck_assert_int_eq(plan->table->uplinks[1].usable, is[2] != '-');
	plan_free(plan);
	observed_deinit(&observed);
	site_free(site);
}
END_TEST

START_TEST(uplink_without_link_is_no_last_resort)
{
	struct site *site = site_from_text(SITE("", ""));
	struct observed observed =
		observed_from_text("link wan0 up carrier\nlink wan1 up\n"
	                           "address wan0 192.0.2.1/29\naddress wan1 198.51.100.1/29\n");
	struct verdict items[2] = { { .id = "a", .family[FAMILY_4] = { .withheld = true } },
		                    { .id = "b", .family[FAMILY_4] = { .withheld = true } } };
	const struct verdicts verdicts = { .items = items, .count = 2 };
	struct plan *plan = NULL;
	ck_assert_int_eq(plan_build(site, &observed, 0, &verdicts, &plan), 0);
	ck_assert(plan->uplinks[0].family[FAMILY_4].last_resort);
	ck_assert(!uplink_view_usable(&plan->uplinks[1]));
	ck_assert_str_eq(uplink_view_reason(&plan->uplinks[1]), "interface wan1 has no carrier");
	plan_free(plan);
	observed_deinit(&observed);
	site_free(site);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("probed");
	TCase *tcase = tcase_create("all");
	tcase_add_loop_test(tcase, families_are_judged_by_their_probes, 0, COUNT(lines));
	tcase_add_test(tcase, silence_of_one_family_is_not_held_against_the_other);
	tcase_add_test(tcase, link_that_was_gone_is_held_against_both);
	tcase_add_test(tcase, what_is_published_is_adopted);
	tcase_add_loop_test(tcase, probes_never_take_the_last_uplink, 0, COUNT(plans));
	tcase_add_test(tcase, uplink_without_link_is_no_last_resort);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
