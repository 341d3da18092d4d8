/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief A hash of short byte strings for tables whose keys come from the operator, not from clients.
 *
 * Clients only look up, so nobody outside can make keys collide; hence speed before resistance.
 */

#pragma once

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
