/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * libFuzzer entry of the site file's loader: it must load any bytes, or say why not.
 */

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "site/site.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("site", MFD_CLOEXEC);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size) {
		abort();
	}
	struct text path = TEXT_EMPTY;
	text_add(&path, "/proc/self/fd/%d", fd);

	struct site *site = NULL;
	struct text report = TEXT_EMPTY;
	int ret = site_load(path.data, &site, &report);
	if ((ret == 0) != (site != NULL) || (ret != 0 && report.length == 0)) {
		abort();
	}
	site_free(site);
	text_free(&report);
	text_free(&path);
	close(fd);
	return 0;
}
