/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Transactions: all or nothing, errors as text and never on the terminal, one context for ever.
 */

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "daemon/kernel.h"
#include "namespace.h"

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

#define CONTENTS                                                                                  \
	"table inet multihome { set s { type ifname; elements = { \"wan0\" }; }; chain use { }; " \
	"chain pre { type filter hook prerouting priority mangle; iifname @s jump use; }; }\n"

#define DECLARED                                                          \
	"table inet multihome { set s { type ifname; }; chain use { }; "  \
	"chain pre { type filter hook prerouting priority mangle; }; }\n" \
	"flush table inet multihome; flush set inet multihome s\n"

#define OURS DECLARED CONTENTS

static struct nft_apply *apply;

static void setup(void)
{
	namespace_enter();
	ck_assert_int_eq(nft_apply_open(&apply), 0);
}

static void teardown(void)
{
	nft_apply_close(apply);
}

static void apply_ours(const char *ruleset)
{
	char *error = NULL;
	int ret = nft_apply_run(apply, ruleset, &error);
	ck_assert_msg(ret == 0, "%s", error != NULL ? error : "");
	ck_assert_ptr_null(error);
}

START_TEST(ruleset_is_installed_and_again_with_the_same_result)
{
	apply_ours(OURS);
	char *first = output_of("nft list ruleset");
	ck_assert_ptr_nonnull(strstr(first, "iifname @s jump use"));
	apply_ours(OURS);
	char *second = output_of("nft list ruleset");
	ck_assert_str_eq(first, second);
	free(first);
	free(second);
}
END_TEST

/*! By the kernel in nft 1.0 (EOPNOTSUPP), by the library itself in 1.1 (EIO). */
#define REFUSED_EARLY_OR_LATE 1

static const struct {
	const char *ruleset;
	int error;
	const char *text;
} refused[] = {
	{ "delete table inet nothing", -ENOENT,
	  "line 2: Could not process rule: No such file or directory, in «delete table inet "
	  "nothing»" },
	{ "create table inet multihome", -EEXIST,
	  "line 2: Could not process rule: File exists, in «create table inet multihome»" },
	{ "delete chain inet multihome use", -EBUSY,
	  "line 2: Could not process rule: Device or resource busy, in «delete chain inet "
	  "multihome use»" },
	{ "add table inet x; add chain inet x c { type nat hook forward priority 0; }",
	  REFUSED_EARLY_OR_LATE, NULL },
	{ "table inet x { chain c { type filter hook sideways priority 0; }; }", -EIO, NULL },
	{ "gibberish", -EIO, NULL },
	{ "table inet x {", -EIO, NULL },
	{ "add rule inet multihome use ip saddr 1.2.3.4.5 drop", -EIO, NULL },
	{ "\n\n\t\n%", -EIO, "line 5: syntax error, unexpected junk, in «%»" },
};

START_TEST(refused_ruleset_changes_nothing_and_says_why)
{
	char ruleset[1024];
	char *error = NULL;
	apply_ours(OURS);
	char *before = output_of("nft list ruleset");
	(void)snprintf(ruleset, sizeof(ruleset), "add table inet first\n%s\nadd table inet last\n",
	               refused[_i].ruleset);
	int ret = nft_apply_run(apply, ruleset, &error);
	if (refused[_i].error == REFUSED_EARLY_OR_LATE) {
		ck_assert_msg(ret == -EOPNOTSUPP || ret == -EIO, "%d", ret);
	} else {
		ck_assert_int_eq(ret, refused[_i].error);
	}
	ck_assert_ptr_nonnull(error);
	ck_assert_ptr_null(strchr(error, '\n'));
	ck_assert_uint_gt(strlen(error), 10);
	if (refused[_i].text != NULL) {
		ck_assert_str_eq(error, refused[_i].text);
	}
	free(error);
	char *after = output_of("nft list ruleset");
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
	apply_ours(OURS);
}
END_TEST

START_TEST(long_line_is_quoted_in_part)
{
	struct text text = TEXT_EMPTY;
	char *error = NULL;
	text_add(&text, "add element inet nothing m { ");
	for (int i = 0; i < 10000; i++) {
		text_add(&text, "%d, ", i);
	}
	text_add(&text, "}");
	ck_assert_int_eq(nft_apply_run(apply, text.data, &error), -ENOENT);
	ck_assert_uint_lt(strlen(error), 250);
	free(error);
	text_free(&text);
}
END_TEST

START_TEST(nothing_is_written_to_the_terminal)
{
	char *error = NULL;
	struct stat status;
	char name[] = "/tmp/test_nft_apply.XXXXXX";
	int file = mkstemp(name);
	int out = dup(STDOUT_FILENO);
	int err = dup(STDERR_FILENO);
	ck_assert(file >= 0 && out >= 0 && err >= 0);
	unlink(name);
	fflush(NULL);
	dup2(file, STDOUT_FILENO);
	dup2(file, STDERR_FILENO);
	int good = nft_apply_run(apply, OURS, &error);
	int list = nft_apply_run(apply, "list ruleset", &error);
	int bad = 0;
	for (int i = 0; i < COUNT(refused); i++) {
		bad += nft_apply_run(apply, refused[i].ruleset, &error) != 0;
		free(error);
	}
	int dropped = setresuid(65534, 65534, 65534);
	int denied = nft_apply_run(apply, OURS, &error);
	free(error);
	denied |= nft_apply_run(apply, "delete table inet multihome", &error);
	free(error);
	fflush(NULL);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	ck_assert_int_eq(fstat(file, &status), 0);
	ck_assert_int_eq(status.st_size, 0);
	ck_assert(good == 0 && list == 0 && bad == COUNT(refused));
	ck_assert(dropped == 0 && denied == -EPERM);
	leaks_stay_visible();
}
END_TEST

// The context keeps a cache of the ruleset, which others make stale.
START_TEST(change_by_others_does_not_spoil_the_next_transaction)
{
	static const char *const changes[] = {
		"flush ruleset",
		"delete table inet multihome",
		"flush table inet multihome",
		"flush chain inet multihome pre; delete chain inet multihome use",
		"add chain inet multihome more; add rule inet multihome pre jump more",
		"flush set inet multihome s",
		"flush ruleset; add table inet multihome",
		"add table inet filter",
	};
	apply_ours(OURS);
	char *whole = output_of("nft list table inet multihome | grep -v more");
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < COUNT(changes); i++) {
			run("nft '%s'", changes[i]);
			apply_ours(OURS);
			run("nft list table inet multihome | grep -q 'iifname @s jump use'");
			run("nft list table inet multihome | grep -q 'elements = { \"wan0\" }'");
		}
	}
	run("nft flush ruleset");
	apply_ours(OURS);
	char *again = output_of("nft list ruleset");
	ck_assert_str_eq(whole, again);
	free(whole);
	free(again);
}
END_TEST

START_TEST(single_elements_are_changed_after_a_flush_by_others)
{
	apply_ours(OURS);
	apply_ours("add element inet multihome s { \"wan1\" }");
	run("nft flush ruleset");
	char *error = NULL;
	ck_assert_int_eq(nft_apply_run(apply, "add element inet multihome s { \"wan2\" }", &error),
	                 -ENOENT);
	free(error);
	apply_ours(OURS);
	apply_ours("add element inet multihome s { \"wan2\" }");
	apply_ours("delete element inet multihome s { \"wan2\" }; add element inet multihome s { "
	           "\"wan2\" }");
}
END_TEST

START_TEST(transactions_leave_neither_memory_nor_descriptors)
{
	unsigned descriptors = descriptors_open();
	unsigned long memory = 0;
	for (int i = 0; i < 400; i++) {
		char *error = NULL;
		apply_ours(OURS);
		ck_assert_int_ne(nft_apply_run(apply, refused[i % 4].ruleset, &error), 0);
		free(error);
		// The socket, in which there may be answers that nobody has read, is not used again.
		ck_assert_uint_eq(descriptors_open(), descriptors - 1);
		memory = i == 200 ? memory_resident() : memory;
	}
	apply_ours(OURS);
	ck_assert_uint_eq(descriptors_open(), descriptors);
	ck_assert_uint_le(memory_resident(), memory + 512);
}
END_TEST

START_TEST(open_without_descriptors_fails_and_does_not_exit)
{
	struct nft_apply *other = NULL;
	struct rlimit limit;
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	struct rlimit none = { .rlim_cur = 0, .rlim_max = limit.rlim_max };
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	ck_assert_int_eq(nft_apply_open(&other), -EMFILE);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_ptr_null(other);
}
END_TEST

START_TEST(without_capabilities_it_is_not_permitted)
{
	char *error = NULL;
	ck_assert_int_eq(setresgid(65534, 65534, 65534), 0);
	ck_assert_int_eq(setresuid(65534, 65534, 65534), 0);
	leaks_stay_visible();
	ck_assert_int_eq(nft_apply_run(apply, OURS, &error), -EPERM);
	ck_assert_ptr_nonnull(strstr(error, "Operation not permitted"));
	free(error);
	struct nft_apply *other = NULL;
	ck_assert_int_eq(nft_apply_open(&other), -EPERM);
	ck_assert_ptr_null(other);
}
END_TEST

START_TEST(capabilities_of_the_network_are_enough)
{
	nft_apply_close(apply);
	capabilities_drop();
	ck_assert_int_eq(nft_apply_open(&apply), 0);
	apply_ours(OURS);
	apply_ours("delete table inet multihome");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nft_apply");
	TCase *cases = tcase_create("nft_apply");
	tcase_set_timeout(cases, 60);
	tcase_add_checked_fixture(cases, setup, teardown);
	suite_add_tcase(suite, cases);
	tcase_add_test(cases, ruleset_is_installed_and_again_with_the_same_result);
	tcase_add_loop_test(cases, refused_ruleset_changes_nothing_and_says_why, 0, COUNT(refused));
	tcase_add_test(cases, long_line_is_quoted_in_part);
	tcase_add_test(cases, nothing_is_written_to_the_terminal);
	tcase_add_test(cases, change_by_others_does_not_spoil_the_next_transaction);
	tcase_add_test(cases, single_elements_are_changed_after_a_flush_by_others);
	tcase_add_test(cases, transactions_leave_neither_memory_nor_descriptors);
	tcase_add_test(cases, open_without_descriptors_fails_and_does_not_exit);
	tcase_add_test(cases, without_capabilities_it_is_not_permitted);
	tcase_add_test(cases, capabilities_of_the_network_are_enough);
	return namespace_suite_run(suite);
}
