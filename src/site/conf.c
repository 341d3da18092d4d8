/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Loading of a site file: a walk through the sections of the YAML document, led by the schema.
 *
 * The walk goes on after an error, so that one pass finds all. A field whose value is wrong keeps
 * its default, so that one mistake makes one message.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "site/check.h"
#include "site/complete.h"
#include "site/nearest.h"
#include "site/schema.h"
#include "site/site.h"
#include "site/source.h"
#include "site/value.h"

/*! What was found of a section or an entry: the values of its keys. */
struct found {
	yaml_node_t *value[SCHEMA_KEYS_MAX];
	struct mark mark[SCHEMA_KEYS_MAX]; /*!< Of the key. */
};

static void report_unknown(struct loader *loader, struct mark mark, const char *what,
                           const char *name, const char *nearest)
{
	if (nearest != NULL) {
		report_error(&loader->report, mark, "unknown %s '%.*s': is '%s' meant?", what,
		             VALUE_SHOWN, name, nearest);
	} else {
		report_error(&loader->report, mark,
		             "unknown %s '%.*s': see multihome.conf(5) for those that exist", what,
		             VALUE_SHOWN, name);
	}
}

// A misspelt key is found as well, so that it is not reported as missing too.
static const struct key *find_key(struct loader *loader, const struct section *section,
                                  const char *name, struct mark mark, bool *known)
{
	struct nearest nearest = { .word = name };
	const struct key *meant = NULL;
	for (size_t i = 0; i < section->key_count; i++) {
		const struct key *key = &section->keys[i];
		if (strcmp(key->name, name) == 0) {
			*known = true;
			return key;
		}
		nearest_offer(&nearest, key->name);
		meant = nearest.best == key->name ? key : meant;
	}
	*known = false;
	char what[64];
	(void)snprintf(what, sizeof(what), "key of '%s',", section->name);
	report_unknown(loader, mark, what, name, nearest.best);
	return meant;
}

// The text of a map's key, or NULL (reported).
static const char *key_text(struct loader *loader, int number, struct mark *mark)
{
	const yaml_node_t *node = value_visit(loader, number);
	if (node == NULL) {
		return NULL;
	}
	const char *text = value_text(node);
	*mark = source_mark(node->start_mark);
	if (text == NULL || *text == '\0') {
		report_error(&loader->report, *mark, "name of a key is expected here");
		return NULL;
	}
	return text;
}

static bool note_found(struct loader *loader, struct found *found, size_t index, const char *what,
                       const char *name, struct mark mark, int value)
{
	if (found->value[index] != NULL) {
		report_error(&loader->report, mark,
		             "%s '%s' is given twice (first at line %u): keep one", what, name,
		             found->mark[index].line);
		return false;
	}
	found->mark[index] = mark;
	found->value[index] = value_visit(loader, value);
	return found->value[index] != NULL;
}

static void read_map(struct loader *loader, const struct section *section, const yaml_node_t *node,
                     char *base)
{
	struct found found = { 0 };
	struct mark start = source_mark(node->start_mark);
	const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	bool filled[SCHEMA_KEYS_MAX] = { false };
	bool named[SCHEMA_KEYS_MAX] = { false };

	for (; pair < node->data.mapping.pairs.top; pair++) {
		struct mark mark;
		const char *name = key_text(loader, pair->key, &mark);
		bool known = false;
		const struct key *key =
			name != NULL ? find_key(loader, section, name, mark, &known) : NULL;
		if (key == NULL) {
			continue;
		}
		size_t i = (size_t)(key - section->keys);
		named[i] = true;
		if (!known) {
			continue;
		}
		if (key->convert == NULL) {
			report_error(&loader->report, mark,
			             "key '%s' is not supported yet: leave it out", name);
		} else if (note_found(loader, &found, i, "key", name, mark, pair->value)) {
			filled[i] = value_read(loader, key, found.value[i], base);
		}
	}

	for (size_t i = 0; i < section->key_count; i++) {
		const struct key *key = &section->keys[i];
		if (!named[i] && key->required) {
			report_error(&loader->report, start, "%s, key '%s' is missing: write %s",
			             section->name, key->name, key->help);
		}
		if (!filled[i] && key->convert != NULL) {
			value_set_default(loader, key, start, base);
		}
	}
}

static size_t *entry_count(struct loader *loader, const struct section *section)
{
	return (size_t *)(void *)((char *)loader->site + section->count_offset);
}

static void read_entries(struct loader *loader, const struct section *section,
                         const yaml_node_t *node)
{
	const char *text = value_text(node);
	if (text != NULL && *text == '\0') {
		return;
	}
	if (node->type != YAML_SEQUENCE_NODE) {
		report_error(&loader->report, source_mark(node->start_mark),
		             "section '%s' is not a list: begin each entry with '- %s:'",
		             section->name, section->keys[0].name);
		return;
	}

	char *base = (char *)loader->site;
	const yaml_node_item_t *item = node->data.sequence.items.start;
	size_t room = (size_t)(node->data.sequence.items.top - item);
	char *entries = calloc(room + 1, section->size);
	if (entries == NULL) {
		loader->failed = true;
		return;
	}
	memcpy(base + section->offset, &entries, sizeof(entries));
	size_t *count = entry_count(loader, section);
	for (size_t i = 0; i < room; i++) {
		const yaml_node_t *entry = value_visit(loader, item[i]);
		if (entry == NULL) {
			continue;
		}
		if (entry->type != YAML_MAPPING_NODE) {
			report_error(&loader->report, source_mark(entry->start_mark),
			             "section '%s', entry is not a map: begin it with '- %s:'",
			             section->name, section->keys[0].name);
			continue;
		}
		read_map(loader, section, entry, entries + *count * section->size);
		(*count)++;
	}
}

// The checks look at the site's values also if its section is missing.
static void read_site(struct loader *loader, const struct section *section, const yaml_node_t *node)
{
	char *base = (char *)loader->site;
	if (node != NULL && node->type == YAML_MAPPING_NODE) {
		read_map(loader, section, node, base);
		return;
	}
	if (node != NULL) {
		report_error(&loader->report, source_mark(node->start_mark),
		             "section '%s' is not a map: write its keys below it, without '-'",
		             section->name);
	}
	for (size_t i = 0; i < section->key_count; i++) {
		value_set_default(loader, &section->keys[i], (struct mark){ 1, 1 }, base);
	}
}

// Which sections the file has; their contents come later, in the order of the schema.
static void find_sections(struct loader *loader, const yaml_node_t *root, struct found *found)
{
	const yaml_node_pair_t *pair = root->data.mapping.pairs.start;
	for (; pair < root->data.mapping.pairs.top; pair++) {
		struct mark mark;
		const char *name = key_text(loader, pair->key, &mark);
		if (name == NULL) {
			continue;
		}
		struct nearest nearest = { .word = name };
		size_t i = 0;
		while (i < schema_section_count && strcmp(schema_sections[i].name, name) != 0) {
			nearest_offer(&nearest, schema_sections[i].name);
			i++;
		}
		if (i == schema_section_count) {
			report_unknown(loader, mark, "section", name, nearest.best);
		} else if (schema_sections[i].unsupported) {
			report_error(&loader->report, mark,
			             "section '%s' is not supported yet: leave it out", name);
		} else {
			(void)note_found(loader, found, i, "section", name, mark, pair->value);
		}
	}
}

static bool read_root(struct loader *loader, const yaml_node_t *root)
{
	struct mark start = source_mark(root->start_mark);
	if (root->type != YAML_MAPPING_NODE) {
		report_error(&loader->report, start,
		             "name of a section is expected here, such as 'site:'");
		return false;
	}

	struct found found = { 0 };
	find_sections(loader, root, &found);
	for (size_t i = 0; i < schema_section_count; i++) {
		const struct section *section = &schema_sections[i];
		const yaml_node_t *node = found.value[i];
		size_t errors = loader->report.errors;
		if (section->required && found.mark[i].line == 0) {
			report_error(&loader->report, start, "section '%s' is missing: write one",
			             section->name);
		}
		if (!section->list && !section->unsupported) {
			read_site(loader, section, node);
		} else if (node != NULL) {
			read_entries(loader, section, node);
			complete_uplinks(loader->site);
			if (section->required && *entry_count(loader, section) == 0 &&
			    loader->report.errors == errors) {
				report_error(&loader->report, found.mark[i],
				             "section '%s' has no entry: write one", section->name);
			}
		}
	}
	return true;
}

static int load_document(struct loader *loader)
{
	yaml_document_t *document = loader->document;
	size_t nodes = (size_t)(document->nodes.top - document->nodes.start);
	loader->visited = calloc(nodes + 1, sizeof(*loader->visited));
	if (loader->visited == NULL) {
		return -ENOMEM;
	}
	loader->visited[1] = true;
	bool readable = read_root(loader, yaml_document_get_root_node(document));
	free(loader->visited);
	loader->visited = NULL;

	if (loader->failed || loader->marks.failed ||
	    complete_site(loader->site, &loader->marks) != 0) {
		return -ENOMEM;
	}
	if (!readable) {
		return 0;
	}
	marks_sort(&loader->marks);
	const struct check check = { loader->site, &loader->marks, &loader->report };
	return check_site(&check);
}

static int load_source(const char *path, struct loader *loader)
{
	struct source source;
	int ret = source_read(path, &source, &loader->report);
	if (ret != 0) {
		return ret;
	}
	yaml_document_t document;
	ret = source_parse(&source, &document, &loader->report);
	source_free(&source);
	if (ret != 0) {
		return ret;
	}
	loader->document = &document;
	ret = load_document(loader);
	yaml_document_delete(&document);
	loader->document = NULL;
	return ret;
}

int site_load(const char *path, struct site **site, struct text *report)
{
	struct loader loader = { .site = calloc(1, sizeof(*loader.site)) };
	int ret = -ENOMEM;
	if (loader.site == NULL) {
		goto cleanup;
	}
	ret = load_source(path, &loader);
	if (ret == 0 && loader.report.errors > 0) {
		ret = -EINVAL;
	}
	report_print(&loader.report, path, report);
	if (loader.report.failed || report->failed) {
		ret = -ENOMEM;
	}
	if (ret == 0) {
		*site = loader.site;
		loader.site = NULL;
	}

cleanup:
	marks_free(&loader.marks);
	report_free(&loader.report);
	site_free(loader.site);
	return ret;
}
