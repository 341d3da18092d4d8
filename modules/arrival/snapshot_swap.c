/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Publishing by RCU: liburcu's memb flavour, which knotd's own queries use.
 *
 * Not by call_rcu(), whose callback could run after the module was unloaded.
 */

#include "arrival/snapshot_swap.h"

#include <stdlib.h>
#include <urcu.h>

void *snapshot_swap(void **place, void *next)
{
	// This is rcu_xchg_pointer(), but known to ThreadSanitizer.
	void *old = __atomic_exchange_n(place, next, __ATOMIC_SEQ_CST);
	synchronize_rcu();
	return old;
}

void snapshot_replace(void **place, void *next)
{
	free(snapshot_swap(place, next));
}

void snapshot_wait(void)
{
	synchronize_rcu();
}
