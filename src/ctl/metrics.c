/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * multihomectl metrics: OpenMetrics as the daemon writes it.
 */

#include "ctl/command.h"

int command_metrics(const struct command_line *line)
{
	json_t *request = json_pack("{s:s}", "command", "metrics");
	json_t *answer = NULL;
	struct text text = TEXT_EMPTY;
	int code = command_ask(line, request, EXIT_WRONG, &answer);
	const char *metrics = json_string_value(json_object_get(answer, "metrics"));
	if (metrics != NULL) {
		text_add(&text, "%s", metrics);
		code = command_write(line->output, &text);
	} else if (code == EXIT_GOOD) {
		command_error("answer without 'metrics': are multihomed and multihomectl of the "
		              "same version?");
		code = EXIT_WRONG;
	}
	text_free(&text);
	json_decref(answer);
	json_decref(request);
	return code;
}
