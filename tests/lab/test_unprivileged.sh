#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The daemon needs no root: CAP_NET_ADMIN and CAP_NET_RAW are all that it has here.

. "$(dirname "$0")/lib.sh"
lab_up
# What it starts itself says what it may.
mkdir -m 777 "$lab/hook"
cat >"$lab/hook/tell" <<-END
	#!/bin/sh
	grep -E '^Cap(Eff|Prm|Amb):' /proc/self/status >$lab/hook/\$1
END
chmod 755 "$lab/hook/tell"
site_lines=("notify: exec $lab/hook/tell hook")
primary_lines=("probe: [exec $lab/hook/tell probe]")
require "the gateway serves by both uplinks" gateway_up unprivileged
runs_as_nobody() {
	[ "$(stat -c %U "/proc/$daemon_pid")" = nobody ] &&
		grep -qE '^CapEff:\s+0000000000003000$' "/proc/$daemon_pid/status"
}
expect "it runs as nobody with two capabilities" runs_as_nobody
has_none() {
	[ "$(grep -cE '^Cap[A-Za-z]+:\s+0{16}$' "$lab/hook/$1")" = 3 ]
}
for child in hook probe; do
	expect "$child: it has no capabilities" wait_for 5 has_none $child
done
rm "$lab/gw/run/control.sock"
expect "a control socket that was removed comes back by itself" wait_for 20 daemon_answers
ns gw nft flush ruleset
expect "it repairs a flushed ruleset" wait_for 2 by_each get_by
expect "it reloads" ctl reload
ip -n "$lab_id-gw" link set wan1 down
expect "it withdraws" wait_for 2 uplink_withdrawn backup
gateway_addresses backup
expect "it publishes" wait_for 5 by_each uplink_serves

without_capabilities() {
	ns gw setpriv --reuid nobody --regid nogroup --clear-groups --inh-caps -all --bounding-set -all \
		"$lab/gw/multihomed" -c "$(site_file_path)" 2>&1 | grep -q "needs CAP_NET_ADMIN"
}
expect "without capabilities it says what it needs" without_capabilities
lab_end
