/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Values of the YAML document: texts for the converters, lists, and what to say of anything else.
 */

#include "site/value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "site/source.h"

static bool is_default_tag(const yaml_node_t *node)
{
	const char *tag = node->type == YAML_SCALAR_NODE     ? YAML_DEFAULT_SCALAR_TAG
	                  : node->type == YAML_SEQUENCE_NODE ? YAML_DEFAULT_SEQUENCE_TAG
	                                                     : YAML_DEFAULT_MAPPING_TAG;
	return node->tag == NULL || strcmp((const char *)node->tag, tag) == 0;
}

yaml_node_t *value_visit(struct loader *loader, int number)
{
	yaml_node_t *node = yaml_document_get_node(loader->document, number);
	struct mark mark = source_mark(node->start_mark);
	if (loader->visited[number]) {
		report_error(&loader->report, mark,
		             "value is used again by a YAML alias ('*'), which is not supported "
		             "here: write it out in both places");
		return NULL;
	}
	loader->visited[number] = true;
	if (!is_default_tag(node)) {
		report_error(&loader->report, mark,
		             "value has the YAML tag '%.32s', which is not supported here: leave "
		             "the tag out",
		             (const char *)node->tag);
		return NULL;
	}
	return node;
}

const char *value_text(const yaml_node_t *node)
{
	if (node->type != YAML_SCALAR_NODE) {
		return NULL;
	}
	const char *text = (const char *)node->data.scalar.value;
	return strlen(text) == node->data.scalar.length ? text : NULL;
}

// «- 2001:db8::» is a map to YAML, with the key «2001:db8:» and no value.
static bool is_bare_address(struct loader *loader, const yaml_node_t *node)
{
	if (node->type != YAML_MAPPING_NODE ||
	    node->data.mapping.pairs.top - node->data.mapping.pairs.start != 1) {
		return false;
	}
	int key = node->data.mapping.pairs.start->key;
	const char *text = value_text(yaml_document_get_node(loader->document, key));
	size_t length = text != NULL ? strlen(text) : 0;
	return length > 1 && strchr(text, ':') != NULL && text[length - 1] == ':';
}

static void report_no_scalar(struct loader *loader, const struct key *key, const yaml_node_t *node)
{
	struct mark mark = source_mark(node->start_mark);
	if (node->type == YAML_SCALAR_NODE) {
		report_error(&loader->report, mark, "key '%s', value contains a zero byte",
		             key->name);
	} else if (is_bare_address(loader, node)) {
		report_error(&loader->report, mark,
		             "key '%s', address that begins or ends with ':' must be in quotes",
		             key->name);
	} else {
		const char *what = node->type == YAML_SEQUENCE_NODE ? "a list" : "a map";
		report_error(&loader->report, mark, "key '%s', %s where one value is expected",
		             key->name, what);
	}
}

static bool convert_value(struct loader *loader, const struct key *key, const char *text,
                          struct mark mark, void *value)
{
	const struct conversion conversion = { .key = key, .site = loader->site };
	struct text why = TEXT_EMPTY;
	int ret = key->convert(&conversion, text, value, &why);
	if (ret == 0) {
		marks_set(&loader->marks, value, mark);
	} else if (ret == -EINVAL && why.data != NULL && !why.failed) {
		report_error(&loader->report, mark, "key '%s', value '%.*s'%s %s", key->name,
		             VALUE_SHOWN, text, strlen(text) > VALUE_SHOWN ? "..." : "", why.data);
	} else {
		loader->failed = true;
	}
	text_free(&why);
	return ret == 0;
}

static bool read_scalar(struct loader *loader, const struct key *key, const yaml_node_t *node,
                        void *value)
{
	struct mark mark = source_mark(node->start_mark);
	const char *text = value_text(node);
	if (text == NULL) {
		report_no_scalar(loader, key, node);
		return false;
	}
	if (*text == '\0') {
		report_error(&loader->report, mark,
		             "key '%s' has an empty value: write one, or leave it out", key->name);
		return false;
	}
	return convert_value(loader, key, text, mark, value);
}

// The list grows to its full size at once, since the marks know its items by address.
static void *list_new(struct loader *loader, const struct key *key, char *base, size_t room)
{
	void *items = calloc(room + 1, key->size);
	if (items == NULL) {
		loader->failed = true;
		return NULL;
	}
	memcpy(base + key->offset, &items, sizeof(items));
	return items;
}

static void list_added(const struct key *key, char *base)
{
	(*(size_t *)(void *)(base + key->count_offset))++;
}

static size_t list_count(const struct key *key, const char *base)
{
	return *(const size_t *)(const void *)(base + key->count_offset);
}

static bool read_list(struct loader *loader, const struct key *key, const yaml_node_t *node,
                      char *base)
{
	bool sequence = node->type == YAML_SEQUENCE_NODE;
	const yaml_node_item_t *item = sequence ? node->data.sequence.items.start : NULL;
	size_t room = sequence ? (size_t)(node->data.sequence.items.top - item) : 1;
	struct mark mark = source_mark(node->start_mark);
	marks_set(&loader->marks, base + key->offset, mark);
	if (room == 0 && (key->required || key->filled)) {
		report_error(&loader->report, mark, "key '%s' has an empty list: %s%s", key->name,
		             key->required ? "write " : "leave the key out for its default",
		             key->required ? key->help : "");
		return false;
	}

	char *items = list_new(loader, key, base, room);
	if (items == NULL) {
		return false;
	}
	if (!sequence && read_scalar(loader, key, node, items)) {
		list_added(key, base);
	}
	for (size_t i = 0; sequence && i < room; i++) {
		char *next = items + list_count(key, base) * key->size;
		const yaml_node_t *value = value_visit(loader, item[i]);
		if (value != NULL && read_scalar(loader, key, value, next)) {
			list_added(key, base);
		}
	}
	return true;
}

bool value_read(struct loader *loader, const struct key *key, const yaml_node_t *node, char *base)
{
	return key->list ? read_list(loader, key, node, base)
	                 : read_scalar(loader, key, node, base + key->offset);
}

void value_set_default(struct loader *loader, const struct key *key, struct mark mark, char *base)
{
	char *value = base + key->offset;
	marks_set(&loader->marks, value, mark);
	if (key->standard == NULL) {
		return;
	}
	if (!key->list) {
		(void)convert_value(loader, key, key->standard, mark, value);
		return;
	}
	char *items = list_new(loader, key, base, 1);
	if (items != NULL && convert_value(loader, key, key->standard, mark, items)) {
		list_added(key, base);
	}
}
