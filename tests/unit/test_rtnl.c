/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Observing links, addresses and settings, against the running kernel.
 */

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/kernel.h"
#include "daemon/rtnl_parse.h"
#include "daemon/rtnl_private.h"
#include "namespace.h"

static struct rtnl *rtnl;
static struct observed observed;

static void setup(void)
{
	namespace_enter();
	run("ip link add wan0 type veth peer name wan0p");
	run("ip link set wan0p up; ip link set wan0 up");
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

START_TEST(links_tell_state_and_kind)
{
	observe();
	const struct link *wan0 = observed_link(&observed, "wan0");
	const struct link *ppp0 = observed_link(&observed, "ppp0");
	ck_assert(wan0 != NULL && wan0->up && wan0->carrier && !wan0->point_to_point);
	ck_assert(ppp0 != NULL && ppp0->up && !ppp0->carrier && ppp0->point_to_point);
	run("ip link set wan0p down");
	observe();
	wan0 = observed_link(&observed, "wan0");
	ck_assert(wan0 != NULL && wan0->up && !wan0->carrier);
	run("ip link set wan0 down");
	observe();
	wan0 = observed_link(&observed, "wan0");
	ck_assert(wan0 != NULL && !wan0->up);
	for (size_t i = 1; i < observed.link_count; i++) {
		ck_assert_int_lt(observed.links[i - 1].index, observed.links[i].index);
	}
}
END_TEST

static const struct {
	const char *command;
	const char *address;
	int usable; // -1: not told at all.
} addresses[] = {
	{ "true", "192.168.2.1/29", 1 },
	{ "true", "192.168.2.2/29", 1 }, // Secondary, the bit of «temporary» of IPv6.
	{ "true", "2001:db8:1::2/64", 1 },
	{ "true", "127.0.0.1/8", -1 },
	{ "true", "::1/128", -1 },
	{ "ip addr add 10.1.1.1/24 scope link dev wan0", "10.1.1.1/24", -1 },
	{ "ip addr add 10.1.1.1/24 dev wan0 preferred_lft 0", "10.1.1.1/24", 0 },
	{ "ip addr add 10.1.1.1 peer 10.1.1.2 dev ppp0", "10.1.1.1/32", 1 },
	{ "ip addr add fd00::1 peer fd00::2 dev ppp0 nodad", "fd00::1/128", 1 },
	{ "ip addr add fd00::1/64 dev wan0 nodad", "fd00::1/64", 1 },
	{ "ip addr add fd00::1/64 dev wan0 nodad preferred_lft 0", "fd00::1/64", 0 },
	{ "ip addr add fe80::77/64 dev wan0 nodad", "fe80::77/64", -1 },
	// Without carrier, duplicate address detection does not begin.
	{ "ip link set wan0p down; ip addr add fd00::1/64 dev wan0", "fd00::1/64", 0 },
};

START_TEST(address_is_usable_or_not_or_none_of_ours)
{
	run("%s", addresses[_i].command);
	observe();
	const struct link_address *address = find_address(addresses[_i].address);
	if (addresses[_i].usable < 0) {
		ck_assert_ptr_null(address);
	} else {
		ck_assert_ptr_nonnull(address);
		ck_assert_int_eq(address->usable, addresses[_i].usable);
	}
}
END_TEST

START_TEST(address_of_a_neighbour_is_dadfailed)
{
	run("ip addr add fd00::1/64 dev wan0p nodad");
	run("ip addr add fd00::1/64 dev wan0");
	const struct link_address *address;
	run("for i in $(seq 100); do ip -6 addr show dev wan0 dadfailed | grep -q fd00::1 && "
	    "exit 0; sleep 0.1; done; exit 1");
	run("ip addr del fd00::1/64 dev wan0p");
	observe();
	address = find_address("fd00::1/64");
	ck_assert(address != NULL && !address->usable);
}
END_TEST

START_TEST(temporary_address_is_not_usable)
{
	run("sysctl -qw net.ipv6.conf.wan0.use_tempaddr=2");
	run("ip addr add fd00:1::/64 dev wan0 nodad mngtmpaddr");
	run("for i in $(seq 100); do ip -6 addr show dev wan0 temporary -tentative | grep -q "
	    "fd00:1 "
	    "&& exit 0; sleep 0.1; done; exit 1");
	observe();
	size_t refused = 0;
	for (size_t i = 0; i < observed.address_count; i++) {
		refused += observed.addresses[i].prefix.address.bytes[0] == 0xfd &&
		           !observed.addresses[i].usable;
	}
	ck_assert_uint_eq(refused, 1);
	ck_assert(find_address("fd00:1::/64")->usable);
}
END_TEST

START_TEST(settings_are_read_and_their_changes_told)
{
	run("sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0");
	run("sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.wan0.rp_filter=2");
	run("sysctl -qw net.ipv4.conf.all.src_valid_mark=0 net.ipv4.conf.ppp0.rp_filter=0");
	observe();
	size_t wan0 = (size_t)(observed_link(&observed, "wan0") - observed.links);
	size_t ppp0 = (size_t)(observed_link(&observed, "ppp0") - observed.links);
	ck_assert(!observed.forwarding4 && !observed.forwarding6 && !observed.src_valid_mark);
	ck_assert_uint_eq(observed.rp_filter[wan0], 2);
	ck_assert_uint_eq(observed.rp_filter[ppp0], 0);

	(void)drain();
	run("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1");
	ck_assert_uint_gt(drain().settings, 0);
	run("sysctl -qw net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.all.src_valid_mark=1");
	ck_assert_uint_gt(drain().settings, 0);
	observe();
	ck_assert(observed.forwarding4 && observed.forwarding6 && observed.src_valid_mark);
	ck_assert_uint_eq(observed.rp_filter[wan0], 2);
	ck_assert_uint_eq(observed.rp_filter[ppp0], 1);
}
END_TEST

START_TEST(link_without_ipv4_settings_counts_with_those_of_all)
{
	run("sysctl -qw net.ipv4.conf.all.rp_filter=1; ip link set lo mtu 67");
	run("test ! -e /proc/sys/net/ipv4/conf/lo");
	observe();
	const struct link *small = observed_link(&observed, "lo");
	ck_assert_ptr_nonnull(small);
	ck_assert_uint_eq(observed.rp_filter[small - observed.links], 1);
}
END_TEST

static const struct {
	const char *command;
	size_t count;
	const char *printed; // Each of them, in the order of the sorted array.
} main_routes[] = {
	{ "ip route add default via 192.168.2.6 dev wan0 metric 7", 1,
	  "default via 192.168.2.6 dev wan0 table 254 metric 7\n" },
	{ "ip -4 route add default via inet6 fe80::1 dev wan0", 1,
	  "default via inet6 fe80::1 dev wan0 table 254\n" },
	{ "ip route add default nexthop via 192.168.2.6 dev wan0 nexthop via 192.168.2.5 dev wan0",
	  2,
	  "default via 192.168.2.5 dev wan0 table 254\n"
	  "default via 192.168.2.6 dev wan0 table 254\n" },
	{ "ip -6 route add default nexthop via fe80::2 dev wan0 nexthop via fe80::1 dev wan0", 2,
	  "default via fe80::1 dev wan0 table 254 metric 1024\n"
	  "default via fe80::2 dev wan0 table 254 metric 1024\n" },
	{ "ip nexthop add id 5 via 192.168.2.6 dev wan0; ip route add default nhid 5", 1,
	  "default via 192.168.2.6 dev wan0 table 254\n" },
	{ "ip route add default dev ppp0", 1, "default dev ppp0 table 254\n" },
	{ "ip route add unreachable default", 0, "" },
	{ "ip route add default via 192.168.2.6 dev wan0 table 100", 0, "" },
	{ "ip link set wan0p down; ip route add default via 192.168.2.6 dev wan0", 1,
	  "default via 192.168.2.6 dev wan0 table 254\n" },
	{ "ip -6 route add default via fe80::1 dev wan0; sysctl -qw net.ipv6.conf.all.forwarding=1;"
	  "ip route get 2001:db8:5::1 >/dev/null",
	  1, "default via fe80::1 dev wan0 table 254 metric 1024\n" },
};

START_TEST(main_table_is_read_hop_by_hop)
{
	run("%s", main_routes[_i].command);
	observe();
	struct text text = TEXT_EMPTY;
	size_t count = 0;
	for (size_t i = 0; i < observed.main_route_count; i++) {
		if (observed.main_routes[i].destination.length == 0) {
			route_print(&observed.main_routes[i], &observed, &text);
			text_add(&text, "\n");
			count++;
		}
	}
	ck_assert_uint_eq(count, main_routes[_i].count);
	char *printed = text_take(&text);
	ck_assert_str_eq(printed, main_routes[_i].printed);
	free(printed);
}
END_TEST

START_TEST(main_table_that_was_never_used_is_empty)
{
	rtnl_close(rtnl);
	namespace_enter();
	ck_assert_int_eq(rtnl_open(&rtnl), 0);
	observe();
	ck_assert_uint_eq(observed.main_route_count, 0);
	ck_assert_uint_eq(observed.link_count, 1);
}
END_TEST

static int count_message(const struct nlmsghdr *message, void *data)
{
	(*(size_t *)data)++;
	return 0;
}

static size_t messages_of(uint8_t family, uint32_t table, uint8_t protocol)
{
	const struct rtnl_dump dump = {
		.type = RTM_GETROUTE, .family = family, .table = table, .protocol = protocol
	};
	size_t count = 0;
	ck_assert_int_eq(rtnl_dump(rtnl, &dump, count_message, &count), 0);
	return count;
}

START_TEST(ten_thousand_routes_of_others_are_not_read)
{
	run("seq 0 9999 | awk '{ printf \"route add 10.%%d.%%d.0/24 dev wan0 table 777\\n\", "
	    "$1 / 250, $1 %% 250 }' | ip -batch -");
	run("seq 0 9999 | awk '{ printf \"route add fd00:%%x::/64 dev wan0 table 777\\n\", $1 }' | "
	    "ip -6 -batch -");
	run("ip route add 10.77.0.0/24 dev wan0 table 777 proto 109");
	run("ip -6 route add unreachable default table 20101 metric 7 proto 109");
	ck_assert_uint_eq(messages_of(AF_INET, 777, 0), 10001);
	ck_assert_uint_eq(messages_of(AF_INET, 0, OUR_PROTOCOL), 1);
	ck_assert_uint_eq(messages_of(AF_INET6, 0, OUR_PROTOCOL), 1);
	ck_assert_uint_lt(messages_of(AF_INET, RT_TABLE_MAIN, 0), 10);
	ck_assert_uint_lt(messages_of(AF_INET6, RT_TABLE_MAIN, 0), 10);
	observe();
	ck_assert_uint_eq(observed.route_count, 2);
}
END_TEST

/*! Messages of the kernel, each in memory of its exact size. */
static struct {
	struct nlmsghdr *items[512];
	size_t count;
} samples;

static int sample_take(const struct nlmsghdr *message, void *data)
{
	if (samples.count < 512) {
		struct nlmsghdr *copy = malloc(message->nlmsg_len);
		ck_assert_ptr_nonnull(copy);
		memcpy(copy, message, message->nlmsg_len);
		samples.items[samples.count++] = copy;
	}
	return 0;
}

static void parse_any(const struct nlmsghdr *message)
{
	struct link link;
	struct link_address address;
	struct route_message route;
	struct rule rule;
	(void)link_parse(message, &link);
	(void)link_address_parse(message, &address);
	if (route_parse(message, &route) == 0) {
		while (route_parse_next(&route) == 0) {
		}
	}
	(void)rule_parse(message, &rule);
	(void)rule_protocol(message);
}

START_TEST(damaged_message_is_refused_without_harm)
{
	static const struct rtnl_dump dumps[] = {
		{ RTM_GETLINK, AF_UNSPEC, 0, 0, 0 }, { RTM_GETADDR, AF_INET6, 0, 0, 0 },
		{ RTM_GETROUTE, AF_INET, 0, 0, 0 },  { RTM_GETROUTE, AF_INET6, 0, 0, 0 },
		{ RTM_GETRULE, AF_INET6, 0, 0, 0 },
	};
	run("ip route add default nexthop via 192.168.2.6 dev wan0 nexthop via inet6 fe80::1 dev "
	    "wan0");
	run("ip -6 rule add from fd00::1 iif wan0 fwmark 1/3 lookup 7 proto 109");
	for (size_t i = 0; i < sizeof(dumps) / sizeof(dumps[0]); i++) {
		ck_assert_int_eq(rtnl_dump(rtnl, &dumps[i], sample_take, NULL), 0);
	}
	ck_assert_uint_gt(samples.count, 20);

	srand(1);
	for (size_t i = 0; i < samples.count; i++) {
		struct nlmsghdr *sample = samples.items[i];
		uint32_t length = sample->nlmsg_len;
		for (uint32_t cut = sizeof(*sample); cut <= length; cut++) {
			struct nlmsghdr *message = malloc(cut);
			ck_assert_ptr_nonnull(message);
			memcpy(message, sample, cut);
			message->nlmsg_len = cut;
			parse_any(message);
			for (int round = 0; round < 20 && cut > sizeof(*sample); round++) {
				uint8_t *bytes = (uint8_t *)message;
				bytes[sizeof(*sample) + (size_t)rand() % (cut - sizeof(*sample))] =
					(uint8_t)rand();
				parse_any(message);
			}
			free(message);
		}
		free(sample);
	}
}
END_TEST

START_TEST(capabilities_of_the_network_are_enough)
{
	rtnl_close(rtnl);
	capabilities_drop();
	ck_assert_int_eq(rtnl_open(&rtnl), 0);
	observe();
	struct rule rule = { .family = AF_INET, .priority = 1010, .table = 20101 };
	struct route route = { .family = AF_INET, .table = 20101, .type = RTN_UNREACHABLE };
	ck_assert_int_eq(rtnl_route_add(rtnl, &route), 0);
	ck_assert_int_eq(rtnl_rule_add(rtnl, &rule), 0);
	observe();
	ck_assert_uint_eq(observed.route_count, 1);
	ck_assert_uint_eq(observed.rule_count, 1);
	ck_assert_int_eq(rtnl_rule_delete(rtnl, &rule), 0);
	ck_assert_int_eq(rtnl_route_delete(rtnl, &route), 0);
	struct rtnl_events events = drain();
	ck_assert(events.routes == 0 && events.own_lost == 0);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

int main(void)
{
	Suite *suite = suite_create("rtnl");
	TCase *cases = tcase_create("rtnl");
	tcase_set_timeout(cases, 120);
	tcase_add_checked_fixture(cases, setup, teardown);
	suite_add_tcase(suite, cases);
	tcase_add_test(cases, links_tell_state_and_kind);
	tcase_add_loop_test(cases, address_is_usable_or_not_or_none_of_ours, 0, COUNT(addresses));
	tcase_add_test(cases, address_of_a_neighbour_is_dadfailed);
	tcase_add_test(cases, temporary_address_is_not_usable);
	tcase_add_test(cases, settings_are_read_and_their_changes_told);
	tcase_add_test(cases, link_without_ipv4_settings_counts_with_those_of_all);
	tcase_add_loop_test(cases, main_table_is_read_hop_by_hop, 0, COUNT(main_routes));
	tcase_add_test(cases, main_table_that_was_never_used_is_empty);
	tcase_add_test(cases, ten_thousand_routes_of_others_are_not_read);
	tcase_add_test(cases, damaged_message_is_refused_without_harm);
	tcase_add_test(cases, capabilities_of_the_network_are_enough);
	return namespace_suite_run(suite);
}
