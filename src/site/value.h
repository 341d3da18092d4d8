/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief Values of the YAML document, read into the fields of a site by the rows of the schema.
 */

#pragma once

#include <stdbool.h>
#include <yaml.h>

#include "site/marks.h"
#include "site/report.h"
#include "site/schema.h"
#include "site/site.h"

/*! Of a wrong value or name this much is shown. */
#define VALUE_SHOWN 64

/*! The load of one file. */
struct loader {
	struct site *site;
	yaml_document_t *document;
	bool *visited; /*!< By number of a node: an alias is a second way to a node. */
	struct marks marks;
	struct report report;
	bool failed; /*!< Memory ran out. */
};

/*!
 * \brief The node with a number, or NULL (reported) if the file reaches it in a way not supported.
 *
 * Aliases are refused: a message about a value that stands in two places could name only one.
 */
yaml_node_t *value_visit(struct loader *loader, int number);

/*! \brief The text of a scalar, or NULL if it is something else or contains a zero byte. */
const char *value_text(const yaml_node_t *node);

/*!
 * \brief Read a value into its field and remember its place.
 *
 * A list takes a single value for a list of one, and keeps its good items if others are wrong.
 *
 * \param base  The struct that has the field.
 * \return Whether the field was set; else there is a report, or the loader failed.
 */
bool value_read(struct loader *loader, const struct key *key, const yaml_node_t *node, char *base);

/*!
 * \brief Give a field its default.
 * \param mark  Place of what has the field: messages about a default point there.
 */
void value_set_default(struct loader *loader, const struct key *key, struct mark mark, char *base);
