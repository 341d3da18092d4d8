/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Who changed netfilter, with the real nft(8) as the other process.
 */

#include <check.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/kernel.h"
#include "daemon/netlink.h"
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

static struct nfnl_events drain(void)
{
	struct nfnl_events events;
	ck_assert_int_eq(nfnl_drain(nfnl, &events), 0);
	return events;
}

static const struct {
	const char *commands;
	bool ours;
	bool foreign;
} commits[] = {
	{ "flush ruleset", true, true },
	{ "delete table inet multihome", true, false },
	{ "flush table inet multihome", true, false },
	{ "add chain inet multihome new", true, false },
	{ "flush chain inet multihome use; delete chain inet multihome use", true, false },
	{ "add rule inet multihome pre drop", true, false },
	{ "add set inet multihome new { type ifname; }", true, false },
	{ "delete map inet multihome v", true, false },
	{ "add element inet multihome s { \"wan1\" }", true, false },
	{ "flush map inet multihome m", true, false },
	{ "add counter inet multihome new", true, false },
	{ "delete counter inet multihome c", true, false },
	{ "add table ip multihome", false, true },
	{ "add table inet multihome2", false, true },
	{ "add chain inet filter multihome", false, true },
	{ "add element inet filter s { \"multihome\" }", false, true },
	{ "delete table inet filter", false, true },
	{ "add element inet filter s { \"a\" }; add element inet multihome s { \"a\" }", true,
	  true },
	{ "list ruleset", false, false },
	{ "add table inet multihome", false, false }, // It exists: the kernel commits nothing.
};

START_TEST(commit_of_another_process_is_told)
{
	apply_ours(OURS OTHER);
	ck_assert(!drain().ours_changed);
	run("nft '%s' > /dev/null", commits[_i].commands);
	struct nfnl_events events = drain();
	ck_assert_int_eq(events.ours_changed, commits[_i].ours);
	ck_assert_int_eq(events.foreign_changed, commits[_i].foreign);
	ck_assert_int_eq(events.pid != 0, commits[_i].ours);
	ck_assert_str_eq(events.process, commits[_i].ours ? "nft" : "");
	ck_assert(!events.overrun);
	events = drain();
	ck_assert(!events.ours_changed && !events.foreign_changed);
}
END_TEST

START_TEST(commit_of_our_own_is_not_told)
{
	apply_ours(OURS OTHER);
	apply_ours("flush ruleset\n" OURS OTHER);
	struct nfnl_events events = drain();
	ck_assert(!events.ours_changed && !events.foreign_changed && !events.overrun);
}
END_TEST

START_TEST(commit_of_another_between_our_own_is_told)
{
	apply_ours(OURS);
	run("nft add element inet multihome s '{ wan7 }'");
	apply_ours("flush set inet multihome s");
	struct nfnl_events events = drain();
	ck_assert(events.ours_changed && !events.foreign_changed);
	ck_assert_str_eq(events.process, "nft");
}
END_TEST

START_TEST(flush_wakes_the_descriptor)
{
	apply_ours(OURS);
	(void)drain();
	run("nft flush ruleset");
	wait_readable(nfnl_fd(nfnl));
	ck_assert(drain().ours_changed);
}
END_TEST

static bool own_commit_is_quiet(void)
{
	struct nfnl *inner;
	struct nft_apply *inner_apply;
	struct nfnl_events events;
	char *error;
	return getpid() == 1 && nfnl_open(&inner) == 0 && nft_apply_open(&inner_apply) == 0 &&
	       nft_apply_run(inner_apply, OURS, &error) == 0 && nfnl_drain(inner, &events) == 0 &&
	       !events.ours_changed && !events.overrun;
}

// In a container getpid() isn't the number that the kernel puts into events. The children end
// without LeakSanitizer, which can't look at processes from in there.
START_TEST(own_commit_is_known_in_a_pid_namespace)
{
	int status = 1;
	pid_t outer = fork();
	if (outer == 0) {
		pid_t inner = unshare(CLONE_NEWPID) == 0 ? fork() : -1;
		if (inner == 0) {
			syscall(SYS_exit_group, own_commit_is_quiet() ? 0 : 1);
		}
		bool good = inner > 0 && waitpid(inner, &status, 0) == inner && status == 0;
		syscall(SYS_exit_group, good ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(outer, &status, 0), outer);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	struct nfnl_events events = drain();
	ck_assert(events.ours_changed && events.pid > 1);
}
END_TEST

static void fill(unsigned elements)
{
	FILE *nft = popen("nft -f -", "we");
	ck_assert_ptr_nonnull(nft);
	fputs("add map inet multihome m { type inet_service : ipv4_addr; }\n"
	      "add element inet multihome m { ",
	      nft);
	for (unsigned i = 0; i < elements; i++) {
		fprintf(nft, "%u : 10.0.0.10, ", 1000 + i);
	}
	fputs("}\n", nft);
	ck_assert_int_eq(pclose(nft), 0);
}

START_TEST(big_commit_is_told_or_lost_and_said_so)
{
	apply_ours(OURS);
	(void)drain();
	if (_i == 0) {
		int small = 4096;
		ck_assert_int_eq(
			setsockopt(nfnl_fd(nfnl), SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	}
	fill(10000);
	struct nfnl_events events = drain();
	ck_assert_int_eq(events.overrun, _i == 0);
	ck_assert(events.overrun || events.ours_changed);
	run("nft flush ruleset");
	events = drain();
	ck_assert(events.ours_changed && !events.overrun);
}
END_TEST

/*! The messages of a commit as another listener got them. */
static struct {
	struct nlmsghdr *items[64];
	size_t count;
} recorded;

static int record(const struct nlmsghdr *message, void *data)
{
	struct nlmsghdr *copy = malloc(message->nlmsg_len);
	ck_assert(copy != NULL && recorded.count < 64);
	memcpy(copy, message, message->nlmsg_len);
	recorded.items[recorded.count++] = copy;
	return 0;
}

static void recorded_free(void)
{
	for (size_t i = 0; i < recorded.count; i++) {
		free(recorded.items[i]);
	}
}

// As when the descriptor wakes in the middle: a socket pair in its place hands over one by one.
START_TEST(commit_in_parts_is_told_once_whole)
{
	static const unsigned groups[] = { NFNLGRP_NFTABLES };
	struct netlink *listener;
	struct nfnl_events events;
	bool overrun = false;
	int pair[2];

	apply_ours(OURS);
	(void)drain();
	ck_assert_int_eq(netlink_open(&listener, NETLINK_NETFILTER), 0);
	ck_assert_int_eq(netlink_subscribe(listener, groups, 1), 0);
	run("nft 'flush ruleset; add table inet other'");
	ck_assert_int_eq(netlink_drain(listener, &overrun, record, NULL), 0);
	ck_assert_uint_gt(recorded.count, 5);

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
	ck_assert_int_eq(dup2(pair[0], nfnl_fd(nfnl)), nfnl_fd(nfnl));
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < recorded.count; i++) {
			ck_assert_int_gt(
				send(pair[1], recorded.items[i], recorded.items[i]->nlmsg_len, 0),
				0);
			events = drain();
			bool last = i + 1 == recorded.count;
			ck_assert(events.ours_changed == last && events.foreign_changed == last);
		}
		ck_assert_str_eq(events.process, "nft");
	}
	close(pair[0]);
	close(pair[1]);
	netlink_close(listener);
	recorded_free();
}
END_TEST

START_TEST(damaged_event_is_passed_over)
{
	struct netlink *listener;
	static const unsigned groups[] = { NFNLGRP_NFTABLES };
	bool overrun = false;
	int pair[2];

	ck_assert_int_eq(netlink_open(&listener, NETLINK_NETFILTER), 0);
	ck_assert_int_eq(netlink_subscribe(listener, groups, 1), 0);
	apply_ours(OURS);
	ck_assert_int_eq(netlink_drain(listener, &overrun, record, NULL), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
	ck_assert_int_eq(dup2(pair[0], nfnl_fd(nfnl)), nfnl_fd(nfnl));

	srand(1);
	for (int round = 0; round < 20000; round++) {
		uint8_t bytes[4096];
		const struct nlmsghdr *sample = recorded.items[(size_t)rand() % recorded.count];
		size_t length = sample->nlmsg_len;
		ck_assert_uint_le(length, sizeof(bytes));
		memcpy(bytes, sample, length);
		for (int changes = rand() % 4; changes >= 0; changes--) {
			bytes[(size_t)rand() % length] = (uint8_t)rand();
		}
		length = rand() % 2 == 0 ? length : (size_t)rand() % length;
		ck_assert_int_ge(send(pair[1], bytes, length, 0), 0);
		(void)drain();
	}
	close(pair[0]);
	close(pair[1]);
	netlink_close(listener);
	recorded_free();
}
END_TEST

START_TEST(capabilities_of_the_network_are_enough)
{
	nft_apply_close(apply);
	nfnl_close(nfnl);
	capabilities_drop();
	ck_assert_int_eq(nfnl_open(&nfnl), 0);
	ck_assert_int_eq(nft_apply_open(&apply), 0);
	apply_ours(OURS);
	struct nfnl_events events = drain();
	ck_assert(!events.ours_changed);
	struct nft_objects objects;
	ck_assert_int_eq(nfnl_objects(nfnl, &objects), 0);
	ck_assert(objects.table && objects.chain_count == 2);
	nft_objects_deinit(&objects);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nfnl");
	TCase *cases = tcase_create("nfnl");
	tcase_set_timeout(cases, 60);
	tcase_add_checked_fixture(cases, setup, teardown);
	suite_add_tcase(suite, cases);
	tcase_add_loop_test(cases, commit_of_another_process_is_told, 0, COUNT(commits));
	tcase_add_test(cases, commit_of_our_own_is_not_told);
	tcase_add_test(cases, commit_of_another_between_our_own_is_told);
	tcase_add_test(cases, flush_wakes_the_descriptor);
	tcase_add_test(cases, own_commit_is_known_in_a_pid_namespace);
	tcase_add_loop_test(cases, big_commit_is_told_or_lost_and_said_so, 0, 2);
	tcase_add_test(cases, commit_in_parts_is_told_once_whole);
	tcase_add_test(cases, damaged_event_is_passed_over);
	tcase_add_test(cases, capabilities_of_the_network_are_enough);
	return namespace_suite_run(suite);
}
