/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Parts of growing size, the large ones by mmap().
 */

#include "arrival/region.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/*! Parts grow from the one size to the other. */
#define PART_MIN 1024
#define PART_MAX (1024 * 1024)

/*!
 * AddressSanitizer is told where pieces end, and of memory that is used too late it knows more if malloc() has
 * given it.
 */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ADDRESS_SANITIZER
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define WITH_ADDRESS_SANITIZER
#endif

#ifdef WITH_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#define MAPPED_MIN SIZE_MAX
#else
#define ASAN_POISON_MEMORY_REGION(place, size) ((void)(place), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(place, size) ((void)(place), (void)(size))

/*! From this size on a page that is not full makes no difference. */
#define MAPPED_MIN (64 * 1024)
#endif

struct region_part {
	struct region_part *next;
	size_t size; /*!< Of all, this included. */
	size_t used;
};

_Static_assert(sizeof(struct region_part) % 8 == 0, "what comes after it is aligned");

static int add_part(struct region *region, size_t size)
{
	struct region_part *part = NULL;
	if (size > PTRDIFF_MAX - sizeof(*part)) {
		return -ENOMEM;
	}
	size += sizeof(*part);
	if (size >= MAPPED_MIN) {
		part = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		part = part != MAP_FAILED ? part : NULL;
	} else {
		part = malloc(size);
	}
	if (part == NULL) {
		return -ENOMEM;
	}
	*part = (struct region_part){ region->parts, size, sizeof(*part) };
	ASAN_POISON_MEMORY_REGION(part + 1, size - sizeof(*part));
	region->parts = part;
	return 0;
}

int region_expect(struct region *region, size_t size)
{
	return add_part(region, size);
}

void *region_alloc(struct region *region, size_t size)
{
	if (size > PTRDIFF_MAX / 2) {
		return NULL;
	}
	size_t rounded = region_round(size);
	struct region_part *part = region->parts;
	if (part == NULL || part->size - part->used < rounded) {
		size_t wanted = part == NULL ? PART_MIN : part->size * 2;
		wanted = wanted < PART_MAX ? wanted : PART_MAX;
		if (add_part(region, wanted > rounded ? wanted : rounded) != 0) {
			return NULL;
		}
		part = region->parts;
	}
	uint8_t *piece = (uint8_t *)part + part->used;
	part->used += rounded;
	ASAN_UNPOISON_MEMORY_REGION(piece, size);
	return piece;
}

void *region_calloc(struct region *region, size_t count, size_t size)
{
	if (size != 0 && count > PTRDIFF_MAX / size) {
		return NULL;
	}
	void *piece = region_alloc(region, count * size);
	if (piece != NULL) {
		memset(piece, 0, count * size);
	}
	return piece;
}

void region_free(struct region *region)
{
	while (region->parts != NULL) {
		struct region_part *part = region->parts;
		region->parts = part->next;
		if (part->size >= MAPPED_MIN) {
			(void)munmap(part, part->size);
		} else {
			free(part);
		}
	}
}

size_t region_memory(const struct region *region)
{
	size_t size = 0;
	for (const struct region_part *part = region->parts; part != NULL; part = part->next) {
		size += part->size;
	}
	return size;
}
