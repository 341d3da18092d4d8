#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The uplinks probe each other: what the outside reaches is proven, and what it does not is found, with
# the place where it dies.

. "$(dirname "$0")/lib.sh"
site_lines=('cross-interval: 2s')
# Nothing listens on 8081 of the server.
host_ports='tcp/80, tcp/443:8443, tcp/8080:8081'
# What the outside knows of the primary uplink behind a 1:1 NAT.
nat4=198.51.100.11

# inbound UPLINK SERVICE [FAMILY]: its state, as one word of status.
inbound() {
	line_field "$1" "$2" "${3:-IPv4}" .state
}

# line_field UPLINK SERVICE FAMILY FILTER
line_field() {
	ctl status --json | jq -r --arg id "$1" --arg service "$2" --arg family "$3" \
		".uplinks[] | select(.id == \$id) | .inbound[] |
			select(.service == \$service and .family == \$family) | $4"
}

# all_proven SERVICE...: by both uplinks, over both families.
all_proven() {
	local service uplink family
	for service; do
		for uplink in primary backup; do
			for family in IPv4 IPv6; do
				same proven inbound $uplink "$service" $family || return 1
			done
		done
	done
}

# died UPLINK SERVICE WORDS: unproven, and status says where.
died() {
	same unproven inbound "$1" "$2" && line_field "$1" "$2" IPv4 .detail | grep -q -- "$3"
}

# warned WORDS: status has such a warning, for people too.
warned() {
	ctl status | grep -q -- "^warning: .*$1"
}

reload() {
	site_file
	ctl reload
}

ruleset_names() {
	ns gw nft list table inet multihome | grep -E "$1"
}

lab_up
require "the gateway serves by both uplinks" gateway_up
expect "DNS and TCP are proven, both ways and families" \
	wait_for 10 all_proven dns tcp/25 tcp/80 tcp/443
expect "nothing listens: the way is good, the service dead" \
	wait_for 10 same "service dead" inbound primary tcp/8080
expect "explain tells" eval 'ctl explain www.example.com | grep -q "inbound .* proven from outside.*tcp/8080 over IPv4 service dead"'
expect "an alarm changes no answer" by_each uplink_serves

# A provider that blocks web servers of its customers, and a firewall on the gateway that nobody has
# told of a forward.
ns isp1 nft insert rule inet isp forward oifname cust tcp dport 80 drop
ns gw nft -f - <<-END
	table inet firewall {
		chain forward {
			type filter hook forward priority filter; policy drop;
			tcp dport != 8443 accept
		}
	}
END
expect "blocked by the provider: found, and where" \
	wait_for 15 died primary tcp/80 "sent by 'backup', never came in by 'primary'"
expect "its other services stay proven" same proven inbound primary tcp/25
expect "the other uplink stays proven" same proven inbound backup tcp/80
expect "status warns" warned "'primary': tcp/80 over IPv4 is not proven reachable"
expect "a firewall drops: found, and where" \
	wait_for 15 died backup tcp/443 "came in by 'backup', no answer left by it"
expect "what is not forwarded stays proven" same proven inbound backup dns
ns isp1 nft flush chain inet isp forward
ns gw nft delete table inet firewall
expect "without them: proven again" wait_for 15 all_proven tcp/80 tcp/443

# Clients are clients, also from the ports of the probes; nobody outside may claim an alias.
expect "a client's source port may be one of the probes'" \
	ns cli curl -sS -o /dev/null --max-time 1 --local-port 61000-61099 "http://${address4[backup]}/"
ip -n "$lab_id-cli" address add 198.18.0.2/32 dev eth0
expect "an alias from outside is refused" \
	fails ns cli curl -s --interface 198.18.0.2 --max-time 1 "http://${address4[primary]}/"
expect "and counted" ruleset_names 'ip saddr 198.18.0.0/24 counter packets [1-9]'
expect "the LAN goes out as ever" ns lan kdig +timeout=1 "@$hoster4" example.com SOA

# Who completes a handshake proves more than a probe, and spares it. A probe that is not spared is due before.
spared() {
	local i
	for ((i = 0; i < 100; i++)); do
		get_by backup >/dev/null || return 1
		[ "$(line_field backup tcp/80 IPv4 .tried_s)" -ge 3 ] &&
			[ "$(line_field backup tcp/80 IPv4 .client_s)" -le 1 ] && same proven inbound backup tcp/80 &&
			return 0
		pause 200
	done
	return 1
}
expect "a real client spares the probe" spared
expect "and only where it was" test "$(line_field backup tcp/443 IPv4 .tried_s)" -le 2
expect "a probe is no client" same null line_field primary tcp/25 IPv4 .client_s

# 1:1 NAT at the provider.
for name in cli res hoster isp2; do
	ip -n "$lab_id-$name" route add $nat4 via ${internet4[primary]}
done
ns isp1 nft -f - <<-END
	table ip nat {
		chain prerouting {
			type nat hook prerouting priority dstnat;
			iifname net ip daddr $nat4 dnat to ${address4[primary]}
		}
		chain postrouting {
			type nat hook postrouting priority srcnat;
			oifname net ip saddr ${address4[primary]} snat to $nat4
		}
	}
END
primary_lines=("public-address: [$nat4, \"${address6[primary]}\"]")
expect "behind a 1:1 NAT" reload
nat_proven() {
	ruleset_names "$nat4 : 198.18.0.1" && all_proven dns tcp/80 &&
		[ "$(line_field primary tcp/80 IPv4 .tried_s)" -le 2 ]
}
expect "behind a 1:1 NAT: proven" wait_for 10 nat_proven

expect "a drained uplink is left alone" eval 'ctl drain backup >/dev/null && wait_for 5 same unknown inbound primary tcp/80'
ctl undrain backup >/dev/null

site_lines=('cross-probe: off')
expect "off" reload
expect "off: nothing is installed" fails ruleset_names 'cross|alias|198\.18|61000'
expect "off: nothing is told" same null eval 'ctl status --json | jq -c .uplinks[0].inbound'
expect "off: serves" by_each uplink_answered
lab_end
