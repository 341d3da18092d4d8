#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A dialled line: no gateway, and with each session a new interface with a new address.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/living.sh"
first=${address4[primary]} second=${new_address4[primary]}
# So that the name server of the other uplink answers the address that changes.
answer_policy=preferred

[ -c /dev/net/tun ] || skip "needs /dev/net/tun"
lab_up
ip -n "$lab_id-gw" link del wan0
interface[primary]=ppp0

line_is() {
	[ "$(cat "$lab/gw/line")" = "$1" ]
}
# dial ADDRESS: a new session. What pppd does: a peer address, and a default route without a gateway.
dial() {
	spawn gw "$build/tests/lab/tunnel" "$lab_id-gw" ppp0 "$lab_id-isp1" cust >"$lab/gw/line" 2>&1
	line_pid=$!
	wait_for 2 line_is up || return 1
	ip_batch isp1 <<-END
		address add ${router4[primary]} peer $1 dev cust
		link set cust up
	END
	ip_batch gw <<-END
		address add $1 peer ${router4[primary]} dev ppp0
		link set ppp0 up
		route replace default dev ppp0
	END
}
hang_up() {
	kill "$line_pid"
	wait "$line_pid" 2>/dev/null
	: >"$lab/gw/line"
}
index_of_line() {
	ip -n "$lab_id-gw" -json link show dev ppp0 | jq '.[0].ifindex'
}
backup_answers() {
	[ "$(asked_by "${address4[backup]}")" = "$1" ]
}
serves() {
	serves_at "$1" && backup_answers "$1" && udp_by primary 51820
}

dial "$first"
site_file
sed -i 's/interface: wan0/interface: ppp0/' "$(site_file_path)"
living primary
daemon_start
require "both uplinks are published" wait_for 10 by_each uplink_answered
knotd_start
require "both uplinks serve" wait_for 10 serves "$first"
no_gateway() {
	ip -n "$lab_id-gw" -json route show default table 20101 type unicast |
		jq -e 'length == 1 and .[0].dev == "ppp0" and .[0].gateway == null'
}
expect "no gateway is made up" no_gateway
programs=$(starts_of_programs)
index=$(index_of_line)

observed=("first=$first" "second=$second" "backup=${address4[backup]}")
observer_start
download_start backup
pause 300
hang_up
expect "the line is gone: the log says why" wait_for 2 logged "interface ppp0 does not exist"
expect "the line is gone: the other uplink answers its own" wait_for 2 backup_answers "${address4[backup]}"
dial "$second"
address4[primary]=$second
expect "a new session: it is another interface" fails same "$index" index_of_line
expect "a new session: serves at its address" wait_for 3 serves "$second"
expect "a new session: the old address has no rule" same "" rules_from "$first"
expect "a new session: the new one has" same 20101 rules_from "$second"
expect "a transfer by the other uplink has gone on" download_finishes

objects() {
	ip -n "$lab_id-gw" rule show | wc -l
	ip -n "$lab_id-gw" route show table all proto 109 | wc -l
	find "/proc/$daemon_pid/fd" -mindepth 1 | wc -l
}
before=$(objects | tr '\n' ' ')
redial() {
	hang_up
	[ $((session % 2)) = 1 ] && address4[primary]=$first || address4[primary]=$second
	dial "${address4[primary]}"
}
for session in $(seq 7); do
	redial
	expect "session $session more: serves" wait_for 3 page_by "${address4[primary]}"
	# The observer shall see that it does.
	pause 200
done
expect "no address was answered that did not serve" observer_stop
sed 's/^/# /' "$lab/observer.log"

# Too short for anybody outside to see.
for session in $(seq 20); do
	redial
done
expect "20 short sessions: the last address serves" wait_for 3 serves "${address4[primary]}"
expect "nothing has grown" same "${before% }" objects
expect "the same programs run" same "${programs//$'\n'/ }" starts_of_programs
lab_end
