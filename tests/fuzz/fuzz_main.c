/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Where there is no libFuzzer: runs a target with its seeds, then with damaged ones for some seconds.
 *
 * usage: fuzz_TARGET [FILE|FOLDER]...
 *
 * Without arguments the seeds are those of the program's name in the folder seeds beside it. The damage
 * is the same in each run. The last input is kept in fuzz_TARGET.last, for FUZZ_SECONDS=0 fuzz_TARGET FILE.
 */

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"

#define INPUT_MAX 8192
#define SEEDS_MAX 4096
#define SECONDS 4

struct seed {
	uint8_t *data;
	size_t size;
};

/*! The run. */
struct run {
	struct seed seeds[SEEDS_MAX];
	size_t count;
	uint64_t random;
	int last; /*!< File with the last input. */
	uint8_t *last_data;
	size_t done;
};

/*! xorshift64. */
static uint64_t draw(struct run *run, uint64_t below)
{
	run->random ^= run->random << 13;
	run->random ^= run->random >> 7;
	run->random ^= run->random << 17;
	return run->random % below;
}

static void load(struct run *run, const char *path)
{
	struct stat status;
	FUZZ_CLAIM(stat(path, &status) == 0);
	if (S_ISDIR(status.st_mode)) {
		struct dirent **entries = NULL;
		int count = scandir(path, &entries, NULL, alphasort);
		for (int i = 0; i < count; i++) {
			char name[4096];
			(void)snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name);
			if (entries[i]->d_name[0] != '.') {
				load(run, name);
			}
			free(entries[i]);
		}
		free(entries);
		return;
	}
	if (run->count == SEEDS_MAX || status.st_size > INPUT_MAX) {
		return;
	}
	struct seed *seed = &run->seeds[run->count++];
	seed->data = malloc((size_t)status.st_size + 1);
	FILE *file = fopen(path, "rb");
	FUZZ_CLAIM(file != NULL && seed->data != NULL);
	seed->size = fread(seed->data, 1, (size_t)status.st_size, file);
	(void)fclose(file);
}

static void try_input(struct run *run, const uint8_t *data, size_t size)
{
	if (run->last_data != NULL && ftruncate(run->last, (off_t)size) == 0 && size > 0) {
		memcpy(run->last_data, data, size);
	}
	struct fuzz_input input = { data, size };
	uint8_t *exact = fuzz_bytes(&input, &size);
	(void)LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	run->done++;
}

/*! One damage; the data has INPUT_MAX bytes of room. */
static size_t damage(struct run *run, uint8_t *data, size_t size)
{
	static const uint8_t telling[] = { 0, 1, 0x0c, 0x3f, 0x40, 0x7f, 0x80, 0xc0, 0xff };
	size_t at = draw(run, size + 1);
	size_t length = 1 + draw(run, 8);
	switch (draw(run, 6)) {
	case 0: // Cut.
		return at;
	case 1: // Take out.
		length = length < size - at ? length : size - at;
		memmove(data + at, data + at + length, size - at - length);
		return size - length;
	case 2: // Double.
		length = length < size - at ? length : size - at;
		if (size + length > INPUT_MAX) {
			return size;
		}
		memmove(data + at + length, data + at, size - at);
		return size + length;
	case 3: // Flip a bit.
		if (at < size) {
			data[at] ^= (uint8_t)(1 << draw(run, 8));
		}
		return size;
	case 4: // A telling value.
		if (at < size) {
			data[at] = telling[draw(run, sizeof(telling))];
		}
		return size;
	default: { // A piece of another seed.
		const struct seed *other = &run->seeds[draw(run, run->count)];
		size_t from = draw(run, other->size + 1);
		length = draw(run, other->size - from + 1);
		length = length < INPUT_MAX - at ? length : INPUT_MAX - at;
		memcpy(data + at, other->data + from, length);
		return at + length > size ? at + length : size;
	}
	}
}

static double seconds_now(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void run_damaged(struct run *run)
{
	const char *text = getenv("FUZZ_SECONDS");
	double end = seconds_now() + (text != NULL ? strtod(text, NULL) : SECONDS);
	while (seconds_now() < end) {
		uint8_t data[INPUT_MAX];
		const struct seed *seed = &run->seeds[draw(run, run->count)];
		size_t size = seed->size;
		memcpy(data, seed->data, size);
		for (size_t left = 1 + draw(run, 6); left > 0; left--) {
			size = damage(run, data, size);
		}
		try_input(run, data, size);
	}
}

static void open_last(struct run *run, const char *program)
{
	char path[4096];
	(void)snprintf(path, sizeof(path), "%s.last", program);
	run->last = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	void *data = mmap(NULL, INPUT_MAX, PROT_READ | PROT_WRITE, MAP_SHARED, run->last, 0);
	run->last_data = data != MAP_FAILED ? data : NULL;
}

int main(int argc, char **argv)
{
	static struct run run = { .random = 0x9e3779b97f4a7c15 };
	// libtool runs a program that is linked with a library of the tree from .libs.
	char own[4096];
	(void)snprintf(own, sizeof(own), "tests/fuzz/seeds/%s", strrchr(argv[0], '/') + 1);
	for (int i = 1; i < argc; i++) {
		load(&run, argv[i]);
	}
	if (argc == 1) {
		load(&run, own);
	}
	static uint8_t empty[1];
	run.seeds[run.count] = (struct seed){ .data = run.count == 0 ? empty : NULL };
	run.count += run.count == 0;
	open_last(&run, strrchr(argv[0], '/') + 1);
	for (size_t i = 0; i < run.count; i++) {
		try_input(&run, run.seeds[i].data, run.seeds[i].size);
	}
	run_damaged(&run);
	printf("%zu seeds, %zu inputs\n", run.count, run.done);
	return 0;
}
