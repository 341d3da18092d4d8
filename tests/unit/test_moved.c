/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Which uplink numbers mean another uplink after a reload or a restart, and that their connections end,
 * and nobody else's.
 */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "daemon/kernel.h"
#include "daemon/moved.h"
#include "namespace.h"
#include "plan_text.h"

#define MASK 0x3f000000u

/*! The uplinks of two sites, each a letter and its interface's number; and what has moved, in digits. */
static const struct {
	const char *before;
	const char *after;
	const char *moved;
	const char *restarted; // Nothing is known of interfaces then.
	const char *all;       // Numbers of the plan before.
} orders[] = {
	{ "a0", "a0", "", "", "1" },
	{ "a0b1", "a0b1", "", "", "12" },
	{ "a0b1", "b1a0", "12", "12", "12" },
	{ "a0b1c2", "b1c2", "123", "123", "123" },
	{ "a0b1c2", "a0c2", "23", "23", "123" },
	{ "a0b1", "a0", "2", "2", "12" },
	// A number that was nobody's has no connections.
	{ "a0", "a0b1", "", "", "1" },
	// Another name for the same line, and another line by the same name.
	{ "a0b1", "a0d1", "2", "2", "12" },
	{ "a0b1", "a0b3", "2", "", "12" },
	{ "a0b1", "a1b0", "12", "", "12" },
};

static struct planned planned_order(const char *order)
{
	char text[1024] = "site: {domain: example.com}\nuplink:\n";
	for (size_t i = 0; order[i] != '\0'; i += 2) {
		size_t length = strlen(text);
		(void)snprintf(text + length, sizeof(text) - length,
		               "- {id: %c, interface: wan%c, address: 192.0.2.%c}\n", order[i],
		               order[i + 1], order[i + 1]);
	}
	return planned_from_text(text, "link wan0 up carrier\n");
}

START_TEST(number_of_another_uplink_has_moved)
{
	struct planned before = planned_order(orders[_i].before);
	struct planned after = planned_order(orders[_i].after);
	const struct table *published = before.plan->table;
	ck_assert_uint_eq(moved_find(published, before.plan, after.plan),
	                  set_from_digits(orders[_i].moved));
	ck_assert_uint_eq(moved_find(published, NULL, after.plan),
	                  set_from_digits(orders[_i].restarted));
	ck_assert_uint_eq(moved_all(before.plan), set_from_digits(orders[_i].all));
	planned_free(&before);
	planned_free(&after);
}
END_TEST

/*! An entry in the table of connections, which goes to that port. */
static void connect_to(uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(sendto(fd, "x", 1, 0, (struct sockaddr *)&address, sizeof(address)), 1);
	close(fd);
}

static size_t marked(uint32_t mark)
{
	size_t count = 0;
	ck_assert_int_eq(conntrack_count(mark, UINT32_MAX, &count), 0);
	return count;
}

/*! Sets of numbers in digits, and what is left of the marks below. */
static const struct {
	const char *moved;
	uint32_t mask;
	size_t ended;
	size_t left[4];
} ends[] = {
	{ "", MASK, 0, { 1, 1, 1, 1 } },   { "1", MASK, 2, { 0, 1, 0, 1 } },
	{ "12", MASK, 3, { 0, 0, 0, 1 } }, { "3", MASK, 0, { 1, 1, 1, 1 } },
	{ "1", 0x3f, 1, { 1, 1, 0, 1 } },  { "12", 0x3f, 1, { 1, 1, 0, 1 } },
};

START_TEST(connections_of_what_has_moved_end)
{
	// Of the third one the upper bits are ours, the lower ones another program's; the last is nobody's.
	static const uint32_t marks[] = { 0x01000000, 0x02000000, 0x01000001, 0x80000000 };
	for (unsigned i = 0; i < 4; i++) {
		if (i == 0) {
			run("nft 'table inet t { chain c { type filter hook output priority 0; }; "
			    "}'");
		}
		run("nft add rule inet t c udp dport %u ct mark set 0x%08x", 7001 + i, marks[i]);
		connect_to((uint16_t)(7001 + i));
	}
	ck_assert_uint_eq(moved_end(set_from_digits(ends[_i].moved), ends[_i].mask),
	                  ends[_i].ended);
	for (unsigned i = 0; i < 4; i++) {
		ck_assert_uint_eq(marked(marks[i]), ends[_i].left[i]);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("moved");
	TCase *cases = tcase_create("moved");
	tcase_set_timeout(cases, 60);
	tcase_add_checked_fixture(cases, namespace_enter, NULL);
	tcase_add_loop_test(cases, number_of_another_uplink_has_moved, 0, COUNT(orders));
	tcase_add_loop_test(cases, connections_of_what_has_moved_end, 0, COUNT(ends));
	suite_add_tcase(suite, cases);
	return namespace_suite_run(suite);
}
