/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * multihomectl server-setup: the addresses that an inside server holds for the uplinks, in
 * source-address mode, as its own system takes them.
 *
 * Each is a host address that the system must not choose for connections of its own: by its length
 * in IPv4, by a preferred lifetime of 0 in IPv6 (RFC 6724 section 5, rule 3).
 */

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "ctl/command.h"

struct setup {
	const struct site *site;
	const struct server *server;
	const char *interface;
	struct text *text;
};

static void add_networkd(const struct setup *setup, const struct uplink_address *own,
                         const char *address)
{
	bool ipv4 = own->address.family == AF_INET;
	text_add(setup->text, "\n# uplink %s\n[Address]\nAddress=%s/%s\n%s",
	         site_uplink(setup->site, own->uplink)->id, address, ipv4 ? "32" : "128",
	         ipv4 ? "" : "PreferredLifetime=0\n");
}

static void add_ifupdown(const struct setup *setup, const struct uplink_address *own,
                         const char *address)
{
	bool ipv4 = own->address.family == AF_INET;
	text_add(setup->text, "\n# uplink %s\niface %s %s static\n    address %s/%s\n%s",
	         site_uplink(setup->site, own->uplink)->id, setup->interface,
	         ipv4 ? "inet" : "inet6", address, ipv4 ? "32" : "128",
	         ipv4 ? "" : "    preferred-lifetime 0\n");
}

static void add_windows(const struct setup *setup, const struct uplink_address *own,
                        const char *address)
{
	bool ipv4 = own->address.family == AF_INET;
	text_add(setup->text,
	         "\nrem uplink %s\nnetsh interface %s add address \"%s\" %s%s skipassource=true\n",
	         site_uplink(setup->site, own->uplink)->id, ipv4 ? "ipv4" : "ipv6",
	         setup->interface, address, ipv4 ? " 255.255.255.255" : "/128");
}

static const struct format {
	const char *name;
	const char *sign; // Of a comment.
	const char *interface;
	const char *where;
	void (*add)(const struct setup *setup, const struct uplink_address *own,
	            const char *address);
} formats[] = {
	{ "networkd", "#", "",
	  "in a drop-in of the LAN interface's file, such as\n"
	  "# /etc/systemd/network/lan.network.d/multihome.conf",
	  add_networkd },
	{ "ifupdown", "#", "eth0", "in /etc/network/interfaces, behind the interface's own lines",
	  add_ifupdown },
	{ "windows", "rem", "Ethernet", "once, at a prompt of an administrator", add_windows },
};

static const struct format *format_by_name(const char *name)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (name == NULL || strcmp(formats[i].name, name) == 0) {
			return &formats[i];
		}
	}
	command_error("--format '%s', must be networkd, ifupdown or windows", name);
	return NULL;
}

static const char *server_name(const struct site *site, size_t index)
{
	return site->servers[index].id;
}

/*! No name of an interface has one of these, and each ends or quotes something in a format. */
static bool interface_is_plain(const char *interface)
{
	for (const char *c = interface; *c != '\0'; c++) {
		if ((unsigned char)*c < ' ' || strchr("\"%\\", *c) != NULL) {
			return false;
		}
	}
	return interface[0] != '\0';
}

int command_server_setup(const struct command_line *line)
{
	struct site *site = NULL;
	struct text text = TEXT_EMPTY;
	int code = EXIT_USAGE;
	const struct format *format = format_by_name(line->format);
	if (format == NULL || command_site(line, &site) != 0) {
		goto cleanup;
	}
	size_t index = command_find(site, "server", server_name, site->server_count, line->name);
	if (index == site->server_count) {
		goto cleanup;
	}
	const struct server *server = &site->servers[index];
	if (server->reply_path != REPLY_PATH_SOURCE_ADDRESS) {
		command_error("server '%s', needs no setup: its reply-path is conntrack",
		              server->id);
		goto cleanup;
	}
	struct setup setup = { site, server, format->interface, &text };
	if (line->interface != NULL) {
		setup.interface = line->interface;
	}
	if (line->interface != NULL && !interface_is_plain(line->interface)) {
		command_error("--interface '%s', is not the name of an interface", line->interface);
		goto cleanup;
	}
	text_add(&text, "%s server %s: its addresses for the uplinks, %s.\n", format->sign,
	         server->id, format->where);
	text_add(&text, "%s Made by multihomectl from the site file: change that one, not this.\n",
	         format->sign);
	for (size_t i = 0; i < server->uplink_address_count; i++) {
		const struct uplink_address *own = &server->uplink_address[i];
		char buffer[ADDRESS_TEXT_MAX];
		format->add(&setup, own, address_format(&own->address, buffer));
	}
	if (text.failed) {
		command_error("server '%s', failed to write its setup (%s)", server->id,
		              strerror(ENOMEM));
		code = EXIT_WRONG;
		goto cleanup;
	}
	code = command_write(line->output, &text);
cleanup:
	text_free(&text);
	site_free(site);
	return code;
}
