/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The protocol is one datagram of lines «FIELD=value», as documented at
 * https://systemd.io/JOURNAL_NATIVE_PROTOCOL/: no library is needed for it.
 */

#include "daemon/journald.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"

/*! Random, as sd_journal_print(3) wants it, but for the last byte: the number of the event. */
#define MESSAGE_ID "7f0f5a3f1c6b4c0e9a3d5b2e61d8c4%02x"

bool journald_present(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat status;
	char is[64];
	if (stream == NULL || fstat(STDERR_FILENO, &status) != 0) {
		return false;
	}
	(void)snprintf(is, sizeof(is), "%llu:%llu", (unsigned long long)status.st_dev,
	               (unsigned long long)status.st_ino);
	return strcmp(stream, is) == 0;
}

/*! A newline would begin another field. */
static void add_field(struct text *text, const char *name, const char *value)
{
	if (value[0] == '\0') {
		return;
	}
	text_add(text, "%s=", name);
	for (const char *c = value; *c != '\0'; c++) {
		text_add(text, "%c", *c == '\n' ? ' ' : *c);
	}
	text_add(text, "\n");
}

static void add_number(struct text *text, const char *name, uint32_t number)
{
	if (number != JOURNAL_UNKNOWN) {
		text_add(text, "%s=%u\n", name, number);
	}
}

static void add_addresses(struct text *text, const char *name, const struct journal_addresses *list)
{
	for (size_t i = 0; i < list->count; i++) {
		char address[ADDRESS_TEXT_MAX];
		add_field(text, name, address_format(&list->items[i], address));
	}
}

static void add_fields(struct text *text, enum log_level level, const char *message,
                       const struct journal_entry *entry)
{
	add_field(text, "MESSAGE", message);
	text_add(text, "MESSAGE_ID=" MESSAGE_ID "\nPRIORITY=%d\nSYSLOG_IDENTIFIER=multihomed\n",
	         (unsigned)entry->event, (int)level);
	add_field(text, "MULTIHOME_EVENT", journal_event_name(entry->event));
	add_field(text, "MULTIHOME_UPLINK", entry->uplink);
	add_field(text, "MULTIHOME_REASON", entry->reason);
	add_number(text, "MULTIHOME_WITHDRAWN_USEC", entry->step_us[JOURNAL_WITHDRAWN]);
	add_number(text, "MULTIHOME_KERNEL_USEC", entry->step_us[JOURNAL_KERNEL]);
	add_number(text, "MULTIHOME_PUBLISHED_USEC", entry->step_us[JOURNAL_PUBLISHED]);
	add_number(text, "MULTIHOME_CONNECTIONS_REMOVED", entry->connections);
	add_addresses(text, "MULTIHOME_BEFORE", &entry->before);
	add_addresses(text, "MULTIHOME_AFTER", &entry->after);
}

int journald_send(const char *path, enum log_level level, const char *message,
                  const struct journal_entry *entry)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct text text = TEXT_EMPTY;
	if (strlen(path) >= sizeof(address.sun_path)) {
		return -ENAMETOOLONG;
	}
	(void)strcpy(address.sun_path, path);
	add_fields(&text, level, message, entry);
	int fd = text.failed ? -1 : socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int ret = text.failed ? -ENOMEM : fd < 0 ? -errno : 0;
	if (ret == 0 && sendto(fd, text.data, text.length, MSG_NOSIGNAL | MSG_DONTWAIT,
	                       (struct sockaddr *)&address, sizeof(address)) < 0) {
		ret = -errno;
	}
	if (fd >= 0) {
		close(fd);
	}
	text_free(&text);
	return ret;
}
