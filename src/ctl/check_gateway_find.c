/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Judging of the gateway: the daemon, its table and the clock; the rest is in files of their own.
 */

#include "ctl/check_gateway_find.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "ctl/check_gateway_parts.h"

#define DAEMON "daemon"

/*! The daemon renews the heartbeat each 10 s; three missed ones are no chance. */
#define HEARTBEAT_LATE_MS 30000

const char *member_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text != NULL ? text : "";
}

int64_t member_number(const json_t *object, const char *key, int64_t absent)
{
	const json_t *number = json_object_get(object, key);
	return json_is_integer(number) ? json_integer_value(number) : absent;
}

/*! Whether a line of a cross-probe is that one; NULL stands for any. */
static bool is_line(const json_t *line, const char *family, const char *service)
{
	return (family == NULL || strcmp(member_text(line, "family"), family) == 0) &&
	       (service == NULL || strcmp(member_text(line, "service"), service) == 0);
}

const char *inbound_state(const struct gateway_facts *facts, const char *uplink, const char *family,
                          const char *service)
{
	const json_t *uplinks = json_object_get(facts->status, "uplinks");
	for (size_t i = 0; i < json_array_size(uplinks); i++) {
		const json_t *object = json_array_get(uplinks, i);
		const json_t *lines = json_object_get(object, "inbound");
		if (strcmp(member_text(object, "id"), uplink) != 0) {
			continue;
		}
		for (size_t k = 0; k < json_array_size(lines); k++) {
			if (is_line(json_array_get(lines, k), family, service)) {
				return member_text(json_array_get(lines, k), "state");
			}
		}
	}
	return "";
}

bool inbound_all_proven(const struct gateway_facts *facts)
{
	const json_t *uplinks = json_object_get(facts->status, "uplinks");
	bool proven = json_array_size(uplinks) > 0;
	for (size_t i = 0; i < json_array_size(uplinks); i++) {
		const json_t *lines = json_object_get(json_array_get(uplinks, i), "inbound");
		proven = proven && json_array_size(lines) > 0;
		for (size_t k = 0; proven && k < json_array_size(lines); k++) {
			proven = strcmp(member_text(json_array_get(lines, k), "state"), "proven") ==
			         0;
		}
	}
	return proven;
}

void good_if_silent(struct findings *findings, const char *subject, const char *check,
                    const char *message)
{
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];
		if (strcmp(finding->section, "gateway") == 0 &&
		    strcmp(finding->subject, subject) == 0 && strcmp(finding->check, check) == 0) {
			return;
		}
	}
	findings_add(findings, FINDING_GOOD, subject, check, NULL, "%s", message);
}

static void check_daemon(const struct gateway_facts *facts, struct findings *findings)
{
	if (facts->status == NULL) {
		findings_add(findings, FINDING_WRONG, DAEMON, "answer", NULL, "%s", facts->silence);
		findings_remedy(findings, "systemctl start multihomed");
		findings_add(findings, FINDING_WARNING, DAEMON, "view", NULL,
		             "what it alone can see was not looked at");
		findings_remedy(findings, "run it again when multihomed answers");
	} else if (facts->observed == NULL) {
		findings_add(findings, FINDING_WARNING, DAEMON, "view", NULL,
		             "it does not say what it sees of others: %s", facts->silence);
		findings_remedy(findings, "systemctl restart multihomed, if it is an older one "
		                          "than multihomectl");
	}
	if (facts->status != NULL) {
		good_if_silent(findings, DAEMON, "answer", "it answers");
	}
}

static void check_table(const struct gateway_facts *facts, struct findings *findings)
{
	const struct gateway_table *table = &facts->table;
	if (table->error == -EACCES || table->error == -EPERM) {
		findings_add(findings, FINDING_NOTE, DAEMON, "heartbeat", NULL,
		             "not looked at: no access to the answer table");
		findings_remedy(findings, "run it as root, or as a member of knotd's group");
	} else if (table->error != 0) {
		findings_add(findings, FINDING_WRONG, DAEMON, "heartbeat", NULL,
		             "the answer table cannot be read (%s)", strerror(-table->error));
		findings_remedy(findings, "systemctl restart multihomed, then see its log");
	} else if (table->other_boot) {
		findings_add(findings, FINDING_WRONG, DAEMON, "heartbeat", NULL,
		             "the answer table was written before this boot: nothing of it is "
		             "answered");
		findings_remedy(findings, "systemctl restart multihomed");
	} else if (table->stale_after_ms > 0 && table->age_ms > table->stale_after_ms) {
		findings_add(findings, FINDING_WRONG, DAEMON, "heartbeat", NULL,
		             "%" PRIu64 " s old: answers have ended", table->age_ms / 1000);
		findings_remedy(findings, "systemctl restart multihomed");
	} else if (table->age_ms > HEARTBEAT_LATE_MS) {
		findings_add(findings, FINDING_WRONG, DAEMON, "heartbeat", NULL,
		             "%" PRIu64 " s old: answers stay as they were then",
		             table->age_ms / 1000);
		findings_remedy(findings, "systemctl restart multihomed");
	} else if (facts->status != NULL &&
	           table->generation < (uint64_t)member_number(facts->status, "generation", 0)) {
		findings_add(findings, FINDING_WRONG, DAEMON, "heartbeat", NULL,
		             "knotd reads another answer table than the daemon writes");
		findings_remedy(findings, "systemctl restart multihomed knot");
	}
	good_if_silent(findings, DAEMON, "heartbeat", "fresh");
}

/*! TSIG (RFC 8945, section 5.2.3) refuses a clock that is 300 s off. */
static void check_clock(const struct gateway_facts *facts, struct findings *findings)
{
	bool needed = false;
	for (size_t i = 0; i < facts->site->on_change.count; i++) {
		needed |= strncmp(facts->site->on_change.items[i], "nsupdate", 8) == 0;
	}
	if (facts->unsynchronised) {
		findings_add(findings, needed ? FINDING_WARNING : FINDING_NOTE, DAEMON, "clock",
		             NULL, "not synchronised%s",
		             needed ? ": signed updates of the parent zone fail once it is 5 "
		                      "minutes off"
		                    : ": history and signatures need the right time");
		findings_remedy(findings, "timedatectl set-ntp true");
	}
	good_if_silent(findings, DAEMON, "clock", "synchronised");
}

void check_gateway_find(const struct gateway_facts *facts, struct findings *findings)
{
	findings->section = "gateway";
	if (facts->status == NULL && facts->elsewhere) {
		findings_add(findings, FINDING_NOTE, "this machine", "view", NULL,
		             "is not the gateway, so that was not looked at: it has none of the "
		             "uplinks' interfaces");
		findings_remedy(findings, "run 'multihomectl check gateway' on the gateway");
		return;
	}
	check_daemon(facts, findings);
	check_table(facts, findings);
	check_clock(facts, findings);
	if (facts->observed != NULL) {
		check_gateway_settings(facts, findings);
		check_gateway_routing(facts, findings);
		check_gateway_ruleset(facts, findings);
	}
	if (facts->status != NULL) {
		check_gateway_uplinks(facts, findings);
	}
	check_gateway_answers(facts, findings);
}
