#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# An uplink that flaps 20 times in two minutes of its interval: the answer hardly changes.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/probes.sh"
# A fifth of the default, so 120 rounds are 24 seconds.
probe_each "probe: icmp $client4" 'interval: 200ms'
damping=on
lab_up
require "both uplinks are published" data_plane_up

before=$(changes_of backup)
start=$(now_ms)
# By the clock, so that a busy machine does not make the good times longer.
until_ms() {
	local left=$((start + $1 - $(now_ms)))
	[ $left -le 0 ] || pause $left
}
for i in $(seq 0 19); do
	until_ms $((i * 1200))
	cut backup
	until_ms $((i * 1200 + 750))
	mend backup
done
until_ms 24000
took=$(($(now_ms) - start))
expect "it was down meanwhile" [ "$(changes_of backup)" -gt $before ]
expect "up in the end" wait_for 12 uplink_answered backup
changes=$(($(changes_of backup) - before))
echo "# 20 flaps in $took ms: the answer changed $changes times"
# Twice for flaps as regular as these (test_health has them in each phase); a busy machine makes them
# irregular, and three times is what holds for any.
expect "20 flaps in 120 rounds: the answer changes three times at most" [ $changes -le 3 ]
expect "the other uplink was not touched" same 2 changes_of primary
lab_end
