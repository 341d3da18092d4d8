/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * What the subcommands have in common.
 */

#include "ctl/command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "ctl/client.h"
#include "ctl/fields.h"
#include "ctl/output.h"

/*! Where the control socket is if no site file can tell. */
#define DEFAULT_RUN_DIR "/run/multihome"

/*! A daemon at work answers within milliseconds; a reload takes the time of one transaction. */
#define ASK_TIMEOUT_MS 5000

void command_error(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	(void)fputs("error: ", stderr);
	(void)vfprintf(stderr, format, args);
	(void)fputc('\n', stderr);
	va_end(args);
}

/*! Lines of a loader or daemon, as they are. */
static void write_report(const struct text *report)
{
	if (report->length > 0) {
		(void)fputs(report->data, stderr);
		if (report->data[report->length - 1] != '\n') {
			(void)fputc('\n', stderr);
		}
	}
}

int command_site(const struct command_line *line, struct site **site)
{
	struct text report = TEXT_EMPTY;
	int ret = site_load(line->config, site, &report);
	write_report(&report);
	if (ret != 0 && report.length == 0) {
		command_error("%s, failed to read (%s)", line->config, strerror(-ret));
	}
	text_free(&report);
	return ret;
}

size_t command_find(const struct site *site, const char *what,
                    const char *(*name_of)(const struct site *site, size_t index), size_t count,
                    const char *name)
{
	struct text known = TEXT_EMPTY;
	size_t found = count;
	size_t length = strlen(name);
	if (length > 1 && name[length - 1] == '.') {
		length--;
	}
	for (size_t i = 0; i < count; i++) {
		const char *other = name_of(site, i);
		bool alike = strlen(other) == length && strncasecmp(other, name, length) == 0;
		found = strcmp(other, name) == 0 || (alike && found == count) ? i : found;
		text_add(&known, "%s%s", i > 0 ? ", " : "", other);
	}
	if (found == count) {
		command_error("%s '%s', not in the site file (known: %s)", what, name,
		              known.length > 0 ? known.data : "none");
	}
	text_free(&known);
	return found;
}

int command_write(const char *path, const struct text *text)
{
	if (path != NULL) {
		int ret = output_replace(path, text);
		if (ret != 0) {
			command_error("%s, failed to write (%s)", path,
			              ret == -EINVAL ? "not a regular file" : strerror(-ret));
			return EXIT_WRONG;
		}
		return EXIT_GOOD;
	}
	// Errors of standard output are seen by main when it closes it.
	if (text->length > 0) {
		(void)fwrite(text->data, 1, text->length, stdout);
	}
	return EXIT_GOOD;
}

const json_t *command_content(const json_t *answer, const char *key)
{
	const json_t *content = json_object_get(answer, key);
	if (!json_is_object(content)) {
		command_error("answer without '%s': are multihomed and multihomectl of the same "
		              "version?",
		              key);
		return NULL;
	}
	return content;
}

int command_write_json(const json_t *json)
{
	(void)json_dumpf(json, stdout, JSON_INDENT(2));
	(void)putchar('\n');
	return EXIT_GOOD;
}

bool command_color(void)
{
	return isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;
}

/*! Path of the control socket; report gets what is wrong with the site file, if that is needed. */
static char *find_socket(const struct command_line *line, struct text *report)
{
	if (line->socket != NULL) {
		return strdup(line->socket);
	}
	// The daemon may well run while the file is being edited, or is not readable for this user.
	struct site *site = NULL;
	struct text path = TEXT_EMPTY;
	if (site_load(line->config, &site, report) == 0) {
		text_free(report);
		text_add(&path, "%s/control.sock", site->run_dir);
	} else {
		text_add(&path, "%s/control.sock", DEFAULT_RUN_DIR);
	}
	site_free(site);
	return text_take(&path);
}

static void write_refusal(const json_t *answer)
{
	struct text text = TEXT_EMPTY;
	field_add(&text, answer, "error");
	command_error("%s", text.length > 0 ? text.data : "the daemon refused without a reason");
	text_free(&text);

	field_add_lines(&text, answer, "messages");
	write_report(&text);
	text_free(&text);
}

int command_ask(const struct command_line *line, const json_t *request, enum exit_code refused,
                json_t **answer)
{
	if (request == NULL) {
		command_error("names must be valid UTF-8");
		return EXIT_USAGE;
	}
	struct text report = TEXT_EMPTY;
	struct text error = TEXT_EMPTY;
	json_t *given = NULL;
	int code = EXIT_GOOD;
	char *path = find_socket(line, &report);
	if (path == NULL) {
		command_error("out of memory");
		code = EXIT_WRONG;
		goto cleanup;
	}
	if (client_ask(path, request, ASK_TIMEOUT_MS, &given, &error) != 0) {
		write_report(&report);
		command_error("%s", error.data != NULL ? error.data : "out of memory");
		code = report.length > 0 ? EXIT_USAGE : EXIT_WRONG;
		goto cleanup;
	}
	if (!json_is_true(json_object_get(given, "ok"))) {
		write_refusal(given);
		code = refused;
		goto cleanup;
	}
	*answer = given;
	given = NULL;
cleanup:
	json_decref(given);
	text_free(&error);
	text_free(&report);
	free(path);
	return code;
}
