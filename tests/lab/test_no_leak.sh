#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Whatever is missing at the moment, no packet leaves by the other ISP.

. "$(dirname "$0")/lib.sh"
lab_up
require "both uplinks are published" data_plane_up

# A conntrack entry that is gone turns the rest of its connection into strangers.
download_start backup
for _ in $(seq 20); do
	ns gw conntrack -F 2>/dev/null
	ns gw conntrack -D -p tcp --orig-port-dst 80 >/dev/null 2>&1
done
kill "$download_pid"
expect "conntrack flushed during a download" no_leaks

# With the daemon asleep nothing is repaired: what is left of the installed state must be safe.
spawn gw "$build/tests/lab/echo" 53 >"$lab/gw/echo.log" 2>&1
gw_ip() {
	ip -n "$lab_id-gw" "$@"
}
gw_nft() {
	ns gw nft "$@"
}
# All kinds of replies, at the same time, since most of them wait in vain.
ask_all() {
	local pid pids=()
	get_by backup >/dev/null 2>&1 & pids+=($!)
	get_by6 backup >/dev/null 2>&1 & pids+=($!)
	udp_by backup 443 >/dev/null 2>&1 & pids+=($!)
	udp_by backup 53 >/dev/null 2>&1 & pids+=($!)
	udp_by6 backup 53 >/dev/null 2>&1 & pids+=($!)
	for pid in "${pids[@]}"; do
		wait "$pid"
	done
}
# without WHAT COMMAND...: take something away, ask for all kinds of replies, and have it repaired.
without() {
	local what=$1 before
	shift
	kill -STOP "$daemon_pid"
	before=$(leaks)
	"$@" >/dev/null 2>&1
	ask_all
	expect "without $what: nothing leaves by the other" [ "$(leaks)" = "$before" ]
	kill -CONT "$daemon_pid"
	expect "without $what: repaired" wait_for 3 by_each get_by
	# What the server still retransmits belongs to this case.
	ns gw conntrack -F 2>/dev/null
}
for chain in mark_in restore use_2 stamp_2 choose nat_in forward_2 guard mark_out dns_in dns_out; do
	without "rules in chain $chain" gw_nft flush chain inet multihome $chain
done
without "the rule for the mark" gw_ip rule del priority 1010 fwmark 0x02000000/0x3f000000
without "the IPv6 rule for the mark" gw_ip -6 rule del priority 1010 fwmark 0x02000000/0x3f000000
without "the rule for the address" gw_ip rule del priority 1020 from 172.16.1.1
without "the IPv6 rule for the address" gw_ip -6 rule del priority 1020 from 2001:db8:2::2
without "the guard rule" gw_ip rule del priority 1000
without "routes in the uplink's table" gw_ip route flush table 20102
without "IPv6 routes in the uplink's table" gw_ip -6 route flush table 20102

kill -STOP "$daemon_pid"
before=$(leaks)
ip -n "$lab_id-gw" route del default via "${router4[backup]}" table 20102
ip -n "$lab_id-gw" -6 route del default via "${router6[backup]}" table 20102
get_by backup >/dev/null 2>&1
get_by6 backup >/dev/null 2>&1
udp_by backup 443 >/dev/null 2>&1
expect "uplink table without a gateway: no answer" fails get_by backup
expect "uplink table without a gateway: nothing leaves by the other" [ "$(leaks)" = "$before" ]

ip -n "$lab_id-gw" link set wan1 down
get_by backup >/dev/null 2>&1
expect "interface gone: nothing leaves by the other" [ "$(leaks)" = "$before" ]
gateway_addresses backup

ns gw nft flush ruleset
get_by backup >/dev/null 2>&1
ns lan curl -sS --max-time 1 "http://$client4/" >/dev/null 2>&1
expect "ruleset gone: nothing leaves unmasked" [ "$(leaks)" = "$before" ]
kill -CONT "$daemon_pid"
expect "all is repaired" wait_for 5 by_each get_by

# A site whose backup uplink has no gateway, neither given nor in the main table.
daemon_stop
site_file
sed -i "/gateway: \[${router4[backup]}/d" "$(site_file_path)"
daemon_start
expect "no gateway known: primary is published" wait_for 5 uplink_answered primary
expect "no gateway known: backup is not" uplink_withdrawn backup
expect "no gateway known: the log says so" logged "no IPv4 gateway is known on interface wan1"
get_by backup >/dev/null 2>&1
udp_by6 backup 443 >/dev/null 2>&1
lab_end
