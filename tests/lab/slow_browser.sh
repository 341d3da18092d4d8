#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A browser and curl load the page by name while uplinks are cut in turn, and come back by themselves:
# with all addresses in the answer within seconds, with one of them after the browser's own time-outs.
#
#   slow_browser.sh [POLICY SECONDS CUT...]      default: all there is, in several labs at a time
#
# SECONDS is what the browser is given; doc/recovery.md has what it takes. A program such as curl is
# given the TTL, the resolver's time-outs and one of its own.

. "$(dirname "$0")/lib.sh"
. "$lab_source/clients.sh"
command -v chromium >/dev/null || skip "needs chromium"

[ $# -gt 0 ] || {
	all=("all 20 blackhole unreachable carrier")
	# Chromium 150 keeps to a silent address until the kernel gives it up, whatever else there is.
	[ "$(chromium_version)" -ge 156 ] || all=("all 170 blackhole" "all 20 unreachable carrier")
	parts=()
	for part in "${all[@]}" "arrival 100 carrier" "arrival 170 blackhole"; do
		# shellcheck disable=SC2086  # a list of words
		bash "$0" $part &
		parts+=($!)
	done
	status=0
	for part in "${parts[@]}"; do
		wait "$part" || status=$?
	done
	exit $status
}
answer_policy=$1 seconds=$2
shift 2

declare -A other=([primary]=backup [backup]=primary)

# both_come_back CUT: the uplink that the browser uses is cut.
both_come_back() {
	local what="$answer_policy, $1" browser=browser-$1 uplink cut_at
	# A new one each time: what it remembers of the last cut is not the matter here.
	browser_start "$browser"
	require "$what: the browser has the page" wait_for 30 loaded_times "$browser" 3
	uplink=$(uplink_used "$browser")
	cut "$uplink" "$1"
	cut_at=$(now_ms)
	expect "$what: curl is back" wait_for 30 loaded_since curl "$cut_at"
	expect "$what: the browser is back" wait_for "$seconds" loaded_since "$browser" "$cut_at"
	expect "$what: by the other uplink" same "${other[$uplink]}" uplink_used "$browser"
	mend "$uplink"
	expect "$what: $uplink serves again" wait_for 10 page_by "$uplink"
	browser_stop
}

lab_up
require "$answer_policy: the gateway serves by both uplinks" gateway_up_any
client_without_ipv6
curl_start curl
require "$answer_policy: curl has the page" wait_for 10 loaded_times curl 3
for kind in "$@"; do
	both_come_back "$kind"
done
lab_end
