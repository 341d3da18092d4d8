/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The uplinks: their state, their probes, and whether the outside reaches their services.
 */

#include <stdio.h>
#include <string.h>

#include "ctl/check_gateway_parts.h"

/*! Room for «uplink primary». */
#define SUBJECT_SIZE 80

/*! The daemon's reasons bring their remedy along, if there is one. */
#define REMEDY "; remedy: "

static const struct {
	const char *state;
	enum finding_level level;
	const char *message;
} states[] = {
	{ "down", FINDING_WARNING, "down" },
	{ "unknown", FINDING_WARNING, "not answered, its probes have no verdict yet" },
	{ "degraded", FINDING_WARNING, "degraded" },
	{ "outbound", FINDING_WARNING, "good for going out only" },
	{ "drained", FINDING_NOTE, "drained: new clients are sent elsewhere" },
};

/*! What to do, by a part of the daemon's reason; «%s» is the interface. */
static const struct {
	const char *reason;
	const char *remedy;
} remedies[] = {
	{ "does not exist", "write the right 'interface', or see what should make %s" },
	{ "is down", "ip link set %s up" },
	{ "no carrier", "see to the cable at %s, and to the modem behind it" },
	{ "is not on interface", "add it to %s, or leave the key 'address' away to follow it" },
	{ "has no IPv4 address", "see to the DHCP client or PPP of %s" },
	{ "", "'multihomectl explain' and 'multihomectl history' tell more of %s" },
};

static void remedy_reason(const char *reason, const char *interface, struct findings *findings)
{
	const char *told = strstr(reason, REMEDY);
	size_t i = 0;
	if (told != NULL) {
		findings_remedy(findings, "%s", told + strlen(REMEDY));
		return;
	}
	while (strstr(reason, remedies[i].reason) == NULL) {
		i++;
	}
	// The formats are all ours, with one %s each.
	char remedy[160];
	const char *at = strstr(remedies[i].remedy, "%s");
	(void)snprintf(remedy, sizeof(remedy), "%.*s%s%s", (int)(at - remedies[i].remedy),
	               remedies[i].remedy, interface, at + 2);
	findings_remedy(findings, "%s", remedy);
}

static void check_state(const json_t *uplink, const char *subject, bool alone,
                        struct findings *findings)
{
	const char *state = member_text(uplink, "state");
	const char *reason = member_text(uplink, "reason");
	const char *told = strstr(reason, REMEDY);
	int length = told != NULL ? (int)(told - reason) : (int)strlen(reason);
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		if (strcmp(states[i].state, state) != 0) {
			continue;
		}
		bool drained = strcmp(state, "drained") == 0;
		findings_add(findings, alone && !drained ? FINDING_WRONG : states[i].level, subject,
		             "state", NULL, "%s%s%.*s", states[i].message, length > 0 ? ": " : "",
		             length, reason);
		if (drained) {
			findings_remedy(findings, "multihomectl undrain %s",
			                member_text(uplink, "id"));
		} else {
			remedy_reason(reason, member_text(uplink, "interface"), findings);
		}
	}
	good_if_silent(findings, subject, "state", "up");
}

static void check_probes(const json_t *uplink, const char *subject, struct findings *findings)
{
	const json_t *probes = json_object_get(uplink, "probes");
	if (json_array_size(probes) == 0) {
		findings_add(findings, FINDING_NOTE, subject, "probes", NULL,
		             "none: an outage behind a router that lives is not noticed");
		findings_remedy(findings, "write 'probe: [icmp ADDRESS, tcp ADDRESS:443]' into the "
		                          "site file, with addresses at the provider and beyond");
	}
	for (size_t i = 0; i < json_array_size(probes); i++) {
		const json_t *probe = json_array_get(probes, i);
		if (strcmp(member_text(probe, "state"), "failing") == 0) {
			findings_add(findings, FINDING_WARNING, subject, "probes", NULL,
			             "%s fails: %s", member_text(probe, "probe"),
			             member_text(probe, "fault"));
			findings_remedy(findings,
			                "if the address answers no more though the uplink "
			                "works, probe another one");
		}
	}
	good_if_silent(findings, subject, "probes", "good");
}

/*! By the place where the last attempt died. */
static const struct {
	const char *died;
	enum finding_level level;
	const char *remedy;
} deaths[] = {
	{ "service", FINDING_WRONG,
	  "start the service on the server, or take its port from the site file" },
	{ "elsewhere", FINDING_WRONG,
	  "have the provider's router pass the port on: it answers itself" },
	{ "way back", FINDING_WRONG,
	  "see to what drops answers: the gateway's output and forward chains, then the "
	  "providers" },
	{ "inside", FINDING_WRONG,
	  "see to the forward chain of other rulesets, to the server's own firewall, and that its "
	  "default route leads here" },
	// Which of the two providers it is cannot be told from here.
	{ "between", FINDING_WARNING,
	  "try it from outside; if it fails there too, the provider or its router blocks the "
	  "port" },
	{ "here", FINDING_WRONG, "see to what drops packets in the gateway's output chains" },
	{ "", FINDING_WARNING, "see 'multihomectl status --json'" },
};

static void check_line(const json_t *line, const char *subject, const char *id,
                       struct findings *findings)
{
	const char *state = member_text(line, "state");
	const char *died = member_text(line, "died");
	char where[64];
	size_t i = 0;
	(void)snprintf(where, sizeof(where), "%s %s", id, member_text(line, "service"));
	if (strcmp(state, "unknown") == 0) {
		findings_add(findings, FINDING_NOTE, subject, "inbound", where, "%s",
		             member_text(line, "detail"));
		return;
	} else if (strcmp(state, "proven") == 0) {
		return;
	}
	while (strcmp(deaths[i].died, died) != 0 && deaths[i].died[0] != '\0') {
		i++;
	}
	findings_add(findings, deaths[i].level, subject, "inbound", NULL, "%s over %s: %s, %s",
	             member_text(line, "service"), member_text(line, "family"), state,
	             member_text(line, "detail"));
	findings_remedy(findings, "%s", deaths[i].remedy);
}

static void check_inbound(const struct gateway_facts *facts, const json_t *uplink,
                          const char *subject, struct findings *findings)
{
	const json_t *lines = json_object_get(uplink, "inbound");
	if (!site_crosses(facts->site)) {
		findings_add(findings, FINDING_NOTE, subject, "inbound", NULL, "not proven: %s",
		             facts->site->uplink_count > 1 ? "cross-probes are switched off"
		                                           : "it takes a second uplink");
		findings_remedy(findings, "%s",
		                facts->site->uplink_count > 1
		                        ? "write 'cross-probe: on' into the site file"
		                        : "try the services from outside");
		return;
	}
	for (size_t i = 0; i < json_array_size(lines); i++) {
		check_line(json_array_get(lines, i), subject, member_text(uplink, "id"), findings);
	}
	good_if_silent(findings, subject, "inbound", "each service is proven");
}

static bool is_up(const json_t *uplink)
{
	const char *state = member_text(uplink, "state");
	return strcmp(state, "up") == 0 || strcmp(state, "degraded") == 0;
}

void check_gateway_uplinks(const struct gateway_facts *facts, struct findings *findings)
{
	const json_t *uplinks = json_object_get(facts->status, "uplinks");
	size_t up = 0;
	for (size_t i = 0; i < json_array_size(uplinks); i++) {
		up += is_up(json_array_get(uplinks, i)) ? 1 : 0;
	}
	for (size_t i = 0; i < json_array_size(uplinks); i++) {
		const json_t *uplink = json_array_get(uplinks, i);
		char subject[SUBJECT_SIZE];
		(void)snprintf(subject, sizeof(subject), "uplink %s", member_text(uplink, "id"));
		check_state(uplink, subject, up == 0, findings);
		check_probes(uplink, subject, findings);
		check_inbound(facts, uplink, subject, findings);
	}
}
