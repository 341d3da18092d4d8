#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# multihomectl check gateway: a good gateway has nothing to mend, and each thing that is broken is found,
# by its own name; what the remedy says is then done to the letter, and the finding is gone.

. "$(dirname "$0")/lib.sh"
site_lines=('cross-interval: 2s')
backup_lines=("probe: [tcp $hoster4:53, tcp $client4:7]" 'interval: 300ms' 'timeout: 200ms' 'quorum: 1')

# look: all that is more than a note, as lines «level subject check: message».
look() {
	code=0
	ctl check gateway --json >"$lab/found.json" || code=$?
	jq -r '.[] | select(.level == "warning" or .level == "wrong") |
		"\(.level) \(.subject) \(.message) -> \(.remedy)"' "$lab/found.json" >"$lab/found"
	cat "$lab/found"
}

clean() {
	look && [ ! -s "$lab/found" ] && [ $code = 0 ]
}

# found PART...: each is part of a line, «level subject message», and the exit code fits. The last one's
# remedy is in $remedy.
found() {
	local part
	look
	for part; do
		grep -qF -- "$part" "$lab/found" || {
			echo "missing: $part"
			return 1
		}
	done
	if grep -q ^wrong "$lab/found"; then
		[ $code = 1 ] || return 1
	else
		[ $code = 0 ] || return 1
	fi
	remedy=$(grep -F -- "$part" "$lab/found" | sed -n '1s/.* -> //p')
	[ "$remedy" != null ]
}

# obey: what the last remedy says; behind «, or» is a second one.
obey() {
	local command=${remedy%%, or *}
	echo "$command"
	case $command in
	write*"below 'site:'"*)
		command=$(sed "s/write '\([^']*\)'.*/\1/" <<<"$command")
		sed -i "/^    ${command%%:*}:/d; s/^site:\$/&\n    $command/" "$(site_file_path)"
		ctl reload
		;;
	multihomectl*) ctl ${command#multihomectl } ;;
	*) ns gw bash -c "$command" ;;
	esac
}

# control WHAT PARTS BREAK...: PARTS is one line or more.
control() {
	local what=$1 parts
	mapfile -t parts <<<"$2"
	shift 2
	"$@" || echo "not broken: $*"
	expect "$what: found" wait_for 25 found "${parts[@]}"
	expect "$what: the remedy is a thing to do" obey
	expect "$what: mended" wait_for 25 clean
}

# The same for what is mended otherwise: MEND is a command.
control_by() {
	local what=$1 parts mend=$3
	mapfile -t parts <<<"$2"
	shift 3
	"$@" || echo "not broken: $*"
	expect "$what: found" wait_for 25 found "${parts[@]}"
	eval "$mend" >/dev/null
	expect "$what: mended" wait_for 25 clean
}

gw_sysctl() {
	ns gw sysctl -qw "$@"
}
gw_ip() {
	ip -n "$lab_id-gw" "$@"
}
# firewall CHAIN: another program's table.
firewall() {
	printf 'table inet firewall {\n%s\n}\n' "$@" | ns gw nft -f -
}
no_firewall() {
	ns gw nft delete table inet firewall
}

lab_up
require "the gateway serves by both uplinks" gateway_up unprivileged
expect "a good gateway: nothing to mend" wait_for 10 clean
expect "each thing that was looked at is told" eval '[ "$(jq "map(select(.level == \"good\")) | length" "$lab/found.json")" -ge 16 ]'
expect "what is noted is told" eval \
	'ctl check gateway | grep -q "note .* probes .* none: an outage behind a router"'
expect "all checks: DNS and gateway" eval 'ctl check --json --resolver "$resolver4" --timeout 1 |
	jq -e "map(.section) | unique == [\"dns\", \"gateway\"]"'

# Settings.
control "IPv4 forwarding" "wrong settings forwarding: off" gw_sysctl net.ipv4.ip_forward=0
control "IPv6 forwarding" "wrong settings forwarding: off" gw_sysctl net.ipv6.conf.all.forwarding=0
control "strict filter" "wrong settings rp_filter: strict on wan1" gw_sysctl net.ipv4.conf.wan1.rp_filter=1

# Rules and routes.
control "a mark that is ours" "wrong routing mark: rule '5000: from all fwmark 0x1000000/0x1000000 lookup 77'" \
	gw_ip rule add priority 5000 fwmark 0x1000000/0x1000000 lookup 77
gw_ip rule del priority 5000
control_by "a rule before ours" "wrong routing rules: rule '500: from all lookup 77'" \
	'sed -i "s/^site:\$/&\n    rule-priority: 400/" "$(site_file_path)"; ctl reload' \
	gw_ip rule add priority 500 lookup 77
gw_ip rule del priority 500
control "a route in our table" "wrong routing routes: route '192.0.2.0/24 dev lan0 table 20102" \
	gw_ip route add 192.0.2.0/24 dev lan0 table 20102
control "a route for the aliases" "warning routing alias: route '198.18.0.0/15 dev lan0" \
	gw_ip route add 198.18.0.0/15 dev lan0

# Rulesets of others.
firewall 'chain forward { type filter hook forward priority 0; policy drop; ct state established,related accept; }'
control "policy drop" "wrong nftables firewall: table inet firewall, chain forward drops what is forwarded, by policy" :
expect "policy drop: the services are reached" by_each get_by
no_firewall
firewall 'chain pre { type filter hook prerouting priority mangle; tcp dport { 20-30, 80 } drop; }'
control "ports dropped" "wrong nftables firewall: table inet firewall, chain pre, rule" :
no_firewall
firewall 'chain input { type filter hook input priority 0; policy drop; ct state vmap { established : accept, related : accept }; iif lo accept; meta l4proto { icmp, ipv6-icmp } accept; }'
control "name server shut off" "wrong nftables firewall: table inet firewall, chain input drops questions" :
no_firewall
bogons='
set bogons { type ipv4_addr; flags interval; elements = { 127.0.0.0/8, 198.18.0.0/15, 240.0.0.0/4 }; }
'
firewall "$bogons chain pre { type filter hook prerouting priority raw; ip saddr @bogons drop; }"
control "bogons dropped where they come in" \
	"warning nftables bogon filter: table inet firewall, chain pre" :
no_firewall
firewall "$bogons chain out { type filter hook output priority 0; oif != lo ip daddr @bogons drop; }"
control "bogons dropped where they leave" \
	"warning nftables bogon filter: table inet firewall, chain out" :
no_firewall
firewall 'chain pre { type filter hook prerouting priority mangle - 5; tcp dport 9 meta mark set meta mark | 0x00000001; }'
control "our bits of the mark written" "wrong nftables mark: table inet firewall, chain pre" :
no_firewall
firewall 'chain pre { type filter hook prerouting priority raw; iifname lan0 fib saddr . iif oif missing drop; }'
control "filter by the way back" "warning nftables reverse path: table inet firewall, chain pre" :
no_firewall

# The uplinks; a provider that blocks one service, and the server another one.
ns isp1 nft insert rule inet isp forward oifname cust tcp dport 80 drop
ns srv nft -f - <<<'table inet own {
chain input { type filter hook input priority 0; tcp dport 25 drop; }
}'
control_by "services that are not reached" "warning uplink primary inbound: tcp/80 over IPv4: unproven
wrong uplink backup inbound: tcp/25 over IPv6: unproven" \
	'ns isp1 nft flush chain inet isp forward; ns srv nft delete table inet own' :
ctl drain backup >/dev/null
drain_noted() {
	look && remedy=$(jq -r '.[] | select(.subject == "uplink backup" and .level == "note" and
		(.message | startswith("state: drained"))) | .remedy' "$lab/found.json") && [ -n "$remedy" ]
}
expect "drained: a note" drain_noted
expect "drained: the remedy is a thing to do" obey
expect "drained: mended" eval 'ctl status --json | jq -e ".uplinks | all(.state == \"up\")"'
control_by "no carrier" "warning uplink backup state: down: interface wan1 has no carrier" \
	'mend backup; gateway_addresses backup' cut backup carrier
gw_ip link set wan0 down
expect "interface down: found" wait_for 25 found "warning uplink primary state: down: interface wan0 is down"
expect "interface down: the remedy is a thing to do" obey
gateway_addresses primary
expect "interface down: mended" wait_for 25 clean

# Programs.
control_by "knotd" "wrong name server listens: knotd does not run" knotd_run knotd_stop
control_by "multihomed" "wrong daemon answer: control socket" 'daemon_start unprivileged' daemon_stop

# What is followed.
sed -i "/- id: backup\$/,/gateway:/ { s/, \"${address6[backup]}\"//; s/, \"${router6[backup]}\"// }" "$(site_file_path)"
ctl reload >/dev/null
control_by "no router advertisements" "warning settings accept_ra: 1 on wan1" \
	'obey' gw_sysctl net.ipv6.conf.wan1.accept_ra=1
lab_end
