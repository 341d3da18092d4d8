#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The site file changes while the daemon runs.

. "$(dirname "$0")/lib.sh"
lab_up
require "both uplinks are published" data_plane_up
generation() {
	ctl status --json | jq .generation
}

# A peer that always sends from one port (WireGuard), also before there is a forward for it: its
# entry in conntrack must not keep it from the server for as long as it sends.
sed -i 's|udp/51820|udp/51821|' "$(site_file_path)"
ctl reload >/dev/null
udp_by backup 51820 45678 >/dev/null 2>&1
site_file
expect "a forward for a peer that sends already" ctl reload
expect "a forward for a peer that sends already: it is served" wait_for 2 udp_by backup 51820 45678

# The same, towards another inside port, and back.
sed -i 's|udp/51820|udp/51820:9|' "$(site_file_path)"
ctl reload >/dev/null
expect "a forward to a dead inside port: its peer is not served" \
	fails udp_by backup 51820 45678
site_file
ctl reload >/dev/null
expect "a forward with a new inside port: its peer is served" wait_for 2 udp_by backup 51820 45678

download_start backup
before=$(generation)
host_ports='tcp/80, tcp/8080:80, tcp/443:8443, udp/443'
site_file
expect "a port is not forwarded before the reload" fails get_by backup 8080
expect "reload" ctl reload
expect "a new port is forwarded" same "srv port=80 client=$client4" get_by backup 8080
expect "an old port is not" fails get_by backup 9005
expect "a connection goes on over the reload" download_finishes
expect "answers that did not change are not published again" same "$before" generation

kill -HUP "$daemon_pid"
expect "reload by SIGHUP" wait_for 2 logged "loaded again"

cp "$(site_file_path)" "$lab/good.conf"
sed -i 's/interface: wan1/interfase: wan1/' "$(site_file_path)"
refused() {
	local output status
	output=$(ctl reload 2>&1)
	status=$?
	echo "$output"
	[ "$status" != 0 ] && grep -qE 'multihome.conf:[0-9]+:[0-9]+: ' <<<"$output"
}
expect "a bad file is refused, with its lines" refused
expect "a bad file changes nothing" same "srv port=80 client=$client4" get_by backup 8080
kill -HUP "$daemon_pid"
expect "a bad file by SIGHUP is refused in the log" wait_for 2 logged "refused: the old plan stays"
mv "$lab/good.conf" "$(site_file_path)"
expect "a bad file leaves both published" by_each uplink_answered
expect "a bad file by SIGHUP changes nothing" same "srv port=80 client=$client4" get_by backup 8080

# The kernel does not take the new ruleset: the daemon has but one descriptor left, and needs two to
# load it.
before=$(generation)
daemon_descriptors_left 1
host_ports='tcp/80, tcp/8081:80'
site_file
kill -HUP "$daemon_pid"
expect "not installed: the log says so" wait_for 5 logged 'could not be installed: the old plan stays'
daemon_descriptors_all
expect "not installed: nothing was withdrawn meanwhile" same "$before" generation
expect "not installed: the old ports are served" same "srv port=80 client=$client4" get_by backup 8080
expect "not installed: it is once it can be" ctl reload
expect "installed: the new port" same "srv port=80 client=$client4" get_by backup 8081
expect "installed: no old one" fails get_by backup 8080

# What was changed element by element is what a start loads as a whole; sets may hold what was seen.
elements() {
	ns gw nft -j list table inet multihome |
		jq -S '[.nftables[].map | select(. != null) | {name, elem: (.elem // [] | map(tojson) | sort)}]'
}
host_ports='tcp/80:8080, tcp/8081:80, udp/8081, tcp/9000-9010, tcp/22'
site_file
ctl reload >/dev/null
host_ports='tcp/80, tcp/8081, udp/8082, tcp/9000-9010'
site_file
ctl reload >/dev/null
elements >"$lab/changed"
daemon_stop
ns gw nft delete table inet multihome
daemon_start
expect "after a start" wait_for 10 by_each uplink_answered
expect "after a start: the elements that reloads had left" eval 'elements | diff "$lab/changed" -'
expect "after a start: www, mail and vpn are among them" \
	same 5 jq '.[] | select(.name == "single4_1").elem | length' "$lab/changed"

# One uplink less, then again both.
sed -i '/^  - id: backup/,/^$/d' "$(site_file_path)"
uplinks() {
	ctl status --json | jq -r '.uplinks[].id'
}
nothing_of_backup() {
	! ns gw nft list table inet multihome | grep -q wan1 &&
		! ip -n "$lab_id-gw" rule show | grep -q 172.16.1.1
}
expect "reload with one uplink" ctl reload
expect "one uplink is left" same primary uplinks
expect "one uplink is installed" nothing_of_backup
expect "the uplink that stayed serves" get_by primary
site_file
expect "reload with both" ctl reload
expect "both are forwarded" by_each get_by
lab_end
