#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A daemon that dies, restarts, stops or is removed.

. "$(dirname "$0")/lib.sh"
lab_up
# What others have on the gateway, next to ours.
ns gw nft add table inet foreign
ip_batch gw <<-END
	rule add priority 900 from 10.9.9.9 lookup 77
	route add unreachable 10.9.9.0/24 table 77
	route add unreachable 10.8.8.0/24 table 20101
END
foreign_stays() {
	ns gw nft list table inet foreign && ip -n "$lab_id-gw" rule show priority 900 | grep -q 10.9.9.9 &&
		ip -n "$lab_id-gw" route show table 77 | grep -q 10.9.9.0 &&
		ip -n "$lab_id-gw" route show table 20101 | grep -q 10.8.8.0
}
ours() {
	ns gw nft list tables | grep multihome
	ip -n "$lab_id-gw" rule show | grep 'proto 109'
	ip -n "$lab_id-gw" -6 rule show | grep 'proto 109'
	ip -n "$lab_id-gw" route show table all proto 109
	ip -n "$lab_id-gw" -6 route show table all proto 109
}
# Handles tell a table, chain or map that was kept from one that was made anew.
installed() {
	ns gw nft -a list table inet multihome | grep -E '^\s*(table|chain|set|map) ' && ours
}

require "both uplinks are published" data_plane_up
installed >"$lab/before"
download_start backup
daemon_stop KILL
expect "killed: services go on" by_each get_by
daemon_start
expect "restarted: both are published" wait_for 5 by_each uplink_answered
expect "restarted: the download goes on" download_finishes
installed >"$lab/after"
expect "restarted: what was installed is adopted" diff "$lab/before" "$lab/after"

second_refuses() {
	fails daemon_run 2>"$lab/second.log" && grep -q "held by another multihomed" "$lab/second.log"
}
expect "a second instance refuses" second_refuses
expect "a second instance changes nothing" by_each get_by

daemon_stop TERM
installed >"$lab/after"
expect "stopped: what was installed stays" diff "$lab/before" "$lab/after"
expect "stopped: services go on" by_each get_by
expect "stopped: status says that the daemon is not there" fails ctl status

expect "removed" daemon_run --remove
expect "removed: nothing of ours is left" same "" ours
expect "removed: what others have is left" foreign_stays
expect "removed: nothing is forwarded" fails get_by primary
expect "removed twice" daemon_run --remove

daemon_start
expect "started again: both are published" wait_for 5 by_each uplink_answered
expect "started again: services are back" by_each get_by
for _ in 1 2 3 4 5 6 7 8 9 10; do
	daemon_stop KILL
	daemon_start
done
expect "killed ten times: both are published" wait_for 5 by_each uplink_answered
expect "killed ten times: services are there" by_each get_by
installed | sed 's/ # handle.*//' >"$lab/after"
sed -i 's/ # handle.*//' "$lab/before"
expect "killed ten times: nothing is there twice" diff "$lab/before" "$lab/after"
expect "what others have is left" foreign_stays
lab_end
