#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A restart drops no connection, not even by an uplink that nobody can be told the address of.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/probes.sh"
lab_up
probe_each "probe: icmp $client4" 'interval: 200ms' 'timeout: 150ms'
require "both uplinks are published" data_plane_up

# From now on its address is what it has been given: a private one.
sed -i "0,/^    address:/{/^    address:/d}" "$(site_file_path)"
expect "reload" ctl reload
spawn cli "$build/tests/lab/echo" 7000 >"$lab/echo.log" 2>&1
datagram() {
	ns lan "$build/tests/lab/echo" -c "$client4" 7000 40001
}
took_primary() {
	ns gw conntrack -L -p udp --dport 7000 -m 0x1000000/0x3f000000 2>/dev/null | grep -q "dport=7000"
}
expect "a flow begins" wait_for 3 datagram
expect "by the first uplink" took_primary
daemon_stop
log_mark
daemon_start
expect "restarted" wait_for 10 logged_since "uplink 'primary'"
expect "no connection has ended" fails logged_since "connections of the site itself ended"
expect "the flow is where it was" took_primary
proved() {
	same up uplink_field primary '.health[0].state'
}
expect "its probes are good again" wait_for 5 proved

# Found dead, it holds nothing back.
lose primary "ip daddr $client4"
ns "${isp[primary]}" nft insert rule inet isp forward oifname cust drop
expect "dead: connections have ended" wait_for 5 logged_since "connections of the site itself ended"
expect "dead: the flow is gone from it" fails took_primary
lab_end
