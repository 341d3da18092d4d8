/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Whether the name server of an uplink can be asked, over UDP and TCP.
 */

#include <errno.h>
#include <libknot/libknot.h>
#include <string.h>
#include <sys/socket.h>

#include "ctl/check_dns_parts.h"
#include "ctl/zone_names.h"

#define UPLINKS "uplinks"

/*! Whether the daemon says so. */
static bool is_down(const struct check_dns *check, const struct uplink *uplink)
{
	const char *state = uplink_status(check, uplink, "state");
	return state != NULL && strcmp(state, "down") == 0;
}

/*! What may be the reason, the likeliest first. */
static void remedy_reach(const struct check_dns *check, const struct uplink *uplink,
                         const struct address *address, int error, const char *protocol)
{
	const char *reason = uplink_status(check, uplink, "reason");
	if (is_down(check, uplink)) {
		findings_remedy(check->findings, "mend the uplink: %s",
		                reason != NULL && reason[0] != '\0' ? reason : "see its provider");
	} else if (error == -ECONNREFUSED && is_own(check, address)) {
		findings_remedy(check->findings, "start knotd with the part of 'multihomectl "
		                                 "knot-conf', which listens there");
	} else if (error == -ECONNREFUSED) {
		findings_remedy(check->findings,
		                "start knotd; if it runs, have the provider's router pass %s port "
		                "53 on to the gateway",
		                protocol);
	} else {
		findings_remedy(check->findings,
		                "if 'multihomectl status' shows the uplink up, let %s port 53 in: "
		                "the gateway's input chain, then the provider's router",
		                protocol);
	}
}

/*! Behind a provider's NAT: few lead their own customers back in. */
static bool is_inside_nat(const struct check_dns *check, const struct uplink *uplink,
                          const struct address *address)
{
	if (zone_addresses(uplink, address->family) != &uplink->public_address ||
	    is_own(check, address)) {
		return false;
	}
	bool inside = false;
	for (size_t i = 0; i < uplink->address.count; i++) {
		inside |= uplink->address.items[i].family == address->family &&
		          is_own(check, &uplink->address.items[i]);
	}
	return inside;
}

/*! \return Whether there was a reply. */
static bool check_transport(const struct check_dns *check, const struct uplink *uplink,
                            const struct address *address, bool tcp)
{
	const char *protocol = tcp ? "TCP" : "UDP";
	char place[PLACE_SIZE];
	const struct dns_query *query =
		ask_server(check, address, check->site->hosts[0].domain, KNOT_RRTYPE_SOA, tcp);
	if (query == NULL || query->reply != NULL) {
		return query != NULL;
	}
	if (is_beyond(address, query->error)) {
		findings_add(check->findings, FINDING_NOTE, UPLINKS, tcp ? "TCP 53" : "UDP 53",
		             uplink_place(uplink, address, place),
		             "not asked, this machine has no IPv6");
		return false;
	}
	if (is_inside_nat(check, uplink, address)) {
		findings_add(check->findings, FINDING_NOTE, UPLINKS, tcp ? "TCP 53" : "UDP 53",
		             uplink_place(uplink, address, place),
		             "%s, but the gateway is behind that address itself",
		             query_problem(query));
		findings_remedy(check->findings, "run it outside, with a copy of the site file");
		return false;
	}
	findings_add(check->findings, FINDING_WRONG, UPLINKS, tcp ? "TCP 53" : "UDP 53",
	             uplink_place(uplink, address, place), "%s%s", query_problem(query),
	             is_down(check, uplink) ? ", the uplink is down" : "");
	remedy_reach(check, uplink, address, query->error, protocol);
	return false;
}

static void check_view(const struct check_dns *check, const struct uplink *uplink,
                       const struct address *address)
{
	if (is_own(check, address)) {
		findings_add(check->findings, FINDING_NOTE, "this machine", "view", uplink->id,
		             "is the gateway: what it asks itself proves knotd, not the way in");
		findings_remedy(check->findings,
		                "run it outside as well, with a copy of the site file");
	}
}

void check_dns_uplink(const struct check_dns *check, const struct uplink *uplink)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	if (is_unknown(uplink)) {
		findings_add(check->findings, FINDING_WARNING, UPLINKS, "address", uplink->id,
		             "not known, so not checked: none in the site file, and %s",
		             check->no_status != NULL ? check->no_status : "the daemon has none");
		findings_remedy(check->findings,
		                "run it on the gateway while the uplink is up, or write the key "
		                "'public-address'");
		return;
	}
	if (check->site->host_count == 0) {
		return; // No zone of a host to ask for.
	}
	bool good[] = { true, true };
	for (size_t f = 0; f < 2; f++) {
		const struct address *address = zone_address(uplink, families[f]);
		if (address != NULL) {
			check_view(check, uplink, address);
			bool udp = check_transport(check, uplink, address, false);
			bool tcp = check_transport(check, uplink, address, true);
			good[0] &= udp;
			good[1] &= tcp;
		}
	}
	for (size_t tcp = 0; tcp < 2; tcp++) {
		if (good[tcp]) {
			findings_add(check->findings, FINDING_GOOD, UPLINKS,
			             tcp ? "TCP 53" : "UDP 53", uplink->id, "answers");
		}
	}
}
