/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * What is known of the ruleset in the kernel after it was loaded, as a whole or elements alone.
 */

#include <check.h>
#include <string.h>

#include "daemon/ruleset.h"
#include "namespace.h"
#include "plan_text.h"

#define SITE                                                                \
	"site:\n    domain: example.com\n    lan: lan0\n"                   \
	"uplink:\n  - id: a\n    interface: wan0\n    address: 192.0.2.1\n" \
	"server:\n  - id: web\n    address: 10.0.0.10\n"                    \
	"host:\n  - domain: www.example.com\n    server: web\n    port: [tcp/80, tcp/443]\n"

#define OBSERVED "link wan0 up carrier\naddress wan0 192.0.2.1/30\n"

/*! What happens after the ruleset was loaded as a whole: «o» others commit to our table, «e» elsewhere. */
static const struct {
	const char *before;
	enum refill refill;
	const char *after;
	bool own; // Events that get lost then can only be our own.
} histories[] = {
	{ "", REFILL_NOTHING, "", true }, { "", REFILL_NOTHING, "o", false },
	{ "", REFILL_LIVE, "", true },    { "", REFILL_LIVE, "e", false },
	{ "o", REFILL_LIVE, "", false },  { "e", REFILL_LIVE, "", false },
	{ "o", REFILL_ALL, "", true },    { "o", REFILL_ALL, "o", false },
};

static void commit(const char *who)
{
	if (strcmp(who, "o") == 0) {
		run("nft flush map inet multihome single4_1");
	} else if (strcmp(who, "e") == 0) {
		run("nft add table inet other");
	}
}

START_TEST(lost_events_are_our_own_only_if_nobody_was_there)
{
	struct planned planned = planned_from_text(SITE, OBSERVED);
	struct ruleset ruleset = { 0 };
	ck_assert_int_eq(ruleset_open(&ruleset), 0);
	ck_assert_int_eq(ruleset_set_site(&ruleset, planned.site), 0);
	ck_assert_int_eq(ruleset_load(&ruleset, planned.plan, REFILL_ALL), 0);
	commit(histories[_i].before);
	ck_assert_int_eq(ruleset_load(&ruleset, planned.plan, histories[_i].refill), 0);
	commit(histories[_i].after);
	ck_assert_int_eq(ruleset_lost_own_events(&ruleset), histories[_i].own);
	ruleset_close(&ruleset);
	planned_free(&planned);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ruleset");
	TCase *cases = tcase_create("ruleset");
	tcase_add_checked_fixture(cases, namespace_enter, NULL);
	tcase_add_loop_test(cases, lost_events_are_our_own_only_if_nobody_was_there, 0,
	                    (int)(sizeof(histories) / sizeof(histories[0])));
	suite_add_tcase(suite, cases);
	return namespace_suite_run(suite);
}
