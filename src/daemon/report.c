/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The status of the site as JSON.
 */

#include "daemon/report.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/answers.h"
#include "site/provider.h"

static void append_address(json_t *array, const struct address *address)
{
	char text[ADDRESS_TEXT_MAX];
	if (address->family != 0) {
		json_array_append_new(array, json_string(address_format(address, text)));
	}
}

/*! One word, and what the probes have to say. A family that is proved makes an uplink up. */
static const char *uplink_state(const struct standing *standing, const struct uplink_view *view,
                                struct text *reason)
{
	bool drained = (standing->drains->uplinks & UPLINK_BIT(view->uplink->number)) != 0;
	bool proved = false;
	bool open = false;
	for (unsigned family = 0; family < FAMILIES; family++) {
		const struct uplink_family *judged = &view->family[family];
		proved |= judged->usable && !judged->withheld;
		// The site's own connections may leave by it, but nobody can be told its address.
		open |= judged->open && !judged->closed;
	}
	const char *state = "up";
	bool probed = report_probe_state(standing, view, &state, reason);
	if (!proved) {
		return probed ? state : open ? "outbound" : "down";
	}
	return drained ? "drained" : probed && strcmp(state, "degraded") == 0 ? state : "up";
}

static json_t *status_uplink(const struct standing *standing, const struct uplink_view *view)
{
	unsigned number = view->uplink->number;
	const struct uplink_history *history = &standing->history[number];
	const struct table_uplink *row = table_find_uplink(standing->published, number);
	json_t *addresses = json_array();
	json_t *public = json_array();
	json_t *published = json_array();
	json_t *gateways = json_array();
	for (unsigned family = 0; family < FAMILIES; family++) {
		append_address(addresses, &view->family[family].address);
		append_address(public, &view->family[family].public);
		append_address(gateways, &view->family[family].gateway);
	}
	bool answered = row != NULL && row->usable;
	for (size_t i = 0; answered && i < row->address_count; i++) {
		append_address(published, &row->address[i]);
	}
	struct text text = TEXT_EMPTY;
	const char *state = uplink_state(standing, view, &text);
	const char *reason = text.data != NULL                    ? text.data
	                     : strcmp(history->reason, "up") == 0 ? ""
	                                                          : history->reason;
	json_t *object = json_pack(
		"{s:i, s:s, s:s, s:s, s:I, s:s, s:o, s:o, s:o, s:o, s:b}", "number", (int)number,
		"id", view->uplink->id, "interface", view->uplink->interface, "state", state,
		"since_s", (json_int_t)((table_now_ms() - history->since_ms) / 1000), "reason",
		reason, "address", addresses, "public", public, "published", published, "gateway",
		gateways, "answered", answered);
	text_free(&text);
	report_probes(standing, view->uplink, object);
	report_cross(standing, number, object);
	report_discover(standing, number, object);
	return object;
}

/*! Whether a server has a target for an uplink in a family that the uplink can use. */
static bool has_forward(const struct server *server, const struct uplink_view *view)
{
	for (unsigned family = 0; family < FAMILIES; family++) {
		if (server_target(server, view->uplink->number, family_number(family)) != NULL &&
		    (view->family[family].usable || !uplink_view_usable(view))) {
			return true;
		}
	}
	return false;
}

static bool has_reply_path(const struct standing *standing, unsigned number)
{
	return ((standing->broken.family[FAMILY_4] | standing->broken.family[FAMILY_6]) &
	        UPLINK_BIT(number)) == 0;
}

/*! What DNS does for a forward by one uplink; only host names are answered by us. */
static const char *dns_state(const struct standing *standing, const struct site_forward *forward,
                             unsigned number)
{
	uint8_t owner[TABLE_OWNER_MAX];
	int length =
		forward->kind == FORWARD_HOST ? table_owner_from_text(forward->name, owner) : -1;
	if (length < 0) {
		return "-";
	}
	const struct table_uplink *row = table_find_uplink(standing->published, number);
	const struct table_host *host = table_find_host(standing->published, owner, (size_t)length);
	bool ready = answers_offered(row, host, NULL) > 0 && !row->drained;
	return ready ? "answered" : "withdrawn";
}

static const struct host *find_host(const struct site *site, const char *domain)
{
	for (size_t i = 0; i < site->host_count; i++) {
		if (strcmp(site->hosts[i].domain, domain) == 0) {
			return &site->hosts[i];
		}
	}
	return NULL;
}

/*! What stands for a server on an uplink instead of the uplink's address, or NULL. */
static json_t *own_address(const struct standing *standing, const struct site_forward *forward,
                           unsigned number)
{
	const struct address own =
		provider_address(standing->site, forward->server, number, AF_INET6);
	char text[ADDRESS_TEXT_MAX];
	return own.family != 0 ? json_string(address_format(&own, text)) : NULL;
}

static json_t *status_forward(const struct standing *standing, const struct site_forward *forward)
{
	static const char *const kinds[] = {
		[FORWARD_HOST] = "host",
		[FORWARD_MAIL] = "mail",
		[FORWARD_NAMED] = "forward",
	};
	json_t *uplinks = json_array();
	for (size_t i = 0; i < standing->plan->uplink_count; i++) {
		const struct uplink_view *view = &standing->plan->uplinks[i];
		unsigned number = view->uplink->number;
		if ((forward->uplinks & UPLINK_BIT(number)) == 0) {
			continue;
		}
		bool installed = standing->ruleset && has_forward(forward->server, view);
		json_array_append_new(
			uplinks,
			json_pack("{s:s, s:s, s:s, s:s, s:s*, s:o*}", "id", view->uplink->id,
		                  "forward", installed ? "installed" : "missing", "reply_path",
		                  has_reply_path(standing, number) ? "installed" : "missing", "dns",
		                  dns_state(standing, forward, number), "inbound",
		                  report_cross_forward(standing, forward->port, number, NULL),
		                  "own_address", own_address(standing, forward, number)));
	}
	json_t *object =
		json_pack("{s:s, s:s, s:s, s:o}", "name", forward->name, "kind",
	                  kinds[forward->kind], "server", forward->server->id, "uplinks", uplinks);
	if (forward->kind == FORWARD_HOST) {
		const struct host *host = find_host(standing->site, forward->name);
		json_object_set_new(object, "policy",
		                    json_string(answer_policy_name(host->policy)));
		json_object_set_new(object, "ttl", json_integer(host->ttl));
	}
	return object;
}

static bool holds_addresses(const struct site *site)
{
	bool found = false;
	for (size_t i = 0; i < site->server_count; i++) {
		found |= provider_server(&site->servers[i]);
	}
	return found;
}

static json_t *status_warnings(const struct standing *standing)
{
	json_t *warnings = json_array();
	const char *line = standing->foreign_drops;
	while (*line != '\0') {
		size_t length = strcspn(line, "\n");
		json_array_append_new(
			warnings,
			json_sprintf("%.*s drops by policy and may stop the forwards; remedy: add "
		                     "«ct status dnat accept» to it%s",
		                     (int)length, line,
		                     holds_addresses(standing->site)
		                             ? ", and «ip6 daddr ADDRESS accept» for each "
		                               "uplink-address of a provider's prefix"
		                             : ""));
		line += length + (line[length] == '\n');
	}
	for (size_t i = 0; i < standing->plan->uplink_count; i++) {
		const struct uplink_view *view = &standing->plan->uplinks[i];
		for (unsigned family = 0; family < FAMILIES; family++) {
			const struct uplink_family *state = &view->family[family];
			bool again = family == FAMILY_6 &&
			             strcmp(state->reason, view->family[FAMILY_4].reason) == 0;
			if (state->reason[0] != '\0' && uplink_view_usable(view) && !again) {
				json_array_append_new(warnings, json_sprintf("uplink '%s': %s",
				                                             view->uplink->id,
				                                             state->reason));
			}
		}
	}
	report_cross_warnings(standing, warnings);
	report_discover_warnings(standing, warnings);
	return warnings;
}

json_t *report_status(const struct standing *standing, uint64_t started_ms)
{
	struct site_forward *forwards = NULL;
	size_t count = 0;
	if (standing->plan == NULL || site_forwards(standing->site, &forwards, &count) != 0) {
		return NULL;
	}
	json_t *uplinks = json_array();
	for (size_t i = 0; i < standing->plan->uplink_count; i++) {
		json_array_append_new(uplinks,
		                      status_uplink(standing, &standing->plan->uplinks[i]));
	}
	json_t *hosts = json_array();
	for (size_t i = 0; i < count; i++) {
		json_array_append_new(hosts, status_forward(standing, &forwards[i]));
	}
	free(forwards);
	json_t *daemon =
		json_pack("{s:i, s:I, s:s}", "pid", (int)getpid(), "uptime_s",
	                  (json_int_t)((table_now_ms() - started_ms) / 1000), "version", VERSION);
	return json_pack("{s:i, s:s, s:I, s:o, s:o, s:o, s:o}", "version", 1, "site",
	                 standing->site->domain, "generation",
	                 (json_int_t)standing->published->meta.generation, "daemon", daemon,
	                 "uplinks", uplinks, "hosts", hosts, "warnings", status_warnings(standing));
}
