/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Settings that outlive the instance of the module that has read them.
 */

#include "arrival/mirror_copy.h"

#include <stdlib.h>
#include <string.h>

void mirror_copy_free(struct mirror_copy *copy)
{
	if (copy == NULL) {
		return;
	}
	for (size_t i = 0; copy->keystores != NULL && copy->keystores[i] != NULL; i++) {
		free(copy->keystores[i]);
	}
	free(copy->keystores);
	free(copy->listen);
	free(copy);
}

struct mirror_copy *mirror_copy_new(const struct mirror_settings *settings)
{
	size_t count = 0;
	while (settings->keystores[count] != NULL) {
		count++;
	}
	struct mirror_copy *copy = calloc(1, sizeof(*copy));
	if (copy == NULL) {
		return NULL;
	}
	copy->listen = calloc(settings->listen_count + 1, sizeof(*copy->listen));
	copy->keystores = calloc(count + 1, sizeof(*copy->keystores));
	bool whole = copy->listen != NULL && copy->keystores != NULL;
	for (size_t i = 0; whole && i < count; i++) {
		copy->keystores[i] = strdup(settings->keystores[i]);
		whole = copy->keystores[i] != NULL;
	}
	if (!whole) {
		mirror_copy_free(copy);
		return NULL;
	}
	for (size_t i = 0; i < settings->listen_count; i++) {
		copy->listen[i] = settings->listen[i];
	}
	copy->listen_count = settings->listen_count;
	return copy;
}

bool mirror_copy_keys_differ(const struct mirror_copy *a, const struct mirror_copy *b)
{
	size_t i = 0;
	while (a->keystores[i] != NULL && b->keystores[i] != NULL &&
	       strcmp(a->keystores[i], b->keystores[i]) == 0) {
		i++;
	}
	return a->keystores[i] != NULL || b->keystores[i] != NULL;
}
