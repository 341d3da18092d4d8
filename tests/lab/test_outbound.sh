#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the site itself opens: masqueraded, by the first usable uplink; and the LAN's way to itself.

. "$(dirname "$0")/lib.sh"
lab_up
site_lines=('hairpin: on')
require "both uplinks are published" data_plane_up

# asks NAMESPACE [OPTION...]: a question to a name server outside.
asks() {
	local from=$1
	shift
	ns "$from" kdig +short +timeout=1 +retry=0 "$@" example.com SOA | grep -q ns.hoster.com
}
outside_works() {
	local from
	for from in gw lan; do
		expect "$1$from: udp, IPv4" asks $from "@$hoster4"
		expect "$1$from: tcp, IPv4" asks $from +tcp "@$hoster4"
		expect "$1$from: udp, IPv6" asks $from "@$hoster6"
		expect "$1$from: tcp, IPv6" asks $from +tcp "@$hoster6"
	done
}
outside_works ""

for uplink in primary backup; do
	expect "hairpin to $uplink, IPv4" \
		ns lan curl -sS --max-time 1 "http://${address4[$uplink]}/"
	expect "hairpin to $uplink, IPv6" \
		ns lan curl -sS --max-time 1 "http://[${address6[$uplink]}]/"
	expect "hairpin to $uplink, another inside port" \
		ns lan curl -sS --max-time 1 "http://${address4[$uplink]}:443/"
done

# The administrator's second choice: without primary, the main table leads to the backup uplink.
ip -n "$lab_id-gw" route add default via "${router4[backup]}" metric 200
ip -n "$lab_id-gw" -6 route add default via "${router6[backup]}" metric 2000
ip -n "$lab_id-gw" link set wan0 down
expect "primary down: withdrawn" wait_for 2 uplink_withdrawn primary
outside_works "primary down, "
gateway_addresses primary
expect "primary up: published" wait_for 5 uplink_answered primary
outside_works "primary back, "

site_lines=('masquerade: off')
site_file
expect "masquerade off: reload" ctl reload
before=$(leaks)
ns lan kdig +short +timeout=1 +retry=0 "@$hoster4" example.com SOA >/dev/null 2>&1
expect "masquerade off: sources are untouched" [ "$(leaks)" -gt "$before" ]
[ "$cases_failed" = 0 ]
exit
