#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two routers of one make lease one and the same address, with the same gateway.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/living.sh"
inside=192.168.178.2 router=192.168.178.1
lab_up

# The providers' boxes translate their public address to what they lease (1:1).
for uplink in primary backup; do
	device=${interface[$uplink]}
	ip -n "$lab_id-gw" address flush dev "$device" scope global
	ns "${isp[$uplink]}" nft -f - <<-END
		table ip box {
			chain in {
				type nat hook prerouting priority dstnat; policy accept;
				iifname net ip daddr ${address4[$uplink]} dnat to $inside
			}
			chain out {
				type nat hook postrouting priority srcnat; policy accept;
				oifname net ip saddr $inside snat to ${address4[$uplink]}
			}
		}
		flush chain inet isp ingress
		table inet isp {
			chain ingress {
				iifname != cust accept
				ip saddr != { $inside, 0.0.0.0 } jump leak
				ip6 saddr != { ${prefix6[$uplink]}, fe80::/10, :: } jump leak
			}
		}
	END
	dhcp_serve $uplink $inside 24 $router
	[ $uplink = primary ] && dhcp_client $uplink 100 || dhcp_client $uplink 200
done
both_leased() {
	own_address primary $inside && own_address backup $inside
}
require "both clients have the same address" wait_for 8 both_leased

site_file
living primary backup
public_address() {
	sed -i "/- id: $1\$/a \\    public-address: [$2]" "$(site_file_path)"
}
public_address primary "${address4[primary]}"
public_address backup "${address4[backup]}"
daemon_start
require "both uplinks are published by their public addresses" wait_for 10 by_each uplink_answered
knotd_start
one_serves() {
	[ "$(answer_by "$1")" = "${address4[$1]}" ] && get_by "$1"
}
require "both uplinks serve" wait_for 10 by_each one_serves
for uplink in primary backup; do
	expect "$uplink: DNS, tcp" same "${address4[$uplink]}" answer_by $uplink A +tcp
	expect "$uplink: UDP" udp_by $uplink 51820
done
cut primary carrier
expect "one is cut: withdrawn" wait_for 2 uplink_withdrawn primary
expect "one is cut: the other serves" wait_for 2 one_serves backup
mend primary
dhcp_renew primary
expect "mended: serves again" wait_for 5 one_serves primary

# Nobody has named what the outside reaches.
sed -i '/public-address/d' "$(site_file_path)"
expect "without public-address: reload" ctl reload
publishes_neither() {
	publishes_not primary $inside && publishes_not backup $inside
}
expect "without public-address: published for neither" wait_for 3 publishes_neither
expect "without public-address: the log says why" logged "address $inside is private (RFC 1918)"

# A public address on both: DNS tells one line from the other, so it is one line's.
for uplink in primary backup; do
	kill "${dhcp_client_pid[$uplink]}"
	wait "${dhcp_client_pid[$uplink]}" 2>/dev/null
	# A late reply to an address that is gone would be forwarded, by the other uplink.
	dhcp_stop $uplink
	ip_batch gw <<-END
		address flush dev ${interface[$uplink]} scope global
		address add ${address4[primary]}/27 dev ${interface[$uplink]}
		route append default via ${router4[primary]} dev ${interface[$uplink]}
	END
done
expect "a public address on both: the first one's" wait_for 3 publishes primary "${address4[primary]}"
expect "a public address on both: not the other's" publishes_not backup "${address4[primary]}"
expect "a public address on both: the log says why" \
	logged "address ${address4[primary]} is also that of uplink 'primary'"
cut primary carrier
expect "the first one is cut: the other has it" wait_for 3 publishes backup "${address4[primary]}"
mend primary
expect "the first one is back: it is not the other's" wait_for 3 publishes_not backup "${address4[primary]}"
public_address primary "${address4[primary]}"
cut primary carrier
expect "named for the first one: reload" ctl reload
expect "named for the first one, which is cut: not the other's" \
	stays 1 publishes_not backup "${address4[primary]}"
lab_end
