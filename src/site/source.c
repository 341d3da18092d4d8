/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Reading and parsing of a site file, with messages that say more than libyaml's.
 */

#include "site/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct mark start = { 1, 1 };

// No address with its prefix length is longer.
#define ADDRESS_SHOWN 64

// libyaml's time grows with the square of the depth; a site file has three levels.
#define BRACKETS_MAX 1000

// One byte more than allowed is read, to see that there is more.
static int read_all(int fd, struct source *source)
{
	size_t room = SOURCE_SIZE_MAX + 1;
	size_t size = 0;
	struct stat status;
	if (fstat(fd, &status) != 0) {
		return -errno;
	}
	if (S_ISDIR(status.st_mode)) {
		return -EISDIR;
	}
	if (S_ISREG(status.st_mode) && status.st_size < SOURCE_SIZE_MAX) {
		room = (size_t)status.st_size + 1;
	}

	char *data = malloc(room + 1);
	if (data == NULL) {
		return -ENOMEM;
	}
	while (size < room) {
		ssize_t more = read(fd, data + size, room - size);
		if (more < 0 && errno == EINTR) {
			continue;
		}
		if (more < 0) {
			int ret = -errno;
			free(data);
			return ret;
		}
		if (more == 0) {
			break;
		}
		size += (size_t)more;
	}
	data[size] = '\0';
	*source = (struct source){ data, size };
	return 0;
}

int source_read(const char *path, struct source *source, struct report *report)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		int ret = -errno;
		report_error(report, start, "file cannot be opened (%s)", strerror(errno));
		return ret;
	}

	struct source whole = { 0 };
	int ret = read_all(fd, &whole);
	close(fd);
	if (ret == -ENOMEM) {
		return ret;
	}
	if (ret != 0) {
		report_error(report, start, "file cannot be read (%s)", strerror(-ret));
		return ret;
	}
	if (whole.size > SOURCE_SIZE_MAX) {
		source_free(&whole);
		report_error(report, start, "file is too large: a site file has at most %d MiB",
		             SOURCE_SIZE_MAX / (1024 * 1024));
		return -EINVAL;
	}
	*source = whole;
	return 0;
}

void source_free(struct source *source)
{
	free(source->data);
	*source = (struct source){ 0 };
}

struct mark source_mark(yaml_mark_t mark)
{
	return (struct mark){ (unsigned)mark.line + 1, (unsigned)mark.column + 1 };
}

// Length of the character at a place, or 0 if it is not UTF-8 (RFC 3629 section 4).
static size_t character_length(const unsigned char *c, size_t left)
{
	static const struct {
		unsigned char first, last;   // Of the first byte.
		unsigned char lower, higher; // Of the second byte.
		size_t length;
	} rows[] = {
		{ 0x00, 0x7f, 0, 0, 1 },       { 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	size_t i = 0;
	while (i < sizeof(rows) / sizeof(rows[0]) && (*c < rows[i].first || *c > rows[i].last)) {
		i++;
	}
	if (i == sizeof(rows) / sizeof(rows[0]) || rows[i].length > left) {
		return 0;
	}
	for (size_t k = 1; k < rows[i].length; k++) {
		unsigned char lower = k == 1 ? rows[i].lower : 0x80;
		unsigned char higher = k == 1 ? rows[i].higher : 0xbf;
		if (c[k] < lower || c[k] > higher) {
			return 0;
		}
	}
	return rows[i].length;
}

static bool is_control(const unsigned char *c)
{
	bool ascii = (*c < 0x20 && strchr("\t\n\r", *c) == NULL) || *c == 0x7f;
	return *c == '\0' || ascii || (c[0] == 0xc2 && c[1] < 0xa0 && c[1] != 0x85);
}

/*
 * What libyaml would name by a byte offset, or not at all, is found here, with its place. A tab in
 * front of a line is named for every line: editors make them by the dozen.
 */
static int scan(const struct source *source, struct report *report)
{
	size_t errors = report->errors;
	struct mark mark = start;
	bool indentation = true;
	size_t brackets = 0;
	const unsigned char *c = (const unsigned char *)source->data;
	const unsigned char *end = c + source->size;

	for (size_t length = 0; c < end; c += length) {
		length = character_length(c, (size_t)(end - c));
		if (length == 0) {
			report_error(report, mark,
			             "byte 0x%02x is not UTF-8: save the file as UTF-8", *c);
			return -EINVAL;
		}
		if (is_control(c)) {
			report_error(report, mark,
			             "control character 0x%02x: the file must be plain text",
			             length == 1 ? c[0] : c[1]);
			return -EINVAL;
		}
		brackets += strchr("[{", *c) != NULL ? 1 : 0;
		brackets -= strchr("]}", *c) != NULL && brackets > 0 ? 1 : 0;
		if (brackets > BRACKETS_MAX) {
			report_error(report, mark,
			             "more than %d brackets are open here: close each '[' and '{'",
			             BRACKETS_MAX);
			return -EINVAL;
		}
		if (*c == '\n' || (*c == '\r' && c[1] != '\n')) {
			mark = (struct mark){ mark.line + 1, 1 };
			indentation = true;
			continue;
		}
		if (*c == '\t' && indentation) {
			report_error(report, mark,
			             "tab in the indentation: use spaces, as in knot.conf");
		}
		indentation = indentation && *c == ' ';
		mark.column++;
	}
	return report->errors == errors ? 0 : -EINVAL;
}

static bool is_address_letter(char c)
{
	return c != '\0' && strchr("0123456789abcdefABCDEF:.%/", c) != NULL;
}

/*
 * YAML takes a colon at the begin or end of a bare word for its own: «[::1]», «2001:db8::». Find
 * such an address on a line.
 */
static bool find_bare_address(const char *line, size_t *offset, size_t *length)
{
	for (const char *c = line; *c != '\0' && *c != '\n' && *c != '#'; c++) {
		size_t run = 0;
		bool colons = false;
		while (is_address_letter(c[run])) {
			colons = colons || (run > 0 && c[run] == ':' && c[run - 1] == ':');
			run++;
		}
		bool quoted = c > line && (c[-1] == '"' || c[-1] == '\'');
		if (colons && !quoted && (c[0] == ':' || c[run - 1] == ':')) {
			*offset = (size_t)(c - line);
			*length = run;
			return true;
		}
		c += run > 0 ? run - 1 : 0;
	}
	return false;
}

static const char *line_of(const struct source *source, size_t number)
{
	const char *line = source->data;
	for (size_t i = 0; i < number && line != NULL; i++) {
		line = strchr(line, '\n');
		line = line != NULL ? line + 1 : NULL;
	}
	return line;
}

// libyaml's words, and ours with the remedy.
static const struct {
	const char *problem;
	const char *message;
	bool opened; // By something that libyaml calls the context.
} problems[] = {
	{ "mapping values are not allowed in this context",
	  "':' is not allowed here: check the indentation and that the line above is «key: value», "
	  "and put a value that contains ': ' or ends with ':' in quotes",
	  false },
	{ "did not find expected ',' or ']'",
	  "list is not closed: write ',' between its values and ']' at its end", true },
	{ "did not find expected ',' or '}'",
	  "map is not closed: write ',' between its values and '}' at its end", true },
	{ "did not find expected key",
	  "line does not fit the lines above it: check the indentation and stray characters",
	  false },
	{ "did not find expected '-' indicator",
	  "line does not fit the list above it: check the indentation and stray characters",
	  false },
	{ "found unexpected end of stream",
	  "text in quotes is not closed: write the same quote at its end", true },
	{ "found unexpected ':'", "value ends with ':': put it in quotes", false },
	{ "did not find expected node content",
	  "value is missing here: write one, and put a value that begins with ':', ',' or a "
	  "bracket in quotes",
	  false },
	{ "could not find expected ':'", "key has no ':' behind it: write «key: value»", false },
	{ "found undefined alias",
	  "value begins with '*', a YAML alias, which is not supported here: put it in quotes",
	  false },
	{ "found character that cannot start any token",
	  "value must not begin with this character: put it in quotes, and use spaces for tabs",
	  false },
	{ "found unknown escape character",
	  "backslash in double quotes begins an escape that YAML does not know: use single quotes",
	  false },
	{ "did not find expected <document start>",
	  "line does not fit the lines above it: check the indentation and stray characters",
	  false },
};

static void report_problem(const struct source *source, const yaml_parser_t *parser,
                           struct report *report)
{
	const char *problem = parser->problem != NULL ? parser->problem : "not understood";
	const char *message = problem;
	bool opened = false;
	for (size_t i = 0; i < sizeof(problems) / sizeof(problems[0]); i++) {
		if (strcmp(problems[i].problem, problem) == 0) {
			message = problems[i].message;
			opened = problems[i].opened;
		}
	}

	struct mark mark = source_mark(parser->problem_mark);
	const char *line = line_of(source, parser->problem_mark.line);
	size_t offset = 0;
	size_t length = 0;
	if (line != NULL && find_bare_address(line, &offset, &length)) {
		mark.column = (unsigned)offset + 1;
		report_error(report, mark,
		             "address that begins or ends with ':' must be in quotes: write "
		             "\"%.*s\"",
		             (int)(length < ADDRESS_SHOWN ? length : ADDRESS_SHOWN), line + offset);
	} else if (opened && parser->context != NULL &&
	           parser->context_mark.line != parser->problem_mark.line) {
		report_error(report, mark, "%s (it begins at line %zu)", message,
		             parser->context_mark.line + 1);
	} else {
		report_error(report, mark, "%s", message);
	}
}

static int load(const struct source *source, yaml_parser_t *parser, yaml_document_t *document,
                struct report *report)
{
	if (yaml_parser_load(parser, document)) {
		return 0;
	}
	if (parser->error == YAML_MEMORY_ERROR) {
		return -ENOMEM;
	}
	report_problem(source, parser, report);
	return -EINVAL;
}

// A document's root is NULL at the end of the stream; the document is freed then.
static yaml_node_t *root_of(yaml_document_t *document)
{
	yaml_node_t *root = yaml_document_get_root_node(document);
	if (root == NULL) {
		yaml_document_delete(document);
	}
	return root;
}

static int parse(const struct source *source, yaml_parser_t *parser, yaml_document_t *document,
                 struct report *report)
{
	yaml_document_t first;
	int ret = load(source, parser, &first, report);
	if (ret != 0) {
		return ret;
	}
	if (root_of(&first) == NULL) {
		report_error(report, start,
		             "file is empty: begin with the sections 'site' and 'uplink'");
		return -EINVAL;
	}

	yaml_document_t second;
	ret = load(source, parser, &second, report);
	if (ret != 0) {
		goto cleanup;
	}
	if (root_of(&second) != NULL) {
		report_error(report, source_mark(second.start_mark),
		             "second YAML document begins here: a site file has one, so take away "
		             "the line '---'");
		yaml_document_delete(&second);
		ret = -EINVAL;
		goto cleanup;
	}
	*document = first;
	return 0;

cleanup:
	yaml_document_delete(&first);
	return ret;
}

int source_parse(const struct source *source, yaml_document_t *document, struct report *report)
{
	int ret = scan(source, report);
	if (ret != 0) {
		return ret;
	}
	yaml_parser_t parser;
	if (!yaml_parser_initialize(&parser)) {
		return -ENOMEM;
	}
	yaml_parser_set_input_string(&parser, (const unsigned char *)source->data, source->size);
	ret = parse(source, &parser, document, report);
	yaml_parser_delete(&parser);
	return ret;
}
