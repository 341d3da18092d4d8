/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Questions over the loopback interface to servers that answer, lie, stutter or stay silent.
 */

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/learnt.h"

/*! Long enough for a loaded machine, short enough where the test waits for it. */
#define PATIENT_MS 20000
#define SHORT_MS 300

/*! What a server sends, in this order. */
enum move {
	END,
	GOOD,        // The reply.
	OTHER_ID,    // The reply to another question number.
	OTHER_NAME,  // The reply to another question.
	QUERY,       // The question itself.
	GARBAGE,     // No message.
	SHORT,       // Less than a header.
	TRUNCATED,   // An empty reply that says: ask by TCP.
	REFUSE_BARE, // REFUSED without a question.
	DROP,        // Nothing: wait for the next try.
	PIECES,      // TCP: the reply byte by byte.
	HALF,        // TCP: half of it.
};

static const struct {
	bool tcp;
	enum move udp[5];
	enum move stream[3];
	int error;
	unsigned timeout_ms;
	uint8_t rcode;
} servers[] = {
	{ .udp = { GOOD } },
	{ .udp = { DROP, GOOD }, .timeout_ms = 5000 },
	{ .udp = { DROP, DROP, GOOD }, .timeout_ms = 5000 },
	{ .udp = { OTHER_ID, OTHER_NAME, QUERY, GOOD } },
	{ .udp = { GARBAGE, SHORT, GOOD } },
	{ .udp = { REFUSE_BARE }, .rcode = KNOT_RCODE_REFUSED },
	{ .udp = { TRUNCATED }, .stream = { GOOD } },
	{ .udp = { TRUNCATED }, .stream = { PIECES } },
	{ .udp = { TRUNCATED }, .error = -ECONNRESET },
	{ .udp = { DROP, DROP, DROP, DROP }, .error = -ETIMEDOUT, .timeout_ms = SHORT_MS },
	{ .udp = { GARBAGE, DROP, DROP, DROP }, .error = -EBADMSG, .timeout_ms = SHORT_MS },
	{ .udp = { OTHER_ID, DROP, DROP, DROP }, .error = -EBADMSG, .timeout_ms = SHORT_MS },
	{ .udp = { OTHER_NAME, DROP, DROP, DROP }, .error = -EBADMSG, .timeout_ms = SHORT_MS },
	{ .udp = { QUERY, DROP, DROP, DROP }, .error = -EBADMSG, .timeout_ms = SHORT_MS },
	{ .tcp = true, .stream = { GOOD } },
	{ .tcp = true, .stream = { PIECES } },
	{ .tcp = true, .stream = { HALF }, .error = -ECONNRESET },
	{ .tcp = true, .stream = { OTHER_ID }, .error = -EBADMSG },
	{ .tcp = true, .stream = { SHORT }, .error = -EBADMSG },
	{ .tcp = true, .stream = { DROP }, .error = -ETIMEDOUT, .timeout_ms = SHORT_MS },
};

/*! A UDP and a TCP socket at the same port of 127.0.0.1. */
static uint16_t bind_both(int *udp, int *tcp)
{
	for (unsigned i = 0; i < 100; i++) {
		struct sockaddr_in address = { .sin_family = AF_INET };
		socklen_t length = sizeof(address);
		address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		*udp = socket(AF_INET, SOCK_DGRAM, 0);
		*tcp = socket(AF_INET, SOCK_STREAM, 0);
		ck_assert_int_eq(bind(*udp, (struct sockaddr *)&address, length), 0);
		ck_assert_int_eq(getsockname(*udp, (struct sockaddr *)&address, &length), 0);
		if (bind(*tcp, (struct sockaddr *)&address, length) == 0 && listen(*tcp, 4) == 0) {
			return ntohs(address.sin_port);
		}
		(void)close(*udp);
		(void)close(*tcp);
	}
	ck_abort_msg("no port that is free for both");
	return 0;
}

/*! The message of a move, made from the question. \return Its length. */
static size_t make_message(enum move move, const uint8_t *question, size_t length, uint8_t *message)
{
	memcpy(message, question, length);
	message[2] |= 0x84; // QR, AA.
	switch (move) {
	case OTHER_ID:
		message[0] ^= 1;
		break;
	case OTHER_NAME:
		message[13] ^= 1;
		break;
	case QUERY:
		message[2] &= 0x7f;
		break;
	case GARBAGE:
		message[7] = 99; // Records that do not come.
		break;
	case SHORT:
		return 5;
	case TRUNCATED:
		message[2] |= 0x02;
		break;
	case REFUSE_BARE:
		memset(message + 4, 0, 8);
		message[3] |= KNOT_RCODE_REFUSED;
		return 12;
	default:
		break;
	}
	return length;
}

static void serve_datagrams(int fd, const enum move *moves)
{
	uint8_t question[512];
	uint8_t message[512];
	struct sockaddr_in peer;
	ssize_t got = -1;
	for (; *moves != END; moves++) {
		socklen_t length = sizeof(peer);
		if (got < 0 || moves[-1] == DROP) {
			got = recvfrom(fd, question, sizeof(question), 0, (struct sockaddr *)&peer,
			               &length);
		}
		// No recursion, EDNS with 1232 bytes.
		if (got < 12 || (question[2] & 1) != 0 || question[11] != 1) {
			_exit(2);
		}
		if (*moves != DROP) {
			size_t size = make_message(*moves, question, (size_t)got, message);
			(void)sendto(fd, message, size, 0, (struct sockaddr *)&peer, sizeof(peer));
		}
	}
}

static void serve_stream(int listener, const enum move *moves)
{
	uint8_t question[512];
	uint8_t message[514];
	int fd = accept(listener, NULL, NULL);
	ssize_t got = 0;
	while (got < 2 || got < 2 + question[1]) {
		ssize_t more = recv(fd, question + got, sizeof(question) - (size_t)got, 0);
		if (more <= 0) {
			_exit(3);
		}
		got += more;
	}
	for (; *moves != END && *moves != DROP; moves++) {
		size_t size = make_message(*moves, question + 2, (size_t)got - 2, message + 2);
		message[0] = 0;
		message[1] = (uint8_t)size;
		size_t end = *moves == HALF ? size / 2 : size + 2;
		size_t step = *moves == PIECES ? 1 : end;
		int one = 1;
		(void)setsockopt(fd, IPPROTO_TCP, 1 /* TCP_NODELAY */, &one, sizeof(one));
		for (size_t at = 0; at < end; at += step) {
			(void)send(fd, message + at, step, MSG_NOSIGNAL);
		}
	}
	if (*moves == DROP) {
		(void)recv(fd, question, 1, 0); // Until the client gives up.
	}
	(void)close(fd);
}

static struct dns_question make_question(uint16_t port, const char *name, bool tcp)
{
	struct dns_question question = { .port = port, .type = KNOT_RRTYPE_A, .tcp = tcp };
	ck_assert_int_eq(address_parse("127.0.0.1", &question.server), 0);
	ck_assert_ptr_nonnull(knot_dname_from_str(question.name, name, sizeof(question.name)));
	return question;
}

START_TEST(a_reply_counts_if_it_is_one)
{
	int udp, tcp;
	uint16_t port = bind_both(&udp, &tcp);
	pid_t pid = fork();
	if (pid == 0) {
		serve_datagrams(udp, servers[_i].udp);
		if (servers[_i].stream[0] != END || servers[_i].udp[0] == TRUNCATED) {
			serve_stream(tcp, servers[_i].stream);
		}
		(void)pause();
		_exit(0);
	}
	ck_assert_int_ge(pid, 0);
	struct learnt learnt = LEARNT_EMPTY;
	struct dns_question question = make_question(port, "www.example.com", servers[_i].tcp);
	ck_assert_ptr_null(learnt_reply(&learnt, &question));
	ck_assert(learnt.missing);
	int64_t before = talk_now_ms();
	unsigned timeout = servers[_i].timeout_ms > 0 ? servers[_i].timeout_ms : PATIENT_MS;
	ck_assert_int_eq(learnt_ask(&learnt, timeout), 0);
	int64_t took = talk_now_ms() - before;
	learnt.missing = false;
	const struct dns_query *query = learnt_reply(&learnt, &question);
	ck_assert_ptr_nonnull(query);
	ck_assert(!learnt.missing);
	ck_assert_int_eq(query->error, servers[_i].error);
	ck_assert((query->reply != NULL) == (servers[_i].error == 0));
	if (query->reply != NULL) {
		ck_assert_uint_eq(knot_pkt_ext_rcode(query->reply), servers[_i].rcode);
	}
	if (servers[_i].timeout_ms > 0 && servers[_i].error != 0) {
		ck_assert_int_ge(took, timeout);
		ck_assert_int_le(took, timeout + 5000);
	}
	learnt_free(&learnt);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	(void)close(udp);
	(void)close(tcp);
}
END_TEST

START_TEST(nobody_listens)
{
	int udp, tcp;
	struct learnt learnt = LEARNT_EMPTY;
	uint16_t port = bind_both(&udp, &tcp);
	(void)close(udp);
	(void)close(tcp);
	struct dns_question question = make_question(port, "www.example.com", false);
	struct dns_question stream = make_question(port, "www.example.com", true);
	(void)learnt_reply(&learnt, &question);
	(void)learnt_reply(&learnt, &stream);
	ck_assert_int_eq(learnt_ask(&learnt, PATIENT_MS), 0);
	ck_assert_int_eq(learnt_reply(&learnt, &question)->error, -ECONNREFUSED);
	ck_assert_int_eq(learnt_reply(&learnt, &stream)->error, -ECONNREFUSED);
	learnt_free(&learnt);
}
END_TEST

/*! More questions than go at once, to a server that is dead: they share its time-out. */
START_TEST(a_dead_server_costs_one_timeout)
{
	int udp, tcp;
	struct learnt learnt = LEARNT_EMPTY;
	uint16_t port = bind_both(&udp, &tcp);
	struct dns_question question;
	for (unsigned i = 0; i < 700; i++) {
		char name[32];
		(void)snprintf(name, sizeof(name), "h%u.example.com", i);
		question = make_question(port, name, false);
		(void)learnt_reply(&learnt, &question);
		(void)learnt_reply(&learnt, &question); // Asked once.
	}
	ck_assert_uint_eq(learnt.query_count, 700);
	int64_t before = talk_now_ms();
	ck_assert_int_eq(learnt_ask(&learnt, 1000), 0);
	ck_assert_int_lt(talk_now_ms() - before, 3000);
	ck_assert_int_eq(learnt_reply(&learnt, &question)->error, -ETIMEDOUT);
	learnt_free(&learnt);
	(void)close(udp);
	(void)close(tcp);
}
END_TEST

static int ask_one(struct learnt *learnt, uint16_t port, const char *name, unsigned timeout_ms)
{
	struct dns_question question = make_question(port, name, false);
	(void)learnt_reply(learnt, &question);
	ck_assert_int_eq(learnt_ask(learnt, timeout_ms), 0);
	return learnt_reply(learnt, &question)->error;
}

/*! A resolver may not find one name, and find the next one. */
START_TEST(a_slow_question_makes_no_dead_server)
{
	int udp, tcp;
	static const enum move moves[] = { GOOD, DROP, DROP, DROP, GOOD, END };
	struct learnt learnt = LEARNT_EMPTY;
	uint16_t port = bind_both(&udp, &tcp);
	pid_t pid = fork();
	if (pid == 0) {
		for (const enum move *move = moves; *move != END; move++) {
			const enum move one[] = { *move, END };
			serve_datagrams(udp, one);
		}
		(void)pause();
	}
	ck_assert_int_ge(pid, 0);
	ck_assert_int_eq(ask_one(&learnt, port, "a.example.com", PATIENT_MS), 0);
	ck_assert_int_eq(ask_one(&learnt, port, "b.example.com", SHORT_MS), -ETIMEDOUT);
	ck_assert_int_eq(ask_one(&learnt, port, "c.example.com", PATIENT_MS), 0);
	learnt_free(&learnt);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	(void)close(udp);
	(void)close(tcp);
}
END_TEST

static const struct {
	const char *banner;
	const char *greeting; // NULL: it closes.
	int error;
	unsigned code;
	const char *name;
} greeters[] = {
	{ "220 mx.example ESMTP\r\n", "250 Mail.Example. hello\r\n", 0, 250, "mail.example" },
	{ "220-mx.example\r\n220 mx.example\r\n", "250-mail.example\r\n250 SIZE 1\r\n", 0, 250,
	  "mail.example" },
	{ "220 mx.example\n", "250 mail.example\n", 0, 250, "mail.example" },
	{ "220 mx.example\r\n", "250 m\xe4\x1bil\r\n", 0, 250, "m??il" },
	{ "220\r\n", "250\r\n", 0, 250, "" },
	{ "554 no\r\n", NULL, 0, 554, "" },
	{ "220 mx.example\r\n", "502 what\r\n", 0, 502, "" },
	{ "220 mx.example\r\n", NULL, -ECONNRESET, 220, "" },
	{ "SSH-2.0\r\n", NULL, -EBADMSG, 0, "" },
	{ "", NULL, -ECONNRESET, 0, "" },
};

START_TEST(a_mail_server_greets)
{
	int udp, tcp;
	uint16_t port = bind_both(&udp, &tcp);
	pid_t pid = fork();
	if (pid == 0) {
		char line[256];
		int fd = accept(tcp, NULL, NULL);
		(void)send(fd, greeters[_i].banner, strlen(greeters[_i].banner), MSG_NOSIGNAL);
		if (greeters[_i].greeting != NULL) {
			ssize_t got = recv(fd, line, sizeof(line), 0);
			if (got < 18 || strncmp(line, "EHLO [127.0.0.1]\r\n", 18) != 0) {
				_exit(1);
			}
			(void)send(fd, greeters[_i].greeting, strlen(greeters[_i].greeting),
			           MSG_NOSIGNAL);
			(void)recv(fd, line, sizeof(line), 0);
		} else {
			(void)shutdown(fd, SHUT_WR);
			while (recv(fd, line, sizeof(line), 0) > 0) {
			}
		}
		_exit(0);
	}
	ck_assert_int_ge(pid, 0);
	struct address address;
	struct smtp_query *query = NULL;
	ck_assert_int_eq(address_parse("127.0.0.1", &address), 0);
	ck_assert_int_eq(smtp_query_new(&address, port, &query), 0);
	struct talk *talk = &query->talk;
	talk_run(&talk, 1, PATIENT_MS);
	ck_assert_int_eq(query->error, greeters[_i].error);
	ck_assert_uint_eq(query->code, greeters[_i].code);
	ck_assert_str_eq(query->name, greeters[_i].name);
	smtp_query_free(query);
	int status;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	(void)close(udp);
	(void)close(tcp);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

int main(void)
{
	Suite *suite = suite_create("dns_query");
	TCase *tcase = tcase_create("dns_query");
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, a_reply_counts_if_it_is_one, 0, COUNT(servers));
	tcase_add_test(tcase, a_slow_question_makes_no_dead_server);
	tcase_add_test(tcase, nobody_listens);
	tcase_add_test(tcase, a_dead_server_costs_one_timeout);
	tcase_add_loop_test(tcase, a_mail_server_greets, 0, COUNT(greeters));
	suite_add_tcase(suite, tcase);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
