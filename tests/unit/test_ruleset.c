/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The ruleset in the kernel after one site file and then another, and what is known of it afterwards.
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

#define LINES(lan, first, second)                                                        \
	"site: {domain: example.com, lan: [lan0]" lan "}\nuplink:\n"                     \
	"- {id: a, interface: wan0, address: [192.0.2.1, \"2001:db8:1::2\"]" first "}\n" \
	"- {id: b, interface: wan1, address: 198.51.100.1" second "}\n"
#define SERVERS                                                         \
	"server:\n- {id: web, address: [10.0.0.10, \"fd00:10::10\"]}\n" \
	"- {id: two, address: 10.0.0.11}\n"
#define HOST(server, ports) \
	"host:\n- {domain: w.example.com, server: " server ", port: [" ports "]}\n"
#define HELD                                                                                    \
	"server:\n- {id: web, address: 10.0.0.10, reply-path: source-address, uplink-address: " \
	"[\"a=2001:db8:1:10::10\", b=10.0.0.10]}\n"

/*! Each is made of each other. */
static const char *const sites[] = {
	LINES("", "", "") SERVERS HOST("web", "tcp/80"),
	LINES("", "", "") SERVERS HOST("web", "tcp/80:8080, udp/443"),
	LINES("", "", "") SERVERS HOST("two", "tcp/80"),
	LINES("", "", "") SERVERS HOST("web", "tcp/80, tcp/90-99"),
	LINES("", "", "") SERVERS HOST("web", "tcp/80, tcp/90-98"),
	LINES(", cross-probe: on", "", "") SERVERS HOST("web", "tcp/80"),
	LINES(", dns-binding: port", "", "") SERVERS HOST("web", "tcp/80"),
	LINES(", lan-prefix: \"fd00:10::/64\"", ", prefix: \"2001:db8:1:10::/64\"", "")
		SERVERS HOST("web", "tcp/80, tcp/90-99"),
	LINES(", lan-prefix: \"fd00:10::/64\"", ", prefix: \"2001:db8:1:10::/64\"", "")
		SERVERS HOST("web", "tcp/81, tcp/90-99"),
	LINES(", lan-prefix: \"fd00:10::/60\"", ", prefix: \"2001:db8:1:10::/60\"", "")
		SERVERS HOST("web", "tcp/80, tcp/90-99"),
	LINES("", "", "") HELD HOST("web", "tcp/80"),
	LINES("", "", "") HELD HOST("web", "tcp/80, tcp/90-99, udp/7"),
};
#define SITES COUNT(sites)

/*! The order of elements and chains is the kernel's. */
static char *listing(void)
{
	return output_of("nft list table inet multihome | sed 's/counter packets.*bytes [0-9]*//; "
	                 "s/elements = {//' | tr -s ',\t }' '\n' | sort");
}

static void load_site(struct ruleset *ruleset, const struct planned *planned,
                      const struct plan *last)
{
	ck_assert_int_eq(ruleset_set_site(ruleset, planned->site), 0);
	enum refill refill = ruleset_needed(ruleset, last, planned->plan);
	ck_assert_int_eq(ruleset_load(ruleset, planned->plan, refill), 0);
	ruleset_forget_site(ruleset);
}

START_TEST(ruleset_follows_from_the_site_whatever_was_before)
{
	const char *observed = OBSERVED "address wan0 2001:db8:1::2/64\nlink wan1 up carrier\n"
					"address wan1 198.51.100.1/30\n";
	struct planned before = planned_from_text(sites[_i / SITES], observed);
	struct planned after = planned_from_text(sites[_i % SITES], observed);
	struct ruleset ruleset = { 0 };
	ck_assert_int_eq(ruleset_open(&ruleset), 0);
	load_site(&ruleset, &after, NULL);
	char *wanted = listing();
	ck_assert_int_eq(ruleset_remove(&ruleset), 0);
	ruleset.installed = false;
	load_site(&ruleset, &before, NULL);
	load_site(&ruleset, &after, before.plan);
	char *found = listing();
	ck_assert_msg(strcmp(found, wanted) == 0, "site %d after site %d", _i % SITES, _i / SITES);
	free(found);
	free(wanted);
	ruleset_close(&ruleset);
	planned_free(&after);
	planned_free(&before);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ruleset");
	TCase *cases = tcase_create("ruleset");
	tcase_add_checked_fixture(cases, namespace_enter, NULL);
	tcase_add_loop_test(cases, lost_events_are_our_own_only_if_nobody_was_there, 0,
	                    (int)(sizeof(histories) / sizeof(histories[0])));
	tcase_add_loop_test(cases, ruleset_follows_from_the_site_whatever_was_before, 0,
	                    SITES * SITES);
	tcase_set_timeout(cases, 60);
	suite_add_tcase(suite, cases);
	return namespace_suite_run(suite);
}
