/* SPDX-License-Identifier: GPL-2.0-or-later */

/*!
 * \brief What the subcommands have in common: the parsed command line, exit codes, the site, the daemon.
 */

#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "site/site.h"

/*! Exit codes of multihomectl. */
enum exit_code {
	EXIT_GOOD = 0,  /*!< All is well. */
	EXIT_WRONG = 1, /*!< Something that was asked about is wrong, or could not be done. */
	EXIT_USAGE = 2, /*!< The command line or the site file is wrong. */
};

/*! The parsed command line; what was not given is NULL or false. Texts belong to argv. */
struct command_line {
	const char *config; /*!< Site file; never NULL. */
	const char *socket;
	const char *name;
	const char *uplink;
	const char *serial;
	const char *output;
	const char *module_file;
	const char *sections;
	const char *zone_dir;
	const char *zones;
	const char *format;
	const char *interface;
	const char *resolver;
	const char *timeout;
	const char *addresses;
	const char *was;
	const char *send;
	const char *server;
	const char *since;
	bool json;
	bool mail;
	bool dnssec;
};

/*! \brief The subcommands, a file each. \return Exit code. */
int command_status(const struct command_line *line);
int command_explain(const struct command_line *line);
int command_history(const struct command_line *line);
int command_metrics(const struct command_line *line);
int command_confirm(const struct command_line *line);
int command_drain(const struct command_line *line);
int command_undrain(const struct command_line *line);
int command_reload(const struct command_line *line);
int command_check(const struct command_line *line);
int command_check_dns(const struct command_line *line);
int command_check_gateway(const struct command_line *line);
int command_zone_host(const struct command_line *line);
int command_server_setup(const struct command_line *line);
int command_zone_mail(const struct command_line *line);
int command_zone_parent(const struct command_line *line);
int command_knot_conf(const struct command_line *line);

/*! \brief Write «error: ...» on standard error. */
void command_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*!
 * \brief Load the site file; what is wrong with it has been written on standard error.
 * \param site  Out: freed by site_free().
 * \return 0 or -errno.
 */
int command_site(const struct command_line *line, struct site **site);

/*!
 * \brief Find what the user has named in the site file. Case and a last dot make no difference,
 *        unless that very name is there too.
 *
 * \param what     Of what kind, for the message.
 * \param name_of  The name of each.
 * \param count    How many there are.
 * \return Its index; or count, and what is known has been written on standard error.
 */
size_t command_find(const struct site *site, const char *what,
                    const char *(*name_of)(const struct site *site, size_t index), size_t count,
                    const char *name);

/*!
 * \brief Write a text to a file, in one step, or to standard output if path is NULL.
 * \return Exit code; the reason of a failure has been written on standard error.
 */
int command_write(const char *path, const struct text *text);

/*!
 * \brief The object in the daemon's answer that holds what was asked for.
 * \return Borrowed from the answer, or NULL; the reason has been written on standard error.
 */
const json_t *command_content(const json_t *answer, const char *key);

/*! \brief Write JSON to standard output, indented. \return Exit code. */
int command_write_json(const json_t *json);

/*! \brief Whether standard output is a terminal whose user wants colours (NO_COLOR is not set). */
bool command_color(void);

/*!
 * \brief Ask the daemon; whatever goes wrong has been written on standard error.
 *
 * \param line     For the path of the control socket.
 * \param request  Borrowed; NULL stands for one that could not be made.
 * \param refused  Exit code for a request that the daemon refuses.
 * \param answer   Out: an object with «ok» true, to release by json_decref(); only on success.
 * \return Exit code.
 */
int command_ask(const struct command_line *line, const json_t *request, enum exit_code refused,
                json_t **answer);
