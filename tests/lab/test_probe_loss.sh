#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Loss short of an outage, outages of all uplinks, and restarts and reloads meanwhile.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/probes.sh"
probe_each "probe: icmp $client4" 'interval: 200ms'
lab_up
require "the gateway serves by both uplinks" gateway_up

# Every third: never three in a row.
lose backup 'icmp type echo-request numgen inc mod 3 == 0'
expect "a third lost: degraded" wait_for 6 uplink_state backup degraded
expect "a third lost: answered" uplink_answered backup
expect "a third lost: the log says so" logged "uplink 'backup', degraded: its probes lose 20% or more"
tells_loss() {
	[ "$(uplink_field backup .loss_1m)" -ge 20 ] && uplink_field backup .reason | grep -q "its probes lose [23][0-9]%"
}
expect "a third lost: status says how much" wait_for 6 tells_loss
expect "a third lost: not withdrawn" stays 3 uplink_answered backup
unlose backup
lose backup 'icmp type echo-request'
expect "all lost: withdrawn" within 1600 uplink_withdrawn backup
expect "all lost: down" uplink_state backup down
unlose backup
expect "nothing lost: answered" wait_for 4 uplink_answered backup

# A dead target must not take the site down.
watch_answers() {
	spawn cli sh -c 'while :; do kdig +short +timeout=1 +retry=0 "@$0" www.example.com A; done' \
		"${address4[primary]}" >"$lab/answers" 2>&1
	watch_pid=$!
}
gaps() {
	kill "$watch_pid"
	[ -s "$lab/answers" ] && grep -vE "^(${address4[primary]}|${address4[backup]})$" "$lab/answers"
}
watch_answers
lose primary 'icmp type echo-request'
expect "the target of one is dead: withdrawn" wait_for 2 uplink_withdrawn primary
lose backup 'icmp type echo-request'
last_resort() {
	by_each uplink_answered && uplink_state primary down && uplink_state backup down
}
expect "the targets of all are dead: all are answered" wait_for 2 last_resort
expect "the targets of all are dead: the log says so" \
	logged "uplink 'primary', probe icmp $client4 fails (no reply); answered all the same"
warned() {
	[ "$(ctl status --json | jq '[.warnings[] | select(test("answered all the same"))] | length')" = 2 ] &&
		ctl status | grep -q "^backup .* down .* yes .*answered all the same"
}
expect "the targets of all are dead: status warns" warned
expect "the targets of all are dead: all serve" by_each uplink_serves
daemon_stop KILL
daemon_start
wait_for 3 daemon_answers
expect "a restart meanwhile: all are answered" stays 3 any_answered
expect "a restart meanwhile: a last resort again" last_resort
unlose backup
expect "one is good again: the other one is withdrawn" wait_for 4 uplink_withdrawn primary
expect "one is good again: answered" uplink_state backup up
unlose primary
expect "both are good again" wait_for 4 uplink_state primary up
expect "there was an answer all the time" same "" gaps

# Restarts and reloads.
watch_answers
for _ in 1 2 3 4 5; do
	daemon_stop KILL
	daemon_start
	wait_for 3 daemon_answers
done
expect "killed five times: answered as if nothing had been" same "" gaps
pause 2200
since=$(uplink_field primary '.probes[0].since_s')
primary_lines=("probe: [icmp $client4, tcp $hoster4:53]" 'interval: 200ms' 'up-after: 9')
site_file
log_mark
expect "reload with another probe" ctl reload
keeps_history() {
	[ "$since" -ge 2 ] && [ "$(uplink_field primary '.probes[0].since_s')" -ge "$since" ] &&
		probe_state primary "icmp $client4" good
}
expect "reload: the probe that stays keeps its history" keeps_history
expect "reload: the other one begins" wait_for 2 probe_state primary "tcp $hoster4:53" good
expect "reload: nothing is withdrawn" fails logged_since "not answered"
primary_lines=("probe: tcp $hoster4:53" 'interval: 200ms')
backup_lines=()
site_file
expect "reload with fewer probes" ctl reload
expect "reload: nothing is withdrawn either" fails logged_since "not answered"
expect "an uplink without probes has none" same null uplink_field backup .probes

# A link that was away has to prove itself.
log_mark
cut primary carrier
expect "no carrier: withdrawn" wait_for 2 uplink_withdrawn primary
expect "no carrier: nothing is probed" probe_state primary "tcp $hoster4:53" paused
pause 1000
mend primary
expect "carrier: unknown first" wait_for 2 logged_since "its probes have to prove it good first"
expect "carrier: then answered" wait_for 4 uplink_answered primary
lab_end
