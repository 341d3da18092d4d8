/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Reading of TSIG keys.
 */

#include "ctl/tsig_key.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/*! Between words, in both named.conf and knot.conf. */
#define BLANKS " \t\r\n\"'{};[]"

/*! What a word in front of a value means, whatever program the file is for. */
static const struct {
	const char *word;
	size_t member;
} meanings[] = {
	{ "key", offsetof(struct tsig_key, name) },
	{ "id:", offsetof(struct tsig_key, name) },
	{ "algorithm", offsetof(struct tsig_key, algorithm) },
	{ "algorithm:", offsetof(struct tsig_key, algorithm) },
	{ "secret", offsetof(struct tsig_key, secret) },
	{ "secret:", offsetof(struct tsig_key, secret) },
};

/*! Neither a line break nor a blank would stay within its place in an update. */
static bool is_plain(const char *word)
{
	for (const char *c = word; *c != '\0'; c++) {
		if (*c <= ' ' || *c > '~') {
			return false;
		}
	}
	return *word != '\0';
}

static int set_word(struct tsig_key *key, size_t member, const char *word)
{
	char **value = (char **)(void *)((char *)key + member);
	if (*value != NULL) {
		// The first key of a file.
		return 0;
	}
	*value = strdup(word);
	return *value != NULL ? 0 : -ENOMEM;
}

static int parse_words(char *text, struct tsig_key *key)
{
	int ret = 0;
	char *rest = NULL;
	size_t wanted = SIZE_MAX;
	for (char *word = strtok_r(text, BLANKS, &rest); ret == 0 && word != NULL;
	     word = strtok_r(NULL, BLANKS, &rest)) {
		if (wanted != SIZE_MAX) {
			ret = is_plain(word) ? set_word(key, wanted, word) : -EINVAL;
			wanted = SIZE_MAX;
			continue;
		}
		for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
			if (strcmp(word, meanings[i].word) == 0) {
				wanted = meanings[i].member;
			}
		}
	}
	return ret;
}

/*! «[algorithm:]name:secret», as knsupdate(1) takes it. */
static int parse_colons(char *text, struct tsig_key *key)
{
	char *rest = NULL;
	char *part[3] = { NULL };
	size_t count = 0;
	text += strspn(text, BLANKS "#");
	text[strcspn(text, " \t\r\n")] = '\0';
	for (char *word = strtok_r(text, ":", &rest); word != NULL;
	     word = strtok_r(NULL, ":", &rest)) {
		if (count == 3) {
			return -EINVAL;
		}
		part[count++] = word;
	}
	if (count < 2) {
		return -EINVAL;
	}
	int ret = set_word(key, offsetof(struct tsig_key, name), part[count - 2]);
	if (ret == 0) {
		ret = set_word(key, offsetof(struct tsig_key, secret), part[count - 1]);
	}
	if (ret == 0 && count == 3) {
		ret = set_word(key, offsetof(struct tsig_key, algorithm), part[0]);
	}
	return ret;
}

int tsig_key_parse(const char *text, struct tsig_key *key)
{
	struct tsig_key parsed = { 0 };
	char *copy = strdup(text);
	int ret = copy != NULL ? parse_words(copy, &parsed) : -ENOMEM;
	if (ret == 0 && (parsed.name == NULL || parsed.secret == NULL)) {
		tsig_key_deinit(&parsed);
		free(copy);
		copy = strdup(text);
		ret = copy != NULL ? parse_colons(copy, &parsed) : -ENOMEM;
	}
	free(copy);
	if (ret == 0 && (!is_plain(parsed.name) || !is_plain(parsed.secret))) {
		ret = -EINVAL;
	}
	if (ret != 0) {
		tsig_key_deinit(&parsed);
		return ret;
	}
	*key = parsed;
	return 0;
}

void tsig_key_deinit(struct tsig_key *key)
{
	free(key->name);
	free(key->algorithm);
	free(key->secret);
	*key = (struct tsig_key){ 0 };
}
