/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * multihomectl reload: the daemon reads its site file again; a bad one leaves everything as it is.
 */

#include "ctl/command.h"
#include "ctl/fields.h"

int command_reload(const struct command_line *line)
{
	json_t *request = json_pack("{s:s}", "command", "reload");
	json_t *answer = NULL;
	struct text text = TEXT_EMPTY;
	int code = command_ask(line, request, EXIT_USAGE, &answer);
	if (code == EXIT_GOOD) {
		field_add_lines(&text, answer, "messages");
		code = command_write(NULL, &text);
	}
	text_free(&text);
	json_decref(answer);
	json_decref(request);
	return code;
}
