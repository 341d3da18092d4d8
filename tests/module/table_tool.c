/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Publishes answer tables for tests, from lines on standard input:
 *
 *   uplink NUMBER ID usable|unusable [drained] [ADDRESS...] [bind address ADDRESS|bind port PORT|bind device NAME]...
 *   host NAME [ttl SECONDS] [policy arrival|all|preferred|uplink] [ready|ready4|ready6|order N,N...] [own N=ADDRESS]... [lan ADDRESS]...
 *   add NAME ...     the same as host, for many that are not there yet and will not be replaced
 *   lan PREFIX...
 *   stale MILLISECONDS
 *   clear            forget all rows
 *   publish          publish them; answers «ok»
 *   heartbeat        renew the heartbeat alone; answers «ok»
 *
 * A row of a number or name that is there already is replaced. At the end of the input what was not
 * published yet is.
 */

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table/table_lmdb.h"

/*! The words of a line, taken one by one. */
struct words {
	char *rest;
};

static const char *next_word(struct words *words)
{
	return strtok_r(NULL, " \t\n", &words->rest);
}

static const char *need_word(struct words *words)
{
	const char *word = next_word(words);
	if (word == NULL) {
		fprintf(stderr, "table_tool: line too short\n");
		exit(2);
	}
	return word;
}

static struct address need_address(const char *word)
{
	struct address address;
	if (word == NULL || address_parse(word, &address) != 0) {
		fprintf(stderr, "table_tool: '%s' is no address\n", word);
		exit(2);
	}
	return address;
}

/*! «1,2» as an order, or its set. */
static uint64_t parse_numbers(const char *text, struct table_host *order)
{
	uint64_t set = 0;
	while (*text != '\0') {
		char *end;
		unsigned long number = strtoul(text, &end, 10);
		if (end == text || number > TABLE_UPLINKS_MAX) {
			break;
		}
		if (number > 0) {
			set |= UINT64_C(1) << number;
			if (order != NULL) {
				order->order[order->order_count++] = (uint8_t)number;
			}
		}
		text = *end == ',' ? end + 1 : end;
	}
	return set;
}

static void parse_binding(struct words *words, struct table_uplink *uplink)
{
	struct table_binding *binding = &uplink->binding[uplink->binding_count++];
	const char *kind = need_word(words);
	if (strcmp(kind, "port") == 0) {
		binding->kind = TABLE_BINDING_PORT;
		binding->port = (uint16_t)atoi(need_word(words));
	} else if (strcmp(kind, "device") == 0) {
		binding->kind = TABLE_BINDING_DEVICE;
		snprintf(binding->device, sizeof(binding->device), "%s", need_word(words));
	} else {
		binding->kind = TABLE_BINDING_ADDRESS;
		binding->address = need_address(need_word(words));
	}
}

static void parse_uplink(struct words *words, struct table *table)
{
	unsigned number = (unsigned)atoi(need_word(words));
	struct table_uplink *uplink = table_find_uplink(table, number);
	if (uplink == NULL) {
		uplink = table_add_uplink(table);
	}
	memset(uplink, 0, sizeof(*uplink));
	uplink->number = (uint8_t)number;
	snprintf(uplink->id, sizeof(uplink->id), "%s", need_word(words));
	const char *word;
	while ((word = next_word(words)) != NULL) {
		if (strcmp(word, "usable") == 0) {
			uplink->usable = true;
		} else if (strcmp(word, "drained") == 0) {
			uplink->drained = true;
		} else if (strcmp(word, "bind") == 0) {
			parse_binding(words, uplink);
		} else if (strcmp(word, "unusable") != 0) {
			uplink->address[uplink->address_count++] = need_address(word);
		}
	}
}

static uint8_t parse_policy(const char *word)
{
	static const char *const words[] = { "arrival", "all", "preferred", "uplink" };
	uint8_t policy = 0;
	while (policy < 3 && strcmp(word, words[policy]) != 0) {
		policy++;
	}
	return (uint8_t)(policy + 1);
}

static void parse_host(struct words *words, struct table *table, bool is_new)
{
	uint8_t owner[TABLE_OWNER_MAX];
	int length = table_owner_from_text(need_word(words), owner);
	if (length < 0) {
		fprintf(stderr, "table_tool: bad host name\n");
		exit(2);
	}
	struct table_host *host = is_new ? NULL : table_find_host(table, owner, (size_t)length);
	if (host == NULL) {
		host = table_add_host(table);
	}
	memset(host, 0, sizeof(*host));
	memcpy(host->owner, owner, (size_t)length);
	host->owner_length = (uint8_t)length;
	host->ttl = 10;
	host->policy = 1;
	const char *word;
	while ((word = next_word(words)) != NULL) {
		const char *value = need_word(words);
		if (strcmp(word, "ttl") == 0) {
			host->ttl = (uint32_t)atoi(value);
		} else if (strcmp(word, "policy") == 0) {
			host->policy = parse_policy(value);
		} else if (strcmp(word, "ready") == 0) {
			host->ready4 = host->ready6 = parse_numbers(value, NULL);
		} else if (strcmp(word, "ready4") == 0) {
			host->ready4 = parse_numbers(value, NULL);
		} else if (strcmp(word, "ready6") == 0) {
			host->ready6 = parse_numbers(value, NULL);
		} else if (strcmp(word, "order") == 0) {
			(void)parse_numbers(value, host);
		} else if (strcmp(word, "own") == 0) {
			host->own[host->own_count].uplink = (uint8_t)atoi(value);
			host->own[host->own_count++].address =
				need_address(value + strcspn(value, "=") + 1);
		} else if (strcmp(word, "lan") == 0) {
			host->lan[host->lan_count++] = need_address(value);
		}
	}
	if (host->order_count == 0) {
		for (size_t i = 0; i < table->uplink_count; i++) {
			host->order[host->order_count++] = table->uplinks[i].number;
		}
	}
}

static void parse_lan(struct words *words, struct table *table)
{
	const char *word;
	table->meta.lan_count = 0;
	while ((word = next_word(words)) != NULL) {
		if (prefix_parse(word, &table->meta.lan[table->meta.lan_count++]) != 0) {
			fprintf(stderr, "table_tool: '%s' is no prefix\n", word);
			exit(2);
		}
	}
}

static void clear(struct table *table)
{
	free(table->uplinks);
	free(table->hosts);
	memset(table, 0, sizeof(*table));
	strcpy(table->meta.site, "example.com");
}

static void finish(const char *what, int ret)
{
	if (ret != 0) {
		fprintf(stderr, "table_tool: %s failed (%s)\n", what, strerror(-ret));
		exit(1);
	}
	printf("ok\n");
	fflush(stdout);
}

/*! \return Whether something is left to be published. */
static bool run_line(char *line, struct table *table, struct table_writer *writer)
{
	struct words words = { 0 };
	const char *verb = strtok_r(line, " \t\n", &words.rest);
	if (verb == NULL || verb[0] == '#') {
		return false;
	}
	if (strcmp(verb, "uplink") == 0) {
		parse_uplink(&words, table);
		table_sort(table);
	} else if (strcmp(verb, "host") == 0) {
		parse_host(&words, table, false);
		table_sort(table);
	} else if (strcmp(verb, "add") == 0) {
		parse_host(&words, table, true);
	} else if (strcmp(verb, "lan") == 0) {
		parse_lan(&words, table);
	} else if (strcmp(verb, "stale") == 0) {
		table->meta.stale_after_ms = (uint32_t)atoi(need_word(&words));
	} else if (strcmp(verb, "clear") == 0) {
		clear(table);
	} else if (strcmp(verb, "publish") == 0) {
		table_sort(table);
		finish("publishing", table_writer_publish(writer, table));
		return false;
	} else if (strcmp(verb, "heartbeat") == 0) {
		finish("heartbeat", table_writer_heartbeat(writer));
		return false;
	} else {
		fprintf(stderr, "table_tool: '%s' is no verb\n", verb);
		exit(2);
	}
	return true;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: table_tool FOLDER [GROUP] < LINES\n");
		return 2;
	}
	const struct group *group = argc > 2 ? getgrnam(argv[2]) : NULL;
	struct table_writer *writer = NULL;
	int ret = table_writer_open(argv[1], group != NULL ? group->gr_gid : (gid_t)-1, &writer);
	if (ret != 0) {
		fprintf(stderr, "table_tool: '%s', failed to open (%s)\n", argv[1], strerror(-ret));
		return 1;
	}
	struct table *table = table_new();
	if (table == NULL) {
		return 1;
	}
	clear(table);

	char *line = NULL;
	size_t room = 0;
	bool unpublished = false;
	while (getline(&line, &room, stdin) > 0) {
		char *verb = strdup(line);
		bool changed = run_line(line, table, writer);
		unpublished = changed || (unpublished && strncmp(verb, "publish", 7) != 0);
		free(verb);
	}
	if (unpublished) {
		finish("publishing", table_writer_publish(writer, table));
	}
	free(line);
	table_free(table);
	table_writer_close(writer);
	return 0;
}
