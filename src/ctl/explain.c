/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * multihomectl explain: the chain of conditions between an uplink and an answer.
 */

#include "ctl/explain.h"

#include <string.h>

#include "ctl/command.h"
#include "ctl/fields.h"

bool explain_answered(const json_t *explain)
{
	const json_t *uplinks = json_object_get(explain, "uplinks");
	for (size_t i = 0; i < json_array_size(uplinks); i++) {
		const json_t *uplink = json_array_get(uplinks, i);
		if (json_is_true(json_object_get(uplink, "answered"))) {
			return true;
		}
	}
	return false;
}

static int widest_step(const json_t *uplinks)
{
	size_t widest = 0;
	for (size_t i = 0; i < json_array_size(uplinks); i++) {
		const json_t *uplink = json_array_get(uplinks, i);
		const json_t *steps = json_object_get(uplink, "steps");
		for (size_t number = 0; number < json_array_size(steps); number++) {
			const json_t *step = json_array_get(steps, number);
			size_t length = json_string_length(json_object_get(step, "step"));
			widest = length > widest ? length : widest;
		}
	}
	return (int)(widest < 40 ? widest : 40);
}

static void write_step(const json_t *step, int width, bool color, struct text *text)
{
	bool good = json_is_true(json_object_get(step, "good"));
	struct text name = TEXT_EMPTY;
	field_add(&name, step, "step");
	text_add(text, "  %s%s%s  %-*s  ", color && !good ? "\033[31m" : "", good ? "ok" : "NO",
	         color && !good ? "\033[0m" : "", width, name.data != NULL ? name.data : "");
	text_free(&name);
	field_add(text, step, "detail");
	text_add(text, "\n");
}

static const json_t *first_bad_step(const json_t *steps)
{
	for (size_t i = 0; i < json_array_size(steps); i++) {
		const json_t *step = json_array_get(steps, i);
		if (!json_is_true(json_object_get(step, "good"))) {
			return step;
		}
	}
	return NULL;
}

static void write_outcome(const json_t *uplink, struct text *text)
{
	if (json_is_true(json_object_get(uplink, "answered"))) {
		bool known = json_array_size(json_object_get(uplink, "answer")) > 0;
		text_add(text, "  answered%s", known ? " with " : "");
		field_add(text, uplink, "answer");
	} else {
		const json_t *bad = first_bad_step(json_object_get(uplink, "steps"));
		text_add(text, "  not answered%s", bad != NULL ? ": " : "");
		field_add(text, bad, "step");
		text_add(text, "%s", bad != NULL ? ", " : "");
		field_add(text, bad, "detail");
	}
	text_add(text, "\n");
}

void explain_write(const json_t *explain, bool color, struct text *text)
{
	const json_t *uplinks = json_object_get(explain, "uplinks");
	int width = widest_step(uplinks);
	for (size_t i = 0; i < json_array_size(uplinks); i++) {
		const json_t *uplink = json_array_get(uplinks, i);
		text_add(text, "%s", i > 0 ? "\n" : "");
		field_add(text, explain, "name");
		text_add(text, " by uplink ");
		field_add(text, uplink, "id");
		text_add(text, "\n");

		const json_t *steps = json_object_get(uplink, "steps");
		for (size_t number = 0; number < json_array_size(steps); number++) {
			const json_t *step = json_array_get(steps, number);
			write_step(step, width, color, text);
		}
		write_outcome(uplink, text);
	}
}

int command_explain(const struct command_line *line)
{
	// As DNS tools print it, with the last dot, is fine too.
	size_t length = strlen(line->name);
	length -= length > 1 && line->name[length - 1] == '.' ? 1 : 0;
	json_t *request = json_pack("{s:s, s:s%, s:s*}", "command", "explain", "name", line->name,
	                            length, "uplink", line->uplink);
	json_t *answer = NULL;
	struct text text = TEXT_EMPTY;
	int code = command_ask(line, request, EXIT_WRONG, &answer);
	if (code != EXIT_GOOD) {
		goto cleanup;
	}
	const json_t *explain = command_content(answer, "explain");
	if (explain == NULL) {
		code = EXIT_WRONG;
		goto cleanup;
	}
	if (line->json) {
		(void)command_write_json(explain);
	} else {
		explain_write(explain, command_color(), &text);
		(void)command_write(NULL, &text);
	}
	code = explain_answered(explain) ? EXIT_GOOD : EXIT_WRONG;
cleanup:
	text_free(&text);
	json_decref(answer);
	json_decref(request);
	return code;
}
