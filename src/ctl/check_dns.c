/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * multihomectl check dns: what the judgement needs of this machine, and the network for it.
 */

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/check.h"
#include "ctl/check_daemon.h"
#include "ctl/check_dns_find.h"

#define RESOLV_CONF "/etc/resolv.conf"
#define DNS_PORT 53

/*! Of one question, in seconds; and how many time-outs in a row all of it may take. */
#define TIMEOUT_DEFAULT 4
#define TIMEOUT_MAX 60
#define TIMEOUTS_IN_ALL 4

static bool read_number(const char *text, unsigned long most, unsigned long *number)
{
	char *end;
	errno = 0;
	*number = strtoul(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && *number > 0 &&
	       *number <= most;
}

/*! «ADDRESS» or «ADDRESS@PORT». */
static int read_resolver(const char *text, struct check_dns *check)
{
	char address[ADDRESS_TEXT_MAX];
	size_t length = strcspn(text, "@");
	unsigned long port = DNS_PORT;
	if (length >= sizeof(address) ||
	    (text[length] == '@' && !read_number(text + length + 1, UINT16_MAX, &port))) {
		return -EINVAL;
	}
	memcpy(address, text, length);
	address[length] = '\0';
	check->resolver_port = (uint16_t)port;
	return address_parse(address, &check->resolver);
}

/*! The first one of resolv.conf(5), which says what holds if there is none. */
static void system_resolver(struct check_dns *check)
{
	char line[512];
	char address[ADDRESS_TEXT_MAX];
	(void)read_resolver("127.0.0.1", check);
	FILE *file = fopen(RESOLV_CONF, "re");
	if (file == NULL) {
		return;
	}
	while (fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "nameserver %63s", address) == 1 &&
		    address_parse(address, &check->resolver) == 0) {
			break;
		}
	}
	(void)fclose(file);
}

/*! How long may still be asked. */
struct patience {
	unsigned timeout_ms;
	int64_t end_ms;
};

static int ask(struct learnt *learnt, void *context)
{
	const struct patience *patience = context;
	int64_t left = patience->end_ms - talk_now_ms();
	int64_t timeout = left < patience->timeout_ms ? left : patience->timeout_ms;
	return learnt_ask(learnt, timeout > 1 ? (unsigned)timeout : 1);
}

static int run(struct check_dns *check, unsigned seconds)
{
	struct learnt learnt = LEARNT_EMPTY;
	struct patience patience = {
		.timeout_ms = seconds * 1000,
		.end_ms = talk_now_ms() + (int64_t)seconds * 1000 * TIMEOUTS_IN_ALL,
	};
	check->learnt = &learnt;
	int ret = check_dns_run(check, ask, &patience);
	learnt_free(&learnt);
	check->learnt = NULL;
	return ret;
}

/*! What the options say of whom to ask and how long. */
static int read_options(const struct command_line *line, struct check_dns *check,
                        unsigned long *timeout)
{
	*timeout = TIMEOUT_DEFAULT;
	if (line->timeout != NULL && !read_number(line->timeout, TIMEOUT_MAX, timeout)) {
		command_error("--timeout '%s', must be a number of seconds from 1 to %d",
		              line->timeout, TIMEOUT_MAX);
		return -EINVAL;
	}
	if (line->resolver == NULL) {
		system_resolver(check);
		return 0;
	}
	int ret = read_resolver(line->resolver, check);
	if (ret != 0) {
		command_error("--resolver '%s', must be ADDRESS or ADDRESS@PORT", line->resolver);
	}
	return ret;
}

int check_dns(const struct command_line *line, struct findings *findings)
{
	struct site *site = NULL;
	struct address_list own = { 0 };
	struct text no_status = TEXT_EMPTY;
	struct check_dns check = { .own = &own, .findings = findings };
	json_t *status = NULL;
	unsigned long timeout;
	int code = EXIT_USAGE;
	if (read_options(line, &check, &timeout) != 0 || command_site(line, &site) != 0) {
		goto cleanup;
	}
	status = check_ask(line, site, "status", "status", &no_status);
	int ret = check_list_own(&own);
	ret = ret == 0 ? check_follow(site, status) : ret;
	check.site = site;
	check.status = status;
	check.no_status = status == NULL ? no_status.data : NULL;
	ret = ret == 0 ? run(&check, (unsigned)timeout) : ret;
	if (ret != 0) {
		command_error("dns, failed to check (%s)", strerror(-ret));
	}
	code = ret == 0 ? EXIT_GOOD : EXIT_WRONG;
cleanup:
	json_decref(status);
	free(own.items);
	text_free(&no_status);
	site_free(site);
	return code;
}
