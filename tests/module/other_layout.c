/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Goes before knotd's own module queryacl, with configuration items of another size. For LD_PRELOAD.
 */

#include <knot/module.h>

static const struct {
	struct {
		yp_item_t item;
		void *more;
	} items[3];
} other = { .items = { { .item = { "\x07"
	                           "address",
	                           YP_TNET, YP_VNONE, YP_FMULTI } },
	               { .item = { "\x09"
	                           "interface",
	                           YP_TNET, YP_VNONE, YP_FMULTI } } } };

__attribute__((visibility("default"))) extern const knotd_mod_api_t knotd_mod_api_queryacl;
const knotd_mod_api_t knotd_mod_api_queryacl = {
	.version = KNOTD_MOD_ABI_VERSION,
	.name = "mod-queryacl",
	.config = &other.items[0].item,
};
