#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The daemon needs no root: CAP_NET_ADMIN and CAP_NET_RAW are all that it has here.

. "$(dirname "$0")/lib.sh"
lab_up
require "the gateway serves by both uplinks" gateway_up unprivileged
runs_as_nobody() {
	[ "$(stat -c %U "/proc/$daemon_pid")" = nobody ] &&
		grep -qE '^CapEff:\s+0000000000003000$' "/proc/$daemon_pid/status"
}
expect "it runs as nobody with two capabilities" runs_as_nobody
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
