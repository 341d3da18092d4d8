/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Converters of what is run on events.
 */

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "site/convert.h"

static int store(const char *text, void *value)
{
	char *copy = strdup(text);
	if (copy == NULL) {
		return -ENOMEM;
	}
	memcpy(value, &copy, sizeof(copy));
	return 0;
}

/*! What follows a word and a blank, if it begins with a full path; else NULL. */
static const char *path_behind(const char *text, const char *word)
{
	size_t length = strlen(word);
	bool good = strncmp(text, word, length) == 0 && text[length] == ' ' &&
	            text[length + 1] == '/' && strchr(text, '\n') == NULL;
	return good ? text + length + 1 : NULL;
}

CONVERTER(notification)
{
	const char *command = path_behind(text, "exec");
	if (command == NULL) {
		text_add(why, "is not a notification: write exec COMMAND, with its full path");
		return -EINVAL;
	}
	return store(command, value);
}

CONVERTER(parent_action)
{
	const char *file = path_behind(text, "nsupdate");
	if (file != NULL) {
		// FILE, or FILE SERVER.
		const char *server = strchr(file, ' ');
		if (server == NULL || (server[1] != '\0' && strchr(server + 1, ' ') == NULL)) {
			return store(text, value);
		}
	} else if (path_behind(text, "exec") != NULL) {
		return store(text, value);
	}
	text_add(why,
	         "is not known: write nsupdate FILE-WITH-KEY, nsupdate FILE-WITH-KEY SERVER or "
	         "exec COMMAND, with full paths");
	return -EINVAL;
}
