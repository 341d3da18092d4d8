/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The name server: whether it listens for each uplink, and tells them apart.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctl/check_dns_parts.h"
#include "ctl/check_gateway_parts.h"
#include "ctl/knot_conf.h"

#define NAME_SERVER "name server"

/*! Whether nobody listens anywhere. */
static bool is_dead(const struct gateway_facts *facts)
{
	bool dead = facts->answer_count > 0;
	for (size_t i = 0; i < facts->answer_count; i++) {
		dead = dead && facts->answers[i].error == -ECONNREFUSED;
	}
	return dead;
}

static void check_answer(const struct gateway_answer *answer, struct findings *findings)
{
	char address[ADDRESS_TEXT_MAX];
	char where[ADDRESS_TEXT_MAX + 80];
	(void)snprintf(where, sizeof(where), "%s %s@%u", answer->uplink->id,
	               address_format(&answer->address, address), answer->port);
	if (answer->error != 0) {
		findings_add(findings, FINDING_WRONG, NAME_SERVER, "listens", where, "%s",
		             error_words(answer->error));
		findings_remedy(
			findings, "%s",
			answer->error == -ECONNREFUSED
				? "take the part of 'multihomectl knot-conf' into knot.conf, "
				  "and restart knotd: it listens there"
				: "see to the gateway's own input chain, and to knotd's log");
	} else if (answer->problem != NULL) {
		findings_add(findings, FINDING_WRONG, NAME_SERVER, "answers", where, "%s: %s",
		             answer->host, answer->problem);
		findings_remedy(findings, "multihomectl explain %s", answer->host);
	} else if (!answer->expected) {
		findings_add(findings, FINDING_WRONG, NAME_SERVER, "answers", where,
		             "%s: %s, not what the daemon publishes for this uplink", answer->host,
		             answer->answer);
		findings_remedy(findings, "take the part of 'multihomectl knot-conf' into "
		                          "knot.conf, with mod-arrival, and restart knotd");
	}
}

/*! A knotd that does not know interfaces does not start with such a configuration. */
static void check_version(const struct site *site, struct findings *findings)
{
	if (site->dns_binding == DNS_BINDING_DEVICE && !knot_conf_has_devices()) {
		findings_add(
			findings, FINDING_WRONG, NAME_SERVER, "version", NULL,
			"dns-binding device needs Knot DNS 3.5.5, this is built for an older one");
		findings_remedy(findings, "write 'dns-binding: port', and take the part of "
		                          "'multihomectl knot-conf' into knot.conf anew");
	}
}

void check_gateway_answers(const struct gateway_facts *facts, struct findings *findings)
{
	check_version(facts->site, findings);
	if (is_dead(facts)) {
		findings_add(findings, FINDING_WRONG, NAME_SERVER, "listens", NULL,
		             "knotd does not run, or listens on none of the uplinks");
		findings_remedy(findings, "systemctl start knot");
		return;
	}
	for (size_t i = 0; i < facts->answer_count; i++) {
		check_answer(&facts->answers[i], findings);
	}
	if (facts->answer_count > 0) {
		good_if_silent(findings, NAME_SERVER, "listens", "at each uplink's address");
		good_if_silent(findings, NAME_SERVER, "answers", "each uplink with its address");
	}
}
