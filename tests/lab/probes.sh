# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Words for tests of probes; sourced after lib.sh.

# probe_each LINE...: the same lines for both uplinks.
probe_each() {
	primary_lines=("$@")
	backup_lines=("$@")
}

# within MILLISECONDS COMMAND...: it succeeds at last, and not too late; says how long it took.
within() {
	local limit=$1 start took
	start=$(now_ms)
	shift
	wait_for $((limit / 1000 + 5)) "$@" || return 1
	took=$(($(now_ms) - start))
	echo "took $took ms, limit $limit ms"
	[ $took -le "$limit" ]
}

# uplink_field UPLINK FILTER: of its status, by jq.
uplink_field() {
	ctl status --json | jq -r --arg id "$1" ".uplinks[] | select(.id == \$id) | $2"
}

# uplink_state UPLINK STATE
uplink_state() {
	same "$2" uplink_field "$1" .state
}

# probe_state UPLINK PROBE STATE: by the text of the probe.
probe_state() {
	same "$3" uplink_field "$1" ".probes[] | select(.probe == \"$2\") | .state"
}

# any_answered: at least one uplink is published.
any_answered() {
	ctl status --json | jq -e 'any(.uplinks[]; .answered)' >/dev/null
}

# changes_of UPLINK: how often its answer has changed, by the log.
changes_of() {
	sed -nE "/uplink '$1', not answered/s/.*/no/p; /uplink '$1', (up: )?answered|answered all the same/s/.*/yes/p" \
		"$lab/gw/multihomed.log" | uniq | wc -l
}

# log_mark, logged_since: what the log says after a moment.
log_mark() {
	log_lines=$(wc -l <"$lab/gw/multihomed.log")
}

logged_since() {
	tail -n "+$((log_lines + 1))" "$lab/gw/multihomed.log" | grep -q -- "$1"
}

# lose UPLINK RULE: the ISP drops what matches on its way out, «unlose» ends it.
lose() {
	ns "${isp[$1]}" nft insert rule inet isp forward iifname cust "$2" drop
}

unlose() {
	local handle
	for handle in $(ns "${isp[$1]}" nft -a list chain inet isp forward |
		sed -n 's/.*iifname "cust".*# handle //p'); do
		ns "${isp[$1]}" nft delete rule inet isp forward handle "$handle"
	done
}
