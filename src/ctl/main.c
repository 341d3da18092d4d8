/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * multihomectl: one table of commands, one of options; the command line is read and checked by them.
 */

#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "ctl/command.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/*! A command takes the options that name it; a bit each. */
enum {
	FOR_STATUS = 1 << 0,
	FOR_EXPLAIN = 1 << 1,
	FOR_RELOAD = 1 << 2,
	FOR_ZONE_HOST = 1 << 3,
	FOR_KNOT_CONF = 1 << 4,
	FOR_DRAIN = 1 << 8,
	FOR_CHECK = 1 << 9,
	FOR_HISTORY = 1 << 10,
	FOR_METRICS = 1 << 11,
	FOR_CONFIRM = 1 << 12,
	FOR_DAEMON = FOR_STATUS | FOR_EXPLAIN | FOR_RELOAD | FOR_DRAIN | FOR_CHECK | FOR_METRICS |
	             FOR_CONFIRM,
	FOR_ZONE_PARENT = 1 << 5,
	FOR_ZONE_MAIL = 1 << 6,
	FOR_SERIAL = FOR_ZONE_HOST | FOR_ZONE_MAIL | FOR_KNOT_CONF,
	FOR_SERVER_SETUP = 1 << 7,
	FOR_ALL = FOR_DAEMON | FOR_HISTORY | FOR_SERIAL | FOR_ZONE_PARENT | FOR_SERVER_SETUP,
};

static const struct command {
	const char *name;    // One word, or two.
	const char *operand; // NULL: takes none.
	unsigned bit;
	int (*run)(const struct command_line *line);
	const char *help;
} commands[] = {
	{ "status", NULL, FOR_STATUS, command_status, "what the daemon sees and has installed" },
	{ "explain", "NAME", FOR_EXPLAIN, command_explain, "why a name is or is not answered" },
	{ "drain", "UPLINK", FOR_DRAIN, command_drain, "stop offering an uplink to new clients" },
	{ "undrain", "UPLINK", FOR_DRAIN, command_undrain, "offer it again" },
	{ "history", NULL, FOR_HISTORY, command_history,
	  "what happened to the uplinks, when and why; needs no daemon" },
	{ "metrics", NULL, FOR_METRICS, command_metrics, "print OpenMetrics for a monitoring" },
	{ "confirm", NULL, FOR_CONFIRM, command_confirm,
	  "say that the parent zone holds the published addresses" },
	{ "reload", NULL, FOR_RELOAD, command_reload, "make the daemon read the site file again" },
	{ "check dns", NULL, FOR_CHECK, command_check_dns,
	  "ask DNS as the outside does, and compare with the site file" },
	{ "check gateway", NULL, FOR_CHECK, command_check_gateway,
	  "look at this gateway: settings, other programs, uplinks, knotd" },
	{ "check", NULL, FOR_CHECK, command_check, "both checks, DNS and gateway" },
	{ "zone host", "NAME", FOR_ZONE_HOST, command_zone_host,
	  "print the zone of a host for knotd" },
	{ "zone parent", NULL, FOR_ZONE_PARENT, command_zone_parent,
	  "print what the parent zone must hold" },
	{ "zone mail", "DOMAIN", FOR_ZONE_MAIL, command_zone_mail,
	  "print the whole zone of a mail domain" },
	{ "knot-conf", NULL, FOR_KNOT_CONF, command_knot_conf,
	  "print the part of knot.conf for the site" },
	{ "server-setup", "SERVER", FOR_SERVER_SETUP, command_server_setup,
	  "print what a server with an address an uplink needs" },
};

static const struct option_row {
	char letter; // 0: none.
	const char *name;
	const char *value; // NULL: a flag.
	size_t member;     // Of struct command_line: const char *, or bool for a flag.
	unsigned commands;
	const char *help;
} options[] = {
#define MEMBER(name) offsetof(struct command_line, name)
	{ 'c', "config", "FILE", MEMBER(config), FOR_ALL, "site file (" SITE_DEFAULT_PATH ")" },
	{ 0, "socket", "PATH", MEMBER(socket), FOR_DAEMON,
	  "control socket (control.sock in run-dir)" },
	{ 0, "json", NULL, MEMBER(json),
	  FOR_STATUS | FOR_EXPLAIN | FOR_DRAIN | FOR_HISTORY | FOR_CHECK, "the result as JSON" },
	{ 0, "since", "WHEN", MEMBER(since), FOR_HISTORY,
	  "from then on: 10m, 2h, 1d, 2026-11-23 or 2026-11-23T10:00" },
	{ 0, "resolver", "ADDRESS", MEMBER(resolver), FOR_CHECK,
	  "begin with this one, ADDRESS or ADDRESS@PORT (first of /etc/resolv.conf)" },
	{ 0, "timeout", "SECONDS", MEMBER(timeout), FOR_CHECK, "wait that long for a reply (4)" },
	{ 0, "uplink", "ID", MEMBER(uplink), FOR_EXPLAIN, "by this uplink only" },
	{ 0, "serial", "N", MEMBER(serial), FOR_SERIAL,
	  "serial number (day of the site file's last change)" },
	{ 'o', "output", "FILE", MEMBER(output),
	  FOR_SERIAL | FOR_ZONE_PARENT | FOR_SERVER_SETUP | FOR_METRICS,
	  "replace a file in one step" },
	{ 0, "format", "NAME", MEMBER(format), FOR_ZONE_PARENT | FOR_SERVER_SETUP,
	  "zone, nsupdate, octodns, dnscontrol, json; networkd, ifupdown, windows" },
	{ 0, "addresses", "LIST", MEMBER(addresses), FOR_ZONE_PARENT,
	  "uplink=address,... of uplinks without one in the site file" },
	{ 0, "was", "LIST", MEMBER(was), FOR_ZONE_PARENT,
	  "uplink=address,... before, to delete the SPF record that has them" },
	{ 0, "send", "FILE", MEMBER(send), FOR_ZONE_PARENT,
	  "send the update now, with the TSIG key in this file" },
	{ 0, "server", "SERVER", MEMBER(server), FOR_ZONE_PARENT,
	  "ADDRESS[@PORT] to send it to (the primary of the zone)" },
	{ 0, "interface", "NAME", MEMBER(interface), FOR_SERVER_SETUP,
	  "interface of the server (eth0, Ethernet)" },
	{ 0, "zones", "DIR", MEMBER(zones), FOR_KNOT_CONF, "write the zones there too" },
	{ 0, "zone-dir", "DIR", MEMBER(zone_dir), FOR_KNOT_CONF,
	  "where knotd finds the zones (DIR of --zones, or its storage)" },
	{ 0, "module-file", "PATH", MEMBER(module_file), FOR_KNOT_CONF,
	  "load arrival.so from there" },
	{ 0, "sections", "HOW", MEMBER(sections), FOR_KNOT_CONF,
	  "minimal, or full: answers with name servers and their addresses" },
	{ 0, "mail", NULL, MEMBER(mail), FOR_KNOT_CONF, "serve the zones of the mail domains too" },
	{ 0, "dnssec", NULL, MEMBER(dnssec), FOR_KNOT_CONF, "let knotd sign the zones" },
#undef MEMBER
};

/*! Values of getopt_long() that are no index into options. */
enum { OPTION_HELP = 1000, OPTION_VERSION };

static void print_help(void)
{
	(void)printf("Usage: multihomectl [-c FILE] COMMAND [OPTION]...\n\nCommands:\n");
	for (size_t i = 0; i < COUNT(commands); i++) {
		const char *operand = commands[i].operand != NULL ? commands[i].operand : "";
		(void)printf("  %-13s %-12s %s\n", commands[i].name, operand, commands[i].help);
	}

	(void)printf("\nOptions:\n");
	for (size_t i = 0; i < COUNT(options); i++) {
		const struct option_row *row = &options[i];
		char call[32];
		(void)snprintf(call, sizeof(call), "%s %s", row->name,
		               row->value != NULL ? row->value : "");
		(void)printf("  %c%c%c --%-18s %s\n", row->letter != 0 ? '-' : ' ',
		             row->letter != 0 ? row->letter : ' ', row->letter != 0 ? ',' : ' ',
		             call, row->help);
	}
	(void)printf("  -h, --%-18s %s\n  -V, --%-18s %s\n", "help", "this text", "version",
	             "the version");
	(void)printf(
		"\nExit codes: 0 good, 1 something found wrong, 2 usage or site file wrong.\n");
}

static int usage_hint(void)
{
	(void)fprintf(stderr, "Try 'multihomectl --help'.\n");
	return EXIT_USAGE;
}

/*! Names of commands that take an option, or of all if bits is FOR_ALL. */
static void add_names(struct text *text, unsigned bits)
{
	for (size_t i = 0; i < COUNT(commands); i++) {
		if ((commands[i].bit & bits) != 0) {
			text_add(text, "%s%s", text->length > 0 ? ", " : "", commands[i].name);
		}
	}
}

/*! The command that the words begin with, and how many of them are its name. */
static const struct command *find_command(int argc, char **argv, int *used)
{
	for (size_t i = 0; i < COUNT(commands); i++) {
		size_t first = strcspn(commands[i].name, " ");
		const char *second =
			commands[i].name[first] != '\0' ? commands[i].name + first + 1 : NULL;
		if (strlen(argv[0]) == first && strncmp(argv[0], commands[i].name, first) == 0 &&
		    (second == NULL || (argc > 1 && strcmp(argv[1], second) == 0))) {
			*used = second == NULL ? 1 : 2;
			return &commands[i];
		}
	}
	struct text known = TEXT_EMPTY;
	add_names(&known, FOR_ALL);
	bool two = argc > 1 && strcmp(argv[0], "zone") == 0;
	command_error("'%s%s%s', no such command (known: %s)", argv[0], two ? " " : "",
	              two ? argv[1] : "", known.data);
	text_free(&known);
	return NULL;
}

/*! Fill the struct options of getopt_long(3) from the rows. */
static void fill_long_options(struct option *longs)
{
	for (size_t i = 0; i < COUNT(options); i++) {
		longs[i] = (struct option){
			.name = options[i].name,
			.has_arg = options[i].value != NULL ? required_argument : no_argument,
			.val = (int)i,
		};
	}
	longs[COUNT(options)] = (struct option){ "help", no_argument, NULL, OPTION_HELP };
	longs[COUNT(options) + 1] = (struct option){ "version", no_argument, NULL, OPTION_VERSION };
	longs[COUNT(options) + 2] = (struct option){ 0 };
}

static const struct option_row *row_of(int value)
{
	for (size_t i = 0; i < COUNT(options); i++) {
		if (value == (int)i || (options[i].letter != 0 && value == options[i].letter)) {
			return &options[i];
		}
	}
	return NULL;
}

/*! What the options come to: go on, or end with a code. */
enum { GO_ON = -1 };

/*! \param given  Out: bit I is set if options[I] was given. */
static int parse_options(int argc, char **argv, struct command_line *line, unsigned *given)
{
	struct option longs[COUNT(options) + 3];
	fill_long_options(longs);
	for (;;) {
		int value = getopt_long(argc, argv, "c:o:hV", longs, NULL);
		const struct option_row *row = row_of(value);
		if (row != NULL) {
			void *member = (char *)line + row->member;
			*given |= 1u << (row - options);
			if (row->value != NULL) {
				*(const char **)member = optarg;
			} else {
				*(bool *)member = true;
			}
		} else if (value == -1) {
			return GO_ON;
		} else if (value == 'h' || value == OPTION_HELP) {
			print_help();
			return EXIT_GOOD;
		} else if (value == 'V' || value == OPTION_VERSION) {
			(void)printf("multihomectl (%s) %s\n", PACKAGE_NAME, PACKAGE_VERSION);
			return EXIT_GOOD;
		} else {
			return usage_hint();
		}
	}
}

static bool options_fit(const struct command *command, unsigned given)
{
	for (size_t i = 0; i < COUNT(options); i++) {
		if ((given & (1u << i)) != 0 && (options[i].commands & command->bit) == 0) {
			struct text takers = TEXT_EMPTY;
			add_names(&takers, options[i].commands);
			command_error("--%s, no option of '%s' (but of: %s)", options[i].name,
			              command->name, takers.data);
			text_free(&takers);
			return false;
		}
	}
	return true;
}

static int run(int argc, char **argv)
{
	struct command_line line = { .config = SITE_DEFAULT_PATH };
	unsigned given = 0;
	int code = parse_options(argc, argv, &line, &given);
	if (code != GO_ON) {
		return code;
	}
	argc -= optind;
	argv += optind;
	if (argc == 0) {
		command_error("no command given");
		return usage_hint();
	}

	int used;
	const struct command *command = find_command(argc, argv, &used);
	if (command == NULL || !options_fit(command, given)) {
		return usage_hint();
	}
	int operands = command->operand != NULL ? 1 : 0;
	if (argc - used != operands) {
		command_error("'%s', takes %s%s", command->name,
		              operands > 0 ? "one operand: " : "no operand",
		              operands > 0 ? command->operand : "");
		return usage_hint();
	}
	line.name = operands > 0 ? argv[used] : NULL;
	return command->run(&line);
}

int main(int argc, char **argv)
{
	(void)setlocale(LC_CTYPE, "");
	int code = run(argc, argv);
	// A full disk or closed pipe shows here at the latest.
	if (fclose(stdout) != 0) {
		command_error("standard output, failed to write (%s)", strerror(errno));
		return code == EXIT_GOOD ? EXIT_WRONG : code;
	}
	return code;
}
