#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A cable that flaps, without probes: held from the second time on. By hand it may be set down at will.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/probes.sh"
probe_each 'interval: 100ms'
damping=on
lab_up
require "both uplinks are published" data_plane_up
before=$(changes_of backup)
for _ in 1 2 3; do
	ip -n "$lab_id-gw" link set wan1 down
	wait_for 5 uplink_withdrawn backup
	gateway_addresses backup
	wait_for 5 uplink_answered backup
done
expect "set down by hand: each of them is told" same 6 eval 'echo $(($(changes_of backup) - before))'
before=$(changes_of backup)
for _ in 1 2 3 4 5; do
	cut backup carrier
	wait_for 5 uplink_withdrawn backup
	mend backup
	gateway_addresses backup
	pause 300
done
expect "cable flaps: three changes at most" [ $(($(changes_of backup) - before)) -le 3 ]
expect "cable flaps: held" uplink_withdrawn backup
expect "cable flaps: it says so" eval 'uplink_field backup .reason | grep -q "it flapped"'

# A site without damping that cannot be installed: the daemon needs two descriptors to load it.
sed 's/damping: on/damping: off/; s/9000-9010/9000-9011/' "$(site_file_path)" >"$lab/undamped.conf"
cp "$(site_file_path)" "$lab/damped.conf"
cp "$lab/undamped.conf" "$(site_file_path)"
daemon_descriptors_left 1
kill -HUP "$daemon_pid"
expect "a site that cannot be installed: the log says so" \
	wait_for 5 logged 'could not be installed: the old plan stays'
daemon_descriptors_all
cp "$lab/damped.conf" "$(site_file_path)"
expect "a site that cannot be installed: held all the same" uplink_withdrawn backup
# Any pass finds that the time is over; the clock asks for one every 10 s.
answered_again() {
	ip -n "$lab_id-gw" route add 10.9.9.0/24 dev lan0
	ip -n "$lab_id-gw" route del 10.9.9.0/24 dev lan0
	uplink_answered backup
}
expect "cable flaps: answered again after two minutes of intervals" wait_for 25 answered_again
expect "the other uplink was not touched" same 1 changes_of primary
lab_end
