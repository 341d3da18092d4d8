/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Ruleset transactions through libnftables(3), with one context for the life of the daemon.
 */

#include <errno.h>
#include <linux/netlink.h>
#include <nftables/libnftables.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/kernel.h"

/*! Longest part of the faulty line that a message quotes: a map may stand on one line. */
#define QUOTE_MOST 120

struct nft_apply {
	struct nft_ctx *context;
};

// libnftables prints to stderr and exits where it finds no netfilter socket, so we look first.
static int netfilter_probe(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	if (fd < 0) {
		return -errno;
	}
	close(fd);
	return 0;
}

int nft_apply_open(struct nft_apply **apply)
{
	int ret = netfilter_probe();
	if (ret != 0) {
		return ret;
	}
	struct nft_apply *opened = calloc(1, sizeof(*opened));
	if (opened == NULL) {
		return -ENOMEM;
	}
	opened->context = nft_ctx_new(NFT_CTX_DEFAULT);
	if (opened->context == NULL || nft_ctx_buffer_output(opened->context) != 0 ||
	    nft_ctx_buffer_error(opened->context) != 0) {
		nft_apply_close(opened);
		return -ENOMEM;
	}
	nft_ctx_output_set_debug(opened->context, 0);
	*apply = opened;
	return 0;
}

void nft_apply_close(struct nft_apply *apply)
{
	if (apply == NULL) {
		return;
	}
	if (apply->context != NULL) {
		nft_ctx_free(apply->context);
	}
	free(apply);
}

// libnftables returns no error number, but prints the kernel's with strerror(3) at a line's end.
static int error_number(const char *message, size_t length)
{
	static const int numbers[] = {
		EPERM,    ENOENT,       EEXIST, EBUSY,      EINVAL,       ENOMEM, ENOSPC,
		ENOBUFS,  ENFILE,       EMFILE, EOPNOTSUPP, ERANGE,       ELOOP,  EMLINK,
		EMSGSIZE, EAFNOSUPPORT, EINTR,  EACCES,     ETOOMANYREFS,
	};
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		const char *text = strerror(numbers[i]);
		size_t size = strlen(text);
		if (length > size && strncmp(message + length - size, text, size) == 0) {
			return -numbers[i];
		}
	}
	return -EIO;
}

/*
 * The first message in one line. libnftables writes three lines for each faulty command: where and
 * what, the source line, and carets under it.
 */
static char *error_text(const char *output, size_t first)
{
	struct text text = TEXT_EMPTY;
	static const char label[] = "Error: ";
	const char *start = strstr(output, label);
	start = start != NULL && start < output + first ? start + strlen(label) : output;
	text_add(&text, "%.*s", (int)(first - (size_t)(start - output)), start);

	const char *source = output[first] != '\0' ? output + first + 1 : "";
	source += strspn(source, " \t");
	size_t length = strcspn(source, "\n");
	if (length > 0) {
		text_add(&text, ", in «%.*s%s»", (int)(length < QUOTE_MOST ? length : QUOTE_MOST),
		         source, length < QUOTE_MOST ? "" : "...");
	}
	return text_take(&text);
}

int nft_apply_run(struct nft_apply *apply, const char *ruleset, char **error)
{
	*error = NULL;
	int failed = nft_run_cmd_from_buffer(apply->context, ruleset);

	// Reading a buffer also empties it.
	const char *output = nft_ctx_get_error_buffer(apply->context);
	(void)nft_ctx_get_output_buffer(apply->context);
	if (failed == 0) {
		return 0;
	}
	output = output != NULL && *output != '\0' ? output : "libnftables says no reason";
	size_t first = strcspn(output, "\n");
	*error = error_text(output, first);
	return error_number(output, first);
}
