/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Answers as the kernel gives them only at bad moments: a socket pair stands in for it.
 */

#include <check.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "daemon/netlink.h"

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

static struct netlink *netlink;
static int kernel;

static void setup(void)
{
	int pair[2];
	struct timeval patience = { .tv_usec = 100000 };
	ck_assert_int_eq(netlink_open(&netlink, NETLINK_ROUTE), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	ck_assert_int_eq(setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)),
	                 0);
	ck_assert_int_eq(dup2(pair[0], netlink_fd(netlink)), netlink_fd(netlink));
	close(pair[0]);
	kernel = pair[1];
}

static void teardown(void)
{
	netlink_close(netlink);
	close(kernel);
}

/*! A message of an answer, and what is wrong with it. */
struct answer {
	uint16_t type; // 0: no more.
	uint16_t flags;
	int error; // Of NLMSG_DONE and NLMSG_ERROR.
	int sequence_off;
	int port_off;
	int length_off;
};

static void answer_send(const struct answer *answer)
{
	struct {
		struct nlmsghdr header;
		int error;
	} message = {
		.header = {
			.nlmsg_len = (uint32_t)((int)sizeof(message) + answer->length_off),
			.nlmsg_type = answer->type,
			.nlmsg_flags = answer->flags,
			.nlmsg_seq = (uint32_t)(1 + answer->sequence_off),
			.nlmsg_pid = netlink_port(netlink) + (uint32_t)answer->port_off,
		},
		.error = answer->error,
	};
	ck_assert_int_eq(send(kernel, &message, sizeof(message), 0), sizeof(message));
}

#define NEW RTM_NEWLINK

static const struct {
	struct answer answers[5];
	int handled;
	int result;
} exchanges[] = {
	{ { { .type = NEW }, { .type = NEW }, { .type = NLMSG_DONE } }, 2, 0 },
	{ { { .type = NEW }, { .type = NLMSG_ERROR } }, 1, 0 },
	{ { { .type = NLMSG_ERROR, .error = -EPERM } }, 0, -EPERM },
	{ { { .type = NEW }, { .type = NLMSG_DONE, .error = -ENOENT } }, 1, -ENOENT },
	{ { { .type = NLMSG_ERROR, .error = 5 } }, 0, -EPROTO },
	// Interrupted by a change: the flag may be on any message, also on the last.
	{ { { .type = NEW, .flags = NLM_F_DUMP_INTR }, { .type = NEW }, { .type = NLMSG_DONE } },
	  2,
	  -EAGAIN },
	{ { { .type = NEW }, { .type = NLMSG_DONE, .flags = NLM_F_DUMP_INTR } }, 1, -EAGAIN },
	{ { { .type = NEW, .flags = NLM_F_DUMP_INTR }, { .type = NLMSG_DONE, .error = -EPERM } },
	  1,
	  -EPERM },
	// Rests of an earlier request, and what is for others.
	{ { { .type = NLMSG_DONE, .sequence_off = -1 },
	    { .type = NEW, .sequence_off = -1 },
	    { .type = NEW },
	    { .type = NLMSG_DONE } },
	  1,
	  0 },
	{ { { .type = NLMSG_ERROR, .error = -EPERM, .port_off = 1 },
	    { .type = NEW },
	    { .type = NLMSG_DONE } },
	  1,
	  0 },
	{ { { .type = NLMSG_NOOP }, { .type = NEW }, { .type = NLMSG_DONE } }, 1, 0 },
	// Lengths that can't be.
	{ { { .type = NEW, .length_off = 1 }, { .type = NEW }, { .type = NLMSG_DONE } }, 1, 0 },
	{ { { .type = NEW, .length_off = -20 }, { .type = NEW }, { .type = NLMSG_DONE } }, 1, 0 },
	{ { { .type = NLMSG_DONE, .length_off = -4 } }, 0, 0 },
	// Silence.
	{ { { .type = NEW } }, 1, -ETIMEDOUT },
};

static int count(const struct nlmsghdr *message, void *data)
{
	(*(int *)data)++;
	return 0;
}

START_TEST(answer_of_the_kernel_is_understood)
{
	int handled = 0;
	struct nlmsghdr request = {
		.nlmsg_len = sizeof(request),
		.nlmsg_type = RTM_GETLINK,
		.nlmsg_flags = NLM_F_DUMP,
	};
	for (int i = 0; i < 5 && exchanges[_i].answers[i].type != 0; i++) {
		answer_send(&exchanges[_i].answers[i]);
	}
	ck_assert_int_eq(netlink_request(netlink, &request, count, &handled), exchanges[_i].result);
	ck_assert_int_eq(handled, exchanges[_i].handled);
}
END_TEST

static int refuse(const struct nlmsghdr *message, void *data)
{
	(*(int *)data)++;
	return -ENOMEM;
}

START_TEST(refused_answer_does_not_meet_the_next_request)
{
	int handled = 0;
	char rest;
	struct nlmsghdr request = {
		.nlmsg_len = sizeof(request),
		.nlmsg_type = RTM_GETLINK,
		.nlmsg_flags = NLM_F_DUMP,
	};
	answer_send(&(struct answer){ .type = NEW });
	answer_send(&(struct answer){ .type = NEW });
	answer_send(&(struct answer){ .type = NLMSG_DONE });
	ck_assert_int_eq(netlink_request(netlink, &request, refuse, &handled), -ENOMEM);
	ck_assert_int_eq(handled, 1);
	ck_assert_int_eq(recv(netlink_fd(netlink), &rest, 1, MSG_DONTWAIT), -1);
}
END_TEST

START_TEST(truncated_messages_are_losses)
{
	static char big[100000];
	int handled = 0;
	bool overrun = false;
	struct nlmsghdr request = {
		.nlmsg_len = sizeof(request),
		.nlmsg_type = RTM_GETLINK,
		.nlmsg_flags = NLM_F_DUMP,
	};
	ck_assert_int_eq(send(kernel, big, sizeof(big), 0), sizeof(big));
	answer_send(&(struct answer){ .type = NLMSG_DONE });
	ck_assert_int_eq(netlink_request(netlink, &request, count, &handled), -EAGAIN);

	answer_send(&(struct answer){ .type = NEW });
	ck_assert_int_eq(netlink_drain(netlink, &overrun, count, &handled), 0);
	ck_assert(!overrun && handled == 1);
	ck_assert_int_eq(send(kernel, big, sizeof(big), 0), sizeof(big));
	answer_send(&(struct answer){ .type = NEW });
	ck_assert_int_eq(netlink_drain(netlink, &overrun, count, &handled), 0);
	ck_assert(overrun && handled == 2);
}
END_TEST

static const struct {
	size_t length;
	uint16_t claimed;
	int result;
} attributes[] = {
	{ 0, 0, 0 },       { 3, 0, 0 },       { 4, 4, 0 },       { 8, 8, 0 },           { 7, 7, 0 },
	{ 8, 9, -EPROTO }, { 8, 3, -EPROTO }, { 8, 0, -EPROTO }, { 8, 65535, -EPROTO },
};

START_TEST(attribute_is_not_longer_than_what_holds_it)
{
	const struct nlattr *at[4];
	char *exact = malloc(attributes[_i].length + 1);
	ck_assert_ptr_nonnull(exact);
	struct nlattr attribute = { .nla_len = attributes[_i].claimed,
		                    .nla_type = 3 | NLA_F_NESTED };
	memset(exact, 0, attributes[_i].length + 1);
	memcpy(exact, &attribute, attributes[_i].length < 4 ? attributes[_i].length : 4);
	ck_assert_int_eq(netlink_attributes(exact, attributes[_i].length, at, 3),
	                 attributes[_i].result);
	ck_assert_ptr_null(at[1]);
	if (attributes[_i].result == 0 && attributes[_i].length >= 4) {
		ck_assert_ptr_eq(at[3], exact);
	}
	free(exact);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("netlink");
	TCase *cases = tcase_create("netlink");
	tcase_add_checked_fixture(cases, setup, teardown);
	suite_add_tcase(suite, cases);
	tcase_add_loop_test(cases, answer_of_the_kernel_is_understood, 0, COUNT(exchanges));
	tcase_add_test(cases, refused_answer_does_not_meet_the_next_request);
	tcase_add_test(cases, truncated_messages_are_losses);
	tcase_add_loop_test(cases, attribute_is_not_longer_than_what_holds_it, 0,
	                    COUNT(attributes));
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
