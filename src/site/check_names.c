/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Validation of ids, domains and aliases.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "site/check.h"

/*! Text of the longest name: its wire form has two bytes more, of at most 255. */
#define NAME_TEXT_MAX 253

#define LABEL_MAX 63

bool check_is_inside(const char *name, const char *domain)
{
	size_t length = strlen(name);
	size_t behind = strlen(domain);
	if (length < behind || strcmp(name + length - behind, domain) != 0) {
		return false;
	}
	return length == behind || name[length - behind - 1] == '.';
}

// The ids of a section: the names at one offset of its entries.
static int check_ids(const struct check *check, const void *entries, size_t count, size_t size,
                     size_t offset, const char *what)
{
	struct named *names = calloc(count + 1, sizeof(*names));
	if (names == NULL) {
		return -ENOMEM;
	}
	size_t found = 0;
	for (size_t i = 0; i < count; i++) {
		const char *field = (const char *)entries + i * size + offset;
		char *const *name = (char *const *)(const void *)field;
		if (*name != NULL) {
			names[found++] = (struct named){ *name, marks_find(check->marks, name) };
		}
	}
	check_duplicates(check, names, found, what, "keep one");
	free(names);
	return 0;
}

static const char *last_label(const char *name)
{
	const char *dot = strrchr(name, '.');
	return dot != NULL ? dot + 1 : name;
}

/*
 * An alias that lies in its host was made relative when it was read. Of the others a last dot, the
 * site's domain or the host's own top level domain tell that a full name is meant.
 */
static bool is_foreign(const struct site *site, const struct host *host, const char *alias)
{
	if (alias[strlen(alias) - 1] == '.' ||
	    (site->domain != NULL && check_is_inside(alias, site->domain))) {
		return true;
	}
	return strchr(alias, '.') != NULL &&
	       strcmp(last_label(alias), last_label(host->domain)) == 0;
}

static bool check_alias(const struct check *check, const struct host *host, const char *alias,
                        struct mark mark)
{
	size_t length = strlen(alias);
	size_t bare = alias[length - 1] == '.' ? length - 1 : length;
	if (bare == strlen(host->domain) && strncmp(alias, host->domain, bare) == 0) {
		report_error(check->report, mark, "alias '%s' is the host itself: leave it out",
		             alias);
		return false;
	}
	if (is_foreign(check->site, host, alias)) {
		report_error(check->report, mark,
		             "alias '%s' is not below its host '%s': make it a host of its own",
		             alias, host->domain);
		return false;
	}
	if (length + 1 + strlen(host->domain) > NAME_TEXT_MAX) {
		report_error(check->report, mark,
		             "alias '%s' makes a name longer than the 255 bytes that a domain name "
		             "may have",
		             alias);
		return false;
	}
	return true;
}

// The parent zone gets a label with the number of each uplink: «www-ns2», design section 6.
static void check_name_servers(const struct check *check, const struct host *host, struct mark mark)
{
	const struct site *site = check->site;
	bool inside = check_is_inside(host->domain, site->domain);
	size_t label = strlen(host->domain) - (inside ? strlen(site->domain) + 1 : 0);
	label += (size_t)snprintf(NULL, 0, "-ns%zu", site->uplink_count);
	if (label > LABEL_MAX || label + 1 + strlen(site->domain) > NAME_TEXT_MAX) {
		report_error(check->report, mark,
		             "host '%s' is too long to name its name servers after it: use a "
		             "shorter name",
		             host->domain);
	}
}

static void check_host(const struct check *check, const struct host *host)
{
	const struct site *site = check->site;
	struct mark mark = marks_find(check->marks, &host->domain);
	if (strchr(host->domain, '.') == NULL) {
		report_error(check->report, mark,
		             "host '%s' has one part only: write its full name, such as "
		             "%s.example.com",
		             host->domain, host->domain);
	} else if (site->domain != NULL && check_is_inside(site->domain, host->domain)) {
		report_error(check->report, mark,
		             "host '%s' would replace the parent zone '%s': use a name below it, "
		             "such as www.%s",
		             host->domain, site->domain, site->domain);
	} else if (site->domain != NULL) {
		check_name_servers(check, host, mark);
	}
	// BIND prefetches by this bound; below it each expiry costs a client a slow lookup.
	if (host->ttl < 9) {
		report_warning(check->report, marks_find(check->marks, &host->ttl),
		               "ttl of %u s is below the 9 s from which on resolvers refresh a "
		               "record before it expires: use 9 s or more",
		               host->ttl);
	}
}

// Where another host's zone takes over names below it, an alias in this zone is never seen.
static void check_hidden(const struct check *check, const struct host *host,
                         const struct named *alias, const struct named *hosts, size_t count,
                         int (*compare)(const void *, const void *))
{
	const char *dot = strchr(alias->name, '.');
	for (; dot != NULL && strcmp(dot + 1, host->domain) != 0; dot = strchr(dot + 1, '.')) {
		struct named wanted = { .name = dot + 1 };
		const struct named *found = bsearch(&wanted, hosts, count, sizeof(wanted), compare);
		if (found != NULL) {
			report_error(
				check->report, alias->mark,
				"alias '%s' lies in the zone of host '%s' (line %u): make it an "
				"alias there",
				alias->name, found->name, found->mark.line);
		}
	}
}

static int compare_names(const void *first, const void *second)
{
	const struct named *a = first;
	const struct named *b = second;
	return strcmp(a->name, b->name);
}

// Absolute names of aliases, appended to those of hosts; they are owned by the second array.
static int add_aliases(const struct check *check, struct named *names, char **owned, size_t hosts,
                       size_t *count)
{
	const struct site *site = check->site;
	for (size_t i = 0; i < site->host_count; i++) {
		const struct host *host = &site->hosts[i];
		for (size_t k = 0; k < host->alias.count && host->domain != NULL; k++) {
			const char *alias = host->alias.items[k];
			struct mark mark = marks_find(check->marks, &host->alias.items[k]);
			if (!check_alias(check, host, alias, mark)) {
				continue;
			}
			char *name = NULL;
			if (asprintf(&name, "%s.%s", alias, host->domain) < 0) {
				return -ENOMEM;
			}
			owned[*count] = name;
			names[*count] = (struct named){ name, mark };
			check_hidden(check, host, &names[*count], names, hosts, compare_names);
			(*count)++;
		}
	}
	return 0;
}

static int check_host_names(const struct check *check)
{
	const struct site *site = check->site;
	size_t room = 1;
	for (size_t i = 0; i < site->host_count; i++) {
		room += 1 + site->hosts[i].alias.count;
	}
	struct named *names = calloc(room, sizeof(*names));
	char **owned = calloc(room, sizeof(*owned));
	size_t hosts = 0;
	int ret = -ENOMEM;
	if (names == NULL || owned == NULL) {
		goto cleanup;
	}

	for (size_t i = 0; i < site->host_count; i++) {
		const struct host *host = &site->hosts[i];
		if (host->domain != NULL) {
			check_host(check, host);
			names[hosts++] = (struct named){ host->domain,
				                         marks_find(check->marks, &host->domain) };
		}
	}
	qsort(names, hosts, sizeof(*names), compare_names);
	size_t count = hosts;
	ret = add_aliases(check, names, owned, hosts, &count);
	if (ret == 0) {
		check_duplicates(check, names, count, "name", "a name belongs to one host, once");
	}
	for (size_t i = hosts; i < count; i++) {
		free(owned[i]);
	}

cleanup:
	free(owned);
	free(names);
	return ret;
}

static void check_uplink_order(const struct check *check, const unsigned *numbers, size_t count)
{
	uplink_set seen = 0;
	for (size_t i = 0; i < count; i++) {
		if (numbers[i] > SITE_UPLINKS_MAX) {
			continue;
		}
		if ((seen & UPLINK_BIT(numbers[i])) != 0) {
			report_error(check->report, marks_find(check->marks, &numbers[i]),
			             "uplink '%s' is in this list twice: keep one",
			             check->site->uplinks[numbers[i] - 1].id);
		}
		seen |= UPLINK_BIT(numbers[i]);
	}
}

int check_names(const struct check *check)
{
	const struct site *site = check->site;
	const struct {
		const void *entries;
		size_t count, size, offset;
		const char *what;
	} ids[] = {
		{ site->uplinks, site->uplink_count, sizeof(struct uplink),
		  offsetof(struct uplink, id), "uplink" },
		{ site->servers, site->server_count, sizeof(struct server),
		  offsetof(struct server, id), "server" },
		{ site->mails, site->mail_count, sizeof(struct mail), offsetof(struct mail, domain),
		  "mail domain" },
		{ site->forwards, site->forward_count, sizeof(struct forward),
		  offsetof(struct forward, id), "forward" },
	};

	for (size_t i = 0; i < site->host_count; i++) {
		check_uplink_order(check, site->hosts[i].uplink, site->hosts[i].uplink_count);
	}
	for (size_t i = 0; i < site->forward_count; i++) {
		check_uplink_order(check, site->forwards[i].uplink, site->forwards[i].uplink_count);
	}
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		int ret = check_ids(check, ids[i].entries, ids[i].count, ids[i].size, ids[i].offset,
		                    ids[i].what);
		if (ret != 0) {
			return ret;
		}
	}
	return check_host_names(check);
}
