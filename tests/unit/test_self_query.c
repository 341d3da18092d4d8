/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The module's questions to its own server: wherever that listens, without needless waits, and what is said
 * when there is no answer.
 */

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <libknot/libknot.h>

#include "arrival/ask_knotd.h"
#include "arrival/self_query.h"
#include "base/address.h"
#include "namespace.h"

#define PORT 5399
#define ZONE "\7example\3com"
#define QUESTIONS 4
#define ROUNDS 30

/*! A server that writes a response when the one before has been acknowledged. */
struct server {
	pthread_t thread;
	int listener;
	uint8_t rcode;
	double fastest_ms; /*!< Wait for an acknowledgement, of the first response of a round. */
};

static double now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static bool read_all(int fd, uint8_t *bytes, size_t size)
{
	return recv(fd, bytes, size, MSG_WAITALL) == (ssize_t)size;
}

static double wait_for_acknowledgement(int fd)
{
	double begun = now_ms();
	int left = 1;
	while (left > 0 && now_ms() < begun + 5000) {
		ck_assert_int_eq(ioctl(fd, SIOCOUTQ, &left), 0);
	}
	return now_ms() - begun;
}

static void *serve(void *data)
{
	struct server *server = data;
	int fd = accept(server->listener, NULL, NULL);
	uint8_t wire[2 + 512];
	for (int i = 0; fd >= 0 && read_all(fd, wire, 2); i++) {
		size_t size = knot_wire_read_u16(wire);
		ck_assert_uint_le(size, 512);
		ck_assert(read_all(fd, wire + 2, size));
		knot_wire_set_qr(wire + 2);
		knot_wire_set_rcode(wire + 2, server->rcode);
		ck_assert_int_eq(write(fd, wire, size + 2), (ssize_t)size + 2);
		double wait = wait_for_acknowledgement(fd);
		// Of two responses Linux acknowledges the second one at once, and at first all of them.
		if (i >= QUESTIONS * ROUNDS / 2 && i % QUESTIONS == 0 &&
		    wait < server->fastest_ms) {
			server->fastest_ms = wait;
		}
	}
	close(fd);
	return NULL;
}

static struct sockaddr_storage parse(const char *text)
{
	struct address address;
	struct sockaddr_storage found = { 0 };
	ck_assert_int_eq(address_parse(text, &address), 0);
	found.ss_family = address.family;
	if (address.family == AF_INET) {
		struct sockaddr_in *in = (struct sockaddr_in *)(void *)&found;
		memcpy(&in->sin_addr, address.bytes, 4);
		in->sin_port = htons(PORT);
	} else {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)(void *)&found;
		memcpy(&in6->sin6_addr, address.bytes, 16);
		in6->sin6_port = htons(PORT);
	}
	return found;
}

static void start(struct server *server, const char *address, const char *device)
{
	struct sockaddr_storage listen_at = parse(address);
	int on = 1;
	server->fastest_ms = 1e9;
	server->listener = socket(listen_at.ss_family, SOCK_STREAM, 0);
	ck_assert_int_eq(setsockopt(server->listener, SOL_SOCKET, SO_BINDTODEVICE, device,
	                            (socklen_t)strlen(device)),
	                 0);
	(void)setsockopt(server->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (listen_at.ss_family == AF_INET6) {
		(void)setsockopt(server->listener, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	}
	ck_assert_int_eq(bind(server->listener, (struct sockaddr *)&listen_at, sizeof(listen_at)),
	                 0);
	ck_assert_int_eq(listen(server->listener, 5), 0);
	ck_assert_int_eq(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void stop(struct server *server)
{
	shutdown(server->listener, SHUT_RDWR);
	ck_assert_int_eq(pthread_join(server->thread, NULL), 0);
	close(server->listener);
}

static int count_answer(void *context, size_t index, const knot_pkt_t *response)
{
	ck_assert_uint_eq(index, (*(size_t *)context)++ % QUESTIONS);
	ck_assert(knot_wire_get_qr(response->wire));
	return 0;
}

START_TEST(responses_wait_for_a_late_acknowledgement)
{
	static const struct self_question questions[QUESTIONS] = {
		{ (const uint8_t *)ZONE, KNOT_RRTYPE_SOA },
		{ (const uint8_t *)ZONE, KNOT_RRTYPE_A },
		{ (const uint8_t *)ZONE, KNOT_RRTYPE_AAAA },
		{ (const uint8_t *)ZONE, KNOT_RRTYPE_DNSKEY },
	};
	struct server server = { 0 };
	struct self_query *query = NULL;
	struct self_address address = { .address = parse("127.0.0.1") };
	int stop_fd = eventfd(0, 0);
	size_t answers = 0;
	start(&server, "127.0.0.1", "");
	ck_assert_int_eq(self_query_open(&address, stop_fd, &query), 0);
	for (int i = 0; i < ROUNDS; i++) {
		ck_assert_int_eq(
			self_query_ask(query, questions, QUESTIONS, count_answer, &answers), 0);
	}
	self_query_close(query);
	stop(&server);
	ck_assert_uint_eq(answers, ROUNDS * QUESTIONS);
	// The kernel's least delay is 40 ms (TCP_DELACK_MIN).
	ck_assert_double_lt(server.fastest_ms, 30);
	close(stop_fd);
}
END_TEST

static const struct {
	const char *listen; /*!< Of the server, and what the module is told. */
	const char *device;
	const char *address; /*!< Where it is found. */
} places[] = {
	{ "0.0.0.0", "", "127.0.0.1" },           { "::", "", "::1" },
	{ "192.168.2.1", "", "192.168.2.1" },     { "0.0.0.0", "wan0", "192.168.2.1" },
	{ "::", "wan0", "2001:db8:1::2" },        { "0.0.0.0", "wan1", "192.168.2.1" },
	{ "192.168.2.1", "wan1", "192.168.2.1" }, { "2001:db8:2::2", "wan1", "2001:db8:2::2" },
};

/*! Ask for the zone as the module does. \return As ask_knotd(). */
static int ask(const char *listen_text, struct self_address *answering)
{
	struct sockaddr_storage listen_at = parse(listen_text);
	struct mirror_copy settings = { .listen = &listen_at, .listen_count = 1 };
	_Atomic uint32_t port = 0;
	struct ask_knotd how = {
		.settings = &settings,
		.self_port = &port,
		.stop_fd = eventfd(0, 0),
		.answering = answering,
	};
	struct wanted wanted = { 0 };
	struct learnt learnt = { 0 };
	int ret = ask_knotd(&how, (const uint8_t *)ZONE, &wanted, &learnt);
	ck_assert_uint_eq(port, 0);
	learnt_deinit(&learnt);
	close(how.stop_fd);
	return ret;
}

/*! A name server that has not loaded the zone is one that was found. */
START_TEST(server_is_not_found_where_it_listens)
{
	// Both uplinks' routers may have given the same address.
	run("ip link add wan0 type veth peer name peer0 && ip link add wan1 type veth peer name "
	    "peer1");
	run("ip link set peer0 up && ip link set peer1 up");
	run("ip addr add 192.168.2.1/24 dev wan0 && ip addr add 192.168.2.1/24 dev wan1");
	run("ip addr add 2001:db8:1::2/64 dev wan0 nodad && ip addr add 2001:db8:2::2/64 dev wan1 "
	    "nodad");
	run("ip link set wan0 up && ip link set wan1 up");
	struct server server = { .rcode = KNOT_RCODE_SERVFAIL };
	start(&server, places[_i].listen, places[_i].device);
	struct self_address answering = { 0 };
	ck_assert_int_eq(ask(places[_i].listen, &answering), -EAGAIN);
	stop(&server);
	struct sockaddr_storage wanted = parse(places[_i].address);
	ck_assert_mem_eq(&answering.address, &wanted, sizeof(wanted));
	// By IPv6 the kernel takes the device for that which has the address, whoever asks.
	bool needed =
		strchr(places[_i].address, ':') == NULL || strcmp(places[_i].listen, "::") == 0;
	ck_assert_str_eq(answering.device, needed ? places[_i].device : "");
}
END_TEST

static const struct {
	const char *listen;
	int rcode; /*!< -1: there is no server. */
	int error;
	const char *reason;
} faults[] = {
	{ "127.0.0.1", KNOT_RCODE_SERVFAIL, -EAGAIN, "knotd has not loaded it" },
	{ "127.0.0.1", KNOT_RCODE_REFUSED, -EACCES, "knotd refuses questions from its own host" },
	{ "127.0.0.1", KNOT_RCODE_NOTIMPL, -EBADMSG, "Bad message" },
	{ "127.0.0.1", -1, -ECONNREFUSED, "knotd is not reached from its own host" },
	{ "192.0.2.1", -1, -EADDRNOTAVAIL, "no address in 'listen' is one of this host" },
};

START_TEST(fault_is_told_in_the_kernels_words)
{
	struct server server = { .rcode = (uint8_t)faults[_i].rcode };
	bool serves = faults[_i].rcode >= 0;
	if (serves) {
		start(&server, faults[_i].listen, "");
	}
	struct self_address answering = { 0 };
	int ret = ask(faults[_i].listen, &answering);
	if (serves) {
		stop(&server);
	}
	ck_assert_int_eq(ret, faults[_i].error);
	struct ask_knotd_reason words = ask_knotd_reason(ret);
	ck_assert_str_eq(words.reason, faults[_i].reason);
	ck_assert_str_ne(words.remedy, "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("self_query");
	TCase *tests = tcase_create("self_query");
	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, namespace_enter, NULL);
	tcase_add_test(tests, responses_wait_for_a_late_acknowledgement);
	tcase_add_loop_test(tests, server_is_not_found_where_it_listens, 0,
	                    sizeof(places) / sizeof(places[0]));
	tcase_add_loop_test(tests, fault_is_told_in_the_kernels_words, 0,
	                    sizeof(faults) / sizeof(faults[0]));
	suite_add_tcase(suite, tests);
	return namespace_suite_run(suite);
}
