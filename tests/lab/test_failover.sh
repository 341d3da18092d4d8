#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# An uplink dies: who asks by name is served by the other one, within the TTL and one timeout.

. "$(dirname "$0")/lib.sh"
lab_up
require "the gateway serves by both uplinks" gateway_up

# TTL 10 s; unbound's timeouts for a name server that falls silent: 0.4-2 s, seldom up to 5 s.
page_by_name() {
	with_resolver curl -sS -4 --max-time 1 http://www.example.com/
}
expect "by name" wait_for 5 page_by_name
expect "by name, IPv6" with_resolver curl -sS -6 --max-time 2 http://www.example.com/

for uplink in primary backup; do
	cut $uplink
	expect "$uplink swallows everything: by name within TTL and timeout" wait_for 20 page_by_name
	mend $uplink
	expect "$uplink is back: serves" wait_for 2 uplink_serves $uplink

	cut $uplink carrier
	expect "$uplink has no carrier: by name within TTL and timeout" wait_for 20 page_by_name
	mend $uplink
	expect "$uplink is back: serves again" wait_for 5 uplink_serves $uplink
done

ip -n "$lab_id-gw" link set wan1 down
expect "withdrawn" wait_for 2 uplink_withdrawn backup
expect "the other goes on" same "${address4[primary]}" answer_by primary
gateway_addresses backup
expect "serves again" wait_for 5 uplink_serves backup

# Not ready for a reason inside: the name servers of both uplinks answer the one that works.
ns gw sysctl -qw net.ipv4.conf.wan1.rp_filter=1
expect "backup not ready: its name server answers the other" \
	wait_for 2 same "${address4[primary]}" answer_by backup
ns gw sysctl -qw net.ipv4.conf.wan1.rp_filter=0
expect "backup ready: its name server answers itself" \
	wait_for 2 same "${address4[backup]}" answer_by backup
ns gw sysctl -qw net.ipv4.ip_forward=0
expect "none ready: SERVFAIL" wait_for 2 same SERVFAIL rcode_by backup
ns gw sysctl -qw net.ipv4.ip_forward=1
expect "all ready" wait_for 2 by_each uplink_serves
lab_end
