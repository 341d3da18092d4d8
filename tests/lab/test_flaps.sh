#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Addresses come and go a thousand times on both uplinks at once, and interfaces are renamed, deleted and
# taken away: afterwards all is as before, soon, and nothing has grown.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/living.sh"
# Their sets and descriptors come and go by themselves.
site_lines+=('cross-probe: off')
lab_up
# Nothing but the addresses themselves may tell of them.
ip -n "$lab_id-gw" route add default via "${router4[backup]}" dev wan1 metric 9
ip -n "$lab_id-gw" -6 route add default via "${router6[backup]}" dev wan1 metric 2048
require "both uplinks serve" living_up primary backup
programs=$(starts_of_programs)

both_serve() {
	serves_at "${address4[primary]}" && serves_at "${address4[backup]}" &&
		serves_at "${address6[primary]}" && serves_at "${address6[backup]}"
}
# Rules and routes of ours, the ruleset without counters, descriptors.
objects() {
	ip -n "$lab_id-gw" rule show | sort
	ip -n "$lab_id-gw" -6 rule show | sort
	ip -n "$lab_id-gw" route show table all proto 109 | sort
	ip -n "$lab_id-gw" -6 route show table all proto 109 | sort
	ns gw nft -j -s list table inet multihome | jq -S '[.nftables[] | del(.. | .handle?)]' | cksum
	find "/proc/$daemon_pid/fd" -mindepth 1 | wc -l
}
memory_kb() {
	awk '/^Rss:/ { print $2 }' "/proc/$daemon_pid/smaps_rollup"
}
objects_are_back() {
	objects | diff "$lab/objects" -
}

# flaps COUNT: of each uplink's both addresses, and of others beside them.
flaps() {
	local i uplink
	for i in $(seq "$1"); do
		for uplink in primary backup; do
			echo "address del ${address4[$uplink]}/27 dev ${interface[$uplink]}"
			echo "address add ${address4[$uplink]%.*}.$((i % 200 + 40))/32 dev ${interface[$uplink]}"
			echo "address add ${address4[$uplink]}/27 dev ${interface[$uplink]}"
			echo "address del ${address4[$uplink]%.*}.$((i % 200 + 40))/32 dev ${interface[$uplink]}"
			echo "address del ${address6[$uplink]}/64 dev ${interface[$uplink]}"
			echo "address add ${address6[$uplink]}/64 dev ${interface[$uplink]} nodad"
		done
	done | ip_batch gw
}
defaults() {
	ip_batch gw <<-END
		route replace default via ${router4[primary]} dev wan0
		route replace default via ${router6[primary]} dev wan0
		route replace default via ${router4[backup]} dev wan1 metric 9
		route replace default via ${router6[backup]} dev wan1 metric 2048
	END
}

# The first time may take what is kept for later.
flaps 100
defaults
require "100 flaps: both serve" wait_for 5 both_serve
objects >"$lab/objects"
memory=$(memory_kb)
expect "1000 flaps of all addresses" flaps 1000
quiet=$(now_ms)
defaults
expect "1000 flaps: all is back" wait_for 5 objects_are_back
expect "1000 flaps: both serve" wait_for 5 both_serve
took=$(($(now_ms) - quiet))
echo "# both serve $took ms after the last one; memory was $memory kB, is $(memory_kb) kB"
within() {
	[ "$2" -le "$1" ]
}
# Sanitizers keep what was freed, and take their time.
if [ -z "$module_preload" ]; then
	# A second on a machine of its own; what nobody has noticed waits for the clock, up to 10.
	expect "1000 flaps: within seconds" within 4000 "$took"
	expect "1000 flaps: memory" within $((memory + 512)) "$(memory_kb)"
fi

# lost WHAT: what is expected when wan1 is not there, and when it is back.
lost() {
	expect "$1: withdrawn" wait_for 2 uplink_withdrawn backup
	expect "$1: the other serves" serves_at "${address4[primary]}"
}
back() {
	gateway_addresses backup
	defaults
	expect "$1: serves again" wait_for 3 serves_at "${address4[backup]}"
	expect "$1: all is back" wait_for 3 objects_are_back
}
ip -n "$lab_id-gw" link set wan1 down
ip -n "$lab_id-gw" link set wan1 name dsl7
ip -n "$lab_id-gw" link set dsl7 up
lost "renamed"
ip -n "$lab_id-gw" link set dsl7 down
ip -n "$lab_id-gw" link set dsl7 name wan1
back "renamed back"

ip -n "$lab_id-gw" link set wan1 netns "$lab_id-lan"
lost "moved to another namespace"
ip -n "$lab_id-lan" link set wan1 netns "$lab_id-gw"
back "moved back"

# The names of both swapped: each address comes by the other cable then, and is no uplink's.
swap() {
	ip_batch gw <<-END
		link set wan0 down
		link set wan1 down
		link set wan0 name swap
		link set wan1 name wan0
		link set swap name wan1
		link set wan0 up
		link set wan1 up
	END
}
swap
ip_batch gw <<-END
	address replace ${address4[backup]}/27 dev wan0
	route replace default via ${router4[backup]} dev wan0
END
backup_by_primary() {
	[ "$(asked_by "${address4[backup]}")" = "${address4[backup]}" ] &&
		publishes primary "${address4[backup]}" && publishes_not backup "${address4[backup]}"
}
expect "names swapped: the address is the other uplink's now" wait_for 3 backup_by_primary
swap
ip -n "$lab_id-gw" -4 address flush dev wan1 scope global
gateway_addresses primary
back "swapped back"

flapping() {
	local i
	for i in $(seq 30); do
		ip -n "$lab_id-gw" link del wan1 || return 1
		ip -n "$lab_id-isp2" link add cust type veth peer name wan1 netns "$lab_id-gw" || return 1
	done
}
expect "deleted and created 30 times" flapping
ip_batch isp2 <<-END
	link set cust up
	address add ${router4[backup]}/27 dev cust
	address add ${router6[backup]}/64 dev cust nodad
END
isp_routes backup
back "created again"
expect "the same programs run" same "${programs//$'\n'/ }" starts_of_programs
lab_end
