#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Somebody sets the clock, by years and in both directions: nobody here goes by it.

. "$(dirname "$0")/lib.sh"
library=$(find /usr/lib -path '*/faketime/libfaketime.so.1' | head -n 1)
[ -n "$library" ] || skip "needs faketime"
[ -z "$module_preload" ] || skip "the sanitizers' library has to be the first one"
# The answers end with the daemon's sign of life: what may go wrong with clocks.
# What cross-probes find is logged when they find it.
site_lines=('stale: withdraw' 'cross-probe: off')
lab_up

# set_clock OFFSET: of daemon and name server alike. Their monotonic clock stays, as the kernel's does.
set_clock() {
	echo "$1" >"$lab/clock.new"
	mv "$lab/clock.new" "$lab/clock"
}
set_clock +0
chmod 644 "$lab/clock"
export FAKETIME_TIMESTAMP_FILE=$lab/clock FAKETIME_NO_CACHE=1 DONT_FAKE_MONOTONIC=1
site_file
LD_PRELOAD=$library daemon_start
require "both uplinks are published" wait_for 10 by_each uplink_answered
module_preload=$library knotd_start
require "both uplinks serve" wait_for 10 by_each uplink_serves
both_faked() {
	grep -l libfaketime "/proc/$daemon_pid/maps" "/proc/$knotd_pid/maps" | wc -l
}
expect "both run with a clock that can be set" \
	same 2 both_faked
year_of_knotd() {
	tail -n 1 "$lab/gw/knot/log" | sed 's/-.*//'
}
knotd_says() {
	knotc -s "$lab/gw/knot/knot.sock" status version >/dev/null
	knotc -s "$lab/gw/knot/knot.sock" zone-reload >/dev/null
	year_of_knotd
}
generation() {
	ctl status --json | jq .generation
}
seen() {
	generation
	wc -l <"$lab/gw/multihomed.log"
}

before=$(seen | tr '\n' ' ')
this_year=$(knotd_says)
for offset in +10y -10y +1d -1h +0; do
	set_clock $offset
	[ $offset != +10y ] || expect "the clock is set: the name server's log is of that year" \
		wait_for 3 same $((this_year + 10)) knotd_says
	expect "$offset: both uplinks serve" stays 1 by_each uplink_serves
	expect "$offset: nothing is published anew, nothing is logged" same "${before% }" seen
	cut backup carrier
	expect "$offset: a cut uplink is withdrawn" wait_for 2 uplink_withdrawn backup
	mend backup
	expect "$offset: and comes back" wait_for 3 by_each uplink_serves
	before=$(seen | tr '\n' ' ')
done
lab_end
