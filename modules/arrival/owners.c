/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Names handed from queries to the signer without a lock.
 */

#include "arrival/owners.h"

#include <stdlib.h>
#include <string.h>

enum { BOX_EMPTY, BOX_BUSY, BOX_FULL };

bool owner_box_put(struct owner_box *box, const knot_dname_t *owner)
{
	int empty = BOX_EMPTY;
	if (atomic_load_explicit(&box->state, memory_order_relaxed) != BOX_EMPTY ||
	    !atomic_compare_exchange_strong(&box->state, &empty, BOX_BUSY)) {
		return false;
	}
	memcpy(box->owner, owner, knot_dname_size(owner));
	atomic_store(&box->state, BOX_FULL);
	return true;
}

bool owner_box_full(const struct owner_box *box)
{
	return atomic_load(&box->state) == BOX_FULL;
}

void owner_box_empty(struct owner_box *box)
{
	atomic_store(&box->state, BOX_EMPTY);
}

bool owners_take(struct owners *owners, struct owner_box *box)
{
	if (!owner_box_full(box)) {
		return false;
	}
	bool wanted = owners->count < OWNERS_MAX;
	for (size_t i = 0; i < owners->count; i++) {
		wanted = wanted && !knot_dname_is_equal(owners->list[i], box->owner);
	}
	knot_dname_t *copy = wanted ? knot_dname_copy(box->owner, NULL) : NULL;
	if (copy != NULL) {
		owners->list[owners->count++] = copy;
	}
	owner_box_empty(box);
	return copy != NULL;
}

void owners_remove(struct owners *owners, size_t at)
{
	knot_dname_free(owners->list[at], NULL);
	owners->list[at] = owners->list[--owners->count];
}

void owners_deinit(struct owners *owners)
{
	while (owners->count > 0) {
		owners_remove(owners, owners->count - 1);
	}
}
