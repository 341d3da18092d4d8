# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The words of a lab test. A test sources this file, says lab_up, a few «expect», and lab_end.
#
# Everything lives in network namespaces named mh<pid>-<role> and in one temporary folder, $lab; both
# are gone when the shell ends, however it ends. Tests may run side by side.

lab_source=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=${BUILD:-$lab_source/../../build}
lab_id=mh$$
lab=
cases_failed=0

. "$lab_source/topology.sh"
. "$lab_source/servers.sh"
. "$lab_source/resolvers.sh"
. "$lab_source/gateway.sh"

# ns ROLE COMMAND...: run a command in a namespace.
ns() {
	local role=$1
	shift
	ip netns exec "$lab_id-$role" "$@"
}

# spawn ROLE COMMAND...: the same in the background; $! is the command itself.
spawn() {
	local role=$1
	shift
	ip netns exec "$lab_id-$role" "$@" &
}

now_ms() {
	echo $((${EPOCHREALTIME/[.,]/} / 1000))
}

# wait_for SECONDS COMMAND...: until it succeeds; 1 if it never did. The seconds are those of an idle
# machine, a busy one is given three times as long; «within» is for what has to be in time.
slack=3
wait_for() {
	local deadline=$(($(now_ms) + $1 * 1000 * slack))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(now_ms)" -lt "$deadline" ] || return 1
		pause 20
	done
}

# A pipe on which nothing ever comes. One for all pauses: with a process for each of thousands, bash 5.2
# was seen waiting for ever for a command that had ended.
exec {silence}<> <(:)

# A pause of some milliseconds: where time itself is the matter.
pause() {
	local seconds
	printf -v seconds '%d.%03d' $(($1 / 1000)) $(($1 % 1000))
	read -r -t "$seconds" -u "$silence" || :
}

# stays SECONDS COMMAND...: it succeeds again and again for that long.
stays() {
	local deadline=$(($(now_ms) + $1 * 1000))
	shift
	while [ "$(now_ms)" -lt "$deadline" ]; do
		"$@" >/dev/null || return 1
	done
}

# expect WHAT COMMAND...: a case of the test. On failure its output and the logs' ends are shown.
expect() {
	local what=$1
	shift
	if "$@" >"$lab/case.log" 2>&1; then
		echo "ok - $what"
	else
		cases_failed=$((cases_failed + 1))
		echo "not ok - $what"
		{
			echo "command: $*"
			tail -n 20 "$lab/case.log"
			if [ -s "$lab/gw/multihomed.log" ]; then
				echo "multihomed's log ends with:"
				tail -n 15 "$lab/gw/multihomed.log"
			fi
		} | sed 's/^/# /'
	fi
}

# require WHAT COMMAND...: a case without which the others mean nothing.
require() {
	local before=$cases_failed
	expect "$@"
	[ "$cases_failed" = "$before" ] || exit 1
}

# same WANTED COMMAND...: its output, lines joined by a blank, is that text.
same() {
	local wanted=$1 output
	shift
	output=$("$@" | tr '\n' ' ')
	output=${output% }
	[ "$output" = "$wanted" ] || {
		echo "wanted: $wanted"
		echo "got:    $output"
		return 1
	}
}

fails() {
	! "$@"
}

# skip REASON: for the harness of automake.
skip() {
	echo "skip - $1"
	exit 77
}

lab_permitted() {
	local reason
	[ "$(id -u)" = 0 ] || skip "needs root"
	reason=$(ip netns add "$lab_id-probe" 2>&1) || skip "needs network namespaces: $reason"
	reason=$(ip netns exec "$lab_id-probe" nft add table inet probe 2>&1) || {
		ip netns del "$lab_id-probe"
		skip "needs nftables in network namespaces: $reason"
	}
	ip netns del "$lab_id-probe"
}

# Until none is left: a browser starts processes meanwhile, and writes to its files while it ends.
kill_namespace() {
	local pids
	for _ in {1..100}; do
		pids=$(ip netns pids "$lab_id-$1" 2>/dev/null)
		[ -n "$pids" ] || return 0
		# shellcheck disable=SC2086  # a list
		kill -9 $pids 2>/dev/null || :
		pause 10
	done
}

lab_down() {
	local name
	# Nothing ends this half way.
	trap '' INT TERM
	trap - EXIT
	# Else the shell tells of each killed job.
	exec 2>/dev/null
	for name in "${namespaces[@]}"; do
		kill_namespace "$name"
	done
	wait
	for name in "${namespaces[@]}"; do
		ip netns del "$lab_id-$name" 2>/dev/null || :
	done
	[ -z "$lab" ] || rm -rf "$lab"
}

# lab_up: the whole lab but for the gateway's own programs.
lab_up() {
	lab_permitted
	lab=$(mktemp -d "${TMPDIR:-/tmp}/multihome-lab.XXXXXX")
	# knotd reads its files as its own user.
	chmod 755 "$lab"
	mkdir "$lab/gw"
	trap lab_down EXIT
	# Signals come in pairs: timeout(1) sends one to its child and one to the process group.
	trap 'trap "" INT TERM; exit 130' INT
	trap 'trap "" INT TERM; exit 143' TERM
	if ! topology_up || ! servers_up; then
		echo "not ok - the lab starts"
		tail -n 5 "$lab"/*/*log
		exit 1
	fi
}

# What AddressSanitizer and UndefinedBehaviorSanitizer said in any log.
sanitizer_reports() {
	grep -rE 'AddressSanitizer|runtime error:' "$lab" --include='*log' | head -n 5
}

# lab_end: the last line of a test.
lab_end() {
	[ -z "$module_preload" ] || expect "no sanitizer reports anything" same "" sanitizer_reports
	expect "no packet left by a foreign uplink" no_leaks
	[ "$cases_failed" = 0 ]
	exit
}
