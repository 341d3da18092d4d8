/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Many short flows at once, each with a new socket: what breaks only under load shows here.
 *
 *   flows [-d SECONDS] [-n PARALLEL] udp/ADDRESS/PORT | tcp/ADDRESS/PORT ...
 *
 * A flow is a request and the first bytes of its reply: an HTTP GET over TCP, an echo over UDP. It is
 * lost if it is refused or not done within 900 ms, less than the kernel's first retransmission of a SYN.
 * Ends after SECONDS or by SIGTERM and prints «N flows, N lost»; exit status 1 if any was lost.
 */

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "address.h"

#define TARGETS_MAX 32
#define FLOWS_MAX 1024
#define TIMEOUT_MS 900

struct target {
	int type; // SOCK_STREAM or SOCK_DGRAM
	struct sockaddr_storage address;
	const char *text;
	unsigned long lost;
};

struct flow {
	int fd;
	int64_t start;
	struct target *target;
	bool sent;
};

static struct target targets[TARGETS_MAX];
static size_t target_count;
static struct flow flows[FLOWS_MAX];
static unsigned long done, lost;
static int epoll;
static volatile sig_atomic_t ending;

static void end(int signal)
{
	ending = 1;
}

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool target_add(const char *text)
{
	char protocol[4], address[64];
	unsigned port;
	struct target *target = &targets[target_count];
	if (target_count == TARGETS_MAX ||
	    sscanf(text, "%3[a-z]/%63[^/]/%u", protocol, address, &port) != 3 ||
	    !socket_address_parse(address, &target->address)) {
		return false;
	}
	socket_address_set_port(&target->address, port);
	target->text = text;
	target->type = strcmp(protocol, "tcp") == 0 ? SOCK_STREAM : SOCK_DGRAM;
	target_count++;
	return true;
}

static void flow_start(struct flow *flow)
{
	static size_t next;
	struct target *target = &targets[next++ % target_count];
	*flow = (struct flow){
		.fd = socket(target->address.ss_family, target->type | SOCK_NONBLOCK, 0),
		.start = now_ms(),
		.target = target,
	};
	if (flow->fd < 0) {
		perror("flows");
		exit(2);
	}
	// A failure shows as a flow that never gets its reply.
	(void)!connect(flow->fd, (struct sockaddr *)&target->address, sizeof(target->address));
	struct epoll_event event = { .events = EPOLLOUT, .data.ptr = flow };
	epoll_ctl(epoll, EPOLL_CTL_ADD, flow->fd, &event);
}

static void flow_end(struct flow *flow, bool good)
{
	struct linger reset = { 1, 0 };
	setsockopt(flow->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(flow->fd);
	flow->fd = -1;
	done++;
	lost += !good;
	flow->target->lost += !good;
}

static void flow_ready(struct flow *flow)
{
	static const char request[] = "GET / HTTP/1.0\r\n\r\n";
	char reply[256];
	if (flow->fd < 0) {
		return;
	}
	if (!flow->sent) {
		flow->sent = true;
		struct epoll_event event = { .events = EPOLLIN, .data.ptr = flow };
		if (send(flow->fd, request, sizeof(request) - 1, MSG_NOSIGNAL) < 0 ||
		    epoll_ctl(epoll, EPOLL_CTL_MOD, flow->fd, &event) != 0) {
			flow_end(flow, false);
		}
		return;
	}
	flow_end(flow, recv(flow->fd, reply, sizeof(reply), 0) > 0);
}

static void run(int64_t until, int parallel)
{
	bool running = true;
	while (running) {
		bool starting = !ending && now_ms() < until;
		running = starting;
		for (int i = 0; i < parallel; i++) {
			if (flows[i].fd >= 0 && now_ms() - flows[i].start > TIMEOUT_MS) {
				flow_end(&flows[i], false);
			}
			if (flows[i].fd < 0 && starting) {
				flow_start(&flows[i]);
			}
			running = running || flows[i].fd >= 0;
		}
		struct epoll_event events[256];
		int count = epoll_wait(epoll, events, 256, 20);
		for (int i = 0; i < count; i++) {
			flow_ready(events[i].data.ptr);
		}
	}
}

int main(int argc, char **argv)
{
	int seconds = 3600, parallel = 64, option;
	while ((option = getopt(argc, argv, "d:n:")) != -1) {
		switch (option) {
		case 'd':
			seconds = atoi(optarg);
			break;
		case 'n':
			parallel = atoi(optarg);
			break;
		default:
			return 2;
		}
	}
	for (int i = optind; i < argc; i++) {
		if (!target_add(argv[i])) {
			fprintf(stderr, "flows: '%s' is no udp/ADDRESS/PORT or tcp/ADDRESS/PORT\n",
			        argv[i]);
			return 2;
		}
	}
	if (target_count == 0 || parallel < 1 || parallel > FLOWS_MAX) {
		fprintf(stderr,
		        "usage: flows [-d SECONDS] [-n PARALLEL] udp|tcp/ADDRESS/PORT...\n");
		return 2;
	}
	for (int i = 0; i < FLOWS_MAX; i++) {
		flows[i].fd = -1;
	}
	epoll = epoll_create1(0);
	struct sigaction action = { .sa_handler = end };
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	run(now_ms() + (int64_t)seconds * 1000, parallel);
	for (size_t i = 0; i < target_count; i++) {
		if (targets[i].lost > 0) {
			printf("%s: %lu lost\n", targets[i].text, targets[i].lost);
		}
	}
	printf("%lu flows, %lu lost\n", done, lost);
	close(epoll);
	return lost == 0 ? 0 : 1;
}
