#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# An uplink that dies behind a live cable is found by its probes, withdrawn in time, and comes back.

. "$(dirname "$0")/lib.sh"
for uplink in primary backup; do
	declare -n lines=${uplink}_lines
	lines=("probe: [icmp $client4, icmp $hoster4]" 'interval: 500ms' 'timeout: 400ms')
done
lab_up
require "the gateway serves by both uplinks" gateway_up
ctl status; ctl status --json | jq .uplinks; ctl explain www.example.com
cut backup
wait_for 5 uplink_withdrawn backup
ctl status;  ctl explain www.example.com; cat $lab/gw/multihomed.log
mend backup
wait_for 5 uplink_answered backup
ctl status;cat $lab/gw/multihomed.log
lab_end
