#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Other programs change the ruleset, rules and routes: it is noticed, logged and repaired.

. "$(dirname "$0")/lib.sh"
lab_up
require "both uplinks are published" data_plane_up
serves() {
	by_each get_by && by_each get_by6 && udp_by backup 443
}
log_reset() {
	: >"$lab/gw/multihomed.log"
}
gw_ip() {
	ip -n "$lab_id-gw" "$@"
}
# ip rule flush takes the kernel's own rules too; whoever does that puts them back.
flush_rules() {
	gw_ip rule flush && gw_ip rule add priority 32766 lookup main &&
		gw_ip rule add priority 32767 lookup default
}
flush_rules6() {
	gw_ip -6 rule flush && gw_ip -6 rule add priority 32766 lookup main
}
delete_forwards() {
	local handle
	for handle in $(ns gw nft -a list chain inet multihome nat_in | sed -n 's/.* # handle \([0-9]*\)$/\1/p'); do
		ns gw nft delete rule inet multihome nat_in handle "$handle"
	done
}

# change WHAT LOGGED COMMAND...
change() {
	local what=$1 message=$2
	shift 2
	log_reset
	"$@" >/dev/null 2>&1
	expect "$what: repaired" wait_for 2 serves
	expect "$what: logged" wait_for 2 logged "$message"
	expect "$what: published" wait_for 2 by_each uplink_answered
}
change "nft flush ruleset" "ruleset, changed by nft (pid" ns gw nft flush ruleset
change "nft delete table" "ruleset, changed by nft (pid" ns gw nft delete table inet multihome
change "nft flush chain" "ruleset, changed by nft (pid" ns gw nft flush chain inet multihome nat_in
change "nft delete rule" "ruleset, changed by nft (pid" delete_forwards
change "nft delete element" "ruleset, changed by nft (pid" \
	ns gw nft delete element inet multihome single4_2 '{ tcp . 80 }'
change "ip rule flush" "rule '.*removed by .*: repairing" flush_rules
change "ip -6 rule flush" "rule '.*removed by .*: repairing" flush_rules6
change "ip rule del" "rule '.*removed by .*: repairing" \
	gw_ip rule del priority 1010 fwmark 0x02000000/0x3f000000
change "ip route del" "route 'default via 172.16.1.2.*removed by .*: repairing" \
	gw_ip route del default table 20102
change "ip route flush table" "route '.*removed by .*: repairing" gw_ip route flush table 20102
change "ip -6 route flush table" "route '.*removed by .*: repairing" gw_ip -6 route flush table 20102

# While it is not repaired, DNS does not answer it: the withdrawal comes first.
log_reset
for _ in 1 2 3 4 5 6 7 8 9 10; do
	ns gw nft flush ruleset
	gw_ip route flush table 20101
	gw_ip route flush table 20102
done
expect "ten times in a row: repaired" wait_for 3 serves
expect "ten times in a row: published" wait_for 3 by_each uplink_answered

# A peer that always sends from one port (WireGuard): what met the gap must not stay on a wrong path.
port=45678
for gap in "flush ruleset" "flush chain inet multihome nat_in"; do
	port=$((port + 1))
	kill -STOP "$daemon_pid"
	# shellcheck disable=SC2086  # words
	ns gw nft $gap
	udp_by backup 51820 $port >/dev/null 2>&1
	kill -CONT "$daemon_pid"
	expect "a datagram after nft $gap: repaired" wait_for 2 serves
	expect "a datagram after nft $gap: its flow works again" wait_for 3 udp_by backup 51820 $port
done

# Tables of others are none of our business.
log_reset
ns gw nft 'add table inet foreign; add chain inet foreign x; delete table inet foreign'
gw_ip route add unreachable 10.9.9.0/24 table 77
expect "others' own objects are ignored" fails logged "changed by"
lab_end
