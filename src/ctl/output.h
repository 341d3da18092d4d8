/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Files that are either the old ones or the new ones, whole, whenever somebody reads them.
 */

#pragma once

#include "base/text.h"

/*!
 * \brief Replace a file by a text: written beside it, flushed to the disk, renamed.
 *
 * A symbolic link stays and the file that it points at is replaced. A new file is readable as the
 * umask allows, a replaced one keeps its permissions.
 *
 * \return 0, -EINVAL (it exists, and is no regular file) or another -errno; then the old file stays.
 */
int output_replace(const char *path, const struct text *text);
