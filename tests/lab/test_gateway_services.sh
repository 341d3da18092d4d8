#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The gateway's own services answer by the uplink that was asked, above all DNS.

. "$(dirname "$0")/lib.sh"
lab_up
require "the gateway serves by both uplinks" gateway_up

# Entries of the client's questions; the LAN's may be tracked.
dns_tracked() {
	local family
	for family in ipv4 ipv6; do
		ns gw conntrack -L -f "$family" 2>/dev/null
	done | grep -E "src=($client4|$client6) " | grep -E 'port=(53|5301|5302) '
}
# A service of the gateway that is not DNS.
spawn gw "$build/tests/lab/echo" 7007 >"$lab/gw/echo.log" 2>&1

own_services() {
	local uplink
	for uplink in primary backup; do
		expect "$1$uplink: DNS, udp, IPv4" same "${address4[$uplink]}" answer_by $uplink A
		expect "$1$uplink: DNS, udp, IPv6" same "${address6[$uplink]}" answer_by6 $uplink AAAA
		expect "$1$uplink: DNS, tcp, IPv4" same "${address4[$uplink]}" answer_by $uplink A +tcp
		expect "$1$uplink: DNS, tcp, IPv6" same "${address6[$uplink]}" answer_by6 $uplink AAAA +tcp
		expect "$1$uplink: DNS replies" same "${interface[$uplink]}" replies_took answer_by $uplink
		expect "$1$uplink: DNS replies, tcp" \
			same "${interface[$uplink]}" replies_took answer_by $uplink A +tcp
		expect "$1$uplink: another service, IPv4" udp_by $uplink 7007
		expect "$1$uplink: another service, IPv6" udp_by6 $uplink 7007
	done
	expect "$1DNS leaves nothing in conntrack" same "" dns_tracked
}
own_services ""
expect "the LAN gets the inside address" same $server4 \
	ns lan kdig +short +timeout=1 +retry=0 @192.168.2.1 www.example.com A

ip_batch gw <<-END
	route del default via ${router4[primary]}
	route del default via ${router6[primary]}
END
own_services "no default route, "

knotd_stop
daemon_stop
site_lines=('dns-binding: port')
require "the gateway serves by both uplinks, binding port" gateway_up
own_services "binding port, "
expect "binding port: knotd's port itself is closed to the outside" \
	fails ns cli kdig +timeout=1 +retry=0 -p 5301 @192.168.2.1 www.example.com A
lab_end
