/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The chain from an uplink's interface to the answer in DNS, link by link, for one name.
 */

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "daemon/answers.h"
#include "daemon/report.h"
#include "site/provider.h"

/*! What a name stands for. */
struct named {
	const struct server *server; /*!< NULL: nothing. */
	const struct service_list *port;
	uplink_set uplinks;
};

/*! Everything a step looks at. */
struct chain {
	const struct standing *standing;
	struct named named;
	const struct table_host *row;       /*!< Published; may be NULL. */
	const struct table_uplink *arrival; /*!< Published; may be NULL. */
	const struct uplink_view *view;
};

/*! A link of the chain: says whether it holds, and in what words. */
typedef bool (*step_call)(const struct chain *chain, char *detail, size_t size);

static bool step_interface(const struct chain *chain, char *detail, size_t size)
{
	const struct uplink_view *view = chain->view;
	const char *state = view->link == NULL     ? "does not exist"
	                    : !view->link->up      ? "is down"
	                    : !view->link->carrier ? "is up, without carrier"
	                                           : "is up, with carrier";
	(void)snprintf(detail, size, "%s %s", view->uplink->interface, state);
	return view->link != NULL && view->link->up && view->link->carrier;
}

static bool step_address(const struct chain *chain, char *detail, size_t size)
{
	int used = 0;
	for (unsigned i = 0; i < FAMILIES; i++) {
		const struct uplink_family *family = &chain->view->family[i];
		char address[ADDRESS_TEXT_MAX];
		char gateway[ADDRESS_TEXT_MAX];
		if (family->routed) {
			used += snprintf(detail + used, size - (size_t)used, "%s%s via %s",
			                 used != 0 ? ", " : "",
			                 address_format(&family->address, address),
			                 family->gateway.family != 0
			                         ? address_format(&family->gateway, gateway)
			                         : "the interface itself");
		}
	}
	if (used == 0) {
		(void)snprintf(detail, size, "%s", uplink_view_reason(chain->view));
	}
	return used != 0;
}

/*! Whether it would be usable but for its probes, or for a public address to be learnt. */
static bool is_withheld(const struct uplink_view *view)
{
	return view->family[FAMILY_4].withheld || view->family[FAMILY_6].withheld ||
	       view->family[FAMILY_4].hidden || view->family[FAMILY_6].hidden;
}

static bool step_settings(const struct chain *chain, char *detail, size_t size)
{
	const char *reason = uplink_view_reason(chain->view);
	bool withheld = is_withheld(chain->view);
	bool flawless = strcmp(reason, "up") == 0 || withheld;
	(void)snprintf(detail, size, "%s",
	               flawless ? "forwarding and rp_filter let the forwards pass" : reason);
	return uplink_view_usable(chain->view) || withheld;
}

/*! An address that the outside tells; without one to be learnt there is no such step. */
static bool step_discovered(const struct chain *chain, char *detail, size_t size)
{
	struct text text = TEXT_EMPTY;
	bool good = report_discover_uplink(chain->standing, chain->view, &text);
	(void)snprintf(detail, size, "%s", text.data != NULL ? text.data : "");
	text_free(&text);
	return good || uplink_view_usable(chain->view);
}

/*! Without probes there is no such step. */
static bool step_probes(const struct chain *chain, char *detail, size_t size)
{
	const struct probed *probed = probed_find(chain->standing->probed, chain->view->uplink->id);
	struct text reason = TEXT_EMPTY;
	const char *state = "up";
	detail[0] = '\0';
	if (probed == NULL) {
		return true;
	}
	bool doubt = report_probe_state(chain->standing, chain->view, &state, &reason);
	bool paused = probed->lines[0].health.paused;
	(void)snprintf(detail, size, "%s",
	               reason.data != NULL ? reason.data
	               : paused            ? "paused: they need link, address and gateway"
	                                   : "they speak for it");
	text_free(&reason);
	return !doubt || uplink_view_usable(chain->view);
}

/*! A family that the uplink uses; of a dead uplink any, for what is installed stays installed. */
static bool family_counts(const struct uplink_view *view, unsigned family)
{
	return view->family[family].usable || !uplink_view_usable(view);
}

static const struct table_host *planned_row(const struct chain *chain)
{
	const struct table_host *row = chain->row;
	return row == NULL ? NULL
	                   : table_find_host(chain->standing->plan->table, row->owner,
	                                     row->owner_length);
}

/*!
 * What is answered instead of the uplink's address. Only a route keeps it from being so: there are no
 * cross-probes of it.
 * \return Whether it is led to the server.
 */
static bool add_own(const struct chain *chain, char *detail, size_t size)
{
	unsigned number = chain->view->uplink->number;
	const struct address own =
		provider_address(chain->standing->site, chain->named.server, number, AF_INET6);
	const struct table_host *planned = planned_row(chain);
	bool routed = planned == NULL || (planned->ready6 & UPLINK_BIT(number)) != 0;
	size_t used = strlen(detail);
	char text[ADDRESS_TEXT_MAX];
	if (own.family == 0 || !family_counts(chain->view, FAMILY_6)) {
		return true;
	}
	(void)snprintf(detail + used, size - used,
	               routed ? ", known outside as %s"
	                      : ", but %s is "
	                        "not routed into the LAN",
	               address_format(&own, text));
	return routed;
}

static bool step_forward(const struct chain *chain, char *detail, size_t size)
{
	unsigned number = chain->view->uplink->number;
	const struct address *target = NULL;
	char text[ADDRESS_TEXT_MAX];
	for (unsigned i = 0; i < FAMILIES && target == NULL; i++) {
		if (family_counts(chain->view, i)) {
			target = server_target(chain->named.server, number, family_number(i));
		}
	}
	if (target == NULL) {
		(void)snprintf(detail, size,
		               "server '%s' has no address of a family that the uplink can use",
		               chain->named.server->id);
		return false;
	}
	(void)snprintf(detail, size, "%zu service%s to %s %s", chain->named.port->count,
	               chain->named.port->count == 1 ? "" : "s", address_format(target, text),
	               chain->standing->ruleset ? "installed" : "not installed");
	bool led = add_own(chain, detail, size);
	return chain->standing->ruleset && (led || target->family == AF_INET);
}

static bool step_reply_path(const struct chain *chain, char *detail, size_t size)
{
	uplink_set bit = UPLINK_BIT(chain->view->uplink->number);
	bool good = false;
	for (unsigned i = 0; i < FAMILIES; i++) {
		good |= family_counts(chain->view, i) &&
		        (chain->standing->broken.family[i] & bit) == 0;
	}
	(void)snprintf(detail, size, "rules and table %u %s",
	               site_table(chain->standing->site, chain->view->uplink->number),
	               good ? "installed" : "not installed");
	return good;
}

/*! Whether the plan keeps the name from being answered by the uplink, since it is not reachable there. */
static bool is_blocked(const struct chain *chain)
{
	const struct table_host *planned = planned_row(chain);
	unsigned number = chain->view->uplink->number;
	bool has_target = server_target(chain->named.server, number, AF_INET) != NULL ||
	                  server_target(chain->named.server, number, AF_INET6) != NULL;
	// A mail gateway stands for one uplink, whatever the query came in on.
	return planned != NULL && planned->policy != ANSWER_UPLINK && has_target &&
	       ((planned->ready4 | planned->ready6) & UPLINK_BIT(number)) == 0;
}

/*! What cross-probes say is told; an answer fails by it only if the site requires that. */
static bool step_inbound(const struct chain *chain, char *detail, size_t size)
{
	struct text text = TEXT_EMPTY;
	detail[0] = '\0';
	if (report_cross_forward(chain->standing, chain->named.port, chain->view->uplink->number,
	                         &text) != NULL) {
		(void)snprintf(detail, size, "%s", text.data != NULL ? text.data : "");
	}
	text_free(&text);
	return !is_blocked(chain);
}

static bool step_drain(const struct chain *chain, char *detail, size_t size)
{
	bool drained = chain->arrival != NULL && chain->arrival->drained;
	(void)snprintf(detail, size, "%s", drained ? "the operator drains it" : "not drained");
	return !drained;
}

static bool step_published(const struct chain *chain, char *detail, size_t size)
{
	bool good = answers_offered(chain->arrival, chain->row, NULL) > 0;
	(void)snprintf(detail, size, "generation %llu of the answer table %s it",
	               (unsigned long long)chain->standing->published->meta.generation,
	               good ? "offers" : "does not offer");
	return good;
}

static const struct {
	const char *name;
	step_call call;
} steps[] = {
	{ "interface", step_interface },   { "address", step_address },
	{ "settings", step_settings },     { "public address", step_discovered },
	{ "probes", step_probes },         { "forward", step_forward },
	{ "reply path", step_reply_path }, { "inbound", step_inbound },
	{ "drain", step_drain },           { "dns", step_published },
};

static json_t *answers_of(const struct chain *chain)
{
	json_t *answers = json_array();
	struct address offered[TABLE_ADDRESSES_MAX];
	size_t count = answers_offered(chain->arrival, chain->row, offered);
	for (size_t i = 0; i < count; i++) {
		char text[ADDRESS_TEXT_MAX];
		json_array_append_new(answers, json_string(address_format(&offered[i], text)));
	}
	return answers;
}

static json_t *explain_uplink(const struct chain *chain)
{
	json_t *list = json_array();
	bool answered = true;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		char detail[512];
		bool good = steps[i].call(chain, detail, sizeof(detail));
		answered = answered && good;
		if (detail[0] == '\0') {
			continue;
		}
		json_array_append_new(list, json_pack("{s:s, s:b, s:s}", "step", steps[i].name,
		                                      "good", good, "detail", detail));
	}
	return json_pack("{s:s, s:b, s:o, s:o}", "id", chain->view->uplink->id, "answered",
	                 answered, "answer", answered ? answers_of(chain) : json_array(), "steps",
	                 list);
}

static bool host_has_name(const struct host *host, const char *name)
{
	bool found = strcasecmp(host->domain, name) == 0;
	for (size_t i = 0; !found && i < host->alias.count; i++) {
		char owner[TABLE_OWNER_MAX + 1];
		found = host_alias_owner(host, i, owner, sizeof(owner)) == 0 &&
		        strcasecmp(owner, name) == 0;
	}
	return found;
}

/*! The mail domains share their gateways: the first one speaks for all. */
static bool find_gateway(const struct site *site, const char *name, struct named *named)
{
	for (unsigned number = 1; site->mail_count > 0 && number <= site->uplink_count; number++) {
		char owner[TABLE_OWNER_MAX + 1];
		if (mail_gateway_owner(site, number, owner, sizeof(owner)) == 0 &&
		    strcasecmp(owner, name) == 0) {
			*named = (struct named){ site->mails[0].server, &site->mails[0].port,
				                 ~(uplink_set)0 };
			return true;
		}
	}
	return false;
}

/*! A host by its domain or an alias, or an uplink's mail gateway. */
static bool find_named(const struct site *site, const char *name, struct named *named)
{
	for (size_t i = 0; i < site->host_count; i++) {
		const struct host *host = &site->hosts[i];
		if (host_has_name(host, name)) {
			*named = (struct named){ host->server, &host->port, 0 };
			for (size_t k = 0; k < host->uplink_count; k++) {
				named->uplinks |= UPLINK_BIT(host->uplink[k]);
			}
			return true;
		}
	}
	return find_gateway(site, name, named);
}

json_t *report_explain(const struct standing *standing, const char *name, const char *uplink,
                       const char **error)
{
	struct chain chain = { .standing = standing };
	if (standing->plan == NULL || !find_named(standing->site, name, &chain.named)) {
		*error = "no host of the site has that name";
		return NULL;
	}
	const struct uplink *only =
		uplink != NULL ? site_uplink_by_id(standing->site, uplink) : NULL;
	if (uplink != NULL &&
	    (only == NULL || (chain.named.uplinks & UPLINK_BIT(only->number)) == 0)) {
		*error = only == NULL ? "no uplink has that id"
		                      : "the host does not use that uplink";
		return NULL;
	}

	uint8_t owner[TABLE_OWNER_MAX];
	int length = table_owner_from_text(name, owner);
	chain.row = length < 0 ? NULL : table_find_host(standing->published, owner, (size_t)length);
	json_t *uplinks = json_array();
	for (size_t i = 0; i < standing->plan->uplink_count; i++) {
		chain.view = &standing->plan->uplinks[i];
		unsigned number = chain.view->uplink->number;
		if ((chain.named.uplinks & UPLINK_BIT(number)) == 0 ||
		    (only != NULL && only->number != number)) {
			continue;
		}
		chain.arrival = table_find_uplink(standing->published, number);
		json_array_append_new(uplinks, explain_uplink(&chain));
	}
	return json_pack("{s:s, s:o}", "name", name, "uplinks", uplinks);
}
