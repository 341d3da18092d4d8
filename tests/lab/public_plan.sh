# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A second address plan and a second set of zones outside, for judges that take addresses of
# documentation and private networks for faults. To be sourced behind lib.sh, before lab_up.
#
# The addresses belong to somebody, so they are worth nothing outside of the lab's namespaces. The hoster's
# machine has three: one is the registry's, with the root and the TLDs, for which a name server of its own
# is needed, since who knows the root answers any name as a recursor would. The other two are the hoster's
# name servers, in two networks (autonomous systems) by what the zone asnlookup.zonemaster.net here says.

address4=([primary]=11.1.0.1 [backup]=11.2.0.1)
address6=([primary]=2a0f:1:1::2 [backup]=2a0f:1:2::2)
prefix4=([primary]=11.1.0.0/29 [backup]=11.2.0.0/30)
prefix6=([primary]=2a0f:1:1::/48 [backup]=2a0f:1:2::/48)
router4=([primary]=11.1.0.6 [backup]=11.2.0.2)
router6=([primary]=2a0f:1:1::1 [backup]=2a0f:1:2::1)
internet4=([primary]=11.3.0.1 [backup]=11.3.0.2)
internet6=([primary]=2a0f:1:3::1 [backup]=2a0f:1:3::2)
client4=11.3.0.10
client6=2a0f:1:3::10
resolver4=11.3.0.20
resolver6=2a0f:1:3::20
hoster4=11.3.0.53
hoster6=2a0f:1:3::53
second4=11.3.0.54
second6=2a0f:1:3::54
registry4=11.3.0.30
registry6=2a0f:1:3::30

# reverse_name ADDRESS: its labels in reverse, without in-addr.arpa or ip6.arpa.
reverse_name() {
	/usr/bin/python3 -c 'import ipaddress, sys
print(ipaddress.ip_address(sys.argv[1]).reverse_pointer.rsplit(".", 2)[0])' "$1"
}

# head_of ZONE [NAME SERVER...]: its SOA and NS, of the hoster if nobody else is named.
head_of() {
	local server
	[ $# -gt 1 ] || set -- "$1" ns1.hoster.com. ns2.hoster.com.
	echo "$1 86400 SOA $2 hostmaster.hoster.com. 1 14400 3600 1209600 3600"
	for server in "${@:2}"; do
		echo "$1 86400 NS $server"
	done
}

# delegated ZONE: to the hoster.
delegated() {
	printf '%s 86400 NS ns1.hoster.com.\n%s 86400 NS ns2.hoster.com.\n' "$1" "$1"
}

# addressed NAME IPV4 IPV6
addressed() {
	printf '%s 86400 A %s\n%s 86400 AAAA %s\n' "$1" "$2" "$1" "$3"
}

# network NUMBER ADDRESS...: what looks up the autonomous system of an address shall find.
network() {
	local address family length
	for address in "${@:2}"; do
		family=origin length=32
		[ "${address#*:}" = "$address" ] || family=origin6 length=128
		echo "$(reverse_name "$address").$family.asnlookup.zonemaster.net." \
			"3600 TXT \"$1 | $address/$length | ZZ | lab | 2026-01-01\""
	done
}

# pointer ADDRESS NAME
pointer() {
	local zone=in-addr
	[ "${1#*:}" = "$1" ] || zone=ip6
	echo "$(reverse_name "$1").$zone.arpa. 86400 PTR $2"
}

# The zones as they are before anything of the site is entered.
registry_zones() {
	local zone
	{
		head_of . a.root-servers.net.
		head_of com. a.root-servers.net. | grep NS
		head_of org. a.root-servers.net. | grep NS
		for zone in asnlookup.zonemaster.net in-addr.arpa ip6.arpa; do
			delegated $zone.
		done
		addressed a.root-servers.net. $registry4 $registry6
		addressed ns1.hoster.com. $hoster4 $hoster6
		addressed ns2.hoster.com. $second4 $second6
	} >"$1/root.zone"
	{
		head_of com. a.root-servers.net.
		delegated hoster.com.
		delegated example.com.
		addressed ns1.hoster.com. $hoster4 $hoster6
		addressed ns2.hoster.com. $second4 $second6
	} >"$1/com.zone"
	head_of org. a.root-servers.net. >"$1/org.zone"
}

hoster_zones() {
	{
		head_of hoster.com.
		echo "hoster.com. 86400 MX 10 ns1.hoster.com."
		addressed ns1.hoster.com. $hoster4 $hoster6
		addressed ns2.hoster.com. $second4 $second6
	} >"$1/hoster.com.zone"
	head_of example.com. >"$1/example.com.zone"
	{
		head_of in-addr.arpa.
		pointer $hoster4 ns1.hoster.com.
		pointer $second4 ns2.hoster.com.
	} >"$1/in-addr.arpa.zone"
	{
		head_of ip6.arpa.
		pointer $hoster6 ns1.hoster.com.
		pointer $second6 ns2.hoster.com.
	} >"$1/ip6.arpa.zone"
	{
		head_of asnlookup.zonemaster.net.
		network 65001 "${address4[primary]}" "${address6[primary]}"
		network 65002 "${address4[backup]}" "${address6[backup]}"
		network 65003 $hoster4 $hoster6
		network 65004 $second4 $second6
	} >"$1/asnlookup.zonemaster.net.zone"
}

# Further lines for each zone of the registry.
registry_lines=()

# name_server DIRECTORY ADDRESSES [LINE...]: in the background, with the zones of that folder.
name_server() {
	local file zone line
	{
		cat <<-END
			$(knot_conf_head "$1" "$2")
			template:
			  - id: default
			    storage: $1
			    journal-content: none
			    zonefile-load: whole
			    zonefile-sync: -1
		END
		for line in "${@:3}"; do
			echo "    $line"
		done
		echo zone:
		for file in "$1"/*.zone; do
			zone=$(basename "$file" .zone)
			printf '  - domain: %s.\n    file: %s\n' "${zone#root}" "$file"
		done
	} >"$1/knot.conf"
	spawn hoster knotd -c "$1/knot.conf" >"$1/log" 2>&1
}

hoster_start() {
	mkdir -p "$lab/hoster" "$lab/registry"
	ip_batch hoster <<-END
		address add $second4/24 dev eth0
		address add $second6/64 dev eth0 nodad
		address add $registry4/24 dev eth0
		address add $registry6/64 dev eth0 nodad
	END
	registry_zones "$lab/registry"
	hoster_zones "$lab/hoster"
	name_server "$lab/registry" "$registry4@53, $registry6@53" "${registry_lines[@]}"
	name_server "$lab/hoster" "$hoster4@53, $hoster6@53, $second4@53, $second6@53"
}

# hoster_reload: after a change of zone files.
hoster_reload() {
	local name
	for name in registry hoster; do
		knotc -s "$lab/$name/knot.sock" -b zone-reload >/dev/null || return 1
	done
}

# name_server_answers ADDRESS ZONE
name_server_answers() {
	ns hoster kdig +short +timeout=1 +retry=0 "@$1" "$2" SOA | grep -q hostmaster.hoster.com
}

# No resolver: what judges zones asks the name servers itself.
servers_up() {
	server_start
	hoster_start
	wait_for 10 server_answers
	wait_for 10 name_server_answers $registry4 .
	wait_for 10 name_server_answers $hoster4 example.com
}
