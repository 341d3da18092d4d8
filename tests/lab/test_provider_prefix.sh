#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The server has an address in each provider's IPv6 prefix: first its own ones, without NAT, then the
# prefixes are mapped onto that of the LAN. Either way the name is answered with the server's address.

. "$(dirname "$0")/lib.sh"
declare -A prefix=([primary]=2001:db8:1:10 [backup]=2001:db8:2:10)
declare -A own=([primary]=2001:db8:1:10::10 [backup]=2001:db8:2:10::10)
host_ports='tcp/80, tcp/443, udp/443, tcp/9000-9010'

# own_page UPLINK [PORT]: what the server says at its address there; it tells whom it sees.
own_page() {
	ns cli curl -sS --max-time 1 "http://[${own[$1]}]:${2:-80}/"
}
own_udp() {
	ns cli "$build/tests/lab/echo" -c "${own[$1]}" 443
}
refused() {
	! ns cli curl -sS --max-time 0.4 -o /dev/null "http://[$1]:$2/"
}
own_answered() {
	[ "$(answer_by "$1" AAAA)" = "${own[$1]}" ] && own_page "$1"
}
# astray UPLINK COMMAND...: packets for that uplink's address come in by the other one.
astray() {
	local way=backup status=0
	[ "$1" = primary ] || way=primary
	ip -n "$lab_id-cli" route add "${own[$1]}" via "${internet6[$way]}"
	ip -n "$lab_id-${isp[$way]}" route add "${own[$1]}" via "${address6[$way]}"
	"${@:2}" || status=1
	ip -n "$lab_id-cli" route del "${own[$1]}"
	ip -n "$lab_id-${isp[$way]}" route del "${own[$1]}"
	return $status
}
# left_as SOURCE UPLINK ADDRESS: what the machine opens from there is seen outside as that address.
left_as() {
	local machine=$1 from=$2 uplink=$3 seen=$4
	ns "${isp[$uplink]}" nft -f - <<-END
		table inet watch
		delete table inet watch
		table inet watch {
			counter seen { }
			chain in {
				type filter hook prerouting priority raw - 1;
				iifname cust ip6 saddr $seen ip6 daddr $hoster6 counter name seen
			}
		}
	END
	ns "$machine" kdig +short +tcp +timeout=1 +retry=0 -b "$from" "@$hoster6" example.com SOA &&
		ns "${isp[$uplink]}" nft list counter inet watch seen | grep -q 'packets [1-9]'
}

# What both ways have in common.
serves_both() {
	local mode=$1 uplink
	for uplink in primary backup; do
		expect "$mode, $uplink: answered, over IPv4" same "${own[$uplink]}" answer_by $uplink AAAA
		expect "$mode, $uplink: answered, over IPv6" same "${own[$uplink]}" answer_by6 $uplink
		expect "$mode, $uplink: IPv4 is the uplink's" same "${address4[$uplink]}" answer_by $uplink
		expect "$mode, $uplink: the server sees the client" \
			same "srv port=80 client=$client6" own_page $uplink
		expect "$mode, $uplink: tcp/9005 of a range" \
			same "srv port=9005 client=$client6" own_page $uplink 9005
		expect "$mode, $uplink: udp" own_udp $uplink
		expect "$mode, $uplink: tcp, IPv4" same "srv port=80 client=$client4" get_by $uplink
		expect "$mode, $uplink: replies" same "${interface[$uplink]}" replies_took own_page $uplink
		expect "$mode, $uplink: replies, udp" same "${interface[$uplink]}" replies_took own_udp $uplink
		expect "$mode, $uplink: no other port" refused "${own[$uplink]}" 8443
		expect "$mode, $uplink: not by the uplink's address" refused "${address6[$uplink]}" 80
		expect "$mode, $uplink: not by the other uplink" astray $uplink refused "${own[$uplink]}" 80
	done
	expect "$mode: explain names the address" eval \
		'ctl explain www.example.com --uplink backup | grep -q "${own[backup]}"'

	ctl drain primary >/dev/null
	expect "$mode, drained: the other address" same "${own[backup]}" answer_by primary AAAA
	expect "$mode, drained: whoever knows the address is served" own_page primary
	ctl undrain primary >/dev/null
	expect "$mode, undrained" wait_for 3 own_answered primary

	for uplink in primary backup; do
		local other=backup
		[ $uplink = primary ] || other=primary
		cut $uplink carrier
		expect "$mode, $uplink cut: withdrawn" wait_for 3 uplink_withdrawn $uplink
		expect "$mode, $uplink cut: the other one serves" own_answered $other
		expect "$mode, $uplink cut: replies" same "${interface[$other]}" replies_took own_page $other
		mend $uplink
		gateway_addresses $uplink
		expect "$mode, $uplink mended" wait_for 5 own_answered $uplink
	done
}

lab_up
for uplink in primary backup; do
	ip -n "$lab_id-gw" address add "${prefix[$uplink]}::1/64" dev lan0 nodad
	for machine in srv:10 lan:50; do
		ip -n "$lab_id-${machine%:*}" address add "${prefix[$uplink]}::${machine#*:}/64" dev eth0 nodad \
			preferred_lft 0
	done
done

# Without NAT. The second prefix is not in the site file: a server's address alone will do.
reply_path=source-address
server_lines=("uplink-address: [\"primary=${own[primary]}\", \"backup=${own[backup]}\"]")
primary_lines=("prefix: \"${prefix[primary]}::/64\"")
require "both uplinks are published" data_plane_up
knotd_start
require "it serves" wait_for 10 by_each own_answered
serves_both "no NAT"
for uplink in primary backup; do
	expect "no NAT, $uplink: what the server opens from its address leaves by it" \
		left_as srv "${own[$uplink]}" $uplink "${own[$uplink]}"
done
expect "no NAT: another machine's, too, if the prefix is known" \
	left_as lan "${prefix[primary]}::50" primary "${prefix[primary]}::50"

# What the answer stands on.
rule_is_there() {
	ip -n "$lab_id-gw" -6 rule | grep -q "from ${own[primary]} lookup 20101"
}
generation() {
	ctl status --json | jq .generation
}
expect "the rule for replies is there" rule_is_there
before=$(generation)
ip -n "$lab_id-gw" -6 rule del from "${own[primary]}" table 20101
expect "the rule for replies comes back" wait_for 3 rule_is_there
expect "meanwhile the answer was not given" wait_for 3 eval '[ "$(generation)" -ge $((before + 2)) ]'
expect "then it is again" wait_for 3 own_answered primary
dropped() {
	ns gw nft list chain inet multihome "$1" | grep -q "counter packets [1-9].* drop"
}
expect "the filter has dropped the rest" dropped reach
kill -STOP "$daemon_pid"
ip -n "$lab_id-gw" -6 rule del from "${own[backup]}" table 20102
ns srv kdig +tcp +timeout=1 +retry=0 -b "${own[backup]}" "@$hoster6" example.com SOA >/dev/null
expect "without that rule nothing leaves by the other uplink" dropped home_2
kill -CONT "$daemon_pid"
ip -n "$lab_id-gw" address del "${prefix[backup]}::1/64" dev lan0
expect "a prefix that has left the LAN is not answered" \
	wait_for 3 same "${own[primary]}" answer_by backup AAAA
expect "IPv4 stays" same "${address4[backup]}" answer_by backup
expect "explain says why" eval \
	'ctl explain www.example.com --uplink backup | grep -q "${own[backup]}.*not routed"'
ip -n "$lab_id-gw" address add "${prefix[backup]}::1/64" dev lan0 nodad
expect "a prefix that is back is answered" wait_for 3 own_answered backup

# Mapped: the LAN knows its own prefix alone.
for uplink in primary backup; do
	for machine in gw:lan0:1 srv:eth0:10 lan:eth0:50; do
		IFS=: read -r name device number <<<"$machine"
		ip -n "$lab_id-$name" address del "${prefix[$uplink]}::$number/64" dev "$device"
	done
done
reply_path=conntrack server_lines=()
site_lines=('lan-prefix: "fd00:10::/64"' 'hairpin: on')
primary_lines=("prefix: \"${prefix[primary]}::/64\"")
backup_lines=("prefix: \"${prefix[backup]}::/64\"")
site_file
expect "reload" ctl reload
require "mapped: it serves" wait_for 5 by_each own_answered
serves_both mapped
expect "mapped: what is not forwarded has been dropped" eval \
	'ns gw nft list chain inet multihome guard | grep -q "@unmapped counter packets [1-9]"'
expect "mapped: a machine of the LAN goes out as its address in the prefix" \
	left_as lan fd00:10::50 primary "${prefix[primary]}::50"
expect "mapped: the server too" left_as srv $server6 primary "${own[primary]}"
ctl drain primary >/dev/null
expect "mapped: by the other uplink in that one's prefix" \
	left_as lan fd00:10::50 backup "${prefix[backup]}::50"
expect "mapped: a machine of the LAN uses the outside address" \
	ns lan curl -sS --max-time 1 -o /dev/null "http://[${own[primary]}]/"
lab_end
