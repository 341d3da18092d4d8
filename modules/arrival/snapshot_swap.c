/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Publishing by RCU: liburcu's memb flavour, which knotd's own queries use.
 *
 * Not by call_rcu(), whose callback could run after the module was unloaded.
 */

#include "arrival/snapshot_swap.h"

#include <urcu.h>

void *snapshot_swap(void **place, void *next)
{
	void *old = rcu_xchg_pointer(place, next);
	synchronize_rcu();
	return old;
}

void snapshot_wait(void)
{
	synchronize_rcu();
}
