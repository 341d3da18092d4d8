/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * multihomectl check: runs its sections, and prints what they found.
 */

#include "ctl/check.h"

#include <string.h>

static const struct section {
	const char *name;
	int (*run)(const struct command_line *line, struct findings *findings);
} sections[] = {
	{ "dns", check_dns },
	{ "gateway", check_gateway },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int write_findings(const struct command_line *line, const struct findings *findings)
{
	if (line->json) {
		json_t *json = findings_json(findings);
		if (json == NULL) {
			command_error("out of memory");
			return EXIT_WRONG;
		}
		int code = command_write_json(json);
		json_decref(json);
		return code;
	}
	struct text text = TEXT_EMPTY;
	findings_write(findings, command_color(), &text);
	(void)command_write(NULL, &text);
	bool failed = text.failed;
	text_free(&text);
	return failed ? EXIT_WRONG : EXIT_GOOD;
}

/*! \param only  One section, or NULL: all. */
static int run(const struct command_line *line, const char *only)
{
	struct findings findings = FINDINGS_EMPTY;
	int code = EXIT_GOOD;
	for (size_t i = 0; i < COUNT(sections) && code == EXIT_GOOD; i++) {
		if (only == NULL || strcmp(only, sections[i].name) == 0) {
			code = sections[i].run(line, &findings);
		}
	}
	if (code == EXIT_GOOD) {
		code = write_findings(line, &findings);
	}
	if (code == EXIT_GOOD && findings_count(&findings, FINDING_WRONG) > 0) {
		code = EXIT_WRONG;
	}
	if (findings.failed) {
		command_error("out of memory");
		code = EXIT_WRONG;
	}
	findings_free(&findings);
	return code;
}

int command_check(const struct command_line *line)
{
	return run(line, NULL);
}

int command_check_dns(const struct command_line *line)
{
	return run(line, "dns");
}

int command_check_gateway(const struct command_line *line)
{
	return run(line, "gateway");
}
