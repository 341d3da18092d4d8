/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * What is in our table, and which chains of others drop what we forward.
 */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/kernel.h"
#include "namespace.h"

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

#define OURS                                                                        \
	"table inet multihome { set s { type ifname; elements = { \"wan0\" }; }; "  \
	"map m { type inet_service : ipv4_addr; elements = { 80 : 10.0.0.10 }; }; " \
	"map v { type mark : verdict; }; counter c { }\n"                           \
	"chain pre { type filter hook prerouting priority mangle; }; "              \
	"chain use { tcp dport { 80, 81 } accept; }; }\n"

#define OTHER "table inet filter { set s { type ifname; }; chain c { }; }\n"

static struct nfnl *nfnl;
static struct nft_apply *apply;

static void setup(void)
{
	namespace_enter();
	ck_assert_int_eq(nfnl_open(&nfnl), 0);
	ck_assert_int_eq(nft_apply_open(&apply), 0);
}

static void teardown(void)
{
	nft_apply_close(apply);
	nfnl_close(nfnl);
}

static void apply_ours(const char *ruleset)
{
	char *error = NULL;
	int ret = nft_apply_run(apply, ruleset, &error);
	ck_assert_msg(ret == 0, "%s", error != NULL ? error : "");
	ck_assert_ptr_null(error);
}

static bool named(char **names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(names[i], name) == 0) {
			return true;
		}
	}
	return false;
}

START_TEST(objects_are_those_of_our_table)
{
	struct nft_objects objects;
	ck_assert_int_eq(nfnl_objects(nfnl, &objects), 0);
	ck_assert(!objects.table && objects.chain_count == 0 && objects.set_count == 0);
	nft_objects_deinit(&objects);

	apply_ours(OTHER "table ip multihome { chain x { }; set y { type ifname; }; }\n");
	ck_assert_int_eq(nfnl_objects(nfnl, &objects), 0);
	ck_assert(!objects.table && objects.chain_count == 0 && objects.set_count == 0);
	nft_objects_deinit(&objects);

	// The set { 80, 81 } of the rule has no name of its own.
	apply_ours(OURS);
	ck_assert_int_eq(nfnl_objects(nfnl, &objects), 0);
	ck_assert(objects.table);
	ck_assert_uint_eq(objects.chain_count, 2);
	ck_assert(named(objects.chains, 2, "pre") && named(objects.chains, 2, "use"));
	ck_assert_uint_eq(objects.set_count, 3);
	for (size_t i = 0; i < objects.set_count; i++) {
		ck_assert_int_eq(objects.is_map[i], strcmp(objects.sets[i], "s") != 0);
	}
	ck_assert(named(objects.sets, 3, "s") && named(objects.sets, 3, "m"));
	nft_objects_deinit(&objects);

	apply_ours("flush ruleset; add table inet multihome");
	ck_assert_int_eq(nfnl_objects(nfnl, &objects), 0);
	ck_assert(objects.table && objects.chain_count == 0 && objects.set_count == 0);
	nft_objects_deinit(&objects);
}
END_TEST

START_TEST(listing_of_many_chains_is_complete)
{
	struct text text = TEXT_EMPTY;
	for (int i = 0; i < 2000; i++) {
		text_add(&text,
		         "add table inet multihome; add chain inet multihome chain_%d; "
		         "add set inet multihome set_%d { type ifname; }\n",
		         i, i);
	}
	apply_ours(text.data);
	text_free(&text);
	struct nft_objects objects;
	ck_assert_int_eq(nfnl_objects(nfnl, &objects), 0);
	ck_assert_uint_eq(objects.chain_count, 2000);
	ck_assert_uint_eq(objects.set_count, 2000);
	nft_objects_deinit(&objects);
}
END_TEST

static const struct {
	const char *chain;
	const char *lines;
} drops[] = {
	{ "add table ip t; add chain ip t FORWARD { type filter hook forward priority 0; policy "
	  "drop; }",
	  "table ip t, chain FORWARD\n" },
	{ "add table ip6 t; add chain ip6 t c { type filter hook forward priority 5; policy drop; "
	  "}",
	  "table ip6 t, chain c\n" },
	{ "add table inet t; add chain inet t c { type filter hook forward priority 0; policy "
	  "drop; }; "
	  "add chain inet t d { type filter hook forward priority 1; policy drop; }",
	  "table inet t, chain c\ntable inet t, chain d\n" },
	{ "add table inet t; add chain inet t c { type filter hook forward priority 0; policy "
	  "accept; }",
	  "" },
	{ "add table inet t; add chain inet t c { type filter hook input priority 0; policy drop; "
	  "}",
	  "" },
	{ "add table inet t; add chain inet t c", "" },
	{ "add table inet multihome; "
	  "add chain inet multihome c { type filter hook forward priority 0; policy drop; }",
	  "" },
	{ "add table bridge t; add chain bridge t c { type filter hook forward priority 0; policy "
	  "drop; }",
	  "" },
	{ "add table netdev t; "
	  "add chain netdev t c { type filter hook ingress device lo priority 0; policy drop; }",
	  "" },
	{ "add table ip t", "" },
};

START_TEST(forward_chain_that_drops_is_named)
{
	struct text lines = TEXT_EMPTY;
	apply_ours(drops[_i].chain);
	ck_assert_int_eq(nfnl_foreign_drops(nfnl, &lines), 0);
	char *text = text_take(&lines);
	ck_assert_str_eq(text, drops[_i].lines);
	free(text);
}
END_TEST

START_TEST(listings_leave_neither_memory_nor_descriptors)
{
	unsigned descriptors = descriptors_open();
	unsigned long memory = 0;
	apply_ours(OURS OTHER);
	for (int i = 0; i < 2000; i++) {
		struct nfnl *other;
		struct nft_objects objects;
		struct text lines = TEXT_EMPTY;
		ck_assert_int_eq(nfnl_open(&other), 0);
		ck_assert_int_eq(nfnl_objects(other, &objects), 0);
		ck_assert_int_eq(nfnl_foreign_drops(other, &lines), 0);
		nft_objects_deinit(&objects);
		text_free(&lines);
		nfnl_close(other);
		memory = i == 1000 ? memory_resident() : memory;
	}
	ck_assert_uint_eq(descriptors_open(), descriptors);
	ck_assert_uint_le(memory_resident(), memory + 256);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nfnl_list");
	TCase *cases = tcase_create("nfnl_list");
	tcase_set_timeout(cases, 60);
	tcase_add_checked_fixture(cases, setup, teardown);
	suite_add_tcase(suite, cases);
	tcase_add_test(cases, objects_are_those_of_our_table);
	tcase_add_test(cases, listing_of_many_chains_is_complete);
	tcase_add_loop_test(cases, forward_chain_that_drops_is_named, 0, COUNT(drops));
	tcase_add_test(cases, listings_leave_neither_memory_nor_descriptors);
	return namespace_suite_run(suite);
}
