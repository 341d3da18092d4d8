#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What ./bootstrap demo shows is true, and nothing is left of it when somebody has seen enough.

. "$(dirname "$0")/lib.sh"
lab_permitted
lab=$(mktemp -d "${TMPDIR:-/tmp}/multihome-lab.XXXXXX")
# knotd of the demo reads its files as its own user.
chmod 755 "$lab"
# Its namespaces are its own.
namespaces=()
trap lab_down EXIT
trap 'exit 143' INT TERM

whole() {
	TMPDIR=$lab bash "$lab_source/demo" --plain
}
expect "each of its steps is true" whole

# The shell has its background jobs ignore the signal.
interrupted() {
	local pid status
	TMPDIR=$lab setsid env --default-signal=INT bash "$lab_source/demo" --plain >"$lab/demo.log" 2>&1 &
	pid=$!
	wait_for 30 grep -q '^4\. ' "$lab/demo.log" || return 1
	kill -INT -- -$pid
	wait $pid
	status=$?
	echo "exit status $status"
	ip netns list | grep "^mh$pid-"
	ls -d "$lab"/multihome-lab.*
	[ $status = 130 ] && ! ip netns list | grep -q "^mh$pid-" && fails ls -d "$lab"/multihome-lab.*
}
expect "interrupted: nothing is left" interrupted
[ "$cases_failed" = 0 ]
