/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Facts about the gateway for those who judge it.
 */

#include "daemon/observe.h"

#include <string.h>
#include <sys/socket.h>

#include "daemon/sysctl.h"

static void add_setting(json_t *settings, const char *name)
{
	int value;
	if (sysctl_number(name, &value) == 0) {
		json_object_set_new(settings, name, json_integer(value));
	}
}

static json_t *observe_settings(const struct site *site)
{
	static const char *const global[] = {
		"ipv4/ip_forward",
		"ipv4/conf/all/rp_filter",
		"ipv6/conf/all/forwarding",
		"netfilter/nf_conntrack_count",
		"netfilter/nf_conntrack_max",
	};
	static const char *const each[] = {
		"ipv4/conf/%s/rp_filter",
		"ipv6/conf/%s/accept_ra",
		"ipv6/conf/%s/forwarding",
	};
	json_t *settings = json_object();
	for (size_t i = 0; i < sizeof(global) / sizeof(global[0]); i++) {
		add_setting(settings, global[i]);
	}
	for (size_t i = 0; i < site->uplink_count; i++) {
		for (size_t k = 0; k < sizeof(each) / sizeof(each[0]); k++) {
			struct text name = TEXT_EMPTY;
			const char *slash = strchr(each[k], '%');
			text_add(&name, "%.*s%s%s", (int)(slash - each[k]), each[k],
			         site->uplinks[i].interface, slash + 2);
			if (!name.failed) {
				add_setting(settings, name.data);
			}
			text_free(&name);
		}
	}
	return settings;
}

static json_t *family_json(uint8_t family)
{
	return json_string(family_name(family == AF_INET ? FAMILY_4 : FAMILY_6));
}

static json_t *report_rules(const struct others *others)
{
	json_t *rules = json_array();
	for (size_t i = 0; i < others->rule_count; i++) {
		const struct other_rule *rule = &others->rules[i];
		struct text text = TEXT_EMPTY;
		char from[ADDRESS_TEXT_MAX] = "";
		other_rule_print(rule, &text);
		if (rule->from.address.family != 0) {
			(void)prefix_format(&rule->from, from);
		}
		json_array_append_new(
			rules, json_pack("{s:o, s:s*, s:I, s:I, s:I, s:b, s:b, s:s, s:s, s:I}",
		                         "family", family_json(rule->family), "rule", text.data,
		                         "priority", (json_int_t)rule->priority, "mark",
		                         (json_int_t)rule->mark, "mask", (json_int_t)rule->mask,
		                         "inverted", rule->inverted, "narrow", rule->narrow, "from",
		                         from, "iif", rule->iif, "table", (json_int_t)rule->table));
		text_free(&text);
	}
	return rules;
}

static json_t *report_routes(const struct others *others)
{
	json_t *routes = json_array();
	for (size_t i = 0; i < others->route_count; i++) {
		const struct other_route *route = &others->routes[i];
		struct text text = TEXT_EMPTY;
		char destination[ADDRESS_TEXT_MAX];
		other_route_print(route, &text);
		json_array_append_new(
			routes,
			json_pack("{s:o, s:s*, s:I, s:s}", "family",
		                  family_json(route->route.family), "route", text.data, "table",
		                  (json_int_t)route->route.table, "destination",
		                  route->route.destination.length > 0
		                          ? prefix_format(&route->route.destination, destination)
		                          : "default"));
		text_free(&text);
	}
	return routes;
}

/*! Others' rules, and their routes in our tables and towards the aliases of cross-probes. */
static int observe_routing(const struct site *site, json_t *report)
{
	uint32_t tables[SITE_UPLINKS_MAX + 2];
	struct prefix prefixes[FAMILIES];
	struct others others = { 0 };
	struct others_wanted wanted = { .tables = tables, .prefixes = prefixes };
	for (unsigned number = 0; number <= site->uplink_count; number++) {
		tables[wanted.table_count++] = site_table(site, number);
	}
	tables[wanted.table_count++] = site_outbound_table(site);
	for (unsigned family = 0; site_crosses(site) && family < FAMILIES; family++) {
		prefixes[wanted.prefix_count++] = site_cross_prefix(site, family_number(family));
	}
	int ret = rtnl_others(&wanted, &others);
	if (ret == 0) {
		json_object_set_new(report, "rules", report_rules(&others));
		json_object_set_new(report, "routes", report_routes(&others));
	}
	others_deinit(&others);
	return ret;
}

static int take_effect(const struct other_effect *effect, void *context)
{
	static const char *const kinds[] = {
		[OTHER_SETS_MARK] = "mark",
		[OTHER_SETS_CT_MARK] = "ct-mark",
		[OTHER_OFFLOADS] = "offload",
		[OTHER_FILTERS_PATH] = "reverse-path-filter",
	};
	const struct other_chain *chain = effect->chain;
	json_array_append_new(context,
	                      json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:i}", "kind",
	                                kinds[effect->kind], "family", other_chain_family(chain),
	                                "table", chain->table, "chain", chain->name, "handle",
	                                (json_int_t)effect->handle, "bits",
	                                (json_int_t)effect->bits, "hooks", (int)effect->hooks));
	return 0;
}

json_t *observe_report(const struct standing *standing, const char **error)
{
	struct other_nft *nft = NULL;
	json_t *report = json_object();
	json_t *effects = json_array();
	json_object_set_new(report, "settings", observe_settings(standing->site));
	json_object_set_new(report, "effects", effects);
	int ret = observe_routing(standing->site, report);
	*error = "failed to list rules and routes";
	if (ret == 0) {
		*error = "failed to list the rulesets of nftables";
		ret = other_nft_open(&nft);
	}
	if (ret == 0) {
		ret = other_nft_scan(nft, take_effect, effects);
	}
	bool complete = false;
	json_t *drops = ret == 0 ? observe_drops(standing, nft, &complete) : NULL;
	if (drops == NULL) {
		json_decref(report);
		report = NULL;
	} else {
		json_object_set_new(report, "drops", drops);
		json_object_set_new(report, "complete", json_boolean(complete));
		json_object_set_new(report, "listed", json_boolean(!nft->cut));
	}
	other_nft_close(nft);
	return report;
}
