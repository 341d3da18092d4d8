# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Clients that load the page by name again and again, each a list of loads in $lab/NAME.loads:
#
#   STARTED ENDED loaded ADDRESS        times in milliseconds since the epoch
#   STARTED ENDED failed REASON
#   STARTED ENDED given-up              a browser's user has pressed reload

page_url=http://www.example.com/

# Its major version: what it makes of several addresses and of hints differs.
chromium_version() {
	chromium --version 2>/dev/null | sed -n 's/^Chromium \([0-9]*\).*/\1/p'
}

# browser_start NAME [OPTION...]: a new Chromium with no memory. It ends with the lab or browser_stop:
# the PID namespace takes all of its processes along.
browser_start() {
	local name=$1
	shift
	spawn_asking res unshare --pid --mount-proc --fork --kill-child \
		"$lab_source/browser.py" "$@" "$lab/$name" "$page_url" >"$lab/$name.loads" 2>"$lab/$name.errors"
	browser_pid=$!
}

browser_stop() {
	kill -9 "$browser_pid"
	wait "$browser_pid" 2>/dev/null || :
}

# curl_start NAME: what a program does that gives up after 4 s without a connection and tries again, a
# new curl every time.
curl_start() {
	# shellcheck disable=SC2016  # expanded by the inner shell
	spawn_asking res bash -c '
		now_ms() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }
		exec {silence}<> <(:)
		while :; do
			started=$(now_ms)
			address=$(curl -s -o /dev/null -w "%{remote_ip}" --connect-timeout 4 --max-time 10 "$1") &&
				outcome="loaded $address" || outcome="failed $?"
			echo "$started $(now_ms) $outcome"
			read -r -t 0.25 -u $silence
		done' curl "$page_url" >"$lab/$1.loads" 2>&1
}

# program_start NAME: a program without a time-out of its own asks every second, in parallel.
program_start() {
	# shellcheck disable=SC2016  # expanded by the inner shell
	spawn_asking res bash -c '
		now_ms() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }
		one() {
			started=$(now_ms)
			address=$(curl -s -o /dev/null -w "%{remote_ip}" "$1") &&
				outcome="loaded $address" || outcome="failed $?"
			echo "$started $(now_ms) $outcome"
		}
		exec {silence}<> <(:)
		while :; do
			one "$1" &
			read -r -t 1 -u $silence
		done' program "$page_url" >"$lab/$1.loads" 2>&1
}

# loaded_since NAME MILLISECONDS: the first load that began after that and succeeded, with the time that
# was over then.
loaded_since() {
	awk -v since="$2" '$1 >= since && $3 == "loaded" { print $2 - since, $4; found = 1; exit }
		END { exit !found }' "$lab/$1.loads"
}

# loaded_times NAME COUNT
loaded_times() {
	[ "$(grep -c ' loaded ' "$lab/$1.loads")" -ge "$2" ]
}

# uplink_used NAME: the uplink by which the last page came.
uplink_used() {
	local uplink address
	address=$(sed -n 's/.* loaded \[\?\([0-9a-f.:]*\)\]\?$/\1/p' "$lab/$1.loads" | tail -n 1)
	for uplink in primary backup; do
		case $address in
		"${address4[$uplink]}" | "${address6[$uplink]}")
			echo $uplink
			return
			;;
		esac
	done
	return 1
}

# The client has no IPv6, so that it has one address of each uplink.
client_without_ipv6() {
	ns cli sysctl -qw net.ipv6.conf.all.disable_ipv6=1
}

# page_by UPLINK: its name server answers, whatever the policy, and its address has the page.
page_by() {
	[ -n "$(answer_by "$1")" ] && get_by "$1"
}

# gateway_up_any: as gateway_up, with any policy.
gateway_up_any() {
	data_plane_up && knotd_start && wait_for 10 by_each page_by
}
