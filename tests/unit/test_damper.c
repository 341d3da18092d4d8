/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Cables that flap: when their uplinks are held back, and for how long.
 */

#include <check.h>
#include <string.h>

#include "daemon/damper.h"
#include "plan_text.h"

#define SITE(lines)                                                      \
	"site:\n    domain: example.com\nuplink:\n"                      \
	"  - id: a\n    interface: wan0\n    address: 192.0.2.1\n" lines \
	"  - id: b\n    interface: wan1\n    address: 198.51.100.1\n"

/*!
 * A second each: the cable is in «+», out «-», the interface set down «d» or gone «x»; and what comes of
 * it: held «h» or not «.».
 */
static const struct {
	const char *lines;
	const char *cable;
	const char *held;
	unsigned wait; // Seconds for which the last state goes on.
	bool held_after;
} histories[] = {
	{ "", "++-++-++", ".....hhh", 117, true },
	{ "", "++-++-++", ".....hhh", 118, false },
	// The wait begins again with each outage.
	{ "", "+-+-+++-+", "...hhhhhh", 118, true },
	{ "", "+-+-+++-+", "...hhhhhh", 119, false },
	{ "", "+x+x+", "...hh", 0, true },
	// Set down by hand, and a daemon that comes while the cable is out.
	{ "", "+d+d+d+d+", ".........", 0, false },
	{ "", "--+++-+", ".....hh", 0, true },
	{ "", "+-d-+-d+", ".....hhh", 0, true },
	{ "    interval: 100ms\n", "+-+-+", "...hh", 10, true },
	{ "    interval: 100ms\n", "+-+-+", "...hh", 11, false },
	{ "    interval: 100ms\n", "+-+++++++++++++-+", "................", 0, false },
	{ "    damping: off\n", "+-+-+-+-", "........", 0, false },
	{ "    probe: icmp 192.0.2.9\n", "+-+-+-+-", "........", 0, false },
};

static bool is_held(struct damper *damper, const struct site *site, char cable, uint64_t now_ms)
{
	struct link links[] = {
		{ .index = 1, .name = "wan1", .up = true, .carrier = true },
		{ .index = 2, .name = "wan0", .up = cable != 'd', .carrier = cable == '+' }
	};
	struct observed observed = { .links = links, .link_count = cable == 'x' ? 1 : 2 };
	const struct verdicts *verdicts = damper_judge(damper, site, &observed, NULL, now_ms);
	ck_assert_uint_le(verdicts->count, 1);
	if (verdicts->count == 1) {
		ck_assert_str_eq(verdicts->items[0].id, "a");
		ck_assert(verdicts->items[0].family[FAMILY_4].withheld);
		ck_assert(verdicts->items[0].family[FAMILY_6].unproved);
	}
	return verdicts->count == 1;
}

START_TEST(cable_that_flaps_is_held)
{
	char text[512];
	static struct damper damper;
	memset(&damper, 0, sizeof(damper));
	(void)snprintf(text, sizeof(text), SITE("%s"), histories[_i].lines);
	struct site *site = site_from_text(text);
	uint64_t now_ms = 1000;
	const char *cable = histories[_i].cable;
	for (size_t i = 0; cable[i] != '\0'; i++, now_ms += 1000) {
		bool held = is_held(&damper, site, cable[i], now_ms);
		ck_assert_msg(held == (histories[_i].held[i] == 'h'), "%s: %zu", cable, i);
	}
	now_ms += (uint64_t)histories[_i].wait * 1000;
	bool held = is_held(&damper, site, cable[strlen(cable) - 1], now_ms);
	ck_assert_int_eq(held, histories[_i].held_after);
	site_free(site);
}
END_TEST

START_TEST(what_probes_say_comes_along)
{
	static struct damper damper;
	struct verdict verdict = { .id = "b" };
	struct blocked_list blocked = { 0 };
	struct discover_list *learnt = (struct discover_list *)&blocked;
	struct verdicts probed = {
		.items = &verdict, .count = 1, .blocked = &blocked, .discovered = learnt
	};
	struct observed observed = { 0 };
	struct site *site = site_from_text(SITE(""));
	const struct verdicts *verdicts = damper_judge(&damper, site, &observed, &probed, 1);
	ck_assert_uint_eq(verdicts->count, 1);
	ck_assert_str_eq(verdicts->items[0].id, "b");
	ck_assert_ptr_eq(verdicts->blocked, &blocked);
	ck_assert_ptr_eq(verdicts->discovered, learnt);
	site_free(site);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("damper");
	TCase *tcase = tcase_create("damper");
	tcase_add_loop_test(tcase, cable_that_flaps_is_held, 0, COUNT(histories));
	tcase_add_test(tcase, what_probes_say_comes_along);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
