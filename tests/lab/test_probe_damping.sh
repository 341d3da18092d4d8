#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Uplinks that flap slowly, and cables that do: from the second time on they are held.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/probes.sh"
probe_each "probe: icmp $client4" 'interval: 100ms'
damping=on
lab_up
require "both uplinks are published" data_plane_up

flap() {
	local i
	for i in $(seq "$1"); do
		cut backup
		pause "$2"
		mend backup
		pause "$3"
	done
}

# Flaps that are long enough to come back from: the second one is held.
before=$(changes_of backup)
flap 6 500 700
expect "slow flaps: three changes at most" [ $(($(changes_of backup) - before)) -le 3 ]
expect "slow flaps: held" uplink_withdrawn backup
expect "slow flaps: it says so" eval 'uplink_field backup .reason | grep -q "it flapped"'
expect "slow flaps: answered again after two minutes of intervals" within 15000 uplink_answered backup

# The cable flaps.
before=$(changes_of primary)
for _ in 1 2 3 4 5; do
	cut primary carrier
	pause 400
	mend primary
	pause 800
done
expect "cable flaps: three changes at most" [ $(($(changes_of primary) - before)) -le 3 ]
lab_end
