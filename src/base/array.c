/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Growing of plain arrays by powers of two.
 */

#include "base/array.h"

#include <stdint.h>
#include <stdlib.h>

void *array_grow(void *items, size_t count, size_t size)
{
	if ((count & (count - 1)) != 0) {
		return items;
	}
	size_t capacity = count == 0 ? 1 : 2 * count;
	return capacity > SIZE_MAX / size ? NULL : realloc(items, capacity * size);
}
