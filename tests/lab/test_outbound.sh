#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the site itself opens: translated, by the first uplink in use; and the LAN's way to itself.

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
# Neighbours are looked for anew where a link has been away.
outside_works() {
	local from
	for from in gw lan; do
		expect "$1$from: udp, IPv4" wait_for 2 asks $from "@$hoster4"
		expect "$1$from: tcp, IPv4" wait_for 2 asks $from +tcp "@$hoster4"
		expect "$1$from: udp, IPv6" wait_for 2 asks $from "@$hoster6"
		expect "$1$from: tcp, IPv6" wait_for 2 asks $from +tcp "@$hoster6"
	done
}
outside_works ""

# What one would look at with a browser on a modem: it is behind its own uplink alone.
router_answers() {
	wait_for 2 ns "$1" "$build/tests/lab/echo" -c "$2" 7000
}

for uplink in primary backup; do
	spawn "${isp[$uplink]}" "$build/tests/lab/echo" 7000 >"$lab/echo-$uplink.log" 2>&1
	expect "hairpin to $uplink, IPv4" \
		ns lan curl -sS --max-time 1 "http://${address4[$uplink]}/"
	expect "hairpin to $uplink, IPv6" \
		ns lan curl -sS --max-time 1 "http://[${address6[$uplink]}]/"
	expect "hairpin to $uplink, another inside port" \
		ns lan curl -sS --max-time 1 "http://${address4[$uplink]}:443/"
	for from in gw lan; do
		expect "$from reaches the router of $uplink by that uplink, IPv4" \
			router_answers $from "${router4[$uplink]}"
		expect "$from reaches the router of $uplink by that uplink, IPv6" \
			router_answers $from "${router6[$uplink]}"
	done
done

# A flow of datagrams from one port, as of a VPN or a telephone.
spawn cli "$build/tests/lab/echo" 7000 >"$lab/echo.log" 2>&1
datagram() {
	ns "$1" "$build/tests/lab/echo" -c "$client4" 7000 40001
}
# took UPLINK: the flow's connection is bound to it.
took() {
	local mark=0x1000000
	[ "$1" = primary ] || mark=0x2000000
	ns gw conntrack -L -p udp --dport 7000 -m $mark/0x3f000000 2>/dev/null | grep -q "dport=7000"
}
expect "a flow begins" wait_for 3 datagram lan
expect "it takes the first uplink" took primary

# The operator's only default route is that of the first uplink: nobody has to change it.
cut primary carrier
expect "primary cut: withdrawn" wait_for 2 uplink_withdrawn primary
expect "the flow goes on at once" wait_for 1 datagram lan
expect "by the other uplink" took backup
expect "its old connection is gone" fails took primary
outside_works "primary cut, "
mend primary
gateway_addresses primary
expect "primary mended: published" wait_for 5 uplink_answered primary
expect "a living flow stays where it is" datagram lan
expect "on the other uplink" took backup
expect "and has no second connection" fails took primary

ip -n "$lab_id-gw" link set wan0 down
expect "primary down: withdrawn" wait_for 2 uplink_withdrawn primary
outside_works "primary down, "

# With no way out at all nothing is gained by forgetting.
cut backup carrier
expect "both down: withdrawn" wait_for 2 uplink_withdrawn backup
expect "the flow is remembered" took backup
mend backup
gateway_addresses backup
expect "backup back: published" wait_for 5 uplink_answered backup
expect "the flow goes on" wait_for 1 datagram lan
gateway_addresses primary
expect "primary up: published" wait_for 5 uplink_answered primary
outside_works "primary back, "

# leaves_by NAMESPACE: the interface by which a new flow leaves.
leaves_by() {
	replies_took ns "$1" "$build/tests/lab/echo" -c "$client4" 7000
}
ctl drain primary >/dev/null
expect "drained: new flows take the other uplink" \
	same "${interface[backup]}" leaves_by lan
ctl undrain primary >/dev/null
expect "and the first again" same "${interface[primary]}" leaves_by lan

site_lines=('outbound: leave')
site_file
expect "outbound leave: reload" ctl reload
ip -n "$lab_id-gw" route replace default via "${router4[backup]}"
expect "outbound leave: the main table decides for the LAN" \
	same "${interface[backup]}" leaves_by lan
expect "outbound leave: and for the gateway" same "${interface[backup]}" leaves_by gw
site_lines=('outbound: failover')
site_file
expect "outbound failover: reload" ctl reload
expect "outbound failover: the first uplink, whatever the main table says" \
	same "${interface[primary]}" leaves_by lan
expect "outbound failover: for the gateway too" same "${interface[primary]}" leaves_by gw

site_lines=('masquerade: off')
site_file
expect "masquerade off: reload" ctl reload
before=$(leaks)
ns lan kdig +short +timeout=1 +retry=0 "@$hoster4" example.com SOA >/dev/null 2>&1
expect "masquerade off: sources are untouched" [ "$(leaks)" -gt "$before" ]
[ "$cases_failed" = 0 ]
exit
