/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Refuses a knotd whose configuration items are of another size than those of the module.
 *
 * The size grew in the patch release 3.5.2, with the same number of the ABI (and in 3.4.0, with a new
 * one). knotd would walk the items of a module that was built with an older one at the wrong pace, and
 * crash. Its own modules have such items too, and the module queryacl has two in which nothing is set:
 * how far the second one's name is from the first one's is the size.
 *
 * Included by arrival.c alone, after knot/module.h.
 */

#pragma once

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/*! knotd's own; NULL where it was built without it. */
extern const knotd_mod_api_t knotd_mod_api_queryacl __attribute__((weak));

/*! Two items and the empty one behind them have at least as many words. */
#define LAYOUT_WORDS 32

/*! \brief Size of knotd's configuration items, or 0 if that cannot be seen. */
static inline size_t layout_item_size(const knotd_mod_api_t *queryacl)
{
	static const char second[] = "\x09interface";
	if (queryacl == NULL || queryacl->config == NULL) {
		return 0;
	}
	const uintptr_t *words = (const uintptr_t *)(const void *)queryacl->config;
	for (size_t i = 1; i < LAYOUT_WORDS; i++) {
		// Whatever is not a name is a small number there.
		if (words[i] > UINT16_MAX &&
		    memcmp((const void *)words[i], second, sizeof(second)) == 0) {
			return i * sizeof(*words);
		}
	}
	return 0;
}

/*! Before knotd looks into the interface: the loader runs this. */
static inline void layout_check(knotd_mod_api_t *api)
{
	size_t size = layout_item_size(&knotd_mod_api_queryacl);
	if (size != 0 && size != sizeof(yp_item_t)) {
		(void)fprintf(stderr,
		              "mod-arrival: was built for another patch release of Knot DNS: its "
		              "configuration items have %zu octets, here they have %zu; build the "
		              "module anew\n",
		              sizeof(yp_item_t), size);
		api->version = 0;
	}
}

/*! \brief KNOTD_MOD_API(), but for a knotd of another layout it says that the interface is another one. */
#define LAYOUT_MOD_API(mod_name, mod_flags, mod_load, mod_unload, mod_conf, mod_conf_check)     \
	__attribute__((visibility("default"))) knotd_mod_api_t KNOTD_MOD_API_NAME(mod_name) = { \
		.version = KNOTD_MOD_ABI_VERSION,                                               \
		.name = KNOTD_MOD_NAME_PREFIX #mod_name,                                        \
		.flags = mod_flags,                                                             \
		.load = mod_load,                                                               \
		.unload = mod_unload,                                                           \
		.config = mod_conf,                                                             \
		.config_check = mod_conf_check,                                                 \
	};                                                                                      \
	static __attribute__((constructor)) void layout_check_at_load(void)                     \
	{                                                                                       \
		layout_check(&KNOTD_MOD_API_NAME(mod_name));                                    \
	}                                                                                       \
	_Static_assert(true, "ends with a semicolon")
