/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * multihomectl knot-conf: where knotd listens, the module, the zones.
 */

#include "ctl/knot_conf.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/command.h"
#include "ctl/zone_host.h"

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

static int listen_devices(const struct site *site, struct text *text, struct text *error)
{
	text_add(error, "dns-binding 'device', needs Knot DNS 3.5.5: use 'address' or 'port'");
	return -EINVAL;
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

static int add_zone(const struct host *host, const char *zone_dir, struct text *text,
                    struct text *error)
{
	struct text file = TEXT_EMPTY;
	text_add(&file, "%s%s%s.zone", zone_dir != NULL ? zone_dir : "",
	         zone_dir != NULL ? "/" : "", host->domain);
	text_add(text, "  - domain: %s.\n    file: ", host->domain);
	int ret = file.failed ? -ENOMEM : add_quoted(text, "--zone-dir", file.data, error);
	text_free(&file);
	text_add(text, "\n"
	               "    zonefile-sync: -1\n"
	               "    zonefile-load: whole\n"
	               "    journal-content: none\n"
	               "    module: mod-arrival/site\n");
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
	text_add(&own, "%s", site->host_count > 0 ? "\nzone:\n" : "");
	for (size_t i = 0; i < site->host_count && ret == 0; i++) {
		ret = add_zone(&site->hosts[i], options->zone_dir, &own, error);
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

/*! All zones are made before the first one is written: a bad name leaves the folder as it is. */
static int write_zones(const struct command_line *line, const struct site *site, const char *folder)
{
	struct text *zones = calloc(site->host_count + 1, sizeof(*zones));
	struct text *paths = calloc(site->host_count + 1, sizeof(*paths));
	int code = zones == NULL || paths == NULL ? EXIT_WRONG : EXIT_GOOD;
	for (size_t i = 0; i < site->host_count && code == EXIT_GOOD; i++) {
		const struct host *host = &site->hosts[i];
		text_add(&paths[i], "%s/%s.zone", folder, host->domain);
		if (paths[i].failed) {
			code = EXIT_WRONG;
		} else if (zone_host_make(line, site, host, paths[i].data, &zones[i]) != 0) {
			code = EXIT_USAGE;
		}
	}
	for (size_t i = 0; i < site->host_count && code == EXIT_GOOD; i++) {
		code = command_write(paths[i].data, &zones[i]);
	}
	texts_free(zones, zones == NULL ? 0 : site->host_count);
	texts_free(paths, paths == NULL ? 0 : site->host_count);
	return code;
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
	};
	if (knot_conf_write(site, &options, &text, &error) != 0) {
		command_error("%s", error.data != NULL ? error.data : strerror(ENOMEM));
		goto cleanup;
	}
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
