#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# An uplink that dies behind a live cable: found by its probes, withdrawn in time, and back in time.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/probes.sh"
probe_each "probe: [icmp $client4, icmp $hoster4]"
lab_up
require "the gateway serves by both uplinks" gateway_up

# The defaults: 3 rounds, a second apart.
observer_start
pause 300
uplink_is backup down
cut backup
expect "blackhole: withdrawn within three intervals and a second" within 4000 uplink_withdrawn backup
expect "blackhole: link and router look healthy" fails logged "no carrier"
status_tells() {
	uplink_state backup down &&
		uplink_field backup .reason | grep -q "^probe icmp $client4 fails since .*no reply, [3-9] in a row" &&
		ctl status | grep -q "^backup .* down "
}
expect "blackhole: status says why" status_tells
explains() {
	fails ctl explain www.example.com --uplink backup | grep -q "NO  probes .*icmp $client4 fails"
}
expect "blackhole: explain says why" explains
expect "blackhole: the log says why" logged "uplink 'backup', not answered: probe icmp $client4 fails (no reply)"
expect "blackhole: the route that probes need stays" \
	eval 'ip -n $lab_id-gw route show table 20102 | grep -q "^default via 172.16.1.2 dev wan1"'
mend backup
uplink_is backup up
expect "mended: not answered before five good rounds" stays 3 uplink_withdrawn backup
expect "mended: answered after them" wait_for 3 uplink_answered backup
expect "mended: serves" wait_for 2 uplink_serves backup
expect "the observer saw no answer that does not hold" observer_stop
# Fifty connections and queries a second, by both families.
unnoticed() {
	grep '^primary ' "$lab/observer.log" |
		sed -E 's/.*lost ([0-9]+);.*outage ([0-9]+) ms.*/\1 \2/' |
		while read -r lost outage; do
			[ "$lost" -le 1 ] && [ "$outage" -le 60 ] || echo "lost $lost, outage $outage ms"
		done
}
expect "a client of the other uplink has noticed nothing" same "" unnoticed

# Shorter ones, again and again: never too late, wherever in the round it happens.
probe_each "probe: [icmp $client4, icmp $hoster4]" 'interval: 300ms' 'up-after: 2'
site_file
expect "reload" ctl reload
lan_gets_out() {
	ns lan kdig +short +timeout=1 +retry=0 "@$hoster4" example.com SOA | grep -q ns.hoster.com
}
for offset in 0 90 180 270; do
	pause 1000
	pause $((offset + 10))
	cut primary
	expect "blackhole $offset ms into the round: withdrawn in time" within 1900 uplink_withdrawn primary
	expect "blackhole $offset ms into the round: the LAN leaves by the other one" \
		wait_for 1 lan_gets_out
	mend primary
	# As new: flaps are another test's matter.
	daemon_stop TERM
	rm -rf "$lab/gw/run/table"
	daemon_start
	wait_for 5 by_each uplink_answered
done
expect "a quick start: one good round is enough" by_each uplink_answered
lab_end
