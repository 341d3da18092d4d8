/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Reading of /proc/sys/net (Documentation/networking/ip-sysctl.rst of the kernel).
 */

#include "daemon/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/state.h"

int sysctl_number(const char *name, int *value)
{
	char path[160];
	char content[16];
	(void)snprintf(path, sizeof(path), "/proc/sys/net/%s", name);

	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return -errno;
	}
	ssize_t length = read(fd, content, sizeof(content) - 1);
	int ret = length < 0 ? -errno : 0;
	close(fd);
	if (ret != 0) {
		return ret;
	}

	content[length] = '\0';
	char *end = NULL;
	long number = strtol(content, &end, 10);
	if (end == content || (*end != '\0' && *end != '\n') || number < INT_MIN ||
	    number > INT_MAX) {
		return -EPROTO;
	}
	*value = (int)number;
	return 0;
}

static int sysctl_read(const char *group, const char *name, const char *key, int *value)
{
	char path[128];
	(void)snprintf(path, sizeof(path), "%s/%s/%s", group, name, key);
	return sysctl_number(path, value);
}

int sysctls_observe(struct observed *observed)
{
	int forwarding4 = 0;
	int forwarding6 = -1;
	int src_valid_mark = 0;
	int all = 0;
	const struct {
		const char *group;
		const char *name;
		const char *key;
		int *value;
		bool optional;
	} settings[] = {
		{ "ipv4", ".", "ip_forward", &forwarding4, false },
		{ "ipv6/conf", "all", "forwarding", &forwarding6, true },
		{ "ipv4/conf", "all", "src_valid_mark", &src_valid_mark, false },
		{ "ipv4/conf", "all", "rp_filter", &all, false },
	};
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		int ret = sysctl_read(settings[i].group, settings[i].name, settings[i].key,
		                      settings[i].value);
		if (ret != 0 && !(ret == -ENOENT && settings[i].optional)) {
			return ret;
		}
	}

	uint8_t *rp_filter = malloc(observed->link_count + 1);
	if (rp_filter == NULL) {
		return -ENOMEM;
	}
	for (size_t i = 0; i < observed->link_count; i++) {
		int own = 0;
		int ret = sysctl_read("ipv4/conf", observed->links[i].name, "rp_filter", &own);
		if (ret != 0 && ret != -ENOENT) {
			free(rp_filter);
			return ret;
		}
		own = own > all ? own : all;
		rp_filter[i] = own < 0 ? 0 : own > UINT8_MAX ? UINT8_MAX : (uint8_t)own;
	}

	free(observed->rp_filter);
	observed->rp_filter = rp_filter;
	observed->forwarding4 = forwarding4 != 0;
	observed->forwarding6 = forwarding6 > 0;
	observed->no_ipv6 = forwarding6 < 0;
	observed->src_valid_mark = src_valid_mark != 0;
	return 0;
}
