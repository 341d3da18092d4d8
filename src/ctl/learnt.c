/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The store of questions and what came of them.
 */

#include "ctl/learnt.h"

#include <errno.h>
#include <stdlib.h>

#include "base/array.h"

#define SMTP_PORT 25

/*! A server over one transport, in memory of its own since queries point at it. */
struct learnt_server {
	struct address address;
	uint16_t port;
	bool tcp;
	struct dns_server server;
};

static struct dns_server *find_server(struct learnt *learnt, const struct dns_question *question)
{
	for (size_t i = 0; i < learnt->server_count; i++) {
		struct learnt_server *known = learnt->servers[i];
		if (known->port == question->port && known->tcp == question->tcp &&
		    address_equal(&known->address, &question->server)) {
			return &known->server;
		}
	}
	struct learnt_server **servers =
		array_grow(learnt->servers, learnt->server_count, sizeof(struct learnt_server *));
	if (servers == NULL) {
		return NULL;
	}
	learnt->servers = servers;
	struct learnt_server *new = calloc(1, sizeof(*new));
	if (new == NULL) {
		return NULL;
	}
	new->address = question->server;
	new->port = question->port;
	new->tcp = question->tcp;
	servers[learnt->server_count++] = new;
	return &new->server;
}

const struct dns_query *learnt_reply(struct learnt *learnt, const struct dns_question *question)
{
	for (size_t i = 0; i < learnt->query_count; i++) {
		const struct dns_query *query = learnt->queries[i];
		if (dns_question_equal(&query->question, question)) {
			learnt->missing |= !query->talk.done;
			return query->talk.done ? query : NULL;
		}
	}
	learnt->missing = true;
	struct dns_server *server = find_server(learnt, question);
	struct dns_query **queries =
		array_grow(learnt->queries, learnt->query_count, sizeof(struct dns_query *));
	if (queries != NULL) {
		learnt->queries = queries;
	}
	if (server == NULL || queries == NULL ||
	    dns_query_new(question, server, &queries[learnt->query_count]) != 0) {
		learnt->failed = true;
		return NULL;
	}
	learnt->query_count++;
	return NULL;
}

const struct smtp_query *learnt_greeting(struct learnt *learnt, const struct address *server)
{
	for (size_t i = 0; i < learnt->greeting_count; i++) {
		const struct smtp_query *query = learnt->greetings[i];
		if (address_equal(&query->server, server)) {
			learnt->missing |= !query->talk.done;
			return query->talk.done ? query : NULL;
		}
	}
	learnt->missing = true;
	struct smtp_query **greetings =
		array_grow(learnt->greetings, learnt->greeting_count, sizeof(struct smtp_query *));
	if (greetings != NULL) {
		learnt->greetings = greetings;
	}
	if (greetings == NULL ||
	    smtp_query_new(server, SMTP_PORT, &greetings[learnt->greeting_count]) != 0) {
		learnt->failed = true;
		return NULL;
	}
	learnt->greeting_count++;
	return NULL;
}

int learnt_ask(struct learnt *learnt, unsigned timeout_ms)
{
	struct talk **talks =
		calloc(learnt->query_count + learnt->greeting_count + 1, sizeof(struct talk *));
	if (talks == NULL) {
		return -ENOMEM;
	}
	size_t count = 0;
	for (size_t i = 0; i < learnt->greeting_count; i++) {
		if (!learnt->greetings[i]->talk.done) {
			talks[count++] = &learnt->greetings[i]->talk;
		}
	}
	for (size_t i = 0; i < learnt->query_count; i++) {
		if (!learnt->queries[i]->talk.done) {
			talks[count++] = &learnt->queries[i]->talk;
		}
	}
	talk_run(talks, count, timeout_ms);
	free(talks);
	return 0;
}

void learnt_free(struct learnt *learnt)
{
	for (size_t i = 0; i < learnt->query_count; i++) {
		dns_query_free(learnt->queries[i]);
	}
	for (size_t i = 0; i < learnt->greeting_count; i++) {
		smtp_query_free(learnt->greetings[i]);
	}
	for (size_t i = 0; i < learnt->server_count; i++) {
		free(learnt->servers[i]);
	}
	free(learnt->queries);
	free(learnt->greetings);
	free(learnt->servers);
	*learnt = LEARNT_EMPTY;
}
