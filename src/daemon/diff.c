/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The difference of two sorted arrays, in one walk over both.
 */

#include "daemon/diff.h"

int diff_run(const void *wanted, size_t wanted_count, const void *actual, size_t actual_count,
             size_t size, int (*compare)(const void *, const void *), diff_call missing,
             diff_call surplus, void *context)
{
	const char *want = wanted;
	const char *is = actual;
	// An empty list may be NULL, to which nothing may be added, not even 0 (C17 6.5.6).
	const char *want_end = wanted_count > 0 ? want + wanted_count * size : want;
	const char *is_end = actual_count > 0 ? is + actual_count * size : is;

	while (want < want_end || is < is_end) {
		int order = want == want_end ? 1 : is == is_end ? -1 : compare(want, is);
		diff_call call = order < 0 ? missing : order > 0 ? surplus : NULL;
		int ret = call != NULL ? call(order < 0 ? want : is, context) : 0;
		if (ret != 0) {
			return ret;
		}
		if (order <= 0) {
			want += size;
		}
		if (order >= 0) {
			is += size;
		}
	}
	return 0;
}
