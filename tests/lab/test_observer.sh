#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The observer itself: it is silent on a healthy site, and sees an answer that does not hold.

. "$(dirname "$0")/lib.sh"
lab_up
require "the gateway serves by both uplinks" gateway_up

observer_start
pause 1000
uplink_is primary down
cut primary
pause 1000
mend primary
uplink_is primary up
pause 500
expect "a cut uplink is no violation" observer_stop

# Asleep, the daemon neither withdraws nor repairs.
observer_start
pause 500
kill -STOP "$daemon_pid"
ns gw nft delete element inet multihome single4_2 '{ tcp . 80 }'
pause 1500
kill -CONT "$daemon_pid"
expect "repaired" wait_for 2 by_each get_by
sees_it() {
	fails observer_stop && grep -q "^VIOLATION .*172.16.1.1" "$lab/observer.log"
}
expect "an answered address that does not serve is a violation" sees_it
lab_end
