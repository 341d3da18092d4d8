/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief A site file as bytes, and as the YAML document in them.
 */

#pragma once

#include <stddef.h>
#include <yaml.h>

#include "site/report.h"

/*! Largest file that is read: over 20 000 hosts. */
#define SOURCE_SIZE_MAX (4 * 1024 * 1024)

struct source {
	char *data; /*!< Zero-terminated. */
	size_t size;
};

/*!
 * \brief Read a file.
 * \param source  Out: freed by source_free().
 * \return 0, -ENOMEM, -EINVAL if it is too large, or the -errno of opening or reading; all but
 *         -ENOMEM are in the report.
 */
int source_read(const char *path, struct source *source, struct report *report);

/*!
 * \brief Parse the one YAML document of a source.
 * \param document  Out: deleted by yaml_document_delete(); it has a root.
 * \return 0, -ENOMEM, or -EINVAL (in the report).
 */
int source_parse(const struct source *source, yaml_document_t *document, struct report *report);

/*! \brief A place of libyaml's, which counts from 0. */
struct mark source_mark(yaml_mark_t mark);

/*! \brief Free the bytes. */
void source_free(struct source *source);
