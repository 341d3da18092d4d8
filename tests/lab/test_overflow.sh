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
no_more_descriptors() {
	[ "$(descriptors)" -le "$before" ]
}
# Those of a round of cross-probes come and go.
expect "no descriptor is left open" wait_for 10 no_more_descriptors
lab_end
