/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * A dialled line: two interfaces, each in a network namespace of its own, that live as long as this program.
 *
 *   tunnel NAMESPACE INTERFACE NAMESPACE INTERFACE
 *
 * Like those of PPP they are point-to-point, have no hardware address, vanish with the session and have
 * another index in the next one. It says «up» when both are there.
 */

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

// The interface stays where the namespace was when it was made.
static int end_open(const char *namespace, const char *name)
{
	char path[256];
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	snprintf(path, sizeof(path), "/run/netns/%s", namespace);
	strncpy(request.ifr_name, name, IFNAMSIZ - 1);

	int inside = open(path, O_RDONLY | O_CLOEXEC);
	if (inside < 0 || setns(inside, CLONE_NEWNET) != 0) {
		perror(path);
		return -1;
	}
	close(inside);
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &request) != 0) {
		perror(name);
		return -1;
	}
	return fd;
}

int main(int argc, char **argv)
{
	struct pollfd ends[2] = { { .events = POLLIN }, { .events = POLLIN } };
	char packet[65536];
	if (argc != 5) {
		fprintf(stderr, "usage: tunnel NAMESPACE INTERFACE NAMESPACE INTERFACE\n");
		return 2;
	}
	for (int i = 0; i < 2; i++) {
		ends[i].fd = end_open(argv[1 + 2 * i], argv[2 + 2 * i]);
		if (ends[i].fd < 0) {
			return 1;
		}
	}
	puts("up");
	fflush(stdout);
	while (poll(ends, 2, -1) > 0) {
		for (int i = 0; i < 2; i++) {
			ssize_t size = 0;
			if (ends[i].revents != 0) {
				size = read(ends[i].fd, packet, sizeof(packet));
			}
			// What the other end does not take, while it is down, is lost.
			if (size > 0 && write(ends[1 - i].fd, packet, size) < 0) {
				continue;
			}
		}
	}
	perror("poll");
	return 1;
}
