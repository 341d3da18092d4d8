#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Stopping: whatever happens meanwhile, the daemon ends in order and leaves all as it is.

. "$(dirname "$0")/lib.sh"
lab_up
mkdir "$lab/hook"
printf '#!/bin/sh\necho $$ >>%s/hanging\nexec sleep 1000\n' "$lab/hook" >"$lab/hook/hang"
chmod 755 "$lab/hook/hang"
site_lines=("notify: exec $lab/hook/hang")
require "both uplinks are published" data_plane_up
require "a command runs" wait_for 5 test -s "$lab/hook/hanging"

# The journal's process hangs, so that stopping takes its time.
keeper=$(pgrep -P "$daemon_pid" mh-journal)
require "the journal has a process" test -n "$keeper"
kill -STOP "$keeper"
kill -TERM "$daemon_pid"
expect "told to stop" wait_for 3 logged "stopping: data plane and answers stay"
for _ in $(seq 5); do
	ip -n "$lab_id-gw" link set wan1 down
	gateway_addresses backup
	kill -TERM "$daemon_pid" 2>/dev/null
	kill -HUP "$daemon_pid" 2>/dev/null
done
status=0
wait "$daemon_pid" || status=$?
expect "links change and signals come again: it ends in order" same 0 echo "$status"
expect "it tells of that once" same 1 grep -c "stopping: data plane" "$lab/gw/multihomed.log"
no_command_runs() {
	! pgrep -g "$(tail -n 1 "$lab/hook/hanging")"
}
expect "a command that runs ends with it" wait_for 3 no_command_runs
daemon_start
expect "the next one publishes" wait_for 10 by_each uplink_answered
daemon_stop
lab_end
