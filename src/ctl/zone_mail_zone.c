/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The whole zone of a mail domain, for those who serve it themselves.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/serial.h"
#include "ctl/zone_formats.h"
#include "ctl/zone_mail.h"
#include "ctl/zone_names.h"
#include "ctl/zone_parent.h"

static int add_authority(struct zone *zone, const struct site *site, const char *domain,
                         uint32_t serial)
{
	for (size_t i = 0; i < site->uplink_count; i++) {
		struct text text = TEXT_EMPTY;
		zone_name_server(site, domain, site->uplinks[i].number, &text);
		char *name = text_take(&text);
		if (name == NULL) {
			return -ENOMEM;
		}
		if (i == 0) {
			zone_add_site_soa(zone, site, name, serial);
		}
		zone_add_ns(zone, ZONE_TTL, name);
		free(name);
	}
	// Name servers have their names in the site's domain, which may be this zone.
	return zone_contains(domain, site->domain) ? zone_parent_name_servers(zone, site, domain)
	                                           : 0;
}

/*! Of mail domains outside, where this zone is the one that has their names. */
static int add_name_servers_of_others(struct zone *zone, const struct site *site,
                                      const char *domain)
{
	int ret = 0;
	for (size_t i = 0; i < site->mail_count && ret == 0; i++) {
		const char *other = site->mails[i].domain;
		if (zone_contains(domain, site->domain) && !zone_contains(domain, other) &&
		    zone_of_name(site, other, false) == NULL) {
			ret = zone_parent_name_servers(zone, site, other);
		}
	}
	return ret;
}

/*!
 * What the zones of others need: the delegation, and the addresses of the name servers. The latter lie in the
 * site's domain. Where that is neither in this zone nor above it they are no glue, no registry takes them, and
 * the names exist only once the site's own zone has them.
 */
static int add_elsewhere(const struct site *site, const char *domain, struct zone *above,
                         struct zone *beside)
{
	bool glue = zone_contains(domain, site->domain) || zone_contains(site->domain, domain);
	int ret = zone_parent_delegate(above, site, domain);
	return ret == 0 ? zone_parent_name_servers(glue ? above : beside, site, domain) : ret;
}

/*! A zone without records has no comment. */
static int add_comments(const struct site *site, const struct zone *above,
                        const struct zone *beside, struct text *text)
{
	struct text title = TEXT_EMPTY;
	int ret = zone_format_comments(above, ";", "For the zone above:", text);
	text_add(&title, "For the zone %s:", site->domain);
	if (ret == 0) {
		ret = title.failed ? -ENOMEM : zone_format_comments(beside, ";", title.data, text);
	}
	text_free(&title);
	return ret;
}

static int fill(const struct site *site, const struct mail *mail, uint32_t serial,
                const struct zone_parent *parent, struct text *text, struct text *error)
{
	struct zone *zone = NULL;
	struct zone *above = NULL;
	struct zone *beside = NULL;
	int ret = zone_new(mail->domain, &zone);
	ret = ret == 0 ? zone_new(".", &above) : ret;
	ret = ret == 0 ? zone_new(".", &beside) : ret;
	if (ret != 0) {
		goto cleanup;
	}
	zone_comment(zone, "%s: the zone of a mail domain with several uplinks.", mail->domain);
	zone_comment(zone, "Made by multihomectl from the site file: change that one, not this.");
	ret = add_authority(zone, site, mail->domain, serial);
	zone_copy(zone, parent->domain);
	zone_copy(zone, parent->elsewhere);
	ret = ret == 0 ? add_name_servers_of_others(zone, site, mail->domain) : ret;
	ret = ret == 0 ? add_elsewhere(site, mail->domain, above, beside) : ret;
	ret = ret == 0 ? zone_add_lines(zone, site, &mail->record, "mail domain", mail->domain,
	                                error)
	               : ret;
	ret = ret == 0 ? zone_text(zone, text) : ret;
	ret = ret == 0 ? add_comments(site, above, beside, text) : ret;
	ret = ret == 0 ? zone_format_comments(parent->pointers, ";", ZONE_POINTERS_TITLE, text)
	               : ret;
cleanup:
	zone_free(beside);
	zone_free(above);
	zone_free(zone);
	return ret;
}

int zone_mail_write(const struct site *site, const struct mail *mail, uint32_t serial,
                    struct text *text, struct text *error)
{
	const struct host *host = zone_of_name(site, mail->domain, false);
	if (host != NULL) {
		text_add(error,
		         "mail domain '%s', has its records in the zone of host '%s': see "
		         "'multihomectl zone host %s'",
		         mail->domain, host->domain, host->domain);
		return -EINVAL;
	}
	struct zone_parent parent;
	struct text own = TEXT_EMPTY;
	int ret = zone_parent_make(site, &parent, error);
	if (ret == 0) {
		size_t told = error->length;
		ret = fill(site, mail, serial, &parent, &own, error);
		ret = ret == 0 && own.failed ? -ENOMEM : ret;
		if (ret != 0 && error->length > told) {
			ret = -EINVAL;
		} else if (ret != 0) {
			text_add(error, "mail domain '%s', failed to write its zone (%s)",
			         mail->domain,
			         ret == -EINVAL ? "a name in it is too long" : strerror(-ret));
		} else {
			text_add(text, "%s", own.data);
		}
	}
	text_free(&own);
	zone_parent_free(&parent);
	return ret;
}

static const char *mail_name(const struct site *site, size_t index)
{
	return site->mails[index].domain;
}

struct zone_mail_request {
	const struct site *site;
	const struct mail *mail;
};

static int write_for_serial(const void *context, uint32_t serial, struct text *text,
                            struct text *error)
{
	const struct zone_mail_request *request = context;
	return zone_mail_write(request->site, request->mail, serial, text, error);
}

int zone_mail_make(const struct command_line *line, const struct site *site,
                   const struct mail *mail, const char *path, struct text *text)
{
	struct zone_mail_request request = { site, mail };
	return serial_write(line, path, write_for_serial, &request, text);
}

int command_zone_mail(const struct command_line *line)
{
	struct site *site = NULL;
	struct text text = TEXT_EMPTY;
	int code = EXIT_USAGE;
	if (command_site(line, &site) != 0) {
		goto cleanup;
	}
	size_t index = command_find(site, "mail domain", mail_name, site->mail_count, line->name);
	if (index == site->mail_count ||
	    zone_mail_make(line, site, &site->mails[index], line->output, &text) != 0) {
		goto cleanup;
	}
	code = command_write(line->output, &text);
cleanup:
	text_free(&text);
	site_free(site);
	return code;
}
