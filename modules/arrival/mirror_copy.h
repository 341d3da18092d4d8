/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief A copy of the settings of mirror signing, for the thread that works by them.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "arrival/mirror.h"

struct mirror_copy {
	struct sockaddr_storage *listen;
	size_t listen_count;
	char **keystores; /*!< Ended by NULL. */
};

/*! \brief Copy settings. \return NULL if memory ran out. */
struct mirror_copy *mirror_copy_new(const struct mirror_settings *settings);

/*! \brief Free; NULL is legal. */
void mirror_copy_free(struct mirror_copy *copy);

/*! \brief Whether the keystores are others. */
bool mirror_copy_keys_differ(const struct mirror_copy *a, const struct mirror_copy *b);
