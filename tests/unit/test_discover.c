/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * What is learnt of public addresses: which answers count, when they are forgotten, who is asked; and the
 * DNS messages that carry them.
 */

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "daemon/discover.h"
#include "daemon/dns_message.h"
#include "plan_text.h"

#define SITE(a, b)                                                                \
	"site:\n    domain: example.com\n    dns-binding: port\nuplink:\n"        \
	"  - id: a\n    interface: wan0\n" a "  - id: b\n    interface: wan1\n" b \
	"  - id: c\n    interface: wan2\n"                                        \
	"server:\n  - id: web\n    address: [10.0.0.10, \"fd00:10::10\"]\n"       \
	"host:\n  - domain: www.example.com\n    server: web\n    port: tcp/80\n"
#define DISCOVER "    public-address: discover\n"
#define WELL                                                                                   \
	"link wan0 up carrier\nlink wan1 up carrier\nlink wan2 up carrier\n"                   \
	"address wan0 10.64.0.2/24\naddress wan1 198.51.100.9/29\naddress wan2 192.0.2.9/29\n" \
	"route 0.0.0.0/0 dev wan0 via 10.64.0.1\nroute 0.0.0.0/0 dev wan1 via 198.51.100.14\n" \
	"route 0.0.0.0/0 dev wan2 via 192.0.2.14\n"

static struct address address_of(const char *text)
{
	struct address address = { 0 };
	ck_assert_msg(*text == '\0' || address_parse(text, &address) == 0, "address %s", text);
	return address;
}

/*!
 * Words: «ADDRESS» an answer, «ADDRESS/kept» and «ADDRESS/changed» with what became of the port, «!» no
 * answer, «@OWN» the uplink is seen with that address, «~OWN» the same, but its probes fail, «-» without a
 * way out.
 */
static void play(struct discover_line *line, const struct plan *plan, const char *words)
{
	char copy[256];
	char *rest = NULL;
	(void)snprintf(copy, sizeof(copy), "%s", words);
	for (char *word = strtok_r(copy, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest)) {
		struct discover_answer answer = { .source = 2 };
		struct uplink_family state = { .routed = word[0] != '-',
			                       .closed = word[0] == '~',
			                       .gateway = address_of("10.64.0.1") };
		if (strchr("@~-", word[0]) != NULL) {
			state.address = address_of(word + 1);
			(void)discover_follow(line, &state);
			continue;
		}
		char *port = strchr(word, '/');
		answer.port_known = port != NULL;
		answer.port_changed = port != NULL && strcmp(port, "/changed") == 0;
		if (port != NULL) {
			*port = '\0';
		}
		if (word[0] == '!') {
			(void)snprintf(answer.fault, sizeof(answer.fault), "192.0.2.53 is mute");
		} else {
			answer.address = address_of(word);
		}
		discover_note(line, &answer, discover_owner(plan, line, &answer.address), 1000);
	}
}

#define UNKNOWN "none its public address is not known"
#define REFUSED(address, why) UNKNOWN ": " address " is refused, since it is " why
#define DOUBTED(why) "203.0.113.7 its public address may be another one after the interruption" why
#define SHARED                                                                               \
	"203.0.113.7 behind CGNAT: inbound impossible (203.0.113.7 gives connections other " \
	"ports); remedy: ask the provider for an address of its own"

static const struct {
	const char *words;
	const char *verdict; // Of an uplink that has 10.64.0.2.
	unsigned wait;
} stories[] = {
	{ "", UNKNOWN " yet", 60000 },
	{ "@10.64.0.2", UNKNOWN " yet", 60000 },
	{ "@10.64.0.2 203.0.113.7", "203.0.113.7 ", 60000 },
	// Nobody answers.
	{ "@10.64.0.2 !", UNKNOWN ": 192.0.2.53 is mute", 1000 },
	{ "@10.64.0.2 ! ! !", UNKNOWN ": 192.0.2.53 is mute", 4000 },
	{ "@10.64.0.2 ! ! ! ! ! ! ! ! ! ! ! !", UNKNOWN ": 192.0.2.53 is mute", 60000 },
	{ "@10.64.0.2 203.0.113.7 ! ! !", "203.0.113.7 ", 4000 },
	{ "@10.64.0.2 ! 203.0.113.7", "203.0.113.7 ", 60000 },
	// Another address is believed if it is said twice in a row.
	{ "@10.64.0.2 203.0.113.7 203.0.113.8", "203.0.113.7 ", 500 },
	{ "@10.64.0.2 203.0.113.7 203.0.113.8 203.0.113.8", "203.0.113.8 ", 60000 },
	{ "@10.64.0.2 203.0.113.7 203.0.113.8 203.0.113.9", "203.0.113.7 ", 500 },
	{ "@10.64.0.2 203.0.113.7 203.0.113.8 203.0.113.7 203.0.113.8", "203.0.113.7 ", 500 },
	{ "@10.64.0.2 203.0.113.7 203.0.113.8 ! 203.0.113.8", "203.0.113.7 ", 500 },
	// At another own address nothing is known.
	{ "@10.64.0.2 203.0.113.7 @10.64.0.3", UNKNOWN " yet", 60000 },
	{ "@10.64.0.3 203.0.113.7", UNKNOWN " yet", 60000 },
	{ "@10.64.0.3 203.0.113.7 @10.64.0.2", UNKNOWN " yet", 60000 },
	// After an interruption the first answer counts.
	{ "@10.64.0.2 203.0.113.7 - @10.64.0.2", DOUBTED(""), 60000 },
	{ "@10.64.0.2 203.0.113.7 ~10.64.0.2 @10.64.0.2", DOUBTED(""), 60000 },
	{ "@10.64.0.2 203.0.113.7 - @10.64.0.2 !", DOUBTED(": 192.0.2.53 is mute"), 1000 },
	{ "@10.64.0.2 203.0.113.7 - @10.64.0.2 203.0.113.7", "203.0.113.7 ", 60000 },
	{ "@10.64.0.2 203.0.113.7 ~10.64.0.2 @10.64.0.2 203.0.113.8", "203.0.113.8 ", 60000 },
	{ "@10.64.0.2 203.0.113.7 ~10.64.0.2 203.0.113.7 @10.64.0.2", DOUBTED(""), 60000 },
	// What nobody outside can have, or another uplink has.
	{ "@10.64.0.2 192.168.7.7", REFUSED("192.168.7.7", "private (RFC 1918)"), 1000 },
	{ "@10.64.0.2 10.64.0.2", REFUSED("10.64.0.2", "private (RFC 1918)"), 1000 },
	{ "@10.64.0.2 100.64.1.1", REFUSED("100.64.1.1", "of the provider's own NAT (RFC 6598)"),
	  1000 },
	{ "@10.64.0.2 127.0.0.1", REFUSED("127.0.0.1", "a loopback address"), 1000 },
	{ "@10.64.0.2 240.0.0.1", REFUSED("240.0.0.1", "a reserved address"), 1000 },
	{ "@10.64.0.2 198.18.0.1", REFUSED("198.18.0.1", "of a special purpose (RFC 6890)"), 1000 },
	{ "@10.64.0.2 192.0.0.8", REFUSED("192.0.0.8", "of a special purpose (RFC 6890)"), 1000 },
	{ "@10.64.0.2 2001:db8::1", REFUSED("2001:db8::1", "of another family"), 1000 },
	{ "@10.64.0.2 198.51.100.9", REFUSED("198.51.100.9", "that of uplink 'b'"), 1000 },
	{ "@10.64.0.2 203.0.113.7 198.51.100.9 198.51.100.9", "203.0.113.7 ", 2000 },
	// Other ports mean a shared address, if it is seen twice.
	{ "@10.64.0.2 203.0.113.7/kept", "203.0.113.7 ", 60000 },
	{ "@10.64.0.2 203.0.113.7/changed", UNKNOWN " yet", 500 },
	{ "@10.64.0.2 203.0.113.7/changed 203.0.113.7/changed", SHARED, 60000 },
	{ "@10.64.0.2 203.0.113.7/changed 203.0.113.7/kept", "203.0.113.7 ", 60000 },
	{ "@10.64.0.2 203.0.113.7/kept 203.0.113.7/changed", "203.0.113.7 ", 500 },
	{ "@10.64.0.2 203.0.113.7/kept 203.0.113.7/changed 203.0.113.7/changed", SHARED, 60000 },
	{ "@10.64.0.2 203.0.113.7/changed 203.0.113.7/changed 203.0.113.7/changed ! !", SHARED,
	  2000 },
	{ "@10.64.0.2 203.0.113.7/changed 203.0.113.7/changed 203.0.113.7/kept", "203.0.113.7 ",
	  60000 },
};

static struct discover_list lines_of(const struct site *site)
{
	struct discover_list list = { 0 };
	ck_assert_int_eq(discover_list_build(site, &list), 0);
	return list;
}

START_TEST(only_an_answer_that_can_be_true_is_believed)
{
	struct planned planned = planned_from_text(SITE(DISCOVER, ""), WELL);
	struct discover_list list = lines_of(planned.site);
	const struct address own = address_of("10.64.0.2");
	const struct address gateway = address_of("10.64.0.1");
	struct discover_verdict verdict;
	char text[ADDRESS_TEXT_MAX];
	char is[512];
	ck_assert_uint_eq(list.count, 2);
	play(&list.items[0], planned.plan, stories[_i].words);
	discover_judge(&list.items[0], &own, &gateway, false, &verdict);
	(void)snprintf(is, sizeof(is), "%s %s", address_format(&verdict.address, text),
	               verdict.reason);
	ck_assert_str_eq(is, stories[_i].verdict);
	ck_assert_uint_eq(discover_wait(&list.items[0], 60000), stories[_i].wait);
	free(list.items);
	planned_free(&planned);
}
END_TEST

static const struct {
	const char *site;
	const char *lines;
} builds[] = {
	{ SITE(DISCOVER, ""), "a4 a6 " },
	{ SITE("", ""), "" },
	{ SITE("    public-address: [discover 208.67.222.222]\n", DISCOVER), "a4 b4 b6 " },
	// What the file names need not be learnt.
	{ SITE("    public-address: [\"2001:db8::1\", discover]\n", ""), "a4 " },
	{ SITE("    address: [10.64.0.2, \"2001:db8::1\"]\n" DISCOVER, ""), "a4 " },
	{ SITE("    address: 10.64.0.2\n" DISCOVER, ""), "a4 " },
};

START_TEST(only_what_the_site_file_wants_is_learnt)
{
	struct site *site = site_from_text(builds[_i].site);
	struct discover_list list = lines_of(site);
	char is[512] = "";
	for (size_t i = 0; i < list.count; i++) {
		const struct discover_line *line = &list.items[i];
		strcat(is, line->id);
		strcat(is, line->family == FAMILY_4 ? "4 " : "6 ");
		ck_assert_ptr_eq(discover_find(&list, line->id, line->family), line);
	}
	ck_assert_str_eq(is, builds[_i].lines);
	free(list.items);
	site_free(site);
}
END_TEST

/*! A plan in which the uplink a has learnt an address. */
static struct plan *plan_with(const struct site *site, const char *observed_text,
                              const struct discover_list *list, const struct rule *rule,
                              struct observed *observed)
{
	const struct verdicts verdicts = { .discovered = list };
	struct plan *plan = NULL;
	*observed = observed_from_text(observed_text);
	if (rule != NULL) {
		observed->rules = malloc(sizeof(*rule));
		*observed->rules = *rule;
		observed->rule_count = 1;
	}
	ck_assert_int_eq(plan_build(site, observed, 0, &verdicts, &plan), 0);
	return plan;
}

#define ALSO(address, id) "public address " address " is also that of uplink '" id "'"
#define PRIVATE                                                                                   \
	"address 10.64.0.2 is private (RFC 1918): nobody outside reaches it; remedy: write what " \
	"they reach as public-address"

static const struct {
	const char *site;
	const char *observed;
	const char *words;
	const char *public;
	const char *reason; // Of the uplink a; empty: it is usable.
} plans[] = {
	{ SITE(DISCOVER, ""), WELL, "@10.64.0.2 203.0.113.7", "203.0.113.7", "" },
	{ SITE(DISCOVER, ""), WELL, "@10.64.0.2", "none", "its public address is not known yet" },
	{ SITE("", ""), WELL, "", "10.64.0.2", PRIVATE },
	// What has come to another uplink since is that one's.
	{ SITE(DISCOVER, ""), WELL "address wan1 203.0.113.7/32\n", "@10.64.0.2 203.0.113.7",
	  "203.0.113.7", ALSO("203.0.113.7", "b") },
	{ SITE(DISCOVER, "    public-address: 203.0.113.7\n"), WELL, "@10.64.0.2 203.0.113.7",
	  "203.0.113.7", ALSO("203.0.113.7", "b") },
	// An own address that is public needs nobody to tell it.
	{ SITE(DISCOVER, ""),
	  "link wan0 up carrier\naddress wan0 203.0.113.9/24\n"
	  "route 0.0.0.0/0 dev wan0 via 203.0.113.1\n",
	  "@10.64.0.2 203.0.113.7", "203.0.113.9", "" },
	// A named private address is no reason to publish it.
	{ SITE("    address: 10.64.0.2\n" DISCOVER, ""), WELL, "@10.64.0.2", "none",
	  "its public address is not known yet" },
	// Known at another gateway.
	{ SITE(DISCOVER, ""),
	  "link wan0 up carrier\naddress wan0 10.64.0.2/24\n"
	  "route 0.0.0.0/0 dev wan0 via 10.64.0.9\n",
	  "@10.64.0.2 203.0.113.7", "none", "its public address is not known yet" },
};

START_TEST(what_is_learnt_is_published_where_it_leads_to)
{
	struct planned without = planned_from_text(SITE(DISCOVER, ""), WELL);
	struct site *site = site_from_text(plans[_i].site);
	struct discover_list list = lines_of(site);
	struct observed observed;
	char text[ADDRESS_TEXT_MAX];
	if (list.count > 0) {
		play(&list.items[0], without.plan, plans[_i].words);
	}
	struct plan *plan = plan_with(site, plans[_i].observed, &list, NULL, &observed);
	const struct uplink_family *state = &plan->uplinks[0].family[FAMILY_4];
	ck_assert_str_eq(address_format(&state->public, text), plans[_i].public);
	ck_assert_str_eq(state->reason, plans[_i].reason);
	ck_assert_int_eq(state->usable, plans[_i].reason[0] == '\0');
	ck_assert(state->open);
	plan_free(plan);
	observed_deinit(&observed);
	free(list.items);
	site_free(site);
	planned_free(&without);
}
END_TEST

static const struct {
	const char *published;
	const char *own; // Of the rule that is left.
	unsigned table;
	const char *public;
} restarts[] = {
	{ "203.0.113.7", "10.64.0.2", 20101, "203.0.113.7" },
	// It had another own address, or none that is known.
	{ "203.0.113.7", "10.64.0.3", 20101, "none" },
	{ "203.0.113.7", "10.64.0.2", 20102, "none" },
	{ "203.0.113.7", "", 20101, "none" },
	{ "10.64.0.2", "10.64.0.2", 20101, "none" },
};

START_TEST(a_restart_keeps_what_is_published_at_the_same_own_address)
{
	struct site *site = site_from_text(SITE(DISCOVER, ""));
	struct discover_list list = lines_of(site);
	struct table *table = table_new();
	struct table_uplink *row = table_add_uplink(table);
	struct observed observed;
	const struct rule rule = {
		.family = AF_INET,
		.from = { address_of(restarts[_i].own), 32 },
		.table = restarts[_i].table,
	};
	char text[ADDRESS_TEXT_MAX];
	(void)snprintf(row->id, sizeof(row->id), "a");
	row->usable = true;
	row->address[row->address_count++] = address_of(restarts[_i].published);
	discover_adopt(&list, table, 5000);
	struct plan *plan = plan_with(site, WELL, &list, &rule, &observed);
	const struct uplink_family *state = &plan->uplinks[0].family[FAMILY_4];
	ck_assert_str_eq(address_format(&state->public, text), restarts[_i].public);
	// The pass that follows decides the same, without the rule.
	ck_assert(discover_follow(&list.items[0], state));
	ck_assert_str_eq(address_format(&list.items[0].known, text), restarts[_i].public);
	ck_assert(!discover_follow(&list.items[0], state));
	plan_free(plan);
	observed_deinit(&observed);
	table_free(table);
	free(list.items);
	site_free(site);
}
END_TEST

static const struct {
	const char *observed;
	const char *words;
	unsigned before; // Who was asked last.
	unsigned source;
} sources[] = {
	{ WELL, "", 0, 2 },
	{ WELL, "", 3, 3 },
	{ WELL, "!", 2, 3 },
	{ WELL, "!", 3, 2 },
	{ "link wan0 up carrier\nlink wan1 up\nlink wan2 up carrier\naddress wan2 192.0.2.9/29\n"
	  "route 0.0.0.0/0 dev wan2 via 192.0.2.14\n",
	  "", 2, 3 },
	// One whose own public address is not known can tell nothing.
	{ "link wan0 up carrier\nlink wan1 up carrier\naddress wan1 10.65.0.2/24\n"
	  "route 0.0.0.0/0 dev wan1 via 10.65.0.1\n",
	  "", 0, 0 },
};

START_TEST(an_uplink_with_a_known_address_is_asked)
{
	struct planned planned = planned_from_text(SITE(DISCOVER, DISCOVER), sources[_i].observed);
	struct discover_list list = lines_of(planned.site);
	play(&list.items[0], planned.plan, sources[_i].words);
	list.items[0].source = sources[_i].before;
	ck_assert_uint_eq(discover_source(&list.items[0], planned.plan), sources[_i].source);
	free(list.items);
	planned_free(&planned);
}
END_TEST

START_TEST(a_reload_keeps_what_is_known_of_the_same_interface)
{
	struct planned planned = planned_from_text(SITE(DISCOVER, ""), WELL);
	struct site *other =
		site_from_text(SITE("    public-address: [discover 208.67.222.222]\n", DISCOVER));
	struct discover_list older = lines_of(planned.site);
	struct discover_list list = lines_of(other);
	struct discover_list moved = lines_of(planned.site);
	char text[ADDRESS_TEXT_MAX];
	play(&older.items[0], planned.plan, "@10.64.0.2 203.0.113.7");
	discover_inherit(&list, &older);
	ck_assert_str_eq(address_format(&list.items[0].known, text), "203.0.113.7");
	ck_assert(!list.items[0].asking);
	ck_assert_uint_eq(list.items[1].known.family, 0);
	(void)snprintf(moved.items[0].interface, sizeof(moved.items[0].interface), "wan9");
	discover_inherit(&moved, &older);
	ck_assert_uint_eq(moved.items[0].known.family, 0);
	free(older.items);
	free(list.items);
	free(moved.items);
	site_free(other);
	planned_free(&planned);
}
END_TEST

/*! A reply: «HEADER» of eight bytes behind the identifier, question, and records. */
#define QUESTION(type) "\3who\2me\0\0" type "\0\1"
#define HEAD(flags, count) flags "\0\1\0" count "\0\0\0\0"
#define RECORD(type, length) "\xc0\x0c\0" type "\0\1\0\0\0\0\0" length
#define FULL(type, length) "\3WHO\2me\0\0" type "\0\1\0\0\0\0\0" length
#define BYTES(text) text, sizeof(text) - 1

static const struct {
	uint8_t type;
	const char *reply; // Behind the identifier.
	size_t size;
	int ret;
	const char *address;
} messages[] = {
	{ DNS_TYPE_A, BYTES(HEAD("\x84\0", "\1") QUESTION("\1") RECORD("\1", "\4") "\xcb\0\x71\7"),
	  0, "203.0.113.7" },
	{ DNS_TYPE_A, BYTES(HEAD("\x84\0", "\1") QUESTION("\1") FULL("\1", "\4") "\xcb\0\x71\7"), 0,
	  "203.0.113.7" },
	{ DNS_TYPE_AAAA,
	  BYTES(HEAD("\x84\0", "\1") QUESTION("\x1c")
	                RECORD("\x1c", "\x10") "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1"),
	  0, "2001:db8::1" },
	{ DNS_TYPE_TXT,
	  BYTES(HEAD("\x84\0", "\2") QUESTION("\x10")
	                RECORD("\x10", "\xa") "\x9"
	                                      "192.0.2.1" RECORD("\x10", "\4") "\3edn"),
	  0, "192.0.2.1" },
	// The same twice is one; two are none.
	{ DNS_TYPE_A,
	  BYTES(HEAD("\x84\0", "\2") QUESTION("\1")
	                RECORD("\1", "\4") "\xcb\0\x71\7" RECORD("\1", "\4") "\xcb\0\x71\7"),
	  0, "203.0.113.7" },
	{ DNS_TYPE_A,
	  BYTES(HEAD("\x84\0", "\2") QUESTION("\1")
	                RECORD("\1", "\4") "\xcb\0\x71\7" RECORD("\1", "\4") "\xcb\0\x71\x8"),
	  -EEXIST, NULL },
	// Nothing, another type, another name, a text that is no address.
	{ DNS_TYPE_A, BYTES(HEAD("\x84\0", "\0") QUESTION("\1")), -ENOENT, NULL },
	{ DNS_TYPE_A, BYTES(HEAD("\x84\0", "\1") QUESTION("\1") RECORD("\x10", "\4") "\3abc"),
	  -ENOENT, NULL },
	{ DNS_TYPE_A,
	  BYTES(HEAD("\x84\0", "\1") QUESTION("\1") "\1x\0\0\1\0\1\0\0\0\0\0\4\xcb\0\x71\7"),
	  -ENOENT, NULL },
	{ DNS_TYPE_A, BYTES(HEAD("\x84\0", "\1") QUESTION("\1") RECORD("\1", "\3") "\xcb\0\x71"),
	  -ENOENT, NULL },
	{ DNS_TYPE_TXT, BYTES(HEAD("\x84\0", "\1") QUESTION("\x10") RECORD("\x10", "\4") "\3who"),
	  -ENOENT, NULL },
	{ DNS_TYPE_TXT, BYTES(HEAD("\x84\0", "\1") QUESTION("\x10") RECORD("\x10", "\1") "\3"),
	  -ENOENT, NULL },
	// Cut off, by the server or on the way; another question; a query.
	{ DNS_TYPE_A, BYTES(HEAD("\x86\0", "\1") QUESTION("\1") RECORD("\1", "\4") "\xcb\0\x71\7"),
	  -EPROTO, NULL },
	{ DNS_TYPE_A, BYTES(HEAD("\x84\0", "\1") QUESTION("\1") RECORD("\1", "\4") "\xcb\0\x71"),
	  -EPROTO, NULL },
	{ DNS_TYPE_A, BYTES(HEAD("\x84\0", "\1") QUESTION("\1") "\xc0"), -EPROTO, NULL },
	{ DNS_TYPE_A, BYTES(HEAD("\x84\0", "\1") QUESTION("\1") "\x3fxx"), -EPROTO, NULL },
	{ DNS_TYPE_A,
	  BYTES(HEAD("\x84\0", "\1") QUESTION("\x10") RECORD("\1", "\4") "\xcb\0\x71\7"), -EPROTO,
	  NULL },
	{ DNS_TYPE_A, BYTES("\x84\0\0\0\0\1\0\0\0\0" RECORD("\1", "\4") "\xcb\0\x71\7"), -EPROTO,
	  NULL },
	{ DNS_TYPE_A, BYTES(HEAD("\1\0", "\1") QUESTION("\1") RECORD("\1", "\4") "\xcb\0\x71\7"),
	  -EPROTO, NULL },
};

START_TEST(an_address_is_read_from_a_whole_reply_to_the_question)
{
	static const uint8_t id[] = { 0x12, 0x34 };
	uint8_t query[DNS_QUERY_MAX];
	uint8_t message[512];
	char text[ADDRESS_TEXT_MAX];
	struct address address = { 0 };
	size_t size = dns_query_write("who.me", messages[_i].type, id, query);
	memcpy(message, id, sizeof(id));
	memcpy(message + 2, messages[_i].reply, messages[_i].size);
	ck_assert_int_eq(dns_read_address(message, messages[_i].size + 2, query, size, &address),
	                 messages[_i].ret);
	if (messages[_i].ret == 0) {
		ck_assert_str_eq(address_format(&address, text), messages[_i].address);
	}
	// Who has not seen the question cannot answer it.
	message[1]++;
	ck_assert(!dns_is_reply(message, messages[_i].size + 2, query, size));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("discover");
	TCase *cases = tcase_create("discover");
	tcase_add_loop_test(cases, only_an_answer_that_can_be_true_is_believed, 0, COUNT(stories));
	tcase_add_loop_test(cases, only_what_the_site_file_wants_is_learnt, 0, COUNT(builds));
	tcase_add_loop_test(cases, what_is_learnt_is_published_where_it_leads_to, 0, COUNT(plans));
	tcase_add_loop_test(cases, a_restart_keeps_what_is_published_at_the_same_own_address, 0,
	                    COUNT(restarts));
	tcase_add_loop_test(cases, an_uplink_with_a_known_address_is_asked, 0, COUNT(sources));
	tcase_add_test(cases, a_reload_keeps_what_is_known_of_the_same_interface);
	tcase_add_loop_test(cases, an_address_is_read_from_a_whole_reply_to_the_question, 0,
	                    COUNT(messages));
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
