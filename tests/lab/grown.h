/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Arrays that grow by one element at a time, in programs that end where there is no memory.
 */

#pragma once

#include <stdio.h>
#include <stdlib.h>

/*!
 * \brief The array with room for one more than count, moved if need be; doubled at each power of two.
 */
static inline void *grown(void *array, size_t count, size_t size)
{
	if ((count & (count - 1)) == 0) {
		array = realloc(array, (count == 0 ? 1 : 2 * count) * size);
		if (array == NULL) {
			perror("observer");
			exit(2);
		}
	}
	return array;
}
