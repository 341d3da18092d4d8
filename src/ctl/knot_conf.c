/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * multihomectl knot-conf: where knotd listens, the module, the zones.
 */

#include "ctl/knot_conf.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/version.h>

#include "ctl/command.h"
#include "ctl/zone_host.h"
#include "ctl/zone_mail.h"
#include "ctl/zone_names.h"

bool knot_conf_has_devices(void)
{
	// A module belongs to one version of knotd, which is the one that this was built with.
	return KNOT_VERSION_HEX >= 0x030505;
}

/*! A value in double quotes with the two escapes that knotd's parser knows. */
static int add_quoted(struct text *text, const char *what, const char *value, struct text *error)
{
	text_add(text, "\"");
	for (const char *c = value; *c != '\0'; c++) {
		if (iscntrl((unsigned char)*c)) {
			text_add(error, "%s, has a control character that knot.conf cannot hold",
			         what);
			return -EINVAL;
		}
		text_add(text, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
	}
	text_add(text, "\"");
	return 0;
}

/*! UDP sockets bound to a wildcard do not tell Knot DNS 3.2 where a query arrived. */
static int listen_addresses(const struct site *site, struct text *text, struct text *error)
{
	for (size_t i = 0; i < site->uplink_count; i++) {
		const struct uplink *uplink = &site->uplinks[i];
		if (uplink->address.count == 0) {
			text_add(error,
			         "uplink '%s', has no address in the site file, but with "
			         "'dns-binding: address' knotd listens on each address by "
			         "itself: use 'dns-binding: port', or give its address",
			         uplink->id);
			return -EINVAL;
		}
		for (size_t a = 0; a < uplink->address.count; a++) {
			char buffer[ADDRESS_TEXT_MAX];
			text_add(text, "    listen: %s@53 # uplink %s\n",
			         address_format(&uplink->address.items[a], buffer), uplink->id);
		}
	}
	return 0;
}

static int listen_ports(const struct site *site, struct text *text, struct text *error)
{
	for (size_t i = 0; i < site->uplink_count; i++) {
		const struct uplink *uplink = &site->uplinks[i];
		unsigned port = site_dns_port(uplink->number);
		text_add(text, "    listen: 0.0.0.0@%u # uplink %s\n", port, uplink->id);
		text_add(text, "    listen: ::@%u # uplink %s\n", port, uplink->id);
	}
	return 0;
}

/*!
 * A socket of a device hears nothing of the LAN and of the gateway itself: for these the ports, and first,
 * since the module asks knotd there for signatures. Sockets of the LAN's devices would take port 53 from
 * a resolver there.
 */
static int listen_devices(const struct site *site, struct text *text, struct text *error)
{
	text_add(text,
	         "    # For the LAN, whose queries multihomed leads there, and for the gateway "
	         "itself.\n");
	int ret = listen_ports(site, text, error);
	text_add(text, "    # Interfaces behind '%%' need Knot DNS 3.5.5 or later.\n");
	for (size_t i = 0; i < site->uplink_count; i++) {
		const struct uplink *uplink = &site->uplinks[i];
		text_add(text, "    listen: 0.0.0.0%%%s@53 # uplink %s\n", uplink->interface,
		         uplink->id);
		text_add(text, "    listen: ::%%%s@53 # uplink %s\n", uplink->interface,
		         uplink->id);
	}
	return ret;
}

static int add_module(const struct site *site, const struct knot_conf_options *options,
                      struct text *text, struct text *error)
{
	struct text table = TEXT_EMPTY;
	int ret = 0;
	if (options->module_file != NULL) {
		text_add(text, "\nmodule:\n  - id: mod-arrival\n    file: ");
		ret = add_quoted(text, "--module-file", options->module_file, error);
		text_add(text, "\n");
	}
	text_add(text, "\nmod-arrival:\n  - id: site\n    table: ");
	text_add(&table, "%s/table", site->run_dir);
	if (ret == 0) {
		ret = table.failed ? -ENOMEM : add_quoted(text, "run-dir", table.data, error);
	}
	text_free(&table);
	text_add(text, "\n");
	if (options->sections != NULL) {
		text_add(text, "    sections: %s\n", options->sections);
	}
	return ret;
}

/*! A zone that knotd serves: a host's, or else a mail domain's. */
struct served {
	const char *domain;
	const struct host *host;
	const struct mail *mail;
};

/*! A mail domain that is a host, or lies in the zone of one, has its records there. */
static int served_build(const struct site *site, bool mail, struct served **served, size_t *count)
{
	struct served *built = calloc(site->host_count + site->mail_count + 1, sizeof(*built));
	size_t used = 0;
	if (built == NULL) {
		return -ENOMEM;
	}
	for (size_t i = 0; i < site->host_count; i++) {
		const struct host *host = &site->hosts[i];
		built[used++] = (struct served){ .domain = host->domain, .host = host };
	}
	for (size_t i = 0; mail && i < site->mail_count; i++) {
		const char *domain = site->mails[i].domain;
		if (zone_of_name(site, domain, false) == NULL) {
			built[used++] =
				(struct served){ .domain = domain, .mail = &site->mails[i] };
		}
	}
	*served = built;
	*count = used;
	return 0;
}

/*! The operator sets the DS at the parent once; knotd renews the signatures and the zone's key. */
static void add_signing_policy(struct text *text)
{
	text_add(text, "\n# mod-arrival signs each uplink's answers with the same keys, which "
	               "knotd makes and renews.\n"
	               "policy:\n"
	               "  - id: multihome\n"
	               "    algorithm: ecdsap256sha256\n"
	               "    cds-cdnskey-publish: rollover\n");
}

static int add_zone(const char *domain, const struct knot_conf_options *options, struct text *text,
                    struct text *error)
{
	struct text file = TEXT_EMPTY;
	const char *folder = options->zone_dir;
	text_add(&file, "%s%s%s.zone", folder != NULL ? folder : "", folder != NULL ? "/" : "",
	         domain);
	text_add(text, "  - domain: %s.\n    file: ", domain);
	int ret = file.failed ? -ENOMEM : add_quoted(text, "--zone-dir", file.data, error);
	text_free(&file);
	// A signed zone has serial numbers of its own, which must outlive a restart.
	text_add(text, "\n    zonefile-sync: -1\n%s    module: mod-arrival/site\n",
	         options->dnssec ? "    zonefile-load: difference-no-serial\n"
	                           "    journal-content: all\n"
	                           "    dnssec-signing: on\n"
	                           "    dnssec-policy: multihome\n"
	                         : "    zonefile-load: whole\n"
	                           "    journal-content: none\n");
	return ret;
}

static int add_zones(const struct site *site, const struct knot_conf_options *options,
                     struct text *text, struct text *error)
{
	struct served *served = NULL;
	size_t count = 0;
	int ret = served_build(site, options->mail, &served, &count);
	text_add(text, "%s", count > 0 ? "\nzone:\n" : "");
	for (size_t i = 0; i < count && ret == 0; i++) {
		ret = add_zone(served[i].domain, options, text, error);
	}
	free(served);
	return ret;
}

static int check_options(const struct knot_conf_options *options, struct text *error)
{
	if (options->sections != NULL && strcmp(options->sections, "minimal") != 0 &&
	    strcmp(options->sections, "full") != 0) {
		text_add(error, "--sections '%s', must be minimal or full", options->sections);
		return -EINVAL;
	}
	if (options->module_file != NULL && options->module_file[0] != '/') {
		text_add(error, "--module-file '%s', must be an absolute path",
		         options->module_file);
		return -EINVAL;
	}
	return 0;
}

int knot_conf_write(const struct site *site, const struct knot_conf_options *options,
                    struct text *text, struct text *error)
{
	static int (*const listen[])(const struct site *, struct text *, struct text *) = {
		[DNS_BINDING_ADDRESS] = listen_addresses,
		[DNS_BINDING_PORT] = listen_ports,
		[DNS_BINDING_DEVICE] = listen_devices,
	};

	int ret = check_options(options, error);
	if (ret != 0) {
		return ret;
	}
	struct text own = TEXT_EMPTY;
	text_add(&own,
	         "# The part of knot.conf for the site %s, to be included from the main file.\n"
	         "# Made by multihomectl from the site file: change that one, not this.\n"
	         "\nserver:\n",
	         site->domain);
	ret = listen[site->dns_binding](site, &own, error);
	if (ret == 0) {
		ret = add_module(site, options, &own, error);
	}
	if (options->dnssec) {
		add_signing_policy(&own);
	}
	if (ret == 0) {
		ret = add_zones(site, options, &own, error);
	}
	if (ret == 0) {
		text_add(text, "%s", own.data != NULL ? own.data : "");
		ret = own.failed || text->failed ? -ENOMEM : 0;
	}
	text_free(&own);
	return ret;
}

static void texts_free(struct text *texts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		text_free(&texts[i]);
	}
	free(texts);
}

static int make_zone(const struct command_line *line, const struct site *site,
                     const struct served *served, const char *path, struct text *text)
{
	return served->host != NULL ? zone_host_make(line, site, served->host, path, text)
	                            : zone_mail_make(line, site, served->mail, path, text);
}

/*! All zones are made before the first one is written: a bad name leaves the folder as it is. */
static int write_zones(const struct command_line *line, const struct site *site, const char *folder)
{
	struct served *served = NULL;
	size_t count = 0;
	int code = served_build(site, line->mail, &served, &count) == 0 ? EXIT_GOOD : EXIT_WRONG;
	struct text *zones = calloc(count + 1, sizeof(*zones));
	struct text *paths = calloc(count + 1, sizeof(*paths));
	if (zones == NULL || paths == NULL) {
		code = EXIT_WRONG;
	}
	for (size_t i = 0; i < count && code == EXIT_GOOD; i++) {
		text_add(&paths[i], "%s/%s.zone", folder, served[i].domain);
		if (paths[i].failed) {
			code = EXIT_WRONG;
		} else if (make_zone(line, site, &served[i], paths[i].data, &zones[i]) != 0) {
			code = EXIT_USAGE;
		}
	}
	for (size_t i = 0; i < count && code == EXIT_GOOD; i++) {
		code = command_write(paths[i].data, &zones[i]);
	}
	texts_free(zones, zones == NULL ? 0 : count);
	texts_free(paths, paths == NULL ? 0 : count);
	free(served);
	return code;
}

static void warn_of_devices(const struct site *site)
{
	if (site->dns_binding == DNS_BINDING_DEVICE && !knot_conf_has_devices()) {
		(void)fprintf(
			stderr,
			"warning: dns-binding device, needs Knot DNS 3.5.5, this was built for "
			"an older one: use 'dns-binding: port'\n");
	}
}

int command_knot_conf(const struct command_line *line)
{
	struct site *site = NULL;
	struct text text = TEXT_EMPTY;
	struct text error = TEXT_EMPTY;
	char *folder = NULL;
	int code = EXIT_USAGE;
	if (command_site(line, &site) != 0) {
		goto cleanup;
	}
	if (line->zones != NULL) {
		// knotd would look for a relative path in its own storage.
		folder = realpath(line->zones, NULL);
		if (folder == NULL) {
			command_error("%s, failed to find the folder (%s)", line->zones,
			              strerror(errno));
			goto cleanup;
		}
	}
	struct knot_conf_options options = {
		.module_file = line->module_file,
		.sections = line->sections,
		.zone_dir = line->zone_dir != NULL ? line->zone_dir : folder,
		.mail = line->mail,
		.dnssec = line->dnssec,
	};
	if (knot_conf_write(site, &options, &text, &error) != 0) {
		command_error("%s", error.data != NULL ? error.data : strerror(ENOMEM));
		goto cleanup;
	}
	warn_of_devices(site);
	code = folder != NULL ? write_zones(line, site, folder) : EXIT_GOOD;
	if (code == EXIT_GOOD) {
		code = command_write(line->output, &text);
	}
cleanup:
	text_free(&error);
	text_free(&text);
	free(folder);
	site_free(site);
	return code;
}
