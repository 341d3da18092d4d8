#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A site of 10000 forwards: the events of loading its ruleset overflow the daemon's own event buffer.

. "$(dirname "$0")/lib.sh"
lab_up
site_file
sed '/^host:/,$d' "$(site_file_path)" >"$lab/large.conf"
awk 'BEGIN {
	print "host:\n  - domain: www.example.com\n    server: web\n    port: [tcp/80]"
	for (host = 0; host < 2000; host++) {
		port = 10001 + 5 * host
		printf "  - domain: h%d.example.com\n    server: web\n", host
		printf "    port: [tcp/%d, udp/%d, tcp/%d, udp/%d, tcp/%d]\n", port, port + 1, port + 2,
			port + 3, port + 4
	}
}' >>"$lab/large.conf"
cp "$lab/large.conf" "$(site_file_path)"
daemon_start
require "both uplinks are published" wait_for 30 by_each uplink_answered
daemon_stop KILL
daemon_start
expect "restarted: both are published" wait_for 30 by_each uplink_answered

# The processor time of the daemon in hundredths of a second.
busy() {
	awk '{ print $14 + $15 }' "/proc/$daemon_pid/stat"
}
# One pass a tick is some hundredths; loading the ruleset again and again is all of two seconds.
is_idle() {
	local before
	before=$(busy)
	pause 2000
	[ $(($(busy) - before)) -lt 50 ]
}
expect "restarted: the daemon comes to rest" wait_for 10 is_idle
expect "restarted: both are served" by_each get_by

ns gw nft flush ruleset
expect "flushed: both are served" wait_for 10 by_each get_by
expect "flushed: both are published" wait_for 10 by_each uplink_answered
expect "flushed: the daemon comes to rest" wait_for 10 is_idle
sed 's/tcp\/10001,/tcp\/9,/' "$lab/large.conf" >"$(site_file_path)"
expect "reload" ctl reload
expect "reload: the daemon comes to rest" wait_for 10 is_idle
expect "reload: both are published" by_each uplink_answered
lab_end
