/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Short byte strings as keys of tables: their hash, and whether two are the same.
 *
 * The keys come from the operator. Clients only look up, so nobody outside can make keys collide; hence
 * speed before resistance.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t hash_word(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ (hash >> 29);
}

/*! \brief Hash bytes; the low bits are as good as the high ones. */
static inline uint64_t hash_bytes(const uint8_t *bytes, size_t size)
{
	uint64_t hash = size;
	uint64_t word;
	if (size < sizeof(word)) {
		for (size_t i = 0; i < size; i++) {
			hash = hash_word(hash, bytes[i]);
		}
		return hash;
	}
	// Whole words, the last one overlapping the one before: no byte loop for the rest.
	for (size_t i = 0; i + sizeof(word) < size; i += sizeof(word)) {
		memcpy(&word, bytes + i, sizeof(word));
		hash = hash_word(hash, word);
	}
	memcpy(&word, bytes + size - sizeof(word), sizeof(word));
	return hash_word(hash, word);
}

static inline uint64_t hash_differences(const uint8_t *a, const uint8_t *b)
{
	uint64_t words[2];
	memcpy(&words[0], a, sizeof(words[0]));
	memcpy(&words[1], b, sizeof(words[1]));
	return words[0] ^ words[1];
}

/*! \brief Whether bytes are the same: for short strings that mostly are, without a call. */
static inline bool hash_same_bytes(const uint8_t *a, const uint8_t *b, size_t size)
{
	if (size < 16 || size > 32) {
		return memcmp(a, b, size) == 0;
	}
	// Two words from each end; they may overlap.
	return (hash_differences(a, b) | hash_differences(a + 8, b + 8) |
	        hash_differences(a + size - 16, b + size - 16) |
	        hash_differences(a + size - 8, b + size - 8)) == 0;
}
