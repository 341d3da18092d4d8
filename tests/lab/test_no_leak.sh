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
expect "conntrack flushed during a download" same 0 leaks

# With the daemon asleep nothing is repaired: the installed state alone must be safe.
kill -STOP "$daemon_pid"
ip -n "$lab_id-gw" route del default via "${router4[backup]}" table 20102
ip -n "$lab_id-gw" -6 route del default via "${router6[backup]}" table 20102
get_by backup >/dev/null 2>&1
get_by6 backup >/dev/null 2>&1
udp_by backup 443 >/dev/null 2>&1
expect "uplink table without a gateway: no answer" fails get_by backup
expect "uplink table without a gateway: nothing leaves by the other" same 0 leaks

ip -n "$lab_id-gw" link set wan1 down
get_by backup >/dev/null 2>&1
expect "interface gone: nothing leaves by the other" same 0 leaks
gateway_addresses backup

ns gw nft flush ruleset
get_by backup >/dev/null 2>&1
ns lan curl -sS --max-time 1 "http://$client4/" >/dev/null 2>&1
expect "ruleset gone: nothing leaves unmasked" same 0 leaks
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
