#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# mod-arrival without multihomed: each answer is the address that was asked.

. "$(dirname "$0")/lib.sh"
lab_up
# No daemon: replies of the gateway itself go by source.
ip_batch gw <<-END
	rule add from ${address4[backup]} lookup 100
	route add default via ${router4[backup]} table 100
END
ip -n "$lab_id-gw" -6 rule add from "${address6[backup]}" lookup 100
ip -n "$lab_id-gw" -6 route add default via "${router6[backup]}" table 100
site_file
standalone() {
	knotd_configure && sed -i 's/^    table: .*/    ttl: 7/' "$lab/gw/knot/generated.conf" && knotd_run
}
require "knotd starts" standalone
for uplink in primary backup; do
	expect "$uplink: udp, IPv4" wait_for 15 same "${address4[$uplink]}" answer_by $uplink
	expect "$uplink: udp, IPv6" wait_for 5 same "${address6[$uplink]}" answer_by6 $uplink
	expect "$uplink: tcp, IPv4" same "${address4[$uplink]}" answer_by $uplink A +tcp
	expect "$uplink: tcp, IPv6" same "${address6[$uplink]}" answer_by6 $uplink AAAA +tcp
done
ttl() {
	ns cli kdig +timeout=1 +noall +answer "@${address4[backup]}" www.example.com A | awk '{ print $2 }'
}
expect "the TTL is the module's" same 7 ttl
lab_end
