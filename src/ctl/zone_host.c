/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The child zone of one host: SOA, a name server an uplink, placeholders.
 */

#include "ctl/zone_host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "ctl/serial.h"
#include "ctl/zone.h"
#include "ctl/zone_mail.h"
#include "ctl/zone_names.h"
#include "ctl/zone_parent.h"
#include "ctl/zone_types.h"

/*! A domain name in text has at most 253 characters; zone.c refuses longer ones. */
#define OWNER_TEXT_MAX 512

/*! The records of one family at each owner. */
struct placeholder {
	bool present;
	bool invented; // No uplink has such an address in the file, but one may get it.
	struct address address;
};

/*! A type that the zone holds must be answerable, so a family needs a server and an uplink. */
static struct placeholder placeholder_choose(const struct site *site, const struct host *host,
                                             uint8_t family)
{
	struct placeholder placeholder = { 0 };
	for (size_t i = 0; i < host->uplink_count; i++) {
		const struct uplink *uplink = site_uplink(site, host->uplink[i]);
		if (!zone_may_answer(host, uplink, family)) {
			continue;
		}
		struct address known;
		if (zone_server_address(site, host->server, uplink, family, &known)) {
			return (struct placeholder){ .present = true, .address = known };
		}
		placeholder.present = true;
		placeholder.invented = true;
	}
	if (placeholder.invented) {
		(void)address_parse(family == AF_INET ? "192.0.2.1" : "2001:db8::",
		                    &placeholder.address);
	}
	return placeholder;
}

bool zone_host_placeholder(const struct site *site, const struct host *host, uint8_t family,
                           struct address *address)
{
	struct placeholder placeholder = placeholder_choose(site, host, family);
	*address = placeholder.address;
	return placeholder.present;
}

static void add_head(struct zone *zone, const struct site *site, const struct host *host)
{
	zone_comment(zone,
	             "%s: the zone of a host with several uplinks, for knotd with mod-arrival.",
	             host->domain);
	zone_comment(zone, "Made by multihomectl from the site file: change that one, not this.");
	zone_comment(zone, "Its A and AAAA are placeholders that mod-arrival replaces (policy %s).",
	             answer_policy_name(host->policy));
	zone_comment(zone, "The zone %s delegates it and holds the name servers' addresses.",
	             site->domain);
}

static int add_authority(struct zone *zone, const struct site *site, const struct host *host,
                         uint32_t serial)
{
	uint32_t ttl = zone_name_server_ttl(site);
	for (size_t i = 0; i < site->uplink_count; i++) {
		struct text text = TEXT_EMPTY;
		zone_name_server(site, host->domain, site->uplinks[i].number, &text);
		char *name = text_take(&text);
		if (name == NULL) {
			return -ENOMEM;
		}
		if (i == 0) {
			zone_add_site_soa(zone, site, name, serial);
		}
		zone_add_ns(zone, ttl, name);
		free(name);
	}
	return 0;
}

static int add_placeholders(struct zone *zone, const struct site *site, const struct host *host)
{
	const struct {
		const char *type;
		struct placeholder placeholder;
	} families[] = {
		{ "A", placeholder_choose(site, host, AF_INET) },
		{ "AAAA", placeholder_choose(site, host, AF_INET6) },
	};
	for (size_t f = 0; f < 2; f++) {
		if (families[f].placeholder.invented) {
			zone_comment(zone,
			             "No uplink has an address for %s in the site file: the one "
			             "here belongs to nobody.",
			             families[f].type);
		}
	}

	for (size_t i = 0; i <= host->alias.count; i++) {
		char owner[OWNER_TEXT_MAX];
		if (i == 0) {
			(void)snprintf(owner, sizeof(owner), "%s", host->domain);
		} else if (host_alias_owner(host, i - 1, owner, sizeof(owner)) != 0) {
			return -EINVAL;
		}
		for (size_t f = 0; f < 2; f++) {
			if (families[f].placeholder.present) {
				zone_add_address(zone, owner, host->ttl,
				                 &families[f].placeholder.address);
			}
		}
	}
	return 0;
}

/*! What the zone above would hold if this zone did not take the names over. */
static int add_others(struct zone *zone, const struct site *site, const struct host *host,
                      struct text *error)
{
	int ret = 0;
	for (size_t i = 0; i < site->host_count && ret == 0; i++) {
		if (zone_of_name(site, site->hosts[i].domain, true) == host) {
			ret = zone_parent_delegate(zone, site, site->hosts[i].domain);
		}
	}
	for (size_t i = 0; i < site->mail_count && ret == 0; i++) {
		if (zone_of_name(site, site->mails[i].domain, false) == host) {
			if (!zone_addresses_fixed(site, error)) {
				return -EINVAL;
			}
			ret = zone_mail_add_mx(zone, site, &site->mails[i]);
			ret = ret == 0 ? zone_mail_add_policies(zone, site, &site->mails[i]) : ret;
		}
	}
	return ret;
}

int zone_host_write(const struct site *site, const struct host *host, uint32_t serial,
                    struct text *text, struct text *error)
{
	struct zone *zone = NULL;
	int ret = zone_new(host->domain, &zone);
	if (ret == 0) {
		add_head(zone, site, host);
		ret = add_authority(zone, site, host, serial);
	}
	if (ret == 0) {
		ret = add_placeholders(zone, site, host);
	}
	if (ret == 0) {
		ret = add_others(zone, site, host, error);
	}
	if (ret == 0) {
		ret = zone_add_lines(zone, site, &host->record, "host", host->domain, error);
	}
	if (ret == 0) {
		ret = zone_text(zone, text);
	}
	zone_free(zone);

	if (ret == -EINVAL && error->length == 0) {
		text_add(error,
		         "host '%s', failed to write its zone (a name in it is too long or no "
		         "domain name; the first label of its name servers, the host's name with "
		         "hyphens and -ns1, may have 63 characters)",
		         host->domain);
	} else if (ret != 0 && error->length == 0) {
		text_add(error, "host '%s', failed to write its zone (%s)", host->domain,
		         ret == -EBADMSG ? "it reads back differently" : strerror(-ret));
	}
	return ret;
}

static const char *host_name(const struct site *site, size_t index)
{
	return site->hosts[index].domain;
}

struct zone_host_request {
	const struct site *site;
	const struct host *host;
};

static int write_for_serial(const void *context, uint32_t serial, struct text *text,
                            struct text *error)
{
	const struct zone_host_request *request = context;
	return zone_host_write(request->site, request->host, serial, text, error);
}

int zone_host_make(const struct command_line *line, const struct site *site,
                   const struct host *host, const char *path, struct text *text)
{
	struct zone_host_request request = { site, host };
	struct text warnings = TEXT_EMPTY;
	int ret = serial_write(line, path, write_for_serial, &request, text);
	if (ret == 0) {
		zone_types_warn(site, host, &warnings);
		(void)fputs(warnings.data != NULL ? warnings.data : "", stderr);
	}
	text_free(&warnings);
	return ret;
}

int command_zone_host(const struct command_line *line)
{
	struct site *site = NULL;
	struct text text = TEXT_EMPTY;
	int code = EXIT_USAGE;
	if (command_site(line, &site) != 0) {
		goto cleanup;
	}
	size_t index = command_find(site, "host", host_name, site->host_count, line->name);
	if (index == site->host_count ||
	    zone_host_make(line, site, &site->hosts[index], line->output, &text) != 0) {
		goto cleanup;
	}
	code = command_write(line->output, &text);
cleanup:
	text_free(&text);
	site_free(site);
	return code;
}
