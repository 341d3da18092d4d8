/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief What targets of fuzzing share: an input that is read piece by piece, and a claim that must hold.
 */

#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"

/*! \brief A target's one function, of libFuzzer's name. \return 0 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*! A claim about the code under test; unlike assert() it is there in every build. */
#define FUZZ_CLAIM(claim)                                                                         \
	do {                                                                                      \
		if (!(claim)) {                                                                   \
			(void)fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #claim); \
			abort();                                                                  \
		}                                                                                 \
	} while (0)

/*! The rest of an input; behind its end everything is zero. */
struct fuzz_input {
	const uint8_t *data;
	size_t left;
};

/*! \brief Read a number of some bytes in network byte order. */
static inline uint64_t fuzz_number(struct fuzz_input *input, size_t size)
{
	uint64_t number = 0;
	for (; size > 0; size--) {
		number = number << 8 | (input->left > 0 ? *input->data : 0);
		input->data += input->left > 0;
		input->left -= input->left > 0;
	}
	return number;
}

/*!
 * \brief Read bytes into memory of just that size, so that nobody reads behind it unnoticed.
 * \param size  In: wished for. Out: got.
 * \return To be freed.
 */
static inline uint8_t *fuzz_bytes(struct fuzz_input *input, size_t *size)
{
	*size = *size < input->left ? *size : input->left;
	uint8_t *bytes = malloc(*size > 0 ? *size : 1);
	FUZZ_CLAIM(bytes != NULL);
	if (*size > 0) {
		memcpy(bytes, input->data, *size);
	}
	input->data += *size;
	input->left -= *size;
	return bytes;
}

/*! \brief Read an address of a family. */
static inline struct address fuzz_address(struct fuzz_input *input, uint8_t family)
{
	struct address address = { .family = family };
	for (size_t i = 0; i < address_size(&address); i++) {
		address.bytes[i] = (uint8_t)fuzz_number(input, 1);
	}
	return address;
}
