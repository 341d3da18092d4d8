#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What happened is in the journal: with reasons and times, after kills, and when the daemon is dead.

. "$(dirname "$0")/lib.sh"
lab_up
require "both uplinks are published" data_plane_up

history() {
	ctl history --json "$@"
}
# recorded FILTER: an entry for which the filter of jq(1) is true. Slurped, since jq -e is content with
# no input at all.
recorded() {
	history | jq -se "any(.[0][]; $1)"
}

expect "the start is recorded" wait_for 5 recorded '.event == "daemon-started" and (.reason | test("nothing to adopt"))'
expect "the forwards are recorded" recorded '.event == "forwards-installed" and .kernel_us > 0'
for uplink in primary backup; do
	expect "$uplink is recorded as answered" recorded ".event == \"uplink-answered\" and
		.uplink == \"$uplink\" and .published_us > 0 and .after[0] == \"${address4[$uplink]}\""
done

ip -n "$lab_id-gw" link set wan1 down
expect "withdrawn, with reason and time" wait_for 3 recorded '.event == "uplink-withdrawn" and
	.uplink == "backup" and .reason == "interface wan1 is down" and .withdrawn_us > 0 and
	.withdrawn_us < 1000000 and .before[0] == "172.16.1.1" and .after == []'
gateway_addresses backup
expect "answered again" wait_for 5 by_each uplink_answered

ctl drain primary >/dev/null
ctl undrain primary >/dev/null
expect "the drain is recorded" wait_for 3 recorded '.event == "uplink-drained" and .uplink == "primary"'
expect "its end too" wait_for 3 recorded '.event == "uplink-undrained" and .uplink == "primary"'

ns gw nft delete table inet multihome
expect "who changed the ruleset is recorded" wait_for 3 recorded '.event == "ruleset-repaired" and
	(.reason | test("changed by nft \\(pid [0-9]+\\)")) and .withdrawn_us < .kernel_us and
	.kernel_us < .published_us'
# The name of a process that has ended by then is not known.
ns gw ip route flush table 20102 proto 109
expect "who removed routes is recorded" wait_for 3 recorded '.event == "routes-repaired" and
	(.reason | test("removed by (ip|a process) \\(pid [0-9]+\\)"))'
for _ in $(seq 20); do
	ns gw nft delete table inet multihome 2>/dev/null
done
expect "the ruleset is back" wait_for 5 by_each uplink_answered
expect "repairs in a row are one entry" same 1 eval \
	'history | jq "[.[] | select(.event == \"ruleset-repaired\")] | length"'

expect "reload" ctl reload
expect "the reload is recorded" wait_for 3 recorded '.event == "site-reloaded"'
cp "$(site_file_path)" "$lab/good.conf"
echo nonsense >>"$(site_file_path)"
kill -HUP "$daemon_pid"
expect "a bad site file is refused" wait_for 3 logged "refused: the old plan stays"
cp "$lab/good.conf" "$(site_file_path)"
expect "the refusal is recorded" wait_for 3 recorded '.event == "site-refused" and (.reason | length) > 0'

# For people.
lines() {
	ctl history | grep -E '^20[0-9-]{8} [0-9:]{8} backup +uplink-withdrawn +interface wan1 is down +withdrawn after [0-9.]+ ms'
}
expect "a line has time, what, why and how long" lines
expect "--since 10m has it" eval 'history --since 10m | jq -se ".[0] | length > 5"'
expect "--since tomorrow has nothing" same "[]" history --since "$(date -d tomorrow +%F)"
expect "--since a date has it" eval 'history --since "$(date -d "5 minutes ago" +%FT%H:%M)" | jq -se ".[0] | length > 5"'
expect "--since nonsense is refused" fails history --since yesterday

# The daemon dies, again and again; the journal does not.
count() {
	history | jq length
}
kept=$(count)
for i in $(seq 30); do
	daemon_stop KILL
	daemon_start
	ip -n "$lab_id-gw" link set wan1 "$([ $((i % 2)) = 0 ] && echo up || echo down)"
	pause $((i * 7 % 90))
	[ "$(count)" -ge "$kept" ] || break
	kept=$(count)
done
expect "30 kills: each start left its entries" eval '[ "$i" = 30 ] && [ "$kept" -gt 50 ]'
numbers_rise() {
	history | jq -se '[.[0][].number] | . == (. | sort | unique)'
}
expect "30 kills: every entry is whole" numbers_rise
gateway_addresses backup
expect "30 kills: it serves" wait_for 10 by_each uplink_answered

keeper_of_daemon() {
	pgrep -P "$daemon_pid" mh-journal
}
kill -9 "$(keeper_of_daemon)"
expect "its process is killed: there is another one" wait_for 15 keeper_of_daemon
ctl drain primary >/dev/null
expect "it records on" wait_for 5 recorded '.event == "uplink-drained" and .boottime_ms > 0'
ctl undrain primary >/dev/null

# A disk that hangs.
kill -STOP "$(keeper_of_daemon)"
hung=$(now_ms)
for _ in $(seq 10); do
	ip -n "$lab_id-gw" link set wan1 down
	wait_for 3 uplink_withdrawn backup
	gateway_addresses backup
	wait_for 3 uplink_answered backup
done
# Each change would take all of its time if a pass did.
expect "its process hangs: no pass waits for it" [ $(($(now_ms) - hung)) -lt 30000 ]
kept=$(count)
kill -CONT "$(keeper_of_daemon)"
expect "it goes on: what happened meanwhile is written" wait_for 5 eval '[ "$(count)" -ge $((kept + 20)) ]'

daemon_stop
expect "the stop is recorded, and told without a daemon" recorded '.event == "daemon-stopped"'

# Damage: one warning, a new journal, and no pass the worse.
dd if=/dev/urandom of="$lab/gw/state/journal/data.mdb" bs=4096 seek=2 count=8 conv=notrunc status=none
daemon_start
expect "damaged: it serves" wait_for 10 by_each uplink_answered
ip -n "$lab_id-gw" link set wan1 down
expect "damaged: the history goes on" wait_for 12 recorded '.event == "uplink-withdrawn" and .uplink == "backup"'
gateway_addresses backup
expect "damaged: answered again" wait_for 5 by_each uplink_answered
daemon_stop

truncate -s 100 "$lab/gw/state/journal/data.mdb"
daemon_start
expect "cut: put aside" wait_for 5 logged 'damaged: put aside'
expect "cut: it serves" wait_for 10 by_each uplink_answered
expect "cut: the history begins anew" wait_for 5 recorded '.event == "daemon-started"'
lab_end
