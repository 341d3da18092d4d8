/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * multihomectl confirm: the operator has entered at the parent what is published.
 */

#include "ctl/command.h"

int command_confirm(const struct command_line *line)
{
	json_t *request = json_pack("{s:s}", "command", "parent-confirm");
	json_t *answer = NULL;
	int code = command_ask(line, request, EXIT_WRONG, &answer);
	if (code == EXIT_GOOD && command_content(answer, "parent") == NULL) {
		code = EXIT_WRONG;
	}
	json_decref(answer);
	json_decref(request);
	return code;
}
