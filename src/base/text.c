/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * A growing text with sticky errors.
 */

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool text_reserve(struct text *text, size_t more)
{
	size_t need = text->length + more + 1;
	if (need <= text->room) {
		return true;
	}
	size_t room = text->room < 256 ? 256 : text->room;
	while (room < need) {
		room *= 2;
	}
	char *data = realloc(text->data, room);
	if (data == NULL) {
		text->failed = true;
		return false;
	}
	text->data = data;
	text->room = room;
	return true;
}

void text_add(struct text *text, const char *format, ...)
{
	if (text->failed) {
		return;
	}

	va_list args;
	va_start(args, format);
	int length = vsnprintf(text->data != NULL ? text->data + text->length : NULL,
	                       text->data != NULL ? text->room - text->length : 0, format, args);
	va_end(args);
	if (length < 0) {
		text->failed = true;
		return;
	}
	if (text->length + (size_t)length + 1 > text->room) {
		if (!text_reserve(text, (size_t)length)) {
			return;
		}
		va_start(args, format);
		(void)vsnprintf(text->data + text->length, text->room - text->length, format, args);
		va_end(args);
	}
	text->length += (size_t)length;
}

char *text_take(struct text *text)
{
	char *data = NULL;
	if (!text->failed) {
		data = text->data != NULL ? text->data : strdup("");
		text->data = NULL;
	}
	text_free(text);
	return data;
}

void text_free(struct text *text)
{
	free(text->data);
	*text = TEXT_EMPTY;
}
