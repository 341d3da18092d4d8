/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * What zones elsewhere must hold for a site.
 */

#include "ctl/zone_parent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "ctl/command.h"
#include "ctl/zone_formats.h"
#include "ctl/zone_mail.h"
#include "ctl/zone_names.h"
#include "ctl/zone_send.h"

int zone_parent_delegate(struct zone *zone, const struct site *site, const char *domain)
{
	for (size_t i = 0; i < site->uplink_count; i++) {
		struct text text = TEXT_EMPTY;
		zone_name_server(site, domain, site->uplinks[i].number, &text);
		char *name = text_take(&text);
		if (name == NULL) {
			return -ENOMEM;
		}
		zone_add_delegation(zone, domain, zone_name_server_ttl(site), name);
		free(name);
	}
	return 0;
}

int zone_parent_name_servers(struct zone *zone, const struct site *site, const char *domain)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	for (size_t i = 0; i < site->uplink_count; i++) {
		const struct uplink *uplink = &site->uplinks[i];
		struct text text = TEXT_EMPTY;
		zone_name_server(site, domain, uplink->number, &text);
		char *name = text_take(&text);
		if (name == NULL) {
			return -ENOMEM;
		}
		for (size_t f = 0; f < sizeof(families); f++) {
			const struct address *address = zone_address(uplink, families[f]);
			if (address != NULL) {
				zone_add_address(zone, name, zone_name_server_ttl(site), address);
			}
		}
		free(name);
	}
	return 0;
}

/*! a.b.example.com and a-b.example.com have the same name servers: their addresses are there once. */
static bool has_namesake(const struct site *site, size_t host)
{
	struct text own = TEXT_EMPTY;
	bool found = false;
	zone_name_server(site, site->hosts[host].domain, 1, &own);
	for (size_t i = 0; i < host && !found && !own.failed; i++) {
		struct text other = TEXT_EMPTY;
		zone_name_server(site, site->hosts[i].domain, 1, &other);
		found = !other.failed && strcmp(own.data, other.data) == 0;
		text_free(&other);
	}
	text_free(&own);
	return found;
}

static int add_hosts(const struct site *site, struct zone_parent *parent)
{
	int ret = 0;
	for (size_t i = 0; i < site->host_count && ret == 0; i++) {
		const struct host *host = &site->hosts[i];
		if (zone_of_name(site, host->domain, true) == NULL) {
			bool inside = zone_contains(site->domain, host->domain);
			ret = zone_parent_delegate(inside ? parent->domain : parent->elsewhere,
			                           site, host->domain);
		}
		if (ret == 0 && !has_namesake(site, i)) {
			ret = zone_parent_name_servers(parent->domain, site, host->domain);
		}
	}
	return ret;
}

static int add_each_mail(const struct site *site, struct zone_parent *parent,
                         int (*add)(struct zone *zone, const struct site *site,
                                    const struct mail *mail))
{
	int ret = 0;
	for (size_t i = 0; i < site->mail_count && ret == 0; i++) {
		const struct mail *mail = &site->mails[i];
		if (zone_of_name(site, mail->domain, false) == NULL) {
			bool inside = zone_contains(site->domain, mail->domain);
			ret = add(inside ? parent->domain : parent->elsewhere, site, mail);
		}
	}
	return ret;
}

static int add_mail(const struct site *site, struct zone_parent *parent)
{
	int ret = add_each_mail(site, parent, zone_mail_add_mx);
	if (ret == 0) {
		ret = zone_mail_add_gateways(parent->domain, site);
	}
	if (ret == 0) {
		ret = add_each_mail(site, parent, zone_mail_add_policies);
	}
	return ret == 0 && site->mail_count > 0 ? zone_mail_add_pointers(parent->pointers, site)
	                                        : ret;
}

/*! Whatever the format, the records are those that libzscanner reads. */
static int check_records(const struct zone_parent *parent)
{
	const struct zone *zones[] = { parent->domain, parent->elsewhere, parent->pointers };
	int ret = 0;
	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]) && ret == 0; i++) {
		struct text text = TEXT_EMPTY;
		ret = zone_text(zones[i], &text);
		text_free(&text);
	}
	return ret;
}

int zone_parent_make(const struct site *site, struct zone_parent *parent, struct text *error)
{
	*parent = (struct zone_parent){ 0 };
	if (!zone_addresses_fixed(site, error)) {
		return -EINVAL;
	}
	int ret = zone_new(site->domain, &parent->domain);
	if (ret == 0) {
		ret = zone_new(".", &parent->elsewhere);
	}
	if (ret == 0) {
		ret = zone_new(".", &parent->pointers);
	}
	if (ret == 0) {
		ret = add_hosts(site, parent);
	}
	if (ret == 0) {
		ret = add_mail(site, parent);
	}
	if (ret == 0) {
		ret = check_records(parent);
	}
	if (ret != 0) {
		text_add(error, "zone '%s', failed to write its records (%s)", site->domain,
		         ret == -EINVAL    ? "a name in it is too long or no domain name"
		         : ret == -EBADMSG ? "they read back differently"
		                           : strerror(-ret));
	}
	return ret;
}

void zone_parent_free(struct zone_parent *parent)
{
	zone_free(parent->domain);
	zone_free(parent->elsewhere);
	zone_free(parent->pointers);
	zone_free(parent->earlier);
}

/*! What the domain held with other addresses of some uplinks. */
static int make_earlier(const struct command_line *line, struct zone_parent *parent,
                        struct text *error)
{
	struct site *site = NULL;
	struct zone_parent earlier = { 0 };
	int ret = command_site(line, &site);
	if (ret == 0 && line->addresses != NULL) {
		ret = zone_learn_addresses(site, line->addresses, error);
	}
	if (ret == 0) {
		ret = zone_learn_addresses(site, line->was, error);
	}
	if (ret == 0) {
		ret = zone_parent_make(site, &earlier, error);
	}
	if (ret == 0) {
		parent->earlier = earlier.domain;
		earlier.domain = NULL;
	}
	zone_parent_free(&earlier);
	site_free(site);
	return ret;
}

/*! The records as text: for the reader, or for the server if they are to be sent. */
static int make_text(const struct command_line *line, struct site *site, struct text *text,
                     struct text *error)
{
	struct zone_parent parent = { 0 };
	const char *format = line->send != NULL ? "nsupdate" : line->format;
	int ret = line->addresses != NULL ? zone_learn_addresses(site, line->addresses, error) : 0;
	if (ret == 0) {
		ret = zone_parent_make(site, &parent, error);
	}
	if (ret == 0 && line->was != NULL) {
		ret = make_earlier(line, &parent, error);
	}
	if (ret == 0) {
		ret = zone_format(format, site->domain, &parent, text, error);
	}
	zone_parent_free(&parent);
	return ret;
}

int command_zone_parent(const struct command_line *line)
{
	struct site *site = NULL;
	struct text text = TEXT_EMPTY;
	struct text error = TEXT_EMPTY;
	int code = EXIT_USAGE;
	if (line->send != NULL && (line->format != NULL || line->output != NULL)) {
		command_error("--send goes without --format and --output");
		return EXIT_USAGE;
	}
	if (line->send == NULL && line->server != NULL) {
		command_error("--server goes with --send");
		return EXIT_USAGE;
	}
	if (command_site(line, &site) != 0) {
		goto cleanup;
	}
	if (make_text(line, site, &text, &error) != 0) {
		command_error("%s", error.data != NULL ? error.data : strerror(ENOMEM));
		goto cleanup;
	}
	if (line->send == NULL) {
		code = command_write(line->output, &text);
	} else if (zone_send(&text, line->send, line->server, &error) == 0) {
		code = EXIT_GOOD;
	} else {
		command_error("%s", error.data != NULL ? error.data : strerror(ENOMEM));
		code = EXIT_WRONG;
	}
cleanup:
	text_free(&error);
	text_free(&text);
	site_free(site);
	return code;
}
