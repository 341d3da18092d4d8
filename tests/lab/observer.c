/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The outside observer: does DNS ever answer an address that does not serve?
 *
 *   observer [-d SECONDS] [-r RATE] [-b MILLISECONDS] [-s FIFO] NAME UPLINK=ADDRESS...
 *
 * RATE times a second it asks each address for NAME over UDP, and gets the first bytes of the page from
 * each address, every time with a new socket. The fault injector writes «UPLINK down» into the FIFO before
 * it takes an uplink away, and «UPLINK up» when it is back, and «daemon PID». It ends after SECONDS or by SIGTERM or
 * SIGINT, and says what it saw; exit status 1 means that the invariant of history.h was violated.
 */

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "address.h"
#include "grown.h"
#include "history.h"

#define TARGETS_MAX 16
#define PROBES_MAX 8192
// Less than the kernel's first retransmission of a SYN (RFC 6298: 1 s), so that a good attempt means
// that its first packet came through.
#define TIMEOUT_US 900000

enum probe_kind { PROBE_FREE, PROBE_DNS, PROBE_PAGE };

/*! A query or connection under way; a ring in the order of their starts, since all wait equally long. */
struct probe {
	enum probe_kind kind;
	int fd;
	size_t target;
	size_t record; // Its place in the target's history.
	uint16_t id;
	bool sent;
};

struct observer {
	struct target targets[TARGETS_MAX];
	struct sockaddr_storage addresses[TARGETS_MAX];
	size_t target_count;
	struct probe probes[PROBES_MAX];
	size_t first, count; // Of the ring.
	uint8_t question[300];
	size_t question_size; // Without the type and class.
	int epoll;
	int fifo;
	struct starved daemon;
	char line[256];
	size_t line_length;
};

static volatile sig_atomic_t ending; // Set by the signal handler.

static void end(int signal)
{
	ending = 1;
}

static int64_t now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static bool question_make(struct observer *observer, const char *name)
{
	uint8_t *at = observer->question;
	while (*name != '\0') {
		size_t length = strcspn(name, ".");
		if (length == 0 || length > 63 || at + length + 2 > observer->question + 256) {
			return false;
		}
		*at++ = length;
		memcpy(at, name, length);
		at += length;
		name += length + (name[length] == '.');
	}
	*at++ = 0;
	observer->question_size = at - observer->question;
	return true;
}

static void question_send(struct observer *observer, struct probe *probe)
{
	bool v6 = observer->addresses[probe->target].ss_family == AF_INET6;
	uint8_t message[512] = { probe->id >> 8, probe->id & 0xff, 0, 0, 0, 1 };
	memcpy(message + 12, observer->question, observer->question_size);
	uint8_t *type = message + 12 + observer->question_size;
	type[1] = v6 ? 28 : 1;
	type[3] = 1;
	// What cannot be sent is lost, and counted as such.
	(void)!send(probe->fd, message, 12 + observer->question_size + 4, 0);
}

// The target whose address is in the answer's first address record; -1 none, -2 an unknown one.
static int answered_target(const struct observer *observer, const uint8_t *message, size_t size)
{
	size_t at = 12 + observer->question_size + 4;
	// Answers to our question name its owner by a compression pointer (RFC 1035 section 4.1.4).
	while (at + 12 <= size && (message[at] & 0xc0) == 0xc0) {
		unsigned type = message[at + 2] << 8 | message[at + 3];
		size_t length = message[at + 10] << 8 | message[at + 11];
		const uint8_t *data = message + at + 12;
		at += 12 + length;
		if (at > size || !((type == 1 && length == 4) || (type == 28 && length == 16))) {
			continue;
		}
		char text[INET6_ADDRSTRLEN];
		inet_ntop(type == 1 ? AF_INET : AF_INET6, data, text, sizeof(text));
		for (size_t i = 0; i < observer->target_count; i++) {
			if (strcmp(text, observer->targets[i].address) == 0) {
				return i;
			}
		}
		return -2;
	}
	return -1;
}

static void probe_end(struct observer *observer, struct probe *probe)
{
	// Reset instead of TIME-WAIT: there are hundreds a second.
	struct linger reset = { 1, 0 };
	setsockopt(probe->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(probe->fd);
	probe->kind = PROBE_FREE;
	while (observer->count > 0 && observer->probes[observer->first].kind == PROBE_FREE) {
		observer->first = (observer->first + 1) % PROBES_MAX;
		observer->count--;
	}
}

static void probe_start(struct observer *observer, enum probe_kind kind, size_t index)
{
	struct target *target = &observer->targets[index];
	struct sockaddr_storage address = observer->addresses[index];
	size_t slot = (observer->first + observer->count) % PROBES_MAX;
	struct probe *probe = &observer->probes[slot];
	if (observer->count == PROBES_MAX) {
		return;
	}
	socket_address_set_port(&address, kind == PROBE_DNS ? 53 : 80);
	int fd = socket(address.ss_family,
	                (kind == PROBE_DNS ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		perror("observer: cannot open a socket");
		exit(2);
	}
	*probe = (struct probe){ .kind = kind, .fd = fd, .target = index };
	observer->count++;
	if (kind == PROBE_DNS) {
		target->queries = grown(target->queries, target->query_count, sizeof(struct query));
		probe->record = target->query_count++;
		target->queries[probe->record] =
			(struct query){ .asked = now_us(), .answered = -1 };
		probe->id = random();
	} else {
		target->attempts =
			grown(target->attempts, target->attempt_count, sizeof(struct attempt));
		probe->record = target->attempt_count++;
		target->attempts[probe->record] = (struct attempt){ .start = now_us() };
	}
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 &&
	    errno != EINPROGRESS) {
		probe_end(observer, probe);
		return;
	}
	if (kind == PROBE_DNS) {
		question_send(observer, probe);
	}
	struct epoll_event event = { .events = kind == PROBE_DNS ? EPOLLIN : EPOLLOUT,
		                     .data.u64 = slot };
	epoll_ctl(observer->epoll, EPOLL_CTL_ADD, fd, &event);
}

static void dns_ready(struct observer *observer, struct probe *probe)
{
	struct query *query = &observer->targets[probe->target].queries[probe->record];
	uint8_t message[1500];
	ssize_t size = recv(probe->fd, message, sizeof(message), 0);
	if (size >= 12 && (message[0] << 8 | message[1]) == probe->id) {
		query->received = now_us();
		query->rcode = message[3] & 0x0f;
		query->answered = query->rcode == 0 ? answered_target(observer, message, size) : -1;
	}
	probe_end(observer, probe);
}

static void page_ready(struct observer *observer, struct probe *probe, size_t slot)
{
	static const char request[] = "GET / HTTP/1.0\r\n\r\n";
	char first[16];
	if (!probe->sent) {
		if (send(probe->fd, request, sizeof(request) - 1, MSG_NOSIGNAL) < 0) {
			probe_end(observer, probe);
			return;
		}
		probe->sent = true;
		struct epoll_event event = { .events = EPOLLIN, .data.u64 = slot };
		epoll_ctl(observer->epoll, EPOLL_CTL_MOD, probe->fd, &event);
		return;
	}
	observer->targets[probe->target].attempts[probe->record].good =
		recv(probe->fd, first, sizeof(first), 0) > 0;
	probe_end(observer, probe);
}

static void probes_expire(struct observer *observer)
{
	int64_t before = now_us() - TIMEOUT_US;
	while (observer->count > 0) {
		struct probe *probe = &observer->probes[observer->first];
		struct target *target = &observer->targets[probe->target];
		int64_t start = probe->kind == PROBE_DNS ? target->queries[probe->record].asked
		                                         : target->attempts[probe->record].start;
		if (start > before) {
			break;
		}
		probe_end(observer, probe);
	}
}

// A whole line «UPLINK up», «UPLINK down» or «daemon PID».
static void schedule_line(struct observer *observer)
{
	char uplink[32], state[12];
	if (sscanf(observer->line, "%31s %11s", uplink, state) != 2) {
		return;
	}
	if (strcmp(uplink, "daemon") == 0) {
		starved_watch(&observer->daemon, atoi(state));
		return;
	}
	for (size_t i = 0; i < observer->target_count; i++) {
		struct target *target = &observer->targets[i];
		if (strcmp(target->uplink, uplink) == 0) {
			target->changes =
				grown(target->changes, target->change_count, sizeof(struct change));
			target->changes[target->change_count++] =
				(struct change){ now_us(), strcmp(state, "up") == 0 };
		}
	}
}

static void schedule_read(struct observer *observer)
{
	char byte;
	while (read(observer->fifo, &byte, 1) == 1) {
		if (byte == '\n') {
			observer->line[observer->line_length] = '\0';
			schedule_line(observer);
			observer->line_length = 0;
		} else if (observer->line_length < sizeof(observer->line) - 1) {
			observer->line[observer->line_length++] = byte;
		}
	}
}

static void events_handle(struct observer *observer, int timeout_ms)
{
	struct epoll_event events[256];
	int count = epoll_wait(observer->epoll, events, 256, timeout_ms);
	for (int i = 0; i < count; i++) {
		size_t slot = events[i].data.u64;
		if (slot == PROBES_MAX) {
			schedule_read(observer);
		} else if (observer->probes[slot].kind == PROBE_DNS) {
			dns_ready(observer, &observer->probes[slot]);
		} else if (observer->probes[slot].kind == PROBE_PAGE) {
			page_ready(observer, &observer->probes[slot], slot);
		}
	}
	probes_expire(observer);
	starved_look(&observer->daemon, now_us());
}

static void observe(struct observer *observer, int64_t until, int64_t interval)
{
	int64_t next = now_us();
	while (!ending && now_us() < until) {
		if (now_us() >= next) {
			for (size_t i = 0; i < observer->target_count; i++) {
				probe_start(observer, PROBE_DNS, i);
				probe_start(observer, PROBE_PAGE, i);
			}
			next += interval;
			if (next < now_us()) {
				// Too late for that one: no bursts.
				next = now_us();
			}
		}
		int64_t wait = next - now_us();
		events_handle(observer, wait > 0 ? (wait + 999) / 1000 : 0);
	}
	int64_t last = now_us() + TIMEOUT_US;
	while (observer->count > 0 && now_us() < last) {
		events_handle(observer, 10);
	}
}

static bool target_add(struct observer *observer, const char *argument)
{
	struct target *target = &observer->targets[observer->target_count];
	struct sockaddr_storage *address = &observer->addresses[observer->target_count];
	if (observer->target_count == TARGETS_MAX ||
	    sscanf(argument, "%31[^=]=%63s", target->uplink, target->address) != 2 ||
	    !socket_address_parse(target->address, address)) {
		return false;
	}
	observer->target_count++;
	return true;
}

static int usage(void)
{
	fprintf(stderr, "usage: observer [-d SECONDS] [-r RATE] [-b MILLISECONDS] [-s FIFO] "
	                "NAME UPLINK=ADDRESS...\n");
	return 2;
}

int main(int argc, char **argv)
{
	static struct observer observer; // Too large for the stack.
	// Withdrawing takes milliseconds; the rest is for others than the daemon that wait for a processor.
	int seconds = 3600, rate = 50, bound_ms = 500, option;
	const char *fifo = NULL;
	while ((option = getopt(argc, argv, "d:r:b:s:")) != -1) {
		switch (option) {
		case 'd':
			seconds = atoi(optarg);
			break;
		case 'r':
			rate = atoi(optarg);
			break;
		case 'b':
			bound_ms = atoi(optarg);
			break;
		case 's':
			fifo = optarg;
			break;
		default:
			return usage();
		}
	}
	if (argc - optind < 2 || rate < 1 || !question_make(&observer, argv[optind])) {
		return usage();
	}
	for (int i = optind + 1; i < argc; i++) {
		if (!target_add(&observer, argv[i])) {
			return usage();
		}
	}
	observer.daemon.fd = -1;
	observer.epoll = epoll_create1(0);
	if (fifo != NULL) {
		// Both ends, so that it has no end while no writer has it open.
		observer.fifo = open(fifo, O_RDWR | O_NONBLOCK);
		struct epoll_event event = { .events = EPOLLIN, .data.u64 = PROBES_MAX };
		if (observer.fifo < 0 ||
		    epoll_ctl(observer.epoll, EPOLL_CTL_ADD, observer.fifo, &event) != 0) {
			perror(fifo);
			return 2;
		}
	}
	struct sigaction action = { .sa_handler = end };
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);

	int64_t began = now_us();
	observe(&observer, began + (int64_t)seconds * 1000000, 1000000 / rate);
	size_t violations = history_judge(observer.targets, observer.target_count, &observer.daemon,
	                                  (int64_t)bound_ms * 1000, began, stdout);
	printf("%zu violations in %.0f s\n", violations, (double)(now_us() - began) / 1e6);
	for (size_t i = 0; i < observer.target_count; i++) {
		free(observer.targets[i].attempts);
		free(observer.targets[i].queries);
		free(observer.targets[i].changes);
	}
	starved_deinit(&observer.daemon);
	return violations == 0 ? 0 : 1;
}
