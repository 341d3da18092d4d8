/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * What cross-probes prove: which services there are, what an attempt makes of a state, who probes whom.
 */

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "daemon/cross_blocked.h"
#include "plan_text.h"

#define UPLINKS                                                                       \
	"uplink:\n"                                                                   \
	"  - id: a\n    interface: wan0\n    address: [192.0.2.1, \"2001:db8::1\"]\n" \
	"    gateway: [192.0.2.6, \"2001:db8::6\"]\n"                                 \
	"  - id: b\n    interface: wan1\n    address: 198.51.100.1\n"                 \
	"    gateway: 198.51.100.6\n"                                                 \
	"  - id: c\n    interface: wan2\n    address: 203.0.113.1\n"                  \
	"    gateway: 203.0.113.6\n"
#define SERVICES                                                                          \
	"server:\n  - id: web\n    address: 10.0.0.10\n"                                  \
	"  - id: six\n    address: [10.0.0.66, \"fd00:10::66\"]\n"                        \
	"host:\n  - domain: www.example.com\n    server: web\n    uplink: [a, b]\n"       \
	"    port: [tcp/443:8443, tcp/80, udp/443, tcp/9000-9010]\n"                      \
	"  - domain: old.example.com\n    server: web\n    uplink: b\n    port: tcp/81\n" \
	"forward:\n  - id: ssh\n    server: six\n    port: [tcp/22, udp/22]\n    uplink: [a, c]\n"
#define SITE(lines) "site:\n    domain: example.com\n" lines UPLINKS SERVICES
#define WELL                                                                                     \
	"link wan0 up carrier\nlink wan1 up carrier\nlink wan2 up carrier\n"                     \
	"address wan0 192.0.2.1/29\naddress wan0 2001:db8::1/64\naddress wan1 198.51.100.1/29\n" \
	"address wan2 203.0.113.1/29\n"

static const struct {
	const char *site;
	const char *lines;
} lists[] = {
	{ SITE(""), "a4 dns:www.example.com tcp/22 tcp/80 tcp/443 tcp/9000 "
	            "a6 dns:www.example.com tcp/22 "
	            "b4 dns:www.example.com tcp/80 tcp/81 tcp/443 tcp/9000 "
	            "b6 dns:www.example.com "
	            "c4 tcp/22 c6 tcp/22 " },
	// By an address of its own a server is not where the alias leads.
	{ "site:\n    domain: example.com\n    lan-prefix: \"fd00:10::/64\"\n" UPLINKS
	  "    prefix: \"2001:db8:c::/64\"\n" SERVICES,
	  "a4 dns:www.example.com tcp/22 tcp/80 tcp/443 tcp/9000 "
	  "a6 dns:www.example.com tcp/22 "
	  "b4 dns:www.example.com tcp/80 tcp/81 tcp/443 tcp/9000 "
	  "b6 dns:www.example.com "
	  "c4 tcp/22 " },
	{ SITE("    cross-probe: off\n"), "" },
	{ "site:\n    domain: example.com\nuplink:\n  - id: a\n    interface: wan0\n"
	  "server:\n  - id: web\n    address: 10.0.0.10\n"
	  "host:\n  - domain: www.example.com\n    server: web\n    port: tcp/80\n",
	  "" },
};

START_TEST(every_tcp_port_and_name_server_is_a_line)
{
	struct site *site = site_from_text(lists[_i].site);
	struct cross_list list = { 0 };
	struct text text = TEXT_EMPTY;
	unsigned uplink = 0;
	unsigned family = 0;
	text_add(&text, "%s", "");
	ck_assert_int_eq(cross_list_build(site, &list), 0);
	for (size_t i = 0; i < list.count; i++) {
		const struct cross_line *line = &list.items[i];
		if (line->uplink != uplink || line->family != family) {
			text_add(&text, "%s%c ", site_uplink(site, line->uplink)->id,
			         line->family == FAMILY_4 ? '4' : '6');
		}
		uplink = line->uplink;
		family = line->family;
		cross_service(line, &text);
		text_add(&text, "%s%s ", line->zone != NULL ? ":" : "",
		         line->zone != NULL ? line->zone : "");
		ck_assert_ptr_eq(
			cross_find(&list, uplink, family, line->zone != NULL ? 0 : line->port),
			line);
	}
	ck_assert_str_eq(text.data != NULL ? text.data : "", lists[_i].lines);
	ck_assert_ptr_null(cross_find(&list, 1, FAMILY_4, 1));
	text_free(&text);
	free(list.items);
	site_free(site);
}
END_TEST

#define ALL (CROSS_SENT | CROSS_ARRIVED | CROSS_REPLIED | CROSS_RETURNED)

/*! Attempts: g good, r refused here, R refused on the way, l lost, s good but never come in. */
static const struct {
	const char *attempts;
	const char *states; // p proven, d dead, u unproven, ? unknown; after each attempt.
} notes[] = {
	{ "g", "p" },     { "l", "?" },                         // One loss says nothing.
	{ "ll", "?u" },   { "gl", "pp" },                       // Nor does it take anything back.
	{ "gll", "ppu" }, { "glgl", "pppp" }, { "llg", "?up" }, // One success proves.
	{ "rr", "?d" },                                         // The way is good.
	{ "RR", "?u" },                                         // Somebody on the way.
	{ "rrl", "?du" }, { "llr", "?ud" },   { "gss", "ppu" }, // A proxy has answered.
};

static struct cross_outcome outcome_of(char letter)
{
	struct cross_outcome outcome = { .source = 2, .seen = ALL };
	outcome.result = letter == 'g' || letter == 's'   ? CROSS_GOOD
	                 : letter == 'r' || letter == 'R' ? CROSS_REFUSED
	                                                  : CROSS_LOST;
	if (letter == 'R' || letter == 's') {
		outcome.seen = CROSS_SENT | CROSS_RETURNED;
	}
	return outcome;
}

START_TEST(two_failures_in_a_row_are_believed)
{
	static const char letters[] = { [CROSS_UNKNOWN] = '?',
		                        [CROSS_PROVEN] = 'p',
		                        [CROSS_DEAD] = 'd',
		                        [CROSS_UNPROVEN] = 'u' };
	struct cross_line line = { .uplink = 1 };
	char before = '?';
	uint64_t since = 0;
	for (size_t i = 0; notes[_i].attempts[i] != '\0'; i++) {
		const struct cross_outcome outcome = outcome_of(notes[_i].attempts[i]);
		bool changed = cross_note(&line, &outcome, 100 + i);
		char state = letters[line.state];
		ck_assert_msg(state == notes[_i].states[i], "%s: %c after %zu", notes[_i].attempts,
		              state, i + 1);
		ck_assert(changed == (state != before));
		since = changed ? 100 + i : since;
		ck_assert_uint_eq(line.since_ms, since);
		ck_assert_uint_eq(line.tried_ms, 100 + i);
		before = state;
	}
}
END_TEST

static const struct {
	enum cross_result result;
	unsigned seen;
	const char *words;
} places[] = {
	{ CROSS_LOST, 0, "no answer: nothing left by 'b'" },
	{ CROSS_LOST, CROSS_SENT,
	  "no answer: sent by 'b', never came in by 'a': the one provider blocks it outwards, the "
	  "other one inwards, or there is no way between them" },
	{ CROSS_LOST, CROSS_SENT | CROSS_ARRIVED,
	  "no answer: came in by 'a', no answer left by it: a firewall, the server or its way "
	  "back" },
	{ CROSS_LOST, CROSS_SENT | CROSS_ARRIVED | CROSS_REPLIED,
	  "no answer: came in by 'a' and was answered, no answer came back by 'b'" },
	{ CROSS_REFUSED, ALL, "refused: the way in by 'a' and back is good, the service is not" },
	{ CROSS_REFUSED, CROSS_SENT | CROSS_RETURNED,
	  "refused: sent by 'b', answered before it came in by 'a'" },
	{ CROSS_GOOD, CROSS_SENT | CROSS_RETURNED,
	  "answered by a stranger: sent by 'b', answered before it came in by 'a'" },
	{ CROSS_GOOD, ALL, "" },
};

START_TEST(it_is_told_where_an_attempt_died)
{
	struct site *site = site_from_text(SITE(""));
	struct cross_line line = { .uplink = 1 };
	struct cross_outcome outcome = { .result = places[_i].result,
		                         .source = 2,
		                         .seen = places[_i].seen };
	struct text text = TEXT_EMPTY;
	(void)snprintf(outcome.fault, sizeof(outcome.fault), "%s",
	               places[_i].result == CROSS_REFUSED ? "refused" : "no answer");
	(void)cross_note(&line, &outcome, 1);
	cross_where(&line, site, &text);
	ck_assert_str_eq(text.data != NULL ? text.data : "", places[_i].words);
	text_free(&text);
	site_free(site);
}
END_TEST

/*! Who probes uplink a over IPv4, attempt by attempt. */
static const struct {
	const char *observed;
	const char *drained;
	const char *attempts;
	const char *sources;
	const char *idle;
} sources[] = {
	{ WELL, "", "gggg", "bbbb", NULL },
	{ WELL, "", "glgg", "bbcc", NULL }, // After a failure by another one, which then stays.
	{ WELL, "", "llll", "bcbc", NULL },
	{ WELL, "2", "gg", "cc", NULL },
	{ WELL, "23", "g", "-", "no other uplink is there to probe from" },
	{ WELL, "1", "g", "-", "the uplink is drained" },
	{ "link wan0 up carrier\nlink wan2 up carrier\naddress wan0 192.0.2.1/29\n"
	  "address wan2 203.0.113.1/29\n",
	  "", "g", "c", NULL },
	{ "link wan1 up carrier\naddress wan1 198.51.100.1/29\n", "", "g", "-",
	  "the uplink is not in use" },
};

START_TEST(another_uplink_that_is_there_probes)
{
	struct planned planned = planned_from_text(SITE(""), sources[_i].observed);
	struct cross_line line = { .uplink = 1, .family = FAMILY_4, .state = CROSS_PROVEN };
	for (size_t i = 0; sources[_i].attempts[i] != '\0'; i++) {
		unsigned source =
			cross_source(&line, planned.plan, set_from_digits(sources[_i].drained), 7);
		char name = source == 0 ? '-' : *site_uplink(planned.site, source)->id;
		ck_assert_msg(name == sources[_i].sources[i], "%s: %c is source %zu",
		              sources[_i].attempts, name, i + 1);
		struct cross_outcome outcome = outcome_of(sources[_i].attempts[i]);
		outcome.source = source;
		ck_assert_int_eq(line.state == CROSS_UNKNOWN, source == 0);
		if (source != 0) {
			(void)cross_note(&line, &outcome, 8);
		}
	}
	if (sources[_i].idle == NULL) {
		ck_assert_ptr_null(line.idle);
	} else {
		ck_assert_ptr_nonnull(line.idle);
		ck_assert_str_eq(line.idle, sources[_i].idle);
	}
	planned_free(&planned);
}
END_TEST

/*! Behind one carrier-grade NAT the traffic may never have crossed a provider. */
START_TEST(uplinks_with_one_public_address_prove_nothing)
{
	struct planned planned =
		planned_from_text("site:\n    domain: example.com\nuplink:\n"
	                          "  - id: a\n    interface: wan0\n    gateway: 192.0.2.6\n"
	                          "  - id: b\n    interface: wan1\n    gateway: 192.0.2.6\n",
	                          "link wan0 up carrier\nlink wan1 up carrier\n"
	                          "address wan0 192.0.2.1/29\naddress wan1 192.0.2.1/29\n");
	struct cross_line line = { .uplink = 1, .family = FAMILY_4 };
	ck_assert_uint_eq(cross_source(&line, planned.plan, 0, 7), 0);
	ck_assert_str_eq(line.idle, "another uplink has the same public address");
	planned_free(&planned);
}
END_TEST

static const struct {
	bool dns;
	const char *attempts; // Before, the last one at 10.
	uint64_t seen_ms;
	uint64_t since_ms;
	bool spared;
	enum cross_state state;
} clients[] = {
	{ false, "", 5, 0, true, CROSS_PROVEN },
	{ false, "ll", 11, 0, true, CROSS_PROVEN },
	{ false, "ll", 10, 0, false, CROSS_UNPROVEN }, // Before the failure.
	{ false, "g", 11, 11, false, CROSS_PROVEN },   // Before the change.
	{ false, "g", 12, 11, true, CROSS_PROVEN },
	{ true, "ll", 11, 0, false, CROSS_UNPROVEN }, // Asked, but was it answered?
};

START_TEST(a_client_proves_what_it_has_used)
{
	struct cross_line line = { .uplink = 1, .zone = clients[_i].dns ? "a" : NULL };
	bool changed = false;
	for (const char *attempt = clients[_i].attempts; *attempt != '\0'; attempt++) {
		const struct cross_outcome outcome = outcome_of(*attempt);
		(void)cross_note(&line, &outcome, 10);
	}
	enum cross_state before = line.state;
	ck_assert(clients[_i].spared == cross_note_client(&line, clients[_i].seen_ms,
	                                                  clients[_i].since_ms, 20, &changed));
	ck_assert_int_eq(line.state, clients[_i].state);
	ck_assert(changed == (line.state != before));
	ck_assert_uint_eq(line.client_ms, clients[_i].seen_ms);
}
END_TEST

/*! Of uplink a, IPv4: what becomes of dns, 22, 80, 443 and 9000, each «attempts by sources». */
static const struct {
	const char *lines[5];
	bool required;
	const char *blocked;
} blocks[] = {
	{ { "g2", "g2", "l2l2", "g2", "g2" }, true, "80 " },
	{ { "g2", "g2", "l2l2", "g2", "g2" }, false, "" },
	{ { "g2", "g2", "l2", "g2", "g2" }, true, "" },           // One failure.
	{ { "g2", "g2", "r2r2", "g2", "g2" }, true, "" },         // The service, not the way.
	{ { "l2l2", "g2", "g2", "g2", "g2" }, true, "" },         // DNS is asked elsewhere.
	{ { "l2l2", "l2l2", "l2l2", "l2l2", "l2l2" }, true, "" }, // The way between two of them.
	{ { "l2l2", "l2l2", "l2l3", "l2l2", "l2l2" }, true, "80 " },
	{ { "g3", "g3", "l2l2", "g3", "g3" }, true, "" }, // Nothing is known of that pair.
	{ { "g2", "l2l2", "l2l2", "l2l2", "l2l2" }, true, "22 80 443 9000 " },
};

START_TEST(blocked_is_what_is_beyond_doubt)
{
	struct site *site = site_from_text(SITE(""));
	struct cross_list list = { 0 };
	struct cross_blocked blocked = { .now = { 0 } };
	struct text text = TEXT_EMPTY;
	ck_assert_int_eq(cross_list_build(site, &list), 0);
	ck_assert_int_eq(cross_blocked_init(&blocked, &list), 0);
	for (size_t i = 0; i < 5; i++) {
		ck_assert_uint_eq(list.items[i].uplink, 1);
		ck_assert_uint_eq(list.items[i].family, FAMILY_4);
		for (const char *note = blocks[_i].lines[i]; *note != '\0'; note += 2) {
			struct cross_outcome outcome = outcome_of(note[0]);
			outcome.source = (unsigned)(note[1] - '0');
			(void)cross_note(&list.items[i], &outcome, 1);
		}
	}
	bool changed = cross_blocked_renew(&blocked, &list, blocks[_i].required);
	text_add(&text, "%s", "");
	for (size_t i = 0; i < blocked.now.count; i++) {
		ck_assert_uint_eq(blocked.now.items[i].uplink, 1);
		ck_assert_uint_eq(blocked.now.items[i].family, FAMILY_4);
		text_add(&text, "%u ", blocked.now.items[i].port);
	}
	ck_assert_str_eq(text.data != NULL ? text.data : "", blocks[_i].blocked);
	ck_assert(changed == (blocked.now.count > 0));
	ck_assert(!cross_blocked_renew(&blocked, &list, blocks[_i].required));
	ck_assert(cross_blocked_renew(&blocked, &list, false) == changed);
	text_free(&text);
	cross_blocked_deinit(&blocked);
	free(list.items);
	site_free(site);
}
END_TEST

/*! Digits: uplinks that are answered for www, which a and b serve, with 80 or 443 blocked. */
static const struct {
	struct blocked blocked[3];
	size_t count;
	const char *drained;
	const char *observed;
	const char *ready;
} answers[] = {
	{ { { 1, FAMILY_4, 80 } }, 1, "", WELL, "2" },
	{ { { 2, FAMILY_4, 443 } }, 1, "", WELL, "1" },
	{ { { 1, FAMILY_6, 80 } }, 1, "", WELL, "12" },
	{ { { 1, FAMILY_4, 81 } }, 1, "", WELL, "12" },                      // Of another host.
	{ { { 1, FAMILY_4, 80 }, { 2, FAMILY_4, 80 } }, 2, "", WELL, "12" }, // None would be left.
	{ { { 1, FAMILY_4, 80 } }, 1, "2", WELL, "12" },
	{ { { 1, FAMILY_4, 80 } },
	  1,
	  "",
	  "link wan0 up carrier\naddress wan0 192.0.2.1/29\nlink wan2 up carrier\n"
	  "address wan2 203.0.113.1/29\n",
	  "12" },
};

START_TEST(what_is_blocked_is_not_answered_unless_it_is_the_last)
{
	struct blocked items[3];
	memcpy(items, answers[_i].blocked, sizeof(items));
	const struct blocked_list blocked = { items, answers[_i].count };
	const struct verdicts verdicts = { .blocked = &blocked };
	struct site *site = site_from_text(SITE(""));
	struct observed observed = observed_from_text(answers[_i].observed);
	struct plan *plan = NULL;
	uint8_t owner[TABLE_OWNER_MAX];
	int length = table_owner_from_text("www.example.com", owner);
	ck_assert_int_eq(
		plan_build(site, &observed, set_from_digits(answers[_i].drained), &verdicts, &plan),
		0);
	const struct table_host *row = table_find_host(plan->table, owner, (size_t)length);
	ck_assert_ptr_nonnull(row);
	ck_assert_uint_eq(row->ready4, set_from_digits(answers[_i].ready));
	plan_free(plan);
	observed_deinit(&observed);
	site_free(site);
}
END_TEST

START_TEST(a_reload_keeps_what_is_known)
{
	struct site *site = site_from_text(SITE(""));
	struct site *other = site_from_text(SITE(""));
	struct cross_list older = { 0 };
	struct cross_list list = { 0 };
	ck_assert_int_eq(cross_list_build(site, &older), 0);
	ck_assert_int_eq(cross_list_build(other, &list), 0);
	for (size_t i = 0; i < older.count; i++) {
		older.items[i].state = CROSS_UNPROVEN;
		older.items[i].since_ms = i;
	}
	older.items[0].port = 54; // Of another service: the first one is new then.
	cross_list_inherit(&list, &older);
	ck_assert_int_eq(list.items[0].state, CROSS_UNKNOWN);
	for (size_t i = 1; i < list.count; i++) {
		ck_assert_int_eq(list.items[i].state, CROSS_UNPROVEN);
		ck_assert_uint_eq(list.items[i].since_ms, i);
		ck_assert(list.items[i].zone == NULL || list.items[i].zone != older.items[i].zone);
	}
	free(older.items);
	free(list.items);
	site_free(site);
	site_free(other);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cross");
	TCase *cases = tcase_create("cross");
	tcase_add_loop_test(cases, every_tcp_port_and_name_server_is_a_line, 0, COUNT(lists));
	tcase_add_loop_test(cases, two_failures_in_a_row_are_believed, 0, COUNT(notes));
	tcase_add_loop_test(cases, it_is_told_where_an_attempt_died, 0, COUNT(places));
	tcase_add_loop_test(cases, another_uplink_that_is_there_probes, 0, COUNT(sources));
	tcase_add_test(cases, uplinks_with_one_public_address_prove_nothing);
	tcase_add_loop_test(cases, a_client_proves_what_it_has_used, 0, COUNT(clients));
	tcase_add_loop_test(cases, blocked_is_what_is_beyond_doubt, 0, COUNT(blocks));
	tcase_add_loop_test(cases, what_is_blocked_is_not_answered_unless_it_is_the_last, 0,
	                    COUNT(answers));
	tcase_add_test(cases, a_reload_keeps_what_is_known);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
