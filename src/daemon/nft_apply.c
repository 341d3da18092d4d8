/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Ruleset transactions through libnftables(3), with one context until something fails.
 *
 * Answers that a failed command has left unread in the context's socket would meet the next command,
 * and libnftables ends the process for a message that it did not expect (seen with 1.0.6: recvmsg(2)
 * said ENOBUFS once). So after a failure there is a new context.
 *
 * The library exits where it finds no netfilter socket, so a socket of our own asks the kernel first
 * whether we would be served at all. Of a text in memory it quotes the wrong source lines (always
 * the first) and tells a missing permission on stderr (both seen with 1.0.6); of a file it does
 * neither, so it gets a file in memory.
 */

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <nftables/libnftables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon/kernel.h"
#include "daemon/netlink.h"

/*! Longest part of the faulty line that a message quotes: a map may stand on one line. */
#define QUOTE_MOST 120

struct nft_apply {
	struct nft_ctx *context; /*!< NULL after a failure, until the next run. */
};

// nfnetlink checks the permission before it looks at a message, even at this harmless one.
static int permission_ask(void)
{
	struct netlink *netlink;
	struct {
		struct nlmsghdr header;
		struct nfgenmsg family;
	} request = {
		.header.nlmsg_len = sizeof(request),
		.header.nlmsg_type = (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_GETGEN,
	};
	int ret = netlink_open(&netlink, NETLINK_NETFILTER);
	if (ret == 0) {
		ret = netlink_request(netlink, &request.header, NULL, NULL);
		netlink_close(netlink);
	}
	return ret;
}

static void context_close(struct nft_apply *apply)
{
	if (apply->context != NULL) {
		nft_ctx_free(apply->context);
		apply->context = NULL;
	}
}

static int context_open(struct nft_apply *apply)
{
	int ret = apply->context != NULL ? 0 : permission_ask();
	if (apply->context != NULL || ret != 0) {
		return ret;
	}
	apply->context = nft_ctx_new(NFT_CTX_DEFAULT);
	if (apply->context == NULL || nft_ctx_buffer_output(apply->context) != 0 ||
	    nft_ctx_buffer_error(apply->context) != 0) {
		context_close(apply);
		return -ENOMEM;
	}
	nft_ctx_output_set_debug(apply->context, 0);
	return 0;
}

int nft_apply_open(struct nft_apply **apply)
{
	struct nft_apply *opened = calloc(1, sizeof(*opened));
	if (opened == NULL) {
		return -ENOMEM;
	}
	int ret = context_open(opened);
	if (ret != 0) {
		nft_apply_close(opened);
		return ret;
	}
	*apply = opened;
	return 0;
}

void nft_apply_close(struct nft_apply *apply)
{
	if (apply == NULL) {
		return;
	}
	context_close(apply);
	free(apply);
}

// libnftables returns no error number, but prints the kernel's with strerror(3) at a line's end.
static int error_number(const char *message, size_t length)
{
	static const int numbers[] = {
		EPERM,   ENOENT,     EEXIST, EBUSY,     EINVAL, ENOMEM,   ENOSPC,
		ENOBUFS, ENFILE,     EMFILE, ERANGE,    ELOOP,  EMLINK,   EINTR,
		EACCES,  EOPNOTSUPP, E2BIG,  EOVERFLOW, ENODEV, EMSGSIZE, EAFNOSUPPORT,
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
 * The first message as one line. libnftables writes three lines for each faulty command: place and
 * reason, the source line, and carets under it; 1.1.5 and later may add what would have been right.
 */
static char *error_text(const char *output, size_t first, const char *path)
{
	static const char label[] = "Error: ";
	static const char expected[] = "expected any of: ";
	struct text text = TEXT_EMPTY;

	if (strncmp(output, path, strlen(path)) == 0) {
		text_add(&text, "line %lu: ", strtoul(output + strlen(path) + 1, NULL, 10));
	}
	const char *reason = strstr(output, label);
	reason = reason != NULL && reason < output + first ? reason + strlen(label) : output;
	text_add(&text, "%.*s", (int)(output + first - reason), reason);

	const char *source = output[first] != '\0' ? output + first + 1 : "";
	if (strncmp(source, expected, strlen(expected)) == 0) {
		source += strcspn(source, "\n");
		source += *source != '\0';
	}
	source += strspn(source, " \t");
	size_t length = strcspn(source, "\n");
	if (length > 0) {
		text_add(&text, ", in «%.*s%s»", (int)(length < QUOTE_MOST ? length : QUOTE_MOST),
		         source, length <= QUOTE_MOST ? "" : "...");
	}
	return text_take(&text);
}

static int file_make(const char *content)
{
	int file = memfd_create("ruleset", MFD_CLOEXEC);
	if (file < 0) {
		return -errno;
	}
	size_t left = strlen(content);
	while (left > 0) {
		ssize_t written = write(file, content, left);
		if (written < 0 && errno != EINTR) {
			int ret = -errno;
			close(file);
			return ret;
		} else if (written > 0) {
			content += written;
			left -= (size_t)written;
		}
	}
	return file;
}

int nft_apply_run(struct nft_apply *apply, const char *ruleset, char **error)
{
	char path[32];
	int ret = context_open(apply);
	int file = ret == 0 ? file_make(ruleset) : ret;
	if (file < 0) {
		*error = strdup(strerror(-file));
		return file;
	}
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	int failed = nft_run_cmd_from_filename(apply->context, path);
	close(file);

	// To read the buffers is also to empty them.
	const char *output = nft_ctx_get_error_buffer(apply->context);
	(void)nft_ctx_get_output_buffer(apply->context);
	*error = NULL;
	if (failed == 0) {
		return 0;
	}
	output = output != NULL && *output != '\0' ? output : "libnftables gives no reason";
	size_t first = strcspn(output, "\n");
	*error = error_text(output, first, path);
	ret = error_number(output, first);
	context_close(apply);
	return ret;
}
