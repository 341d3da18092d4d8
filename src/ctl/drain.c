/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * multihomectl drain and undrain: new clients leave an uplink, its connections stay.
 */

#include "ctl/command.h"

static void add_progress(const json_t *drain, struct text *text)
{
	const json_t *connections = json_object_get(drain, "connections");
	json_int_t expires = json_integer_value(json_object_get(drain, "expires_s"));
	json_int_t left = json_integer_value(connections);
	if (!json_is_true(json_object_get(drain, "others"))) {
		text_add(text, "no other uplink is ready: it is answered all the same\n");
	}
	if (expires > 0) {
		text_add(text, "the last old answer expires in %lld s\n", (long long)expires);
	} else {
		text_add(text, "old answers have expired\n");
	}
	if (!json_is_integer(connections)) {
		text_add(text, "connections on it could not be counted\n");
	} else if (left > 0) {
		text_add(text, "%lld connection%s still on it: say it again to see them go\n",
		         (long long)left, left == 1 ? " is" : "s are");
	} else {
		text_add(text, "no connection is on it%s\n",
		         expires > 0 ? "" : ": it is safe to unplug");
	}
}

static int ask(const struct command_line *line, const char *command)
{
	json_t *request = json_pack("{s:s, s:s}", "command", command, "uplink", line->name);
	json_t *answer = NULL;
	struct text text = TEXT_EMPTY;
	int code = command_ask(line, request, EXIT_USAGE, &answer);
	const json_t *drain = code == EXIT_GOOD ? command_content(answer, "drain") : NULL;
	if (code == EXIT_GOOD && drain == NULL) {
		code = EXIT_WRONG;
	} else if (drain != NULL && line->json) {
		code = command_write_json(drain);
	} else if (drain != NULL) {
		bool drained = json_is_true(json_object_get(drain, "drained"));
		text_add(&text, "uplink %s: %s\n", line->name,
		         drained ? "drained, DNS offers it to nobody new"
		                 : "not drained, DNS offers it");
		if (drained) {
			add_progress(drain, &text);
		}
		code = command_write(NULL, &text);
	}
	text_free(&text);
	json_decref(answer);
	json_decref(request);
	return code;
}

int command_drain(const struct command_line *line)
{
	return ask(line, "drain");
}

int command_undrain(const struct command_line *line)
{
	return ask(line, "undrain");
}
