#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A mail domain's zone served by the gateway itself: each mail gateway is its uplink's address, by
# whatever uplink it is asked, and another uplink's while that one is down.

. "$(dirname "$0")/lib.sh"
knot_conf_options=(--mail)
lab_up
require "both uplinks are published and serve" gateway_up

# gateway_asked UPLINK NUMBER [TYPE]: what mail gateway NUMBER is, asked by an uplink.
gateway_asked() {
	ns cli kdig +short +timeout=1 +retry=0 "@${address4[$1]}" "mail-gw-$2.example.com" "${3:-A}"
}

for uplink in primary backup; do
	expect "by $uplink: the first gateway" same "${address4[primary]}" gateway_asked $uplink 1
	expect "by $uplink: the second gateway" same "${address4[backup]}" gateway_asked $uplink 2
	expect "by $uplink: the second gateway, IPv6" same "${address6[backup]}" gateway_asked $uplink 2 AAAA
	expect "by $uplink: MX" same "10 mail-gw-1.example.com. 20 mail-gw-2.example.com." \
		ns cli kdig +short +timeout=1 +retry=0 "@${address4[$uplink]}" example.com MX
done

cut primary carrier
expect "a cut uplink's gateway is the other uplink" \
	wait_for 5 same "${address4[backup]}" gateway_asked backup 1
expect "by IPv6 too" same "${address6[backup]}" gateway_asked backup 1 AAAA
expect "the other one's stays" same "${address4[backup]}" gateway_asked backup 2
expect "the MX records stay" same "10 mail-gw-1.example.com. 20 mail-gw-2.example.com." \
	ns cli kdig +short +timeout=1 +retry=0 "@${address4[backup]}" example.com MX

mx_answer() {
	ns cli kdig +timeout=1 +retry=0 "@${address4[backup]}" example.com MX
}
expect "nor is its address beside the MX records" fails grep -F "${address4[primary]}" <(mx_answer)
expect "explain tells where mail goes" grep -q "answered with ${address4[backup]}" <(ctl explain mail-gw-1.example.com)
expect "explain names the interface" grep -q 'without carrier' <(ctl explain mail-gw-1.example.com)

mend primary
gateway_addresses primary
expect "it is back with its uplink" wait_for 10 same "${address4[primary]}" gateway_asked backup 1

require "primary drains" ctl drain primary
expect "a drained uplink's gateway is the other uplink" \
	wait_for 5 same "${address4[backup]}" gateway_asked backup 1
require "backup drains too" ctl drain backup
expect "all drained, all are answered" wait_for 5 same "${address4[primary]}" gateway_asked backup 1
expect "the other as well" same "${address4[backup]}" gateway_asked backup 2
lab_end
