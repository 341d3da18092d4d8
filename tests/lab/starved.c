/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * How long the daemon was kept waiting for a processor, looked at with each round of the observer.
 */

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "grown.h"
#include "starved.h"

// Shorter waits are part of any machine's life.
#define WAIT_MIN_NS 1000000

// Nanoseconds that the process has waited in its life; -1 if it is gone.
static int64_t waited_ns(int fd)
{
	char text[96];
	uint64_t ran, waited;
	ssize_t size = pread(fd, text, sizeof(text) - 1, 0);
	if (size <= 0) {
		return -1;
	}
	text[size] = '\0';
	return sscanf(text, "%" SCNu64 " %" SCNu64, &ran, &waited) == 2 ? (int64_t)waited : -1;
}

void starved_watch(struct starved *starved, pid_t pid)
{
	char path[64];
	if (starved->fd >= 0) {
		close(starved->fd);
	}
	snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)pid);
	starved->fd = open(path, O_RDONLY | O_CLOEXEC);
	// It may have waited before anybody looked, for its own start.
	starved->waited = 0;
}

void starved_look(struct starved *starved, int64_t now)
{
	int64_t waited = starved->fd >= 0 ? waited_ns(starved->fd) : -1;
	if (waited - starved->waited < WAIT_MIN_NS) {
		return;
	}
	starved->waits = grown(starved->waits, starved->count, sizeof(struct wait));
	starved->waits[starved->count++] =
		(struct wait){ now - (waited - starved->waited) / 1000, now };
	starved->waited = waited;
}

int64_t starved_within(const struct starved *starved, int64_t from, int64_t until)
{
	int64_t sum = 0;
	for (size_t i = starved->count; i > 0; i--) {
		const struct wait *wait = &starved->waits[i - 1];
		int64_t begin = wait->from > from ? wait->from : from;
		int64_t end = wait->until < until ? wait->until : until;
		sum += end > begin ? end - begin : 0;
	}
	return sum;
}

void starved_deinit(struct starved *starved)
{
	if (starved->fd >= 0) {
		close(starved->fd);
	}
	free(starved->waits);
}
