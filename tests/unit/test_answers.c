/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Which answers hold: tables before and after, in short words.
 *
 * A table is written as «U N[!] ADDRESS...» for an uplink (with «!» unusable), «H NAME V4 V6» for a
 * host with its ready uplinks as digits and N=ADDRESS for an own one, all separated by semicolons.
 */

#include "daemon/answers.h"
#include "plan_text.h"

static void add_uplink(struct table *table, char *words)
{
	struct table_uplink *row = table_add_uplink(table);
	char *rest = NULL;
	const char *word = strtok_r(words, " ", &rest);
	ck_assert_ptr_nonnull(word);
	row->number = (uint8_t)(word[0] - '0');
	row->usable = word[1] != '!';
	(void)snprintf(row->id, sizeof(row->id), "u%c", word[0]);
	row->binding[0].kind = TABLE_BINDING_PORT;
	row->binding[0].port = site_dns_port(row->number);
	row->binding_count = 1;
	while ((word = strtok_r(NULL, " ", &rest)) != NULL) {
		ck_assert_int_eq(address_parse(word, &row->address[row->address_count++]), 0);
	}
}

static void add_host(struct table *table, const char *words)
{
	char name[64];
	char ready4[16];
	char ready6[16];
	ck_assert_int_eq(sscanf(words, "%63s %15s %15s", name, ready4, ready6), 3);
	struct table_host *row = table_add_host(table);
	row->owner_length = (uint8_t)table_owner_from_text(name, row->owner);
	row->ready4 = ready4[0] == '-' ? 0 : set_from_digits(ready4);
	row->ready6 = ready6[0] == '-' ? 0 : set_from_digits(ready6);
	row->ttl = 10;
	row->policy = ANSWER_ARRIVAL;
	for (const char *equals = words; (equals = strchr(equals, '=')) != NULL; equals++) {
		char address[64];
		ck_assert_int_eq(sscanf(equals, "=%63s", address), 1);
		row->own[row->own_count].uplink = (uint8_t)(equals[-1] - '0');
		ck_assert_int_eq(address_parse(address, &row->own[row->own_count++].address), 0);
	}
}

static struct table *table_from_words(const char *words)
{
	struct table *table = table_new();
	char *copy = strdup(words);
	char *rest = NULL;
	for (char *row = strtok_r(copy, ";", &rest); row != NULL;
	     row = strtok_r(NULL, ";", &rest)) {
		row += strspn(row, " ");
		if (row[0] == 'U') {
			add_uplink(table, row + 2);
		} else if (row[0] == 'H') {
			add_host(table, row + 2);
		}
	}
	free(copy);
	table_sort(table);
	return table;
}

/*! Whether two tables answer alike, told in the message if they do not. */
static void assert_answers(const struct table *table, const char *expected)
{
	struct table *wanted = table_from_words(expected);
	for (size_t i = 0; i < table->uplink_count && i < wanted->uplink_count; i++) {
		const struct table_uplink *is = &table->uplinks[i];
		const struct table_uplink *want = &wanted->uplinks[i];
		ck_assert_msg(is->usable == want->usable, "uplink %u is%s usable", is->number,
		              is->usable ? "" : " not");
		ck_assert_msg(is->address_count == want->address_count,
		              "uplink %u has %u addresses", is->number, is->address_count);
	}
	ck_assert_msg(answers_equal(table, wanted), "not %s", expected);
	table_free(wanted);
}

#define A1 "192.168.2.1"
#define A6 "2001:db8:1::2"
#define B1 "172.16.1.1"
#define BOTH "U 1 " A1 " " A6 "; U 2 " B1 "; "
#define WWW "H www.example.com 12 1"
#define OWN1 " 1=2001:db8:1:10::80"

static const struct {
	const char *published;
	const char *planned;
	const char *lost4;
	const char *lost6;
	const char *expected;
} withdrawals[] = {
	// Nothing happened.
	{ BOTH WWW, BOTH WWW, "", "", BOTH WWW },
	{ "", BOTH WWW, "", "", "" },
	{ "", "", "12", "12", "" },
	// An address changed, or went; the new one waits until it is installed.
	{ BOTH WWW, "U 1 192.168.2.9 " A6 "; U 2 " B1 "; " WWW, "", "",
	  "U 1 " A6 "; U 2 " B1 "; " WWW },
	{ "U 1 " A1 "; " WWW, "U 1 192.168.2.9; " WWW, "", "", "U 1!; " WWW },
	{ "U 1 " A1 "; " WWW, BOTH WWW, "", "", "U 1 " A1 "; " WWW },
	// Two uplinks changed places in the file.
	{ "U 1 " A1 "; U 2 " B1 "; " WWW, "U 1 " B1 "; U 2 " A1 "; " WWW, "", "",
	  "U 1!; U 2!; " WWW },
	// A family was lost in the kernel.
	{ BOTH WWW, BOTH WWW, "1", "", "U 1 " A6 "; U 2 " B1 "; " WWW },
	{ BOTH WWW, BOTH WWW, "", "1", "U 1 " A1 "; U 2 " B1 "; " WWW },
	{ BOTH WWW, BOTH WWW, "2", "2", "U 1 " A1 " " A6 "; U 2!; " WWW },
	{ BOTH WWW, BOTH WWW, "12", "12", "U 1!; U 2!; " WWW },
	{ BOTH WWW, BOTH WWW, "3", "3", BOTH WWW },
	// The plan finds an uplink unusable, or does not know it.
	{ BOTH WWW, "U 1!; U 2 " B1 "; " WWW, "", "", "U 1!; U 2 " B1 "; " WWW },
	{ BOTH WWW, "U 1! " A1 " " A6 "; U 2 " B1 "; " WWW, "", "",
	  "U 1! " A1 " " A6 "; U 2 " B1 "; " WWW },
	{ BOTH WWW, "U 1 " A1 " " A6 "; " WWW, "", "", "U 1 " A1 " " A6 "; U 2!; " WWW },
	// What was withdrawn before does not come back here.
	{ "U 1!; U 2 " B1 "; " WWW, BOTH WWW, "", "", "U 1!; U 2 " B1 "; " WWW },
	{ "U 1! " A1 "; U 2 " B1 "; " WWW, BOTH WWW, "", "", "U 1! " A1 "; U 2 " B1 "; " WWW },
	// Hosts: gone, by fewer uplinks, by more, new.
	{ BOTH WWW, BOTH, "", "", BOTH "H www.example.com - -" },
	{ BOTH WWW, BOTH "H www.example.com 2 -", "", "", BOTH "H www.example.com 2 -" },
	{ BOTH WWW, BOTH "H www.example.com 123 13", "", "", BOTH WWW },
	{ BOTH WWW, BOTH "H www.example.com 3 3", "", "", BOTH "H www.example.com - -" },
	{ BOTH WWW, BOTH WWW "; H new.example.com 12 12", "", "", BOTH WWW },
	// A host's own address: the same, changed, new, gone.
	{ BOTH WWW OWN1, BOTH WWW OWN1, "", "", BOTH WWW OWN1 },
	{ BOTH WWW OWN1, BOTH WWW " 1=2001:db8:1:10::81", "", "",
	  BOTH "H www.example.com 12 -" OWN1 },
	{ BOTH WWW, BOTH WWW OWN1, "", "", BOTH "H www.example.com 12 -" },
	{ BOTH WWW OWN1, BOTH WWW, "", "", BOTH "H www.example.com 12 -" OWN1 },
};

START_TEST(withdrawn_is_what_is_not_wanted_or_lost)
{
	struct table *published = table_from_words(withdrawals[_i].published);
	struct table *planned = table_from_words(withdrawals[_i].planned);
	struct uplink_sets lost = { { set_from_digits(withdrawals[_i].lost4),
		                      set_from_digits(withdrawals[_i].lost6) } };
	struct table *cut = answers_withdrawn(published, planned, &lost);
	assert_answers(cut, withdrawals[_i].expected);
	assert_answers(published, withdrawals[_i].published);
	assert_answers(planned, withdrawals[_i].planned);
	table_free(cut);
	table_free(planned);
	table_free(published);
}
END_TEST

static const struct {
	const char *planned;
	const char *broken4;
	const char *broken6;
	const char *expected;
} installations[] = {
	{ BOTH WWW, "", "", BOTH WWW },
	{ "", "1", "1", "" },
	{ BOTH WWW, "1", "", "U 1 " A6 "; U 2 " B1 "; " WWW },
	{ BOTH WWW, "", "1", "U 1 " A1 "; U 2 " B1 "; " WWW },
	{ BOTH WWW, "2", "", "U 1 " A1 " " A6 "; U 2!; " WWW },
	{ BOTH WWW, "", "2", BOTH WWW },
	{ BOTH WWW, "12", "12", "U 1!; U 2!; " WWW },
	{ "U 1!; U 2 " B1 "; " WWW, "", "", "U 1!; U 2 " B1 "; " WWW },
	// Usable without an address is not usable.
	{ "U 1; " WWW, "", "", "U 1!; " WWW },
};

START_TEST(installed_is_what_is_planned_and_not_broken)
{
	struct table *planned = table_from_words(installations[_i].planned);
	struct uplink_sets broken = { { set_from_digits(installations[_i].broken4),
		                        set_from_digits(installations[_i].broken6) } };
	struct table *installed = answers_installed(planned, &broken);
	assert_answers(installed, installations[_i].expected);
	assert_answers(planned, installations[_i].planned);
	table_free(installed);
	table_free(planned);
}
END_TEST

START_TEST(copy_shares_nothing)
{
	struct table *table = table_from_words(BOTH WWW);
	table->meta.generation = 7;
	struct table *copy = table_copy(table);
	ck_assert(answers_equal(table, copy));
	ck_assert_uint_eq(copy->meta.generation, 7);
	ck_assert(copy->uplinks != table->uplinks && copy->hosts != table->hosts);
	copy->uplinks[0].address_count = 0;
	copy->hosts[0].ready4 = 0;
	assert_answers(table, BOTH WWW);
	table_free(copy);
	table_free(table);
}
END_TEST

static void change(struct table *table, int what)
{
	switch (what) {
	case 0:
		table->uplink_count--;
		break;
	case 1:
		table->host_count--;
		break;
	case 2:
		table->meta.stale_after_ms = 1;
		break;
	case 3:
		table->meta.lan_count = 1;
		break;
	case 4:
		strcpy(table->meta.site, "example.org");
		break;
	case 5:
		table->meta.lan[0].length = 8;
		break;
	case 6:
		table->uplinks[1].drained = true;
		break;
	case 7:
		table->uplinks[1].address[0].bytes[3] ^= 1;
		break;
	case 8:
		table->uplinks[0].binding[0].port++;
		break;
	case 9:
		table->hosts[0].ttl++;
		break;
	case 10:
		table->hosts[0].ready6 ^= 4;
		break;
	case 11:
		table->hosts[0].order_count++;
		break;
	case 12:
		table->hosts[0].policy = ANSWER_ALL;
		break;
	case 13:
		table->hosts[0].own[0].address.bytes[15] ^= 1;
		break;
	}
}

START_TEST(tables_that_differ_in_one_answer_are_not_equal)
{
	struct table *table = table_from_words(BOTH WWW);
	struct table *other = table_copy(table);
	change(other, _i);
	ck_assert(!answers_equal(table, other));
	ck_assert(!answers_equal(other, table));
	table_free(other);
	table_free(table);
}
END_TEST

START_TEST(writer_and_time_make_no_other_answers)
{
	struct table *table = table_from_words(BOTH WWW);
	struct table *other = table_copy(table);
	other->meta.generation = 12;
	other->meta.heartbeat_ms = 34;
	other->meta.boot_id[0] = 56;
	ck_assert(answers_equal(table, other));
	struct table *empty = table_new();
	struct table *another = table_new();
	ck_assert(answers_equal(empty, another));
	ck_assert(!answers_equal(empty, table));
	table_free(another);
	table_free(empty);
	table_free(other);
	table_free(table);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("answers");
	TCase *tcase = tcase_create("answers");
	tcase_add_loop_test(tcase, withdrawn_is_what_is_not_wanted_or_lost, 0, COUNT(withdrawals));
	tcase_add_loop_test(tcase, installed_is_what_is_planned_and_not_broken, 0,
	                    COUNT(installations));
	tcase_add_test(tcase, copy_shares_nothing);
	tcase_add_loop_test(tcase, tables_that_differ_in_one_answer_are_not_equal, 0, 14);
	tcase_add_test(tcase, writer_and_time_make_no_other_answers);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
