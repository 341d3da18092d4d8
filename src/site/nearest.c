/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Edit distance, the count of letters to insert, delete or replace (Levenshtein), without case.
 */

#include "site/nearest.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#define WORD_MAX 32

static size_t least_of(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;
	return least < c ? least : c;
}

static bool same_letter(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static size_t distance_of(const char *a, size_t a_length, const char *b, size_t b_length)
{
	size_t row[WORD_MAX + 1];
	for (size_t j = 0; j <= b_length; j++) {
		row[j] = j;
	}
	for (size_t i = 1; i <= a_length; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			size_t replaced = diagonal + (same_letter(a[i - 1], b[j - 1]) ? 0 : 1);
			diagonal = row[j];
			row[j] = least_of(row[j] + 1, row[j - 1] + 1, replaced);
		}
	}
	return row[b_length];
}

void nearest_offer(struct nearest *nearest, const char *candidate)
{
	size_t word = strlen(nearest->word);
	size_t other = strlen(candidate);
	if (word > WORD_MAX || other > WORD_MAX) {
		return;
	}

	// Three letters of a long word or two of a short one, but never all of it.
	size_t far = (other > 8 ? 3 : 2) < other ? (other > 8 ? 3 : 2) : other - 1;
	size_t distance = distance_of(nearest->word, word, candidate, other);
	if (distance <= far && (nearest->best == NULL || distance < nearest->distance)) {
		nearest->best = candidate;
		nearest->distance = distance;
	}
}
