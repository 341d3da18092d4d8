/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * What ties a table to its time: the boot it was written in, and the clock of its heartbeat.
 */

#include "table/table.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

int table_boot_id(uint8_t boot_id[16])
{
	char text[37];
	int file = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	if (file < 0) {
		return -errno;
	}
	ssize_t size = read(file, text, sizeof(text));
	int ret = size < 0 ? -errno : 0;
	close(file);
	if (ret != 0) {
		return ret;
	}

	uint8_t id[16] = { 0 };
	size_t digits = 0;
	for (ssize_t i = 0; i < size && digits < 32; i++) {
		unsigned char c = (unsigned char)text[i];
		unsigned value = c >= '0' && c <= '9'   ? c - '0'
		                 : c >= 'a' && c <= 'f' ? c - 'a' + 10
		                                        : 16;
		if (value < 16) {
			id[digits / 2] |= (uint8_t)(value << (digits % 2 == 0 ? 4 : 0));
			digits++;
		}
	}
	if (digits != 32) {
		return -EBADMSG;
	}
	for (size_t i = 0; i < sizeof(id); i++) {
		boot_id[i] = id[i];
	}
	return 0;
}

uint64_t table_now_ms(void)
{
	struct timespec now;
	// Of all clocks only this one counts a suspend and never jumps.
	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
