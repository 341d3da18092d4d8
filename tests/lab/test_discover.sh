#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Uplinks behind the providers' address translation learn by which address the outside knows them: from a
# server, or from each other. Nothing that they are told wrongly is published.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/living.sh"
site_lines+=('cross-interval: 1s')
inside4=10.64.0.2 shared4=100.64.0.2
who4=203.0.113.60 liar4=203.0.113.61
lab_up

# A server that tells its clients what it sees of them, and one that tells everybody the same.
who_start() {
	local directory=$lab/who
	mkdir -p "$directory"
	echo '@ 0 SOA ns hostmaster 1 3600 900 604800 0
@ 0 NS ns' >"$directory/whoami.example.net.zone"
	lie 10.9.9.9
	cat >"$directory/knot.conf" <<-END
		$(knot_conf_head "$directory" "$who4@53, $liar4@53")
		template:
		  - id: default
		    storage: $directory
		    journal-content: none
		    zonefile-sync: -1
		    zonefile-load: whole
		zone:
		  - domain: whoami.example.net.
		    module: mod-whoami
		  - domain: liar.example.net.
	END
	spawn who knotd -c "$directory/knot.conf" >"$directory/log" 2>&1
}

# lie ADDRESS: what the liar answers from now on.
lie() {
	lies=$((${lies:-0} + 1))
	echo "@ 0 SOA ns hostmaster $lies 3600 900 604800 0
@ 0 NS ns
@ 0 TXT $1" >"$lab/who/liar.example.net.zone"
}

lies_now() {
	ns who knotc -s "$lab/who/knot.sock" zone-reload liar.example.net. >/dev/null
}

who_answers() {
	[ "$(ns cli kdig +short +timeout=1 +retry=0 "@$who4" whoami.example.net A)" = $client4 ]
}

# silence on|off: nothing listens where the truth is told.
silence() {
	ns who nft -f - <<-END
		table ip who { chain in { type filter hook input priority 0; }; }
		flush chain ip who in
		$([ "$1" = off ] || echo "add rule ip who in ip daddr $who4 udp dport 53 reject")
	END
}

# nat UPLINK PUBLIC one|many [PORTS]: the provider's box translates 1:1, or many customers to one, to other ports.
nat() {
	local name=${isp[$1]} inside=${lan4[$1]}
	ip -n "$lab_id-$name" address replace "$2/32" dev lo
	ns "$name" nft -f - <<-END
		table ip box
		delete table ip box
		table ip box {
			chain in {
				type nat hook prerouting priority dstnat; policy accept;
				$([ "$3" = many ] || echo "iifname net ip daddr $2 dnat to $inside")
			}
			chain out {
				type nat hook postrouting priority srcnat; policy accept;
				oifname net ip saddr $inside ${4:+meta l4proto udp }snat to $2${4:+:$4}
			}
		}
	END
}

# What the gateway has: private addresses.
declare -A lan4=([primary]=10.64.0.2 [backup]=10.65.0.2)
lan_of() {
	local uplink=$1 own=$2 router=$3 device=${interface[$1]} name=${isp[$1]}
	lan4[$uplink]=$own
	ip -n "$lab_id-$name" address replace "$router/24" dev cust
	ip_batch gw <<-END
		address flush dev $device scope global
		address add $own/24 dev $device
	END
	ns "$name" nft flush chain inet isp ingress
	ns "$name" nft add rule inet isp ingress iifname cust ip saddr != "{ $own, 0.0.0.0 }" jump leak
	ip -n "$lab_id-gw" route replace default via "$router" dev "$device" metric "$4"
}

# discovered UPLINK FILTER: of what was learnt about IPv4.
discovered() {
	ctl status --json | jq -r --arg id "$1" \
		".uplinks[] | select(.id == \$id) | .discovered[]? | select(.family == \"IPv4\") | $2"
}

warned() {
	ctl status | grep -q -- "^warning: .*$1"
}

explained() {
	ctl explain www.example.com | grep -q -- "public address .*$1"
}

# public UPLINK LINE: its line public-address from now on.
public() {
	site_file
	living primary backup
	sed -i "/- id: $1\$/a \\    public-address: $2" "$(site_file_path)"
	[ $# -lt 3 ] || public_also "$3" "$4"
}

public_also() {
	sed -i "/- id: $1\$/a \\    public-address: $2" "$(site_file_path)"
}

require "another machine" internet_machine_up who $who4/24 2001:db8:f::60/64
ip -n "$lab_id-who" address add $liar4/24 dev eth0
ip_batch gw <<-END
	address flush dev wan1 scope global
	address add ${address4[backup]}/${length4[backup]} dev wan1
	route replace default via ${router4[backup]} dev wan1 metric 200
END
who_start
require "it tells who asks" wait_for 10 who_answers

lan_of primary $inside4 10.64.0.1 100
nat primary 198.51.100.11 one
public primary "[discover $who4 whoami.example.net]"
ns isp1 nft add element inet isp cut '{ net, cust }'
daemon_start
require "the other uplink is published" wait_for 15 publishes backup "${address4[backup]}"
expect "nobody answers: nothing is published" stays 1 uplink_withdrawn primary
expect "nobody answers: status says so" \
	wait_for 15 eval 'uplink_reason primary | grep -q "public address is not known: $who4 does not answer"'
expect "nobody answers: explain says so" explained "is not known"
mend primary
expect "1:1 NAT: learnt and published" wait_for 15 publishes primary 198.51.100.11
expect "1:1 NAT: knotd" knotd_start
expect "1:1 NAT: serves" wait_for 15 serves_at 198.51.100.11
expect "1:1 NAT: cross-probes prove it" wait_for 15 eval \
	'[ "$(ctl status --json | jq -r ".uplinks[0].inbound[] | select(.service == \"tcp/80\" and .family == \"IPv4\").state")" = proven ]'
expect "1:1 NAT: explain says who told it" explained "198.51.100.11, told by $who4"
expect "1:1 NAT: metrics say so" eval 'ctl metrics | grep -qx "multihome_discover_known{uplink=\"primary\"} 1"'

# The provider gives it another one.
nat primary 198.51.100.12 one
expect "another address: published" wait_for 15 publishes primary 198.51.100.12
expect "another address: not the old one" publishes_not primary 198.51.100.11
expect "another address: serves" wait_for 15 serves_at 198.51.100.12
expect "another address: the history tells" eval \
	'ctl history | grep "renumbered.*outside sees another address" | grep -q 198.51.100.12'
expect "another address: the parent is pending" eval \
	'[ "$(ctl status --json | jq -r ".parent.state")" = pending ]'

# Nobody answers any more: what is known stays, also over a restart, but not at another address.
silence on
expect "nobody answers: said" wait_for 30 warned "public address 198.51.100.12 is not confirmed: $who4 "
expect "nobody answers: the address stays" publishes primary 198.51.100.12
generation() {
	ctl status --json | jq .generation
}
before=$(generation)
daemon_stop
daemon_start
expect "a restart keeps it" wait_for 15 publishes primary 198.51.100.12
expect "a restart withdraws nothing" same "$before" generation
daemon_stop
lan_of primary 10.64.0.3 10.64.0.1 100
nat primary 198.51.100.12 one
daemon_start
expect "another own address: withdrawn" wait_for 15 uplink_withdrawn primary
silence off
expect "it answers again: published" wait_for 15 publishes primary 198.51.100.12

# Lies.
public primary "[discover $liar4 liar.example.net]"
expect "a private address: reload" ctl reload
expect "a private address: refused" wait_for 15 warned "10.9.9.9 is refused, since it is private"
expect "a private address: the last one stays" publishes primary 198.51.100.12
lie "${address4[backup]}"
expect "the other uplink's address: reload" lies_now
expect "the other uplink's address: refused" \
	wait_for 15 warned "${address4[backup]} is refused, since it is that of uplink 'backup'"
expect "the other uplink's address: its own" publishes backup "${address4[backup]}"
expect "the other uplink's address: not published here" publishes_not primary "${address4[backup]}"
lan_of primary 10.64.0.4 10.64.0.1 100
nat primary 198.51.100.12 one
expect "nothing but lies: nothing is published" wait_for 15 eval \
	'uplink_withdrawn primary && uplink_reason primary | grep -q "not known: .* is refused"'

# One uplink tells the other one.
nat primary 198.51.100.13 one
public primary discover
expect "told by the other uplink: reload" ctl reload
expect "told by the other uplink: published" wait_for 15 publishes primary 198.51.100.13
expect "told by the other uplink: said" same "backup learnt" discovered primary '.from, .state'
expect "told by the other uplink: serves" wait_for 15 serves_at 198.51.100.13
nat primary 198.51.100.14 one
expect "told by the other uplink: another address" wait_for 15 publishes primary 198.51.100.14

# Many customers share the address: nothing comes in.
lan_of primary $shared4 100.64.0.1 100
nat primary 198.51.100.15 many
expect "CGNAT: what is learnt leads nowhere" \
	wait_for 30 warned "'primary': behind CGNAT, it seems: inbound impossible"
nat primary 198.51.100.15 many 20000-20999
expect "CGNAT that changes ports: withdrawn" wait_for 15 uplink_withdrawn primary
expect "CGNAT that changes ports: status says so" \
	eval 'uplink_reason primary | grep -q "behind CGNAT: inbound impossible"'
expect "CGNAT that changes ports: the uplink is good for the site itself" eval \
	'[ "$(ctl status --json | jq -r ".uplinks[0].state")" = outbound ]'
lab_end
