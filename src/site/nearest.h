/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief The known word that a misspelt one probably means.
 */

#pragma once

#include <stddef.h>

/*! A search. Start from { .word = "..." }, offer every candidate, read best. */
struct nearest {
	const char *word;
	const char *best; /*!< Borrowed; NULL if no candidate is near. */
	size_t distance;
};

/*! \brief Offer a candidate; of equally near ones the first is kept. */
void nearest_offer(struct nearest *nearest, const char *candidate);
