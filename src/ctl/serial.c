/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Serial numbers: of the day, kept while a zone stays the same, never going back.
 */

#include "ctl/serial.h"

#include <errno.h>
#include <libzscanner/scanner.h>
#include <libknot/libknot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static int serial_of_day(const char *path, uint32_t *serial)
{
	struct stat status;
	struct tm day;
	if (stat(path, &status) != 0) {
		return -errno;
	}
	if (gmtime_r(&status.st_mtime, &day) == NULL) {
		return -ERANGE;
	}
	*serial = ((uint32_t)(day.tm_year + 1900) * 10000 + (uint32_t)(day.tm_mon + 1) * 100 +
	           (uint32_t)day.tm_mday) *
	          100;
	return 0;
}

static int serial_wanted(const struct command_line *line, uint32_t *serial)
{
	if (line->serial == NULL) {
		int ret = serial_of_day(line->config, serial);
		if (ret != 0) {
			command_error("%s, failed to read its time of change (%s)", line->config,
			              strerror(-ret));
		}
		return ret;
	}

	size_t length = strlen(line->serial);
	unsigned long long number = strtoull(line->serial, NULL, 10);
	if (length == 0 || length > 10 || strspn(line->serial, "0123456789") != length ||
	    number > UINT32_MAX) {
		command_error("--serial '%s', must be a number from 0 to 4294967295", line->serial);
		return -EINVAL;
	}
	*serial = (uint32_t)number;
	return 0;
}

/*! The whole file; -ENOENT if there is none yet. */
static int read_file(const char *path, struct text *text)
{
	FILE *file = fopen(path, "r");
	if (file == NULL) {
		return -errno;
	}
	char buffer[4096];
	while (fgets(buffer, sizeof(buffer), file) != NULL) {
		text_add(text, "%s", buffer);
	}
	int ret = ferror(file) ? -EIO : text->failed ? -ENOMEM : 0;
	(void)fclose(file);
	return ret;
}

/*! The serial number of a SOA record, behind its two names. */
static bool soa_serial(const uint8_t *rdata, size_t size, uint32_t *serial)
{
	size_t names = 0;
	for (size_t i = 0; i < 2; i++) {
		int length = knot_dname_wire_check(rdata + names, rdata + size, NULL);
		if (length <= 0) {
			return false;
		}
		names += (size_t)length;
	}
	if (size < names + sizeof(uint32_t)) {
		return false;
	}
	*serial = knot_wire_read_u32(rdata + names);
	return true;
}

bool serial_read(const char *zone, uint32_t *serial)
{
	zs_scanner_t *scanner = malloc(sizeof(*scanner));
	if (scanner == NULL || zs_init(scanner, ".", KNOT_CLASS_IN, 0) != 0) {
		free(scanner);
		return false;
	}
	bool found = false;
	if (zs_set_input_string(scanner, zone, strlen(zone)) == 0) {
		while (!found && zs_parse_record(scanner) == 0 && scanner->state == ZS_STATE_DATA) {
			found = scanner->r_type == KNOT_RRTYPE_SOA &&
			        soa_serial(scanner->r_data, scanner->r_data_length, serial);
		}
	}
	zs_deinit(scanner);
	free(scanner);
	return found;
}

/*! RFC 1982 section 3.2. */
static bool is_later(uint32_t a, uint32_t b)
{
	return a != b && (uint32_t)(a - b) < UINT32_C(0x80000000);
}

uint32_t serial_next(uint32_t old, uint32_t wanted)
{
	if (is_later(wanted, old)) {
		return wanted;
	}
	// Zero is what some programs take for «none».
	return old == UINT32_MAX ? 1 : old + 1;
}

static int write_zone(serial_writer write, const void *context, uint32_t serial, struct text *text)
{
	struct text error = TEXT_EMPTY;
	int ret = write(context, serial, text, &error);
	if (ret != 0) {
		command_error("%s", error.data != NULL ? error.data : strerror(ENOMEM));
	}
	text_free(&error);
	return ret;
}

int serial_write(const struct command_line *line, const char *path, serial_writer write,
                 const void *context, struct text *text)
{
	struct text old = TEXT_EMPTY;
	uint32_t serial = 0;
	uint32_t before = 0;
	int ret = serial_wanted(line, &serial);
	if (ret != 0) {
		return ret;
	}
	bool kept = line->serial == NULL && path != NULL && read_file(path, &old) == 0 &&
	            old.data != NULL && serial_read(old.data, &before);
	ret = write_zone(write, context, kept ? before : serial, text);
	if (ret == 0 && kept && strcmp(text->data, old.data) != 0) {
		text_free(text);
		ret = write_zone(write, context, serial_next(before, serial), text);
	}
	text_free(&old);
	return ret;
}
