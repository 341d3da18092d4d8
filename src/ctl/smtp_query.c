/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Banner, EHLO, QUIT.
 */

#include "ctl/smtp_query.h"

#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*! Some let a robot speak first before they greet: postscreen(8) waits 6 s. */
#define GREETING_MS 8000

static void end(struct smtp_query *query, int error)
{
	query->error = error;
	talk_end(&query->talk);
}

/*! The first word behind the code of a line, as a name. */
static void take_name(const char *line, char *name)
{
	size_t start = strlen(line) > 4 ? 4 : strlen(line);
	size_t length = strcspn(line + start, " \t");
	if (length > 0 && line[start + length - 1] == '.') {
		length--;
	}
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)line[start + i];
		name[i] = c > ' ' && c < 0x7f ? (char)tolower(c) : '?';
	}
	name[length] = '\0';
}

/*! Short enough for the socket's buffer, so it is sent whole or not at all. */
static int say(const struct smtp_query *query, const char *words)
{
	size_t length = strlen(words);
	return send(query->talk.fd, words, length, MSG_NOSIGNAL) == (ssize_t)length ? 0
	                                                                            : -ECONNRESET;
}

/*! Who asks has no name: RFC 5321 section 4.1.4 takes the address then. */
static int say_ehlo(const struct smtp_query *query)
{
	struct sockaddr_storage own;
	socklen_t length = sizeof(own);
	if (getsockname(query->talk.fd, (struct sockaddr *)&own, &length) != 0) {
		return -errno;
	}
	struct address address =
		own.ss_family == AF_INET
			? address_from_bytes(AF_INET, &((struct sockaddr_in *)&own)->sin_addr)
			: address_from_bytes(AF_INET6, &((struct sockaddr_in6 *)&own)->sin6_addr);
	char text[ADDRESS_TEXT_MAX];
	char words[ADDRESS_TEXT_MAX + 32];
	(void)snprintf(words, sizeof(words), "EHLO [%s%s]\r\n",
	               address.family == AF_INET6 ? "IPv6:" : "", address_format(&address, text));
	return say(query, words);
}

/*! A whole reply has come. */
static void take_reply(struct smtp_query *query)
{
	if (query->greeted || query->code != 220) {
		(void)say(query, "QUIT\r\n");
		end(query, 0);
		return;
	}
	query->greeted = true;
	int ret = say_ehlo(query);
	if (ret != 0) {
		end(query, ret);
	}
}

static void take_line(struct smtp_query *query)
{
	const char *line = query->line;
	if (!isdigit((unsigned char)line[0]) || !isdigit((unsigned char)line[1]) ||
	    !isdigit((unsigned char)line[2])) {
		end(query, -EBADMSG);
		return;
	}
	query->code = (unsigned)strtoul(line, NULL, 10);
	if (query->first && (query->code == 220 || query->code == 250)) {
		take_name(line, query->greeted ? query->name : query->banner);
	}
	query->first = line[3] != '-';
	if (query->first) {
		take_reply(query);
	}
}

static void receive(struct smtp_query *query)
{
	char part[SMTP_LINE_MAX];
	ssize_t got = recv(query->talk.fd, part, sizeof(part), 0);
	if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
		return;
	}
	if (got <= 0) {
		end(query, got == 0 ? -ECONNRESET : -errno);
		return;
	}
	for (ssize_t i = 0; i < got && !query->talk.done; i++) {
		if (part[i] == '\n') {
			query->line[query->length] = '\0';
			query->length = 0;
			take_line(query);
		} else if (query->length == sizeof(query->line) - 1 || part[i] == '\0') {
			end(query, -EBADMSG);
		} else if (part[i] != '\r') {
			query->line[query->length++] = part[i];
		}
	}
}

static void step(struct talk *talk, enum talk_event event)
{
	struct smtp_query *query = (struct smtp_query *)(void *)talk;
	if (event == TALK_START) {
		int fd = talk_connect(&query->server, query->port, SOCK_STREAM);
		if (fd < 0) {
			end(query, fd);
			return;
		}
		talk->fd = fd;
		talk->events = POLLOUT;
		talk->until_ms = talk->limit_ms;
	} else if (event == TALK_LATE) {
		end(query, -ETIMEDOUT);
	} else if (query->connected) {
		receive(query);
	} else {
		int ret = talk_connected(talk->fd);
		query->connected = true;
		talk->events = POLLIN;
		talk->until_ms = talk_now_ms() + GREETING_MS;
		if (ret != 0) {
			end(query, ret);
		}
	}
}

int smtp_query_new(const struct address *server, uint16_t port, struct smtp_query **query)
{
	struct smtp_query *new = calloc(1, sizeof(*new));
	if (new == NULL) {
		return -ENOMEM;
	}
	new->server = *server;
	new->port = port;
	new->first = true;
	new->talk = (struct talk){ .fd = -1, .step = step };
	*query = new;
	return 0;
}

void smtp_query_free(struct smtp_query *query)
{
	if (query != NULL && query->talk.fd >= 0) {
		(void)close(query->talk.fd);
	}
	free(query);
}
