/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * A UDP echo for the lab: each datagram goes back from the very address that it was sent to.
 *
 *   echo PORT...              serve IPv4 and IPv6
 *   echo -c ADDRESS PORT [SOURCE-PORT]
 *                             send one datagram and wait up to a second for it
 *
 * A wildcard socket would answer from the address of the route back, which is another one on a server
 * with an address for each uplink, so the destination is taken from IPV6_PKTINFO (RFC 3542 section 6).
 */

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define SOCKETS_MAX 16

static int server_socket(uint16_t port)
{
	int on = 1, off = 0;
	struct sockaddr_in6 local = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);
	if (fd < 0 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) != 0 ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on)) != 0 ||
	    bind(fd, (struct sockaddr *)&local, sizeof(local)) != 0) {
		perror("echo: cannot listen");
		exit(EXIT_FAILURE);
	}
	return fd;
}

static void answer_one(int fd)
{
	char data[2048], control[256];
	struct sockaddr_in6 peer;
	struct iovec iov = { data, sizeof(data) };
	struct msghdr message = {
		.msg_name = &peer,
		.msg_namelen = sizeof(peer),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t size = recvmsg(fd, &message, 0);
	if (size < 0) {
		return;
	}
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c != NULL; c = CMSG_NXTHDR(&message, c)) {
		if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			// The interface is the routes' choice.
			((struct in6_pktinfo *)CMSG_DATA(c))->ipi6_ifindex = 0;
		}
	}
	iov.iov_len = size;
	// A reply that cannot be sent is one that the client misses: it says so.
	(void)!sendmsg(fd, &message, 0);
}

static int serve(int count, char **ports)
{
	struct pollfd fds[SOCKETS_MAX];
	if (count > SOCKETS_MAX) {
		return EXIT_FAILURE;
	}
	for (int i = 0; i < count; i++) {
		fds[i] = (struct pollfd){ .fd = server_socket(atoi(ports[i])), .events = POLLIN };
	}
	while (poll(fds, count, -1) >= 0) {
		for (int i = 0; i < count; i++) {
			if (fds[i].revents != 0) {
				answer_one(fds[i].fd);
			}
		}
	}
	return EXIT_FAILURE;
}

static int ask(const char *address, const char *port, const char *source_port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICHOST };
	struct addrinfo *server = NULL;
	if (getaddrinfo(address, port, &hints, &server) != 0) {
		fprintf(stderr, "echo: '%s' is no address\n", address);
		return EXIT_FAILURE;
	}
	const char sent[] = "there and back";
	char received[64] = { 0 };
	struct timeval second = { .tv_sec = 1 };
	int fd = socket(server->ai_family, SOCK_DGRAM, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second));
	struct sockaddr_storage local = { .ss_family = server->ai_family };
	// At the same place for both families.
	((struct sockaddr_in *)&local)->sin_port = htons(atoi(source_port));
	// A connected socket takes replies from that address and port alone.
	int ret = bind(fd, (struct sockaddr *)&local, server->ai_addrlen);
	ret = ret != 0 ? ret : connect(fd, server->ai_addr, server->ai_addrlen);
	freeaddrinfo(server);
	if (ret != 0 || send(fd, sent, sizeof(sent), 0) < 0 ||
	    recv(fd, received, sizeof(received), 0) < 0) {
		perror("echo");
		close(fd);
		return EXIT_FAILURE;
	}
	close(fd);
	return strcmp(sent, received) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	if ((argc == 4 || argc == 5) && strcmp(argv[1], "-c") == 0) {
		return ask(argv[2], argv[3], argc == 5 ? argv[4] : "0");
	}
	return serve(argc - 1, argv + 1);
}
