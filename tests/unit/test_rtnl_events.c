/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Being told of changes by others, also when there are more than the socket can hold.
 */

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/kernel.h"
#include "namespace.h"

static struct rtnl *rtnl;
static struct observed observed;

static void setup(void)
{
	namespace_enter();
	run("ip link add wan0 type veth peer name wan0p");
	// Link-local addresses and the carrier come late, and would be events of their own.
	run("ip link set wan0 addrgenmode none; ip link set wan0p addrgenmode none");
	run("ip link set wan0p up; ip link set wan0 up");
	run("for i in $(seq 100); do ip link show wan0 | grep -q 'state UP' && exit 0; sleep 0.1; "
	    "done; "
	    "exit 1");
	run("ip tuntap add mode tun name ppp0; ip link set ppp0 up");
	run("ip addr add 192.168.2.1/29 dev wan0; ip addr add 192.168.2.2/29 dev wan0");
	run("ip addr add 2001:db8:1::2/64 dev wan0 nodad");
	ck_assert_int_eq(rtnl_open(&rtnl), 0);
}

static void teardown(void)
{
	observed_deinit(&observed);
	rtnl_close(rtnl);
}

static void observe(void)
{
	observed_deinit(&observed);
	ck_assert_int_eq(rtnl_observe(rtnl, &observed), 0);
}

static struct rtnl_events drain(void)
{
	struct rtnl_events events;
	ck_assert_int_eq(rtnl_drain(rtnl, &events), 0);
	return events;
}

static const struct link_address *find_address(const char *text)
{
	struct prefix prefix;
	ck_assert_int_eq(prefix_parse(text, &prefix), 0);
	for (size_t i = 0; i < observed.address_count; i++) {
		if (prefix_compare(&observed.addresses[i].prefix, &prefix) == 0) {
			return &observed.addresses[i];
		}
	}
	return NULL;
}

static const struct {
	const char *before;
	const char *command;
	bool links;
	bool routes;
	unsigned own_lost;
} event_cases[] = {
	{ "true", "ip link set ppp0 down", true, false, 0 },
	{ "true", "ip addr del 192.168.2.2/29 dev wan0", true, false, 0 },
	{ "true", "ip route add default via 192.168.2.6", false, true, 0 },
	{ "true", "ip -6 route add default via fe80::1 dev wan0", false, true, 0 },
	{ "true", "ip route add 10.7.0.0/24 dev wan0 table 777", false, false, 0 },
	{ "true", "ip rule add pref 7 lookup 777", false, true, 0 },
	{ "true", "ip route add 10.7.0.0/24 dev wan0 table 777 proto 109", false, true, 0 },
	{ "ip route add 10.7.0.0/24 dev wan0 table 777 proto 109", "ip route flush table 777",
	  false, true, 1 },
	{ "ip -6 route add fd07::/64 dev wan0 table 777 proto 109", "ip -6 route flush table 777",
	  false, true, 1 },
	{ "ip rule add pref 7 lookup 777 proto 109", "ip rule del pref 7", false, true, 1 },
	{ "ip -6 rule add pref 7 lookup 777 proto 109", "ip -6 rule flush", false, true, 1 },
	{ "ip rule add pref 7 lookup 777", "ip rule del pref 7", false, true, 0 },
	// Replaced by another owner: no message of deletion.
	{ "ip route add 10.7.0.0/24 dev wan0 table 777 proto 109",
	  "ip route replace 10.7.0.0/24 dev ppp0 table 777", false, true, 1 },
	{ "ip -6 route add fd07::/64 dev wan0 table 777 proto 109",
	  "ip -6 route replace fd07::/64 dev ppp0 table 777", false, true, 1 },
};

START_TEST(change_by_others_is_counted)
{
	run("%s", event_cases[_i].before);
	observe();
	(void)drain();
	run("%s", event_cases[_i].command);
	struct rtnl_events events = drain();
	ck_assert(events.links > 0 || !event_cases[_i].links);
	ck_assert_int_eq(events.routes > 0, event_cases[_i].routes);
	ck_assert_uint_eq(events.own_lost, event_cases[_i].own_lost);
	ck_assert(!events.overrun);
	events = drain();
	ck_assert(events.links == 0 && events.routes == 0 && events.own_lost == 0);
}
END_TEST

START_TEST(descriptor_wakes_for_others)
{
	(void)drain();
	run("ip link set ppp0 down");
	wait_readable(rtnl_fd(rtnl));
	ck_assert_uint_gt(drain().links, 0);
}
END_TEST

// What iproute2 lists of scope global, as often as we do.
static size_t addresses_listed(void)
{
	char *listing = output_of("ip -o addr show scope global");
	size_t count = 0;
	for (char *line = strtok(listing, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		char text[ADDRESS_TEXT_MAX];
		int index = 0;
		ck_assert_int_eq(sscanf(line, "%d: %*s %*s %63s", &index, text), 2);
		const struct link_address *address = find_address(text);
		ck_assert_msg(address != NULL && address->link == index, "%s is missing", text);
		count++;
	}
	free(listing);
	return count;
}

static void flap(unsigned flaps)
{
	FILE *batch = popen("ip -batch -", "we");
	ck_assert_ptr_nonnull(batch);
	for (unsigned i = 0; i < flaps; i++) {
		fprintf(batch, "addr add 10.%u.%u.1/24 dev wan0\n", i / 250, i % 250);
		fprintf(batch, "addr add fd00:%x::1/64 dev wan0 nodad\n", i);
		if (i % 10 != 0) {
			fprintf(batch, "addr del 10.%u.%u.1/24 dev wan0\n", i / 250, i % 250);
			fprintf(batch, "addr del fd00:%x::1/64 dev wan0\n", i);
		}
	}
	ck_assert_int_eq(pclose(batch), 0);
}

START_TEST(flood_of_events_is_told_and_the_next_look_is_right)
{
	(void)drain();
	if (_i == 0) {
		int small = 4096;
		ck_assert_int_eq(
			setsockopt(rtnl_fd(rtnl), SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	}
	flap(1000);
	struct rtnl_events events = { 0 };
	unsigned links = 0;
	bool overrun = false;
	do {
		events = drain();
		links += events.links;
		overrun |= events.overrun;
	} while (events.links > 0);
	ck_assert_int_eq(overrun, _i == 0);
	// An IPv6 address that is deleted at once may never have been announced.
	ck_assert(_i == 0 || (links >= 1900 + 900 && links <= 1900 + 1900));
	observe();
	ck_assert_uint_eq(addresses_listed(), observed.address_count);
	ck_assert_uint_eq(observed.address_count, 203);

	// The overrun is told once, and events flow again.
	run("ip addr del 192.168.2.2/29 dev wan0");
	events = drain();
	ck_assert(events.links > 0 && !events.overrun);
}
END_TEST

START_TEST(looks_and_floods_leave_neither_memory_nor_descriptors)
{
	unsigned long memory = 0;
	unsigned descriptors = descriptors_open();
	for (int round = 0; round < 200; round++) {
		if (round % 50 == 0) {
			flap(20);
			run("ip addr flush dev wan0 scope global");
		}
		struct rtnl *other;
		ck_assert_int_eq(rtnl_open(&other), 0);
		observe();
		(void)drain();
		rtnl_close(other);
		memory = round == 100 ? memory_resident() : memory;
	}
	ck_assert_uint_eq(descriptors_open(), descriptors);
	ck_assert_uint_le(memory_resident(), memory + 256);
}
END_TEST

// More addresses than one dump holds, of which the first ones move to the end all the time: a dump
// that goes on by position would miss what moved.
START_TEST(look_during_changes_is_whole_or_refused)
{
	run("seq 0 1999 | awk '{ printf \"addr add 10.%%d.%%d.1/24 dev wan0\\n\", $1 / 250, "
	    "$1 %% 250 }' | ip -batch -");
	pid_t child = fork();
	if (child == 0) {
		execl("/bin/sh", "sh", "-c",
		      "while :; do seq 0 1999; done | awk '{ a = sprintf(\"10.%d.%d.1/24 dev "
		      "wan0\", "
		      "$1 / 250, $1 % 250); print \"addr del \" a; print \"addr add \" a }' | "
		      "ip -batch -",
		      NULL);
		_exit(1);
	}
	wait_readable(rtnl_fd(rtnl));
	unsigned whole = 0;
	for (int i = 0; i < 100; i++) {
		observed_deinit(&observed);
		int ret = rtnl_observe(rtnl, &observed);
		ck_assert(ret == 0 || ret == -EAGAIN);
		if (ret == 0) {
			ck_assert_uint_ge(observed.address_count, 2002);
			ck_assert_uint_le(observed.address_count,
			                  2010); // Moved during the last part.
			whole++;
		}
		(void)drain();
	}
	kill(child, SIGTERM);
	waitpid(child, NULL, 0);
	printf("looks during changes: %u of 100 whole\n", whole);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

int main(void)
{
	Suite *suite = suite_create("rtnl_events");
	TCase *cases = tcase_create("rtnl_events");
	tcase_set_timeout(cases, 120);
	tcase_add_checked_fixture(cases, setup, teardown);
	suite_add_tcase(suite, cases);
	tcase_add_loop_test(cases, change_by_others_is_counted, 0, COUNT(event_cases));
	tcase_add_test(cases, descriptor_wakes_for_others);
	tcase_add_loop_test(cases, flood_of_events_is_told_and_the_next_look_is_right, 0, 2);
	tcase_add_test(cases, looks_and_floods_leave_neither_memory_nor_descriptors);
	tcase_add_test(cases, look_during_changes_is_whole_or_refused);
	return namespace_suite_run(suite);
}
