/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The ruleset in the kernel after one site file and then another, and what is known of it afterwards.
 */

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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
	LINES(", fwmark-mask: 0x003f0000", "", "") SERVERS HOST("web", "tcp/80, tcp/90-99"),
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

/*! What load_site() has complained about, in all since its start. */
static int complaints;

static void complaints_begin(void)
{
	complaints = memfd_create("log", MFD_CLOEXEC);
	ck_assert_int_ge(complaints, 0);
	ck_assert_int_ge(dup2(complaints, STDERR_FILENO), 0);
}

/*! A change that the kernel did not take would be followed by a whole load, which hides it. */
static void assert_no_complaint(const char *what)
{
	char log[512] = "";
	(void)pread(complaints, log, sizeof(log) - 1, 0);
	ck_assert_msg(log[0] == '\0', "%s: %s", what, log);
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
	complaints_begin();
	load_site(&ruleset, &after, before.plan);
	assert_no_complaint(sites[_i / SITES]);
	char *found = listing();
	ck_assert_msg(strcmp(found, wanted) == 0, "site %d after site %d", _i % SITES, _i / SITES);
	free(found);
	free(wanted);
	ruleset_close(&ruleset);
	planned_free(&after);
	planned_free(&before);
}
END_TEST

/*! The same sites in each run. */
static unsigned draw(unsigned below)
{
	static uint32_t state = 0x9e3779b9;
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % below;
}

static const char *one_of(const char *first, const char *second)
{
	return draw(2) == 0 ? first : second;
}

/*! Ports and ranges out of few, so that some stay from one site to the next. */
static void draw_ports(unsigned server, bool shifted, struct text *text)
{
	for (unsigned i = 0; i < 6; i++) {
		unsigned port = 1000 * (server + 1) + 20 * i;
		unsigned kind = draw(4);
		if (kind == 1) {
			text_add(text, ", tcp/%u-%u", port, port + 5 + draw(3));
		} else if (kind == 2) {
			text_add(text, shifted ? ", udp/%u:%u" : ", udp/%u", port, port + draw(2));
		} else if (kind == 3) {
			text_add(text, ", tcp/%u", port + draw(2));
		}
	}
}

/*! Sites that differ in all that a reload changes mostly, and in all that decides about maps. */
static char *draw_site(void)
{
	static const char *const kinds[] = { "", ", lan-prefix: \"fd00:10::/64\"", "" };
	struct text text = TEXT_EMPTY;
	unsigned kind = draw(3); // Of prefixes: none, mapped, held by a server.
	unsigned uplinks = 1 + draw(3);
	text_add(&text,
	         "site: {domain: example.com, lan: [lan0%s], masquerade: %s, hairpin: %s, "
	         "cross-probe: %s, outbound: %s, fwmark-mask: %s, dns-binding: %s%s}\nuplink:\n",
	         one_of("", ", lan1"), one_of("on", "off"), one_of("on", "off"),
	         one_of("on", "off"), one_of("failover", "leave"),
	         one_of("0x3f000000", "0x003f0000"),
	         draw(3) == 0 ? "device" : one_of("address", "port"), kinds[kind]);
	unsigned turn = draw(3);
	for (unsigned i = 0; i < uplinks; i++) {
		unsigned line = (i + turn) % 3;
		text_add(&text, "- {id: %c, interface: wan%u, address: 192.0.2.%u", 'a' + i, line,
		         4 * line + 1);
		if (kind == 1 && (i == 0 || draw(2) == 0)) {
			text_add(&text, ", prefix: \"2001:db8:1:1%u::/64\"", i);
		}
		text_add(&text, "}\n");
	}
	text_add(&text, "server:\n");
	for (unsigned i = 0; i < 3; i++) {
		text_add(&text, "- {id: s%u, address: [10.0.%u.%u, \"fd00:10::%u%u\"]", i, i,
		         10 + draw(2), i, 1 + draw(2));
		if (i == 2 && kind != 1) {
			text_add(&text, ", reply-path: source-address, uplink-address: [");
			for (unsigned k = 0; k < uplinks; k++) {
				text_add(&text, "%s%c=10.1.%u.%u", k > 0 ? ", " : "", 'a' + k, k,
				         1 + draw(2));
				if (kind == 2) {
					text_add(&text, ", \"%c=2001:db8:%u::%u\"", 'a' + k, k,
					         1 + draw(2));
				}
			}
			text_add(&text, "]");
		}
		text_add(&text, "}\n");
	}
	text_add(&text, "host:\n");
	for (unsigned i = 0; i < 3; i++) {
		text_add(&text,
		         "- {domain: h%u.example.com, server: s%u, uplink: %c, port: [tcp/%u", i, i,
		         'a' + draw(uplinks), i + 1);
		draw_ports(i, kind == 0, &text);
		text_add(&text, "]}\n");
	}
	if (draw(2) == 0) {
		text_add(&text, "mail:\n- {domain: m.example.com, server: s%u, port: [tcp/25]}\n",
		         draw(2));
	}
	return text_take(&text);
}

#define CHAIN 12

/*! One change after the other comes to the same as a fresh load of the last. */
START_TEST(changes_come_to_what_a_whole_load_comes_to)
{
	const char *observed = "link wan0 up carrier\naddress wan0 192.0.2.1/30\n"
			       "link wan1 up carrier\naddress wan1 192.0.2.5/30\n"
			       "link wan2 up carrier\naddress wan2 192.0.2.9/30\n";
	struct planned planned[CHAIN];
	char *text[CHAIN];
	char *found[CHAIN];
	struct ruleset ruleset = { 0 };
	for (int i = 0; i < CHAIN * _i; i++) {
		free(draw_site());
	}
	ck_assert_int_eq(ruleset_open(&ruleset), 0);
	complaints_begin();
	for (int i = 0; i < CHAIN; i++) {
		text[i] = draw_site();
		planned[i] = planned_from_text(text[i], observed);
		load_site(&ruleset, &planned[i], i > 0 ? planned[i - 1].plan : NULL);
		found[i] = listing();
	}
	assert_no_complaint("a chain of changes");
	for (int i = 0; i < CHAIN; i++) {
		ck_assert_int_eq(ruleset_remove(&ruleset), 0);
		ruleset.installed = false;
		load_site(&ruleset, &planned[i], NULL);
		char *wanted = listing();
		if (strcmp(found[i], wanted) != 0) {
			// More than check takes as a message.
			printf("%s\nafter\n%s\nis\n%s\nnot\n%s\n", text[i],
			       i > 0 ? text[i - 1] : "nothing", found[i], wanted);
			ck_abort_msg("site %d of chain %d, see above", i, _i);
		}
		free(wanted);
	}
	for (int i = 0; i < CHAIN; i++) {
		free(found[i]);
		free(text[i]);
		planned_free(&planned[i]);
	}
	ruleset_close(&ruleset);
}
END_TEST

#define CHAINS 4

int main(void)
{
	Suite *suite = suite_create("ruleset");
	TCase *cases = tcase_create("ruleset");
	tcase_add_checked_fixture(cases, namespace_enter, NULL);
	tcase_add_loop_test(cases, lost_events_are_our_own_only_if_nobody_was_there, 0,
	                    (int)(sizeof(histories) / sizeof(histories[0])));
	tcase_add_loop_test(cases, ruleset_follows_from_the_site_whatever_was_before, 0,
	                    SITES * SITES);
	tcase_add_loop_test(cases, changes_come_to_what_a_whole_load_comes_to, 0, CHAINS);
	tcase_set_timeout(cases, 60);
	suite_add_tcase(suite, cases);
	return namespace_suite_run(suite);
}
