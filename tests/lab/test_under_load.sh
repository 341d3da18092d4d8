#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Changes while many flows run: nothing is lost, and nothing leaves by the wrong uplink.

. "$(dirname "$0")/lib.sh"
lab_up
require "both uplinks are published" data_plane_up

# Hundreds of thousands of flows: their entries would fill the table, and a full one evicts live ones.
ns gw sysctl -qw net.netfilter.nf_conntrack_udp_timeout=3 \
	net.netfilter.nf_conntrack_udp_timeout_stream=3 \
	net.netfilter.nf_conntrack_tcp_timeout_time_wait=1 \
	net.netfilter.nf_conntrack_tcp_timeout_close=1

flows_start() {
	spawn cli "$build/tests/lab/flows" -n 24 {tcp,udp}/{192.168.2.1,172.16.1.1}/443 \
		{tcp,udp}/{2001:db8:1::2,2001:db8:2::2}/443 tcp/172.16.1.1/9005 >"$lab/flows.log" 2>&1
	flows_pid=$!
}
flows_stop() {
	kill "$flows_pid"
	wait "$flows_pid"
	local status=$?
	cat "$lab/flows.log"
	[ "$(sed -n 's/ flows.*//p' "$lab/flows.log")" -gt 100 ] && [ $status = 0 ]
}

# Replacing the table would swap its hooks one by one: packets in between miss half of it.
site_file
cp "$(site_file_path)" "$lab/one.conf"
host_ports='tcp/80, tcp/443:8443, udp/443, tcp/9000-9010, tcp/7000, tcp/7001:80'
site_file
cp "$(site_file_path)" "$lab/two.conf"
reload_often() {
	local i
	for i in $(seq "$1"); do
		if [ $((i % 2)) = 0 ]; then
			cp "$lab/one.conf" "$(site_file_path)"
		else
			cp "$lab/two.conf" "$(site_file_path)"
		fi
		ctl reload >/dev/null || return 1
	done
}
flows_start
expect "200 reloads" reload_often 200
expect "200 reloads: no flow is lost" flows_stop
expect "200 reloads: no leak" no_leaks

# A restart adopts.
flows_start
for _ in $(seq 20); do
	daemon_stop KILL
	daemon_start
	wait_for 5 by_each uplink_answered
done
expect "killed 20 times: no flow is lost" flows_stop

# Entries that vanish make strangers of flows under way: they may die, they may not leak.
flows_start
for _ in $(seq 200); do
	ns gw conntrack -F 2>/dev/null
done
flows_stop >/dev/null
expect "conntrack flushed 200 times: no leak" no_leaks
expect "conntrack flushed 200 times: serves" wait_for 2 by_each get_by

# All rules gone: replies must not leave by the main default route, nor unmasked.
flows_start
spawn lan "$build/tests/lab/flows" -n 8 "udp/$hoster4/53" "tcp/$hoster4/53" >"$lab/outgoing.log" 2>&1
outgoing_pid=$!
for _ in $(seq 50); do
	ns gw nft flush ruleset
	wait_for 1 ns gw nft list table inet multihome
done
flows_stop >/dev/null
kill "$outgoing_pid"
expect "ruleset flushed 50 times: no leak" no_leaks
expect "ruleset flushed 50 times: serves" wait_for 2 by_each get_by
expect "ruleset flushed 50 times: published" wait_for 2 by_each uplink_answered
lab_end
