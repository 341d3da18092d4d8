/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Sending of updates. The key goes into the program's input, so that one file serves both programs and
 * no secret is ever on a command line.
 */

#include "ctl/zone_send.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/address.h"
#include "ctl/tsig_key.h"

/*! Of a key file. */
#define KEY_FILE_MAX 16384

/*! Both programs have a limit of their own behind it. */
#define TIMEOUT "30"

static int read_key(const char *path, struct tsig_key *key, struct text *error)
{
	char text[KEY_FILE_MAX + 1];
	FILE *file = fopen(path, "re");
	if (file == NULL) {
		int ret = -errno;
		text_add(error, "key file '%s', failed to open (%s)", path, strerror(-ret));
		return ret;
	}
	size_t size = fread(text, 1, sizeof(text), file);
	int ret = ferror(file) ? -EIO : size > KEY_FILE_MAX ? -EINVAL : 0;
	(void)fclose(file);
	if (ret == 0) {
		text[size] = '\0';
		ret = tsig_key_parse(text, key);
	}
	explicit_bzero(text, sizeof(text));
	if (ret != 0) {
		text_add(error,
		         "key file '%s', has no TSIG key: write a key of named.conf or knot.conf, "
		         "or ALGORITHM:NAME:SECRET",
		         path);
	}
	return ret;
}

static int add_server(const char *server, struct text *input, struct text *error)
{
	struct address address;
	char *host = strdup(server);
	if (host == NULL) {
		return -ENOMEM;
	}
	char *port = strchr(host, '@');
	if (port != NULL) {
		*port++ = '\0';
	}
	bool good = address_parse(host, &address) == 0 &&
	            (port == NULL || (*port != '\0' && strspn(port, "0123456789") == strlen(port)));
	if (good) {
		text_add(input, "server %s %s\n", host, port != NULL ? port : "53");
	} else {
		text_add(error, "server '%s', is not of the form ADDRESS or ADDRESS@PORT", server);
	}
	free(host);
	return good ? 0 : -EINVAL;
}

/*! The child: never returns. */
static void run_program(int input, bool server)
{
	if (dup2(input, STDIN_FILENO) != STDIN_FILENO) {
		_exit(126);
	}
	(void)execlp("nsupdate", "nsupdate", "-t", TIMEOUT, (char *)NULL);
	// This one finds no server by itself.
	if (server) {
		(void)execlp("knsupdate", "knsupdate", "-t", TIMEOUT, (char *)NULL);
	}
	_exit(127);
}

static int write_all(int fd, const char *data, size_t length)
{
	while (length > 0) {
		ssize_t written = write(fd, data, length);
		if (written < 0 && errno != EINTR) {
			return -errno;
		}
		data += written > 0 ? written : 0;
		length -= written > 0 ? (size_t)written : 0;
	}
	return 0;
}

static int run(const struct text *input, bool server, struct text *error)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0) {
		return -errno;
	}
	pid_t pid = fork();
	if (pid == 0) {
		run_program(ends[0], server);
	}
	close(ends[0]);
	int ret = pid < 0 ? -errno : 0;
	if (ret == 0) {
		// A program that ends early is told of by its status.
		(void)signal(SIGPIPE, SIG_IGN);
		(void)write_all(ends[1], input->data, input->length);
	}
	close(ends[1]);
	int status = 0;
	while (ret == 0 && waitpid(pid, &status, 0) < 0) {
		ret = errno == EINTR ? 0 : -errno;
	}
	if (ret != 0) {
		text_add(error, "update, failed to send (%s)", strerror(-ret));
	} else if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
		text_add(error, "update, neither nsupdate nor knsupdate is there%s: install one",
		         server ? "" : " (knsupdate needs --server)");
		ret = -ENOENT;
	} else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		text_add(error, "update, refused or not answered by the server");
		ret = -EREMOTEIO;
	}
	return ret;
}

int zone_send(const struct text *update, const char *key_file, const char *server,
              struct text *error)
{
	struct tsig_key key = { 0 };
	struct text input = TEXT_EMPTY;
	int ret = server != NULL ? add_server(server, &input, error) : 0;
	if (ret == 0) {
		ret = read_key(key_file, &key, error);
	}
	if (ret == 0) {
		text_add(&input, "key %s:%s %s\n%s",
		         key.algorithm != NULL ? key.algorithm : "hmac-sha256", key.name,
		         key.secret, update->data);
		ret = input.failed ? -ENOMEM : run(&input, server != NULL, error);
	}
	tsig_key_deinit(&key);
	text_free(&input);
	return ret;
}
