/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The forwards of a site as map elements: what changes from one site to the next, and what a port is.
 */

#include <netinet/in.h>
#include <stdio.h>

#include "daemon/nft_forwards.h"
#include "plan_text.h"

#define SITE                                                                        \
	"site:\n    domain: example.com\n    lan: lan0\n"                           \
	"uplink:\n  - id: primary\n    interface: wan0\n    address: 192.168.2.1\n" \
	"  - id: backup\n    interface: wan1\n    address: 172.16.1.1\n"            \
	"server:\n  - id: web\n    address: [10.0.0.10, \"fd00:10::10\"]\n"         \
	"host:\n  - domain: a.example.com\n    server: web\n    port: [%s]\n"

static const struct {
	const char *before;
	const char *after;
	const char *commands;
} changes[] = {
	{ "tcp/80, udp/443", "udp/443, tcp/80", "" },
	{ "tcp/80, tcp/81", "tcp/80",
	  "delete element inet multihome single4_1 { tcp . 81 }\n"
	  "delete element inet multihome single6_1 { tcp . 81 }\n"
	  "delete element inet multihome single4_2 { tcp . 81 }\n"
	  "delete element inet multihome single6_2 { tcp . 81 }\n" },
	{ "tcp/80", "tcp/80, udp/1, udp/2:3",
	  "add element inet multihome single4_1 { udp . 1 : 10.0.0.10 . 1, udp . 2 : 10.0.0.10 . 3 "
	  "}\n"
	  "add element inet multihome single6_1 { udp . 1 : fd00:10::10 . 1, "
	  "udp . 2 : fd00:10::10 . 3 }\n"
	  "add element inet multihome single4_2 { udp . 1 : 10.0.0.10 . 1, udp . 2 : 10.0.0.10 . 3 "
	  "}\n"
	  "add element inet multihome single6_2 { udp . 1 : fd00:10::10 . 1, "
	  "udp . 2 : fd00:10::10 . 3 }\n" },
	{ "tcp/80:1", "tcp/80:2",
	  "delete element inet multihome single4_1 { tcp . 80 }\n"
	  "add element inet multihome single4_1 { tcp . 80 : 10.0.0.10 . 2 }\n"
	  "delete element inet multihome single6_1 { tcp . 80 }\n"
	  "add element inet multihome single6_1 { tcp . 80 : fd00:10::10 . 2 }\n"
	  "delete element inet multihome single4_2 { tcp . 80 }\n"
	  "add element inet multihome single4_2 { tcp . 80 : 10.0.0.10 . 2 }\n"
	  "delete element inet multihome single6_2 { tcp . 80 }\n"
	  "add element inet multihome single6_2 { tcp . 80 : fd00:10::10 . 2 }\n" },
	{ "tcp/80, tcp/90-99", "tcp/80, tcp/90-98, udp/7-8",
	  "delete element inet multihome range4_1 { tcp . 90-99 }\n"
	  "add element inet multihome range4_1 { tcp . 90-98 : 10.0.0.10, udp . 7-8 : 10.0.0.10 "
	  "}\n"
	  "delete element inet multihome range6_1 { tcp . 90-99 }\n"
	  "add element inet multihome range6_1 { tcp . 90-98 : fd00:10::10, udp . 7-8 : "
	  "fd00:10::10 }\n"
	  "delete element inet multihome range4_2 { tcp . 90-99 }\n"
	  "add element inet multihome range4_2 { tcp . 90-98 : 10.0.0.10, udp . 7-8 : 10.0.0.10 "
	  "}\n"
	  "delete element inet multihome range6_2 { tcp . 90-99 }\n"
	  "add element inet multihome range6_2 { tcp . 90-98 : fd00:10::10, udp . 7-8 : "
	  "fd00:10::10 }\n" },
	{ "tcp/80, tcp/81, tcp/82, tcp/83-84", "tcp/80, tcp/85, tcp/83-84",
	  "flush map inet multihome single4_1\n"
	  "add element inet multihome single4_1 { tcp . 80 : 10.0.0.10 . 80, tcp . 85 : "
	  "10.0.0.10 . 85 }\n"
	  "flush map inet multihome single6_1\n"
	  "add element inet multihome single6_1 { tcp . 80 : fd00:10::10 . 80, tcp . 85 : "
	  "fd00:10::10 . 85 }\n"
	  "flush map inet multihome single4_2\n"
	  "add element inet multihome single4_2 { tcp . 80 : 10.0.0.10 . 80, tcp . 85 : "
	  "10.0.0.10 . 85 }\n"
	  "flush map inet multihome single6_2\n"
	  "add element inet multihome single6_2 { tcp . 80 : fd00:10::10 . 80, tcp . 85 : "
	  "fd00:10::10 . 85 }\n" },
	{ "tcp/90-99, udp/1-2", "tcp/80",
	  "add element inet multihome single4_1 { tcp . 80 : 10.0.0.10 . 80 }\n"
	  "flush map inet multihome range4_1\n"
	  "add element inet multihome single6_1 { tcp . 80 : fd00:10::10 . 80 }\n"
	  "flush map inet multihome range6_1\n"
	  "add element inet multihome single4_2 { tcp . 80 : 10.0.0.10 . 80 }\n"
	  "flush map inet multihome range4_2\n"
	  "add element inet multihome single6_2 { tcp . 80 : fd00:10::10 . 80 }\n"
	  "flush map inet multihome range6_2\n" },
};

static struct nft_forwards *forwards_of(const char *ports)
{
	char text[4096];
	struct nft_forwards *forwards = NULL;
	(void)snprintf(text, sizeof(text), SITE, ports);
	struct site *site = site_from_text(text);
	ck_assert_int_eq(nft_forwards_build(site, &forwards), 0);
	site_free(site);
	return forwards;
}

START_TEST(forwards_that_change_are_changed_alone)
{
	struct nft_forwards *before = forwards_of(changes[_i].before);
	struct nft_forwards *after = forwards_of(changes[_i].after);
	struct text text = TEXT_EMPTY;
	nft_forwards_change(before, after, &text);
	ck_assert_str_eq(text.data != NULL ? text.data : "", changes[_i].commands);
	text_free(&text);
	nft_forwards_free(before);
	nft_forwards_free(after);
}
END_TEST

static const struct {
	unsigned uplink;
	uint8_t protocol;
	uint16_t port;
	uint16_t inside; // 0: it is not forwarded.
} targets[] = {
	{ 1, IPPROTO_TCP, 80, 80 },     { 2, IPPROTO_TCP, 80, 80 },
	{ 3, IPPROTO_TCP, 80, 0 },      { 1, IPPROTO_UDP, 80, 0 },
	{ 1, IPPROTO_TCP, 443, 8443 },  { 1, IPPROTO_TCP, 444, 0 },
	{ 1, IPPROTO_TCP, 9000, 9000 }, { 2, IPPROTO_TCP, 9010, 9010 },
	{ 1, IPPROTO_TCP, 9011, 0 },    { 1, IPPROTO_TCP, 8999, 0 },
	{ 1, IPPROTO_UDP, 9005, 0 },    { 1, IPPROTO_TCP, 9999, 9999 },
	{ 1, IPPROTO_TCP, 1, 0 },
};

START_TEST(target_of_a_port_is_found)
{
	struct nft_forwards *forwards =
		forwards_of("tcp/9999, tcp/80, tcp/443:8443, udp/9, tcp/9000-9010, tcp/9012-9020");
	uint16_t inside = 0;
	const struct address *target =
		nft_forwards_target(forwards, targets[_i].uplink, AF_INET, targets[_i].protocol,
	                            targets[_i].port, &inside);
	ck_assert_int_eq(target != NULL, targets[_i].inside != 0);
	ck_assert_uint_eq(inside, targets[_i].inside);
	nft_forwards_free(forwards);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nft_forwards");
	TCase *tcase = tcase_create("nft_forwards");
	tcase_add_loop_test(tcase, forwards_that_change_are_changed_alone, 0, COUNT(changes));
	tcase_add_loop_test(tcase, target_of_a_port_is_found, 0, COUNT(targets));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
