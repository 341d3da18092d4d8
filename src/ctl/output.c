/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Replacing a file in one step.
 */

#include "ctl/output.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*! The file that a link stands for, and its permissions; -EINVAL for a device or folder. */
static int find_target(const char *path, char **target, mode_t *mode)
{
	struct stat status;
	if (stat(path, &status) == 0) {
		if (!S_ISREG(status.st_mode)) {
			return -EINVAL;
		}
		*mode = status.st_mode & 07777;
		*target = realpath(path, NULL);
	} else {
		if (errno != ENOENT) {
			return -errno;
		}
		// umask(2) can only be read by setting it; this program has one thread.
		mode_t mask = umask(0);
		(void)umask(mask);
		*mode = 0666 & ~mask;
		*target = strdup(path);
	}
	return *target == NULL ? -errno : 0;
}

static int write_all(int fd, const char *data, size_t length)
{
	while (length > 0) {
		ssize_t written = write(fd, data, length);
		if (written < 0) {
			if (errno == EINTR) {
				continue;
			}
			return -errno;
		}
		data += written;
		length -= (size_t)written;
	}
	return 0;
}

/*! Without it the rename may be lost by a power cut. */
static int sync_folder(char *path)
{
	int fd = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		return -errno;
	}
	int ret = fsync(fd) == 0 ? 0 : -errno;
	(void)close(fd);
	return ret;
}

int output_replace(const char *path, const struct text *text)
{
	char *target = NULL;
	char *temporary = NULL;
	mode_t mode = 0;
	int fd = -1;
	int ret = find_target(path, &target, &mode);
	if (ret != 0) {
		return ret;
	}
	if (asprintf(&temporary, "%s.XXXXXX", target) < 0) {
		temporary = NULL;
		ret = -ENOMEM;
		goto cleanup;
	}
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0) {
		ret = -errno;
		goto cleanup;
	}
	ret = write_all(fd, text->data, text->length);
	if (ret == 0 &&
	    (fchmod(fd, mode) != 0 || fsync(fd) != 0 || rename(temporary, target) != 0)) {
		ret = -errno;
	}
	if (ret != 0) {
		(void)unlink(temporary);
	} else {
		ret = sync_folder(target);
	}
cleanup:
	if (fd >= 0) {
		(void)close(fd);
	}
	free(temporary);
	free(target);
	return ret;
}
