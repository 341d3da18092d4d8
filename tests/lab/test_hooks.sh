#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Commands of «notify»: they are told of each change, and whatever they do is no matter for a pass.

. "$(dirname "$0")/lib.sh"
lab_up
mkdir "$lab/hook"
cat >"$lab/hook/tell" <<-END
	#!/bin/sh
	cat >>$lab/hook/told
	echo "\$MULTIHOME_EVENT \$MULTIHOME_UPLINK \$MULTIHOME_SITE" >>$lab/hook/variables
	ls /proc/self/fd | wc -l >$lab/hook/descriptors
	echo "told of \$MULTIHOME_EVENT"
END
cat >"$lab/hook/hang" <<-END
	#!/bin/sh
	echo \$\$ >>$lab/hook/hanging
	sleep 1000 &
	wait
END
cat >"$lab/hook/flood" <<-END
	#!/bin/sh
	yes flooded | head -n 1000000
	exit 3
END
chmod 755 "$lab/hook"/*
site_lines=("notify: [\"exec $lab/hook/tell\", \"exec $lab/hook/hang\", \"exec $lab/hook/flood\", exec /nonexistent, exec /bin/kill -9 \$\$]")
require "both uplinks are published" data_plane_up

told() {
	jq -se "any(.[]; $1)" "$lab/hook/told"
}
expect "told of the first answers" wait_for 5 told '.event == "uplink-answered" and .uplink == "backup"'
# Each flap withdraws at once, whatever the hooks do.
took=()
for _ in $(seq 10); do
	begin=$(now_ms)
	ip -n "$lab_id-gw" link set wan1 down
	wait_for 3 uplink_withdrawn backup
	took+=($(($(now_ms) - begin)))
	gateway_addresses backup
	wait_for 3 uplink_answered backup
done
# Not each: the flood takes processor time from all, and the machine may have other things to do.
middle_took() {
	printf '%s\n' "${took[@]}" | sort -n | sed -n 5p
}
expect "10 flaps: withdrawn within a second beside hooks that hang and flood" [ "$(middle_took)" -lt 1000 ]
expect "10 flaps: told of each" wait_for 5 same 10 eval \
	'jq -s "[.[] | select(.event == \"uplink-withdrawn\")] | length" "$lab/hook/told"'
expect "told without a number: another process counts" told '.event == "uplink-answered" and .number == null'
expect "told why and what" told '.event == "uplink-withdrawn" and .reason == "interface wan1 is down" and
	.before == ["172.16.1.1", "2001:db8:2::2"] and .withdrawn_us > 0'
expect "told by variables too" grep -qx "uplink-withdrawn backup example.com" "$lab/hook/variables"
expect "hooks have standard input, output and error alone" same 4 cat "$lab/hook/descriptors"
expect "its output is logged" logged "hook '$lab/hook/tell': told of uplink-withdrawn"
expect "a flood is not" wait_for 5 logged "hook '$lab/hook/flood', prints more than 50 lines"
expect "its exit status is" wait_for 5 logged "hook '$lab/hook/flood', failed (exit status 3"
expect "one that is not there is told of" logged "hook '/nonexistent', failed (exit status 127"
expect "one that dies is told of" wait_for 5 logged "hook '/bin/kill -9 \$\$', failed (ended by signal 9)"
expect "runs of one command are one after the other" same 1 eval 'wc -l <"$lab/hook/hanging"'
no_zombies() {
	! ps -o stat= --ppid "$daemon_pid" | grep -q Z
}
expect "the dead are buried" no_zombies

# Metrics after the flaps.
metric() {
	ctl metrics | sed -n "s/^multihome_$1 //p"
}
expect "metrics: transitions" same 20 metric 'uplink_transitions_total{uplink="backup"}'
expect "metrics: the other uplink had none" same 0 metric 'uplink_transitions_total{uplink="primary"}'
expect "metrics: answered" same 1 metric 'uplink_answered{uplink="backup"}'
expect "metrics: passes" eval '[ "$(metric passes_total)" -gt 20 ]'
expect "metrics: hooks that failed" eval '[ "$(metric hook_failures_total)" -gt 20 ]'
expect "metrics: names in the kernel" same 3 metric 'uplink_forwards_installed{uplink="primary"}'
ns gw nft delete table inet multihome
expect "metrics: repairs" wait_for 3 same 1 metric 'repairs_total{what="ruleset"}'
ctl drain primary >/dev/null
expect "metrics: drained" same 1 metric 'uplink_drained{uplink="primary"}'
ctl undrain primary >/dev/null
if /usr/bin/python3 -c 'import prometheus_client' 2>/dev/null; then
	judged() {
		ctl metrics | /usr/bin/python3 -c 'import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as older
text = sys.stdin.read()
assert len(list(openmetrics(text))) >= 15 and len(list(older(text))) >= 15'
	}
	expect "metrics: read by both parsers of Prometheus" judged
fi

# The commands go with the site file; what hangs goes with its command.
hanging=$(tail -n 1 "$lab/hook/hanging")
site_lines=("notify: exec $lab/hook/tell")
site_file
expect "reload" ctl reload
gone() {
	! kill -0 "$1"
}
expect "a command that is not there any more is ended" wait_for 3 gone "$hanging"
expect "its children too" wait_for 3 eval '! pgrep -g "$hanging"'
expect "it is buried as well" wait_for 3 no_zombies
: >"$lab/hook/told"
ctl drain backup >/dev/null
expect "the other one is told on" wait_for 3 told '.event == "uplink-drained" and .uplink == "backup"'

# A restart that finds all as it was tells nobody.
: >"$lab/hook/told"
daemon_stop KILL
daemon_start
expect "the daemon is back" wait_for 5 daemon_answers
ctl undrain backup >/dev/null
expect "told of what happened since" wait_for 3 told '.event == "uplink-undrained"'
expect "not of what was so before" same 1 jq -s length "$lab/hook/told"

# The state-dir is missing, full or read-only.
daemon_stop
cp "$(site_file_path)" "$lab/good.conf"
sed -i -e "s|state-dir: .*|state-dir: $lab/missing/deep/state|" "$(site_file_path)"
daemon_start
expect "state-dir missing: it serves" wait_for 5 by_each uplink_answered
expect "state-dir missing: one warning" wait_for 5 logged "journal '$lab/missing/deep/state/journal', failed to write (No such file or directory)"
mkdir -p "$lab/missing/deep"
expect "state-dir made: what was held is written" wait_for 12 eval \
	'ctl history --json | jq -se "any(.[0][]; .event == \"daemon-started\")"'
expect "state-dir made: the log says so" wait_for 3 logged "journal '$lab/missing/deep/state/journal', written again"
daemon_stop
cp "$lab/good.conf" "$(site_file_path)"
mount -t tmpfs -o size=64k none "$lab/gw/state"
head -c 200000 /dev/zero >"$lab/gw/state/fill" 2>/dev/null
daemon_start
expect "state-dir full: it serves" wait_for 5 by_each uplink_answered
expect "state-dir full: one warning" wait_for 5 logged "journal '$lab/gw/state/journal', failed to write"
ctl drain backup >/dev/null
rm "$lab/gw/state/fill"
mount -o remount,size=16m "$lab/gw/state"
expect "room again: what was held is written" wait_for 12 eval \
	'ctl history --json | jq -se "any(.[0][]; .event == \"uplink-drained\")"'
mount -o remount,ro "$lab/gw/state"
ctl undrain backup >/dev/null
expect "read-only: it goes on" by_each uplink_answered
expect "read-only: the history can be read" ctl history
daemon_stop
umount "$lab/gw/state"
lab_end
