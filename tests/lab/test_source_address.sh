#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# An inside server with an address for each uplink: replies are routed by source, without marks.

. "$(dirname "$0")/lib.sh"
reply_path=source-address
lab_up
require "both uplinks are published" data_plane_up

for uplink in primary backup; do
	expect "$uplink: tcp, IPv4" same "srv port=80 client=$client4" get_by $uplink
	expect "$uplink: tcp, IPv6" same "srv port=80 client=$client6" get_by6 $uplink
	expect "$uplink: tcp/9005 of a range" same "srv port=9005 client=$client4" get_by $uplink 9005
	expect "$uplink: udp, IPv4" udp_by $uplink 443
	expect "$uplink: udp, IPv6" udp_by6 $uplink 443
	expect "$uplink: replies, IPv4" same "${interface[$uplink]}" replies_took get_by $uplink
	expect "$uplink: replies, IPv6" same "${interface[$uplink]}" replies_took get_by6 $uplink
	expect "$uplink: replies, udp" same "${interface[$uplink]}" replies_took udp_by $uplink 443
done

# What the server opens from an uplink's address leaves by that uplink.
outgoing() {
	ns srv kdig +short +tcp +timeout=1 +retry=0 -b "$1" "@$hoster4" example.com SOA
}
isp_forwarded() {
	local before
	before=$(ns "$1" cat /sys/class/net/net/statistics/tx_packets)
	outgoing "$2" && [ "$(ns "$1" cat /sys/class/net/net/statistics/tx_packets)" -gt "$before" ]
}
expect "the server's connections from 10.0.1.1 leave by the primary uplink" isp_forwarded isp1 10.0.1.1
expect "the server's connections from 10.0.1.5 leave by the backup uplink" isp_forwarded isp2 10.0.1.5
expect "the LAN reaches the server's address for an uplink" \
	ns lan curl -sS --max-time 1 -o /dev/null http://10.0.1.5/
lab_end
