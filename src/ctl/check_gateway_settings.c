/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Settings of the kernel without which nothing is forwarded, or too little.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "ctl/check_gateway_parts.h"

#define SETTINGS "settings"

/*! Percent of the connection table that are too many, and almost. */
#define CONNTRACK_FULL 95
#define CONNTRACK_MUCH 80

/*! Room for the name of any setting with the name of an interface. */
#define NAME_SIZE 96

/*! \param name  A path, «ipv4/ip_forward». \return Its value, or absent. */
static int64_t setting(const struct gateway_facts *facts, const char *name, int64_t absent)
{
	return member_number(json_object_get(facts->observed, "settings"), name, absent);
}

static bool serves(const struct site *site, uint8_t family)
{
	for (size_t i = 0; i < site->server_count; i++) {
		if (server_address(&site->servers[i], family) != NULL) {
			return true;
		}
	}
	return false;
}

static void check_forwarding(const struct gateway_facts *facts, struct findings *findings)
{
	static const struct {
		uint8_t family;
		const char *name;
		const char *path;
		const char *remedy;
	} families[] = {
		{ AF_INET, "IPv4", "ipv4/ip_forward", "sysctl -w net.ipv4.ip_forward=1" },
		{ AF_INET6, "IPv6", "ipv6/conf/all/forwarding",
		  "sysctl -w net.ipv6.conf.all.forwarding=1" },
	};
	for (size_t i = 0; i < 2; i++) {
		int64_t value = setting(facts, families[i].path, -1);
		if (serves(facts->site, families[i].family) && value == 0) {
			findings_add(findings, FINDING_WRONG, SETTINGS, "forwarding",
			             families[i].name,
			             "off: the servers are not reached, and nothing is answered");
			findings_remedy(findings, "%s", families[i].remedy);
		}
	}
	good_if_silent(findings, SETTINGS, "forwarding", "on");
}

/*! A setting of an interface in the words of sysctl(8), which turns a dot of the name into a slash. */
static void write_name(const char *family, const char *interface, const char *key,
                       char name[static NAME_SIZE])
{
	(void)snprintf(name, NAME_SIZE, "net.%s.conf.%s.%s", family, interface, key);
	size_t start = strlen("net..conf.") + strlen(family);
	for (size_t i = start; i < start + strlen(interface) && i < NAME_SIZE; i++) {
		name[i] = name[i] == '.' ? '/' : name[i];
	}
}

static void check_rp_filter(const struct gateway_facts *facts, const struct uplink *uplink,
                            struct findings *findings)
{
	char path[NAME_SIZE];
	char name[NAME_SIZE];
	(void)snprintf(path, sizeof(path), "ipv4/conf/%s/rp_filter", uplink->interface);
	int64_t all = setting(facts, "ipv4/conf/all/rp_filter", 0);
	int64_t own = setting(facts, path, 0);
	// The larger one counts (ip-sysctl.rst of the kernel), and 1 is strict, 2 loose.
	if ((all > own ? all : own) == 1) {
		write_name("ipv4", uplink->interface, "rp_filter", name);
		findings_add(findings, FINDING_WRONG, SETTINGS, "rp_filter", uplink->id,
		             "strict on %s: what clients send is dropped, unless the default route "
		             "leads there",
		             uplink->interface);
		findings_remedy(findings, "sysctl -w %s%s=0",
		                all == 1 ? "net.ipv4.conf.all.rp_filter=0 " : "", name);
	}
}

static bool has_family(const struct address_list *list, uint8_t family)
{
	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i].family == family) {
			return true;
		}
	}
	return false;
}

/*! Whether the daemon knows an IPv6 router of an uplink. */
static bool has_router(const struct gateway_facts *facts, const struct uplink *uplink)
{
	const json_t *uplinks = json_object_get(facts->status, "uplinks");
	for (size_t i = 0; i < json_array_size(uplinks); i++) {
		const json_t *object = json_array_get(uplinks, i);
		const json_t *gateways = json_object_get(object, "gateway");
		for (size_t k = 0; k < json_array_size(gateways); k++) {
			const char *text = json_string_value(json_array_get(gateways, k));
			if (strcmp(member_text(object, "id"), uplink->id) == 0 && text != NULL &&
			    strchr(text, ':') != NULL) {
				return true;
			}
		}
	}
	return false;
}

/*! A router takes no advertisements, unless it is told to do both. */
static void check_accept_ra(const struct gateway_facts *facts, const struct uplink *uplink,
                            struct findings *findings)
{
	char path[NAME_SIZE];
	char name[NAME_SIZE];
	(void)snprintf(path, sizeof(path), "ipv6/conf/%s/accept_ra", uplink->interface);
	int64_t accept = setting(facts, path, -1);
	(void)snprintf(path, sizeof(path), "ipv6/conf/%s/forwarding", uplink->interface);
	bool followed =
		!has_family(&uplink->gateway, AF_INET6) && !has_family(&uplink->address, AF_INET6);
	if (accept == 1 && setting(facts, path, 0) == 1 && followed &&
	    serves(facts->site, AF_INET6) && !has_router(facts, uplink)) {
		write_name("ipv6", uplink->interface, "accept_ra", name);
		findings_add(findings, FINDING_WARNING, SETTINGS, "accept_ra", uplink->id,
		             "1 on %s, which forwards too: router advertisements are not taken",
		             uplink->interface);
		findings_remedy(findings, "sysctl -w %s=2", name);
	}
}

static void check_conntrack(const struct gateway_facts *facts, struct findings *findings)
{
	int64_t most = setting(facts, "netfilter/nf_conntrack_max", 0);
	int64_t count = setting(facts, "netfilter/nf_conntrack_count", 0);
	int64_t percent = most > 0 ? count * 100 / most : 0;
	if (percent >= CONNTRACK_MUCH) {
		bool full = percent >= CONNTRACK_FULL;
		findings_add(findings, full ? FINDING_WRONG : FINDING_WARNING, SETTINGS,
		             "conntrack", NULL,
		             "the connection table is %sfull (%" PRId64 " of %" PRId64
		             "): new connections are dropped then",
		             full ? "" : "nearly ", count, most);
		findings_remedy(findings, "sysctl -w net.netfilter.nf_conntrack_max=%" PRId64,
		                2 * most);
	}
	good_if_silent(findings, SETTINGS, "conntrack", "room for connections");
}

void check_gateway_settings(const struct gateway_facts *facts, struct findings *findings)
{
	check_forwarding(facts, findings);
	for (size_t i = 0; i < facts->site->uplink_count; i++) {
		check_rp_filter(facts, &facts->site->uplinks[i], findings);
		check_accept_ra(facts, &facts->site->uplinks[i], findings);
	}
	good_if_silent(findings, SETTINGS, "rp_filter", "not strict on the uplinks");
	check_conntrack(facts, findings);
}
