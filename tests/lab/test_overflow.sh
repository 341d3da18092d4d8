#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# More events than the daemon's receive buffer holds: it reads everything anew and believes no old view.

. "$(dirname "$0")/lib.sh"
lab_up
require "both uplinks are published" data_plane_up

gw_ip() {
	ip -n "$lab_id-gw" "$@"
}
# Some 100 000 messages; a buffer of 8 MiB holds about a tenth.
flap() {
	local i
	for i in $(seq 20000); do
		echo "address add 10.9.$((i / 250 % 250)).$((i % 250 + 1))/32 dev lan0"
		echo "address del 10.9.$((i / 250 % 250)).$((i % 250 + 1))/32 dev lan0"
	done | gw_ip -batch -
}
descriptors() {
	find "/proc/$daemon_pid/fd" -mindepth 1 | wc -l
}

before=$(descriptors)
kill -STOP "$daemon_pid"
expect "20000 addresses come and go unseen" flap
gw_ip address del 172.16.1.1/30 dev wan1
gw_ip rule del priority 1010 fwmark 0x1000000/0x3f000000
kill -CONT "$daemon_pid"
expect "it is told" wait_for 5 logged "lost some (ENOBUFS)"
no_backup_address() {
	! ctl status --json | jq -e '.uplinks[] | select(.id == "backup").address | index("172.16.1.1")'
}
expect "the lost address is not published" wait_for 5 no_backup_address
rule_is_back() {
	gw_ip rule show priority 1010 | grep -q 0x1000000/0x3f000000
}
expect "the deleted rule is back" wait_for 5 rule_is_back
gateway_addresses backup
expect "address back: published" wait_for 5 by_each uplink_answered
expect "address back: serves" wait_for 5 by_each get_by

# The same by commits to another table: whether ours was among them is not known. Comments make events long.
comment=$(printf '%0120d' 0)
{
	echo 'table inet foreign { set seen { type ipv4_addr . inet_service; }; }'
	echo "add element inet foreign seen { $(seq -s ', ' -f "192.0.2.1 . %.0f comment \"$comment\"" 1 60000) }"
} >"$lab/foreign.nft"
expect "another program fills a set of its own" ns gw nft -f "$lab/foreign.nft"
lost=$(grep -c "lost some (ENOBUFS)" "$lab/gw/multihomed.log")
lost_again() {
	[ "$(grep -c "lost some (ENOBUFS)" "$lab/gw/multihomed.log")" -gt "$lost" ]
}
pause 100
kill -STOP "$daemon_pid"
expect "a set is emptied unseen" ns gw nft flush set inet foreign seen
ns gw nft flush map inet multihome single4_2
kill -CONT "$daemon_pid"
expect "it is told that commits were lost" wait_for 5 lost_again
expect "our forwards are back" wait_for 5 get_by backup
expect "both are answered again" wait_for 5 by_each uplink_answered
no_more_descriptors() {
	[ "$(descriptors)" -le "$before" ]
}
# Those of a round of cross-probes come and go.
expect "no descriptor is left open" wait_for 10 no_more_descriptors
lab_end
