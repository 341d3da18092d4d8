#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Services are reached by every uplink, and replies leave by the uplink that was asked.

. "$(dirname "$0")/lib.sh"
lab_up
require "both uplinks are published" data_plane_up

for uplink in primary backup; do
	expect "$uplink: tcp, IPv4" same "srv port=80 client=$client4" get_by $uplink
	expect "$uplink: tcp, IPv6" same "srv port=80 client=$client6" get_by6 $uplink
	expect "$uplink: tcp to another inside port, IPv4" \
		same "srv port=8443 client=$client4" get_by $uplink 443
	expect "$uplink: tcp to another inside port, IPv6" \
		same "srv port=8443 client=$client6" get_by6 $uplink 443
	for port in 9000 9005 9010; do
		expect "$uplink: tcp/$port of a range, IPv4" \
			same "srv port=$port client=$client4" get_by $uplink $port
		expect "$uplink: tcp/$port of a range, IPv6" \
			same "srv port=$port client=$client6" get_by6 $uplink $port
	done
	expect "$uplink: udp, IPv4" udp_by $uplink 443
	expect "$uplink: udp, IPv6" udp_by6 $uplink 443
	expect "$uplink: a forward without a name" udp_by $uplink 51820
	expect "$uplink: mail" same "srv port=25 client=$client4" get_by $uplink 25
	expect "$uplink: a port beside the range is not forwarded" fails get_by $uplink 9011
	expect "$uplink: replies, IPv4" same "${interface[$uplink]}" replies_took get_by $uplink
	expect "$uplink: replies, IPv6" same "${interface[$uplink]}" replies_took get_by6 $uplink
	expect "$uplink: replies, udp" same "${interface[$uplink]}" replies_took udp_by $uplink 443
done

# The mask leaves other bits to other programs (wg-quick, Tailscale, a traffic shaper).
foreign_mark() {
	ns gw nft -f - <<-END
		table inet foreign {
			counter kept { }
			chain early {
				type filter hook prerouting priority -300; policy accept;
				iifname wan1 meta mark set 0x00000005
			}
			chain late {
				type filter hook forward priority filter; policy accept;
				iifname wan1 meta mark & 0x0000000f == 0x00000005 counter name kept
			}
		}
	END
	get_by backup && ns gw nft list counter inet foreign kept | grep -q 'packets [1-9]'
}
expect "foreign mark bits stay" foreign_mark
lab_end
