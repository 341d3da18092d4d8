/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Converters of numbers, words and durations.
 */

#include "site/convert.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

CONVERTER(switch)
{
	static const struct {
		const char *word;
		bool on;
	} words[] = { { "on", true },  { "off", false }, { "yes", true },
		      { "no", false }, { "true", true }, { "false", false } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i].word, text) == 0) {
			*(bool *)value = words[i].on;
			return 0;
		}
	}
	text_add(why, "is not a switch: write on or off");
	return -EINVAL;
}

CONVERTER(word)
{
	const struct word *words = conversion->key->words;
	for (size_t i = 0; words[i].word != NULL; i++) {
		if (strcmp(words[i].word, text) == 0) {
			memcpy(value, &words[i].value, sizeof(words[i].value));
			return 0;
		}
	}
	text_add(why, "is not known: write ");
	for (size_t i = 0; words[i].word != NULL; i++) {
		const char *between = i == 0 ? "" : words[i + 1].word == NULL ? " or " : ", ";
		text_add(why, "%s%s", between, words[i].word);
	}
	return -EINVAL;
}

const char *convert_digits(const char *text, unsigned base, uint64_t *number)
{
	uint64_t sum = 0;
	const char *c = text;
	for (;; c++) {
		static const char digits[] = "0123456789abcdef";
		char lower = *c >= 'A' && *c <= 'F' ? (char)(*c - 'A' + 'a') : *c;
		const char *digit = lower != '\0' ? memchr(digits, lower, base) : NULL;
		if (digit == NULL) {
			break;
		}
		sum = sum * base + (uint64_t)(digit - digits);
		if (sum > UINT32_MAX) {
			return NULL;
		}
	}
	if (c == text) {
		return NULL;
	}
	*number = sum;
	return c;
}

CONVERTER(number)
{
	const struct key *key = conversion->key;
	bool hexadecimal = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	uint64_t number = 0;
	const char *end =
		convert_digits(hexadecimal ? text + 2 : text, hexadecimal ? 16 : 10, &number);
	if (end == NULL || *end != '\0' || number < key->least || number > key->most) {
		text_add(why, "is not a number from %" PRIu64 " to %" PRIu64, key->least,
		         key->most);
		return -EINVAL;
	}
	uint32_t result = (uint32_t)number;
	memcpy(value, &result, sizeof(result));
	return 0;
}

CONVERTER(percent)
{
	const struct key *key = conversion->key;
	uint64_t number = 0;
	const char *end = convert_digits(text, 10, &number);
	if (end == NULL || strcmp(end, "%") != 0 || number < key->least || number > key->most) {
		text_add(why, "is not a percentage: write one from %" PRIu64 "%% to %" PRIu64 "%%",
		         key->least, key->most);
		return -EINVAL;
	}
	uint32_t result = (uint32_t)number;
	memcpy(value, &result, sizeof(result));
	return 0;
}

static const struct {
	const char *name;
	uint64_t milliseconds;
} units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 } };

static void duration_format(uint64_t milliseconds, struct text *text)
{
	size_t unit = sizeof(units) / sizeof(units[0]) - 1;
	while (milliseconds % units[unit].milliseconds != 0) {
		unit--;
	}
	text_add(text, "%" PRIu64 "%s", milliseconds / units[unit].milliseconds, units[unit].name);
}

// The range of the key is in steps of its own unit: 1000 for seconds, 1 for milliseconds.
static int convert_duration(const struct key *key, const char *text, uint64_t step, void *value,
                            struct text *why)
{
	uint64_t number = 0;
	const char *unit = convert_digits(text, 10, &number);
	if (unit == NULL) {
		text_add(why, "is not a duration: write a number and ms, s, m or h, such as 10s");
		return -EINVAL;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(units[i].name, unit) != 0) {
			continue;
		}
		uint64_t length = number * units[i].milliseconds;
		if (length % step != 0) {
			text_add(why, "is not in whole seconds");
			return -EINVAL;
		}
		if (length < key->least * step || length > key->most * step) {
			text_add(why, "is out of range: write a duration from ");
			duration_format(key->least * step, why);
			text_add(why, " to ");
			duration_format(key->most * step, why);
			return -EINVAL;
		}
		uint32_t result = (uint32_t)(length / step);
		memcpy(value, &result, sizeof(result));
		return 0;
	}
	if (*unit == '\0') {
		text_add(why, "has no unit: write %ss, or another of ms, s, m, h", text);
	} else {
		text_add(why, "is not a duration: write a number and ms, s, m or h, such as 10s");
	}
	return -EINVAL;
}

CONVERTER(seconds)
{
	return convert_duration(conversion->key, text, 1000, value, why);
}

CONVERTER(milliseconds)
{
	return convert_duration(conversion->key, text, 1, value, why);
}
