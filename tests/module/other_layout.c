/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Stands for knotd's own module queryacl, with configuration items of a size that no version has.
 */

#include <stdint.h>

#define ITEM_WORDS 17

/*! As knotd_mod_api_t; the same in all versions. */
struct interface {
	uint32_t version;
	const char *name;
	uint32_t flags;
	void *load;
	void *unload;
	const void *config;
	void *config_check;
};

/*! Three items; of each but the last the name is set, after its length (7, 9). */
static const char *const items[3 * ITEM_WORDS] = {
	[0] = "\aaddress", [ITEM_WORDS] = "\tinterface"
};

extern const struct interface knotd_mod_api_queryacl;
const struct interface knotd_mod_api_queryacl = { .name = "mod-queryacl", .config = items };
