#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Four resolvers lose an uplink: each of them finds the other one, with a cold cache and a warm one, and
# what it answers serves. How long each takes is measured by measure_resolvers.

. "$(dirname "$0")/lib.sh"
lab_up
require "the gateway serves by both uplinks" gateway_up
require "a machine for each resolver" resolvers_up
require "the ISPs see who asks" askers_watch

# One that tried the dead name server at all its addresses needs 12 s, seldom, and curl's own resolver
# gives up after 10 s and begins anew.
cold_limit=30
# TTL 10 s, up to 1 s of rounding, and the resolver's time-outs.
warm_limit=30

declare -A other=([primary]=backup [backup]=primary)

# came KIND [UPLINK]: the visitor of this resolver got the page, by that uplink.
came() {
	local answer page address
	cat "$lab/$1.out"
	read -r answer page address <"$lab/$1.out"
	case $address in
	"${address4[primary]}" | "${address4[backup]}") [ -z "${2:-}" ] || [ "$address" = "${address4[$2]}" ] ;;
	*) return 1 ;;
	esac
}

# all_came WHAT [UPLINK]: a case for each resolver.
all_came() {
	local what=$1 kind
	shift
	for kind in "${resolver_kinds[@]}"; do
		expect "${resolver_name[$kind]}, $what" came "$kind" "$@"
	done
}

# cold_visit UPLINK once|retry SECONDS KIND: cold caches, again and again until this resolver asked UPLINK's
# name server (which of them is first is chance); the last visitor's line.
cold_visit() {
	local uplink=$1 mode=$2 limit=$3 kind=$4 round line
	for round in {1..10}; do
		resolver_restart "$kind" "$kind" || return 1
		line=$(visit "$kind" "$mode" "$limit") || break
		asked "$uplink" "$kind" >/dev/null && break
	done
	echo "$line"
}

# cold_visits UPLINK once|retry SECONDS
cold_visits() {
	askers_forget "$1"
	resolvers_do cold_visit "$@"
}

# For some seconds nobody is told that uplink's address.
nobody_is_told() {
	local until=$(($(now_ms) + 3000)) kind answer
	while [ "$(now_ms)" -lt $until ]; do
		for kind in "${resolver_kinds[@]}"; do
			answer=$(ns cli kdig +short +timeout=2 +retry=0 "@${resolver_address4[$kind]}" www.example.com A)
			if [ "$answer" = "${address4[$1]}" ]; then
				echo "${resolver_name[$kind]} says $answer"
				return 1
			fi
		done
	done
}

for uplink in primary backup; do
	cold_visits $uplink once 10
	all_came "cold, both uplinks: by name, $uplink's name server asked"
done

for uplink in primary backup; do
	for cut in blackhole carrier; do
		what="$uplink cut ($cut)"
		expect "$what: every resolver knows its address" resolvers_learn $uplink
		cut $uplink $cut
		resolvers_do visit_since steadily $warm_limit "${EPOCHREALTIME/[.,]/}"
		all_came "warm, $what: by name within TTL and time-outs" ${other[$uplink]}
		expect "warm, $what: then nobody is told the dead address any more" nobody_is_told $uplink

		cold_visits $uplink retry $cold_limit
		all_came "cold, $what: the first address that is answered serves" ${other[$uplink]}

		resolvers_restart
		mend $uplink
		resolvers_do visit_since retry $cold_limit ""
		all_came "cold, $uplink back: by name"
		expect "$uplink is back: serves" wait_for 5 by_each uplink_serves
	done
done

# SERVFAIL is an answer, so nobody waits for a time-out (silence costs PowerDNS Recursor 1.5 s, unbound
# up to 5 s), and no visitor hears of it.
require "not ready: primary's name server says SERVFAIL" uplink_not_ready_start primary
cold_visits primary once 1.4
all_came "cold, SERVFAIL from primary: the next name server at once" backup
expect "ready again" uplink_not_ready_stop

# Not ready for a reason inside, while the other is: no resolver has to ask twice.
ns gw sysctl -qw net.ipv4.conf.wan1.rp_filter=1
expect "backup not ready: its name server answers the other" \
	wait_for 2 same "${address4[primary]}" answer_by backup
cold_visits backup once 1.4
all_came "cold, backup not ready: by the other one at once" primary
ns gw sysctl -qw net.ipv4.conf.wan1.rp_filter=0
expect "backup ready again" wait_for 2 by_each uplink_serves
lab_end
