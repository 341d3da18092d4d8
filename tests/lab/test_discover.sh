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
		server:
		    rundir: $directory
		    listen: [$who4@53, $liar4@53]
		    background-workers: 1
		    udp-workers: 1
		    tcp-workers: 1
		log:
		  - target: stderr
		    any: info
		database:
		    storage: $directory
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

# nat UPLINK PUBLIC one|many [FLAGS]: the provider's box translates 1:1, or many customers to one.
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
				oifname net ip saddr $inside snat to $2${4:-}
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
require "the other uplink is published" wait_for 10 publishes backup "${address4[backup]}"
expect "nobody answers: nothing is published" stays 1 uplink_withdrawn primary
expect "nobody answers: status says so" \
	wait_for 5 eval 'uplink_reason primary | grep -q "public address is not known: $who4 does not answer"'
expect "nobody answers: explain says so" explained "is not known"
mend primary
expect "1:1 NAT: learnt and published" wait_for 10 publishes primary 198.51.100.11
expect "1:1 NAT: knotd" knotd_start
expect "1:1 NAT: serves" wait_for 10 serves_at 198.51.100.11
expect "1:1 NAT: cross-probes prove it" wait_for 10 eval \
	'[ "$(ctl status --json | jq -r ".uplinks[0].inbound[] | select(.service == \"tcp/80\" and .family == \"IPv4\").state")" = proven ]'
expect "explain says who told it" explained "198.51.100.11, told by $who4"
lab_end
